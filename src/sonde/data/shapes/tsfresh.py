"""tsfresh's two frames: one column per channel, or one row per value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Panel
from ...errors import InvalidInput, need
from ..ids import read_ids
from ..named import column_named
from ..quoting import quoted
from .holding import as_panel, refuse_taken, refuse_without_points
from .long import (
    channel_names,
    frame_with_names,
    id_column,
    panel_of_frame,
    panel_of_rows,
    time_column,
)
from .stamps import Stamps, stamps_of_column

if TYPE_CHECKING:
    import polars as pl

_SOURCE = "tsfresh frame"


def to_tsfresh(data: Container, *, id: str = "id", time: str = "time") -> Any:
    """id, time and one column per channel; missing is NaN, which tsfresh itself refuses."""
    pandas = need("pandas", extra="pandas", purpose="tsfresh's frames")
    panel = as_panel(data, "tsfresh")
    refuse_without_points(panel, "tsfresh")
    refuse_taken(panel.channels, (id, time), "tsfresh")
    columns = {id: id_column(panel), time: time_column(panel)}
    columns |= {name: panel.values[:, j] for j, name in enumerate(panel.channels)}
    return pandas.DataFrame(columns)


def from_tsfresh(
    obj: Any,
    *,
    id: str = "id",
    time: str | None = "time",
    channels: Sequence[str] | None = None,
    time_unit: str | None = None,
) -> Panel:
    """A Panel from id, time and one column per channel; ``time=None``: in the order of the rows."""
    frame = frame_with_names(obj, _SOURCE)
    if channels is None and "value" in frame.columns and _is_text(frame, "kind"):
        raise InvalidInput(
            "the columns 'kind' and 'value' make a row of each value: layout='tsfresh_long'; if "
            "they are channels, name those to take with channels=[...]",
            columns=("kind", "value"),
        )
    return panel_of_frame(frame, _SOURCE, id=id, time=time, channels=channels, time_unit=time_unit)


def to_tsfresh_long(
    data: Container,
    *,
    id: str = "id",
    time: str = "time",
    kind: str = "kind",
    value: str = "value",
) -> Any:
    """id, time, kind (the channel) and value, the channels of one moment one after the other."""
    pandas = need("pandas", extra="pandas", purpose="tsfresh's frames")
    panel = as_panel(data, "tsfresh_long")
    refuse_without_points(panel, "tsfresh_long")
    refuse_taken((), (id, time, kind, value), "tsfresh_long")
    width = len(panel.channels)
    numbers = np.tile(np.arange(width), len(panel.values))
    return pandas.DataFrame(
        {
            id: id_column(panel, width),
            time: np.repeat(time_column(panel), width),
            kind: pandas.Index(list(panel.channels)).take(numbers),
            value: panel.values.ravel(),
        }
    )


def from_tsfresh_long(
    obj: Any,
    *,
    id: str = "id",
    time: str = "time",
    kind: str = "kind",
    value: str = "value",
    time_unit: str | None = None,
) -> Panel:
    """A Panel from id, time, kind and value; a value without a row is missing.

    Raises
    ------
    InvalidInput : two values of one kind at one moment of one series; both rows are named.
    """
    frame = frame_with_names(obj, _SOURCE)
    ids, kinds = read_ids(frame, id, _SOURCE), read_ids(frame, kind, _SOURCE)
    stamps = stamps_of_column(column_named(frame, time, _SOURCE), _SOURCE, time_unit)
    channel_names(frame, [value], [], _SOURCE)
    cells = frame[value].cast(float).fill_null(np.nan).to_numpy()
    if len(cells) == 0:
        raise InvalidInput(f"the {_SOURCE} has no rows, so there is no series in it")
    width = len(kinds.names)
    order = _order(ids.codes, stamps.values, kinds.codes)
    code, moment = ids.codes[order], stamps.values[order]
    is_new = np.append(True, (np.diff(code) != 0) | (np.diff(moment) != 0))
    point = np.cumsum(is_new) - 1
    cell = point * width + kinds.codes[order]
    if (twice := np.flatnonzero(np.diff(cell) == 0)).size:
        first, second = (int(row) for row in order[twice[0] : twice[0] + 2])
        raise InvalidInput(
            f"rows {first} and {second} of the {_SOURCE} both give the value of "
            f"{quoted(kinds.names[kinds.codes[first]])} at one moment of series "
            f"{quoted(ids.names[ids.codes[first]])}; drop one",
            rows=(first, second),
        )
    values = np.full((int(point[-1]) + 1, width), np.nan)
    values.ravel()[cell] = cells[order]
    # The points stand by series and moment already.
    points = type(ids)(ids.name, code[is_new], ids.names)
    return panel_of_rows(
        points, Stamps(moment[is_new], stamps.is_time), values, kinds.names, _SOURCE
    )


def _order(
    code: NDArray[np.int64], moment: NDArray[np.int64], kind: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows by series, moment and kind; sorting is skipped where they stand so already."""
    later = (moment[1:] > moment[:-1]) | ((moment[1:] == moment[:-1]) & (kind[1:] >= kind[:-1]))
    if np.all((code[1:] > code[:-1]) | ((code[1:] == code[:-1]) & later)):
        return np.arange(len(code))
    return np.lexsort((kind, moment, code))


def _is_text(frame: pl.DataFrame, name: str) -> bool:
    import polars as pl

    return name in frame.columns and frame[name].dtype in (pl.String, pl.Categorical, pl.Enum)
