"""Plain frames of pandas, Polars and Arrow, with time and id beside the channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core import Container, Panel, Series, Table
from ...errors import InvalidInput, need
from ..frames import values_of
from ..named import column_named
from .holding import refuse_taken, refuse_without_points
from .long import channel_names, frame_with_names, id_column, panel_of_frame
from .stamps import dates, stamps_of_column

if TYPE_CHECKING:
    import polars as pl

_KINDS = ("table", "series", "panel")


def to_pandas(data: Container, *, id: str = "id", time: str = "time") -> Any:
    """A pandas frame of its own memory.

    The time of a Series is its index, in UTC; without time the index counts from ``first``. The
    frame of a Panel has columns of ids and, where there is one, time.
    """
    pandas = need("pandas", extra="pandas", purpose="pandas frames")
    names = list(data.channels)
    if not isinstance(data, Panel):
        index = None
        if isinstance(data, Series):
            index = pandas.RangeIndex(data.first, data.first + len(data))
            if data.time is not None:
                index = pandas.DatetimeIndex(dates(data.time), tz="UTC", name=time)
        return pandas.DataFrame(data.values, index=index, columns=names, copy=True)
    refuse_without_points(data, "pandas")
    refuse_taken(names, (id, time) if data.time is not None else (id,), "pandas")
    frame = pandas.DataFrame(data.values, columns=names, copy=True)
    if data.time is not None:
        frame.insert(0, time, pandas.DatetimeIndex(dates(data.time), tz="UTC"))
    frame.insert(0, id, id_column(data))
    return frame


def from_pandas(
    obj: Any,
    *,
    id: str | None = None,
    time: str | None = None,
    channels: Sequence[str] | None = None,
    kind: str | None = None,
    time_unit: str | None = None,
) -> Container:
    """As ``from_polars``; an index of dates is the time, and a row number keeps ``first``."""
    index: Any = getattr(obj, "index", None)
    if getattr(index, "nlevels", 1) > 1:
        raise InvalidInput(
            f"the frame has an index of {index.nlevels} levels: {list(index.names)}; "
            "layout='multi_index' reads instance and time, and frame.reset_index() makes columns"
        )
    is_dated = type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
    if is_dated and kind == "table":
        obj = obj.reset_index(drop=True)
    elif is_dated and time is None:
        _refuse_two_clocks(obj, index)
        time = str(index.name or "time")
        obj = obj.rename_axis(index=time)
    read = from_polars(obj, id=id, time=time, channels=channels, kind=kind, time_unit=time_unit)
    counts = type(index).__name__ == "RangeIndex" and index.step == 1
    if counts and isinstance(read, Series) and read.time is None:
        return Series(read.values, read.channels, first=index.start)
    return read


def to_polars(data: Container, *, id: str = "id", time: str = "time") -> pl.DataFrame:
    """A Polars frame; columns of ids and time where there are any, missing is null."""
    import polars as pl

    columns = []
    if isinstance(data, Panel):
        refuse_without_points(data, "polars")
        numbers = np.repeat(np.arange(len(data)), np.diff(data.offsets))
        columns.append(pl.Series(id, list(data.ids), dtype=pl.String).gather(numbers))
    clock = None if isinstance(data, Table) else data.time
    if clock is not None:
        columns.append(pl.Series(time, clock).cast(pl.Datetime("ns", "UTC")))
    refuse_taken(data.channels, [column.name for column in columns], "polars")
    for j, name in enumerate(data.channels):
        columns.append(pl.Series(name, data.values[:, j], nan_to_null=True))
    return pl.DataFrame(columns)


def from_polars(
    obj: Any,
    *,
    id: str | None = None,
    time: str | None = None,
    channels: Sequence[str] | None = None,
    kind: str | None = None,
    time_unit: str | None = None,
) -> Container:
    """A Panel, Series or Table from a frame.

    Parameters
    ----------
    id, time : names of columns; the columns called id and time, where there are any, when left
        out.
    channels : columns to take; all others when left out.
    kind : ``"panel"``, ``"series"`` or ``"table"``; when left out a panel with an id column, a
        series with time alone, else a table. A table takes every column as a channel.
    """
    if kind not in (None, *_KINDS):
        raise InvalidInput(f"kind must be one of {', '.join(_KINDS)}, not {kind!r}", kind=kind)
    frame = frame_with_names(obj, "frame")
    if frame.height == 0:
        raise InvalidInput("the frame has no rows, so there is nothing in it")
    wanted = set(channels or ())
    if kind in (None, "panel") and id is None and "id" in frame.columns and "id" not in wanted:
        id = "id"
    if kind != "table" and time is None and "time" in frame.columns and "time" not in wanted:
        time = "time"
    if kind == "table" and (id or time):
        raise InvalidInput("a table has neither id nor time; leave them out, or say another kind")
    if kind == "series" and id:
        raise InvalidInput("a series has no id; leave it out, or say kind='panel'")
    if id is not None:
        return panel_of_frame(
            frame, "frame", id=id, time=time, channels=channels, time_unit=time_unit
        )
    if kind == "panel":
        raise InvalidInput(
            "the frame has no column 'id'; name the one that tells its series apart: id=...",
            known=frame.columns,
        )
    names = channel_names(frame, channels, [time] if time else [], "frame")
    values = values_of(frame, names)
    if time is None:
        return Series(values, names) if kind == "series" else Table(values, names)
    stamps = stamps_of_column(column_named(frame, time, "frame"), "frame", time_unit)
    order = np.argsort(stamps.values, kind="stable")
    clock = stamps.clock(order, np.array([0, len(order)]), ("0",))
    return Series(values[order], names, clock)


def to_arrow(data: Container, *, id: str = "id", time: str = "time") -> Any:
    """An Arrow table with the columns of ``to_polars``."""
    need("pyarrow", extra="arrow", purpose="Arrow tables")
    return to_polars(data, id=id, time=time).to_arrow()


from_arrow = from_polars


def _refuse_two_clocks(obj: Any, index: Any) -> None:
    name = str(index.name or "time")
    if name in getattr(obj, "columns", ()):
        raise InvalidInput(
            f"the frame has an index of dates and a column {name!r}; say which is the time with "
            "time=..., or drop one",
            column=name,
        )
