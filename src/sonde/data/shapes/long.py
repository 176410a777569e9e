"""Rows that name their series and their moment, to a panel and back to columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core import Panel
from ...core.containers import Floats
from ...errors import InvalidInput, need
from ..frames import frame_from, values_of
from ..ids import Ids, read_ids
from ..named import column_named
from ..quoting import quoted
from .stamps import Stamps, dates, positions, stamps_of_column

if TYPE_CHECKING:
    import polars as pl


def panel_of_rows(
    ids: Ids, stamps: Stamps | None, values: Floats, channels: Sequence[str], source: str
) -> Panel:
    """Rows in any order as a panel; series stand in order of their first row.

    Parameters
    ----------
    stamps : when each row was; the order of the rows decides where it is None.
    values : (n_rows, n_channels), one row per entry of ``ids``.

    Raises
    ------
    InvalidInput : two rows of one series and one moment (both named), or integers that are neither
        positions nor moments.
    """
    if len(values) == 0:
        raise InvalidInput(f"the {source} has no rows, so there is no series in it")
    if stamps is not None and (twins := ids.twins(stamps.values)) is not None:
        raise InvalidInput(
            f"rows {twins[0]} and {twins[1]} of the {source} are one moment of series "
            f"{quoted(ids.names[ids.codes[twins[0]]])}; drop one, or name the column that tells "
            "them apart as id",
            rows=twins,
        )
    order = ids.order(None if stamps is None else stamps.values).astype(np.int64)
    offsets = ids.offsets()
    clock = None if stamps is None else stamps.clock(order, offsets, ids.names)
    if np.any(order[1:] < order[:-1]):
        values = values[order]
    return Panel(values, offsets, channels, ids.names, clock)


def panel_of_frame(
    frame: pl.DataFrame,
    source: str,
    *,
    id: str,
    time: str | None,
    channels: Sequence[str] | None,
    time_unit: str | None,
) -> Panel:
    """A frame with a column of ids and, unless ``time`` is None, one of time."""
    ids = read_ids(frame, id, source)
    stamps = None
    if time is not None:
        stamps = stamps_of_column(column_named(frame, time, source), source, time_unit)
    names = channel_names(frame, channels, [name for name in (id, time) if name], source)
    return panel_of_rows(ids, stamps, values_of(frame, names), names, source)


def frame_with_names(obj: Any, source: str) -> pl.DataFrame:
    """``obj`` as a Polars frame; InvalidInput where two columns have one name."""
    # Arrow's ``columns`` are the columns themselves; Polars has no two of one name.
    is_polars = type(obj).__module__.startswith("polars")
    given = () if is_polars else getattr(obj, "column_names", getattr(obj, "columns", ()))
    columns = [str(name) for name in given]
    if len(set(columns)) < len(columns):
        twice = sorted({name for name in columns if columns.count(name) > 1})
        raise InvalidInput(
            f"the {source} has several columns called {', '.join(map(quoted, twice))}; rename them",
            columns=twice,
        )
    return frame_from(obj)


def channel_names(
    frame: pl.DataFrame, wanted: Sequence[str] | None, taken: Sequence[str], source: str
) -> list[str]:
    """The columns that are channels: those wanted, or all but ``taken``.

    Raises
    ------
    InvalidInput : no such column, none at all, or one that holds no numbers, with its first cell.
    """
    import polars as pl

    names = [n for n in frame.columns if n not in taken] if wanted is None else list(wanted)
    if not names:
        raise InvalidInput(f"the {source} has no column of values beside {', '.join(taken)}")
    for name in names:
        column = column_named(frame, name, source)
        is_number = column.dtype.is_numeric() or column.dtype == pl.Boolean
        if not is_number and column.null_count() < column.len():
            row = int(column.is_not_null().arg_max() or 0)
            raise InvalidInput(
                f"{source}, row {row}, column {quoted(name)}: {quoted(column[row])} is no number "
                f"({column.dtype}); leave the column out with channels=[...]",
                row=row,
                column=name,
            )
    return names


def id_column(panel: Panel, times: int = 1) -> Any:
    """The id of each point as a pandas index of text, each ``times`` in a row."""
    pandas = need("pandas", extra="pandas", purpose="pandas frames")
    numbers = np.repeat(np.arange(len(panel)), np.diff(panel.offsets) * times)
    # One text per series and row numbers: a text per row would be made a million times.
    return pandas.Index(list(panel.ids)).take(numbers)


def time_column(panel: Panel) -> NDArray[Any]:
    """(total_points,) datetime64[ns] in UTC, or the positions of a panel without time."""
    if panel.time is not None:
        return dates(panel.time)
    return positions(np.diff(panel.offsets))
