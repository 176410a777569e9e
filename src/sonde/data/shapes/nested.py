"""Frames of pandas Series (sktime's nested frame) and lists of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Container, Panel
from ...core.clocks import Nanoseconds
from ...core.containers import Floats
from ...errors import InvalidInput, need
from ..arrays import matrix_from
from ..quoting import quoted
from .holding import as_panel, text_names
from .lists import panel_of_parts
from .stamps import Stamps, dates, stamps_of_index


def to_nested(data: Container) -> Any:
    """One row per series, one column per channel; each cell a pandas Series indexed by time."""
    pandas = need("pandas", extra="pandas", purpose="nested frames")
    panel = as_panel(data, "nested")
    indexes = _indexes(panel, pandas)
    bounds = panel.offsets
    columns: dict[str, Any] = {}
    for j, name in enumerate(panel.channels):
        values = np.array(panel.values[:, j])
        cells = np.empty(len(panel), dtype=object)
        for i, index in enumerate(indexes):
            cells[i] = pandas.Series(values[bounds[i] : bounds[i + 1]], index=index)
        columns[name] = pandas.Series(cells, index=list(panel.ids), dtype=object)
    return pandas.DataFrame(columns)


def from_nested(
    obj: Any, *, channels: Sequence[str] | None = None, time_unit: str | None = None
) -> Panel:
    """A Panel from a frame whose cells are pandas Series, or arrays (n_points,).

    Raises
    ------
    InvalidInput : a cell that is neither, or channels of one series with different indexes; the
        row and the column are named.
    """
    if not hasattr(obj, "columns") or not hasattr(obj, "index"):
        raise InvalidInput(f"a nested frame is a pandas frame, not a {type(obj).__name__}")
    names = text_names(list(obj.columns), "columns")
    wanted = names if channels is None else tuple(channels)
    for name in wanted:
        if name not in names:
            known = ", ".join(map(quoted, names))
            raise InvalidInput(
                f"the nested frame has no column {quoted(name)}; there are {known}", column=name
            )
    if len(obj) == 0 or not wanted:
        raise InvalidInput("the nested frame has no rows or no columns; there is no series in it")
    columns = [list(obj.iloc[:, names.index(name)]) for name in wanted]
    parts, clocks = [], []
    for row, cells in enumerate(zip(*columns, strict=True)):
        where = f"nested frame, row {row}"
        index = getattr(cells[0], "index", None)
        arrays = [_cell(cell, where, name) for name, cell in zip(wanted, cells, strict=True)]
        for name, cell, array in zip(wanted[1:], cells[1:], arrays[1:], strict=True):
            _refuse_other_index(cells[0], cell, arrays[0], array, (where, wanted[0], name))
        parts.append(np.stack(arrays, axis=1))
        clocks.append(_stamps(index, where, time_unit))
    ids = text_names(list(obj.index), "series")
    return panel_of_parts(parts, wanted, ids, _joined(clocks, ids))


def to_df_list(data: Container) -> list[Any]:
    """One pandas frame per series, indexed by time, one column per channel."""
    pandas = need("pandas", extra="pandas", purpose="lists of frames")
    panel = as_panel(data, "df_list")
    names, bounds = pandas.Index(list(panel.channels)), panel.offsets
    return [
        pandas.DataFrame(
            panel.values[bounds[i] : bounds[i + 1]], index=index, columns=names, copy=True
        )
        for i, index in enumerate(_indexes(panel, pandas))
    ]


def from_df_list(
    obj: Sequence[Any], *, ids: Sequence[str] | None = None, time_unit: str | None = None
) -> Panel:
    """A Panel from a list of pandas frames with the same columns.

    Raises
    ------
    InvalidInput : something else in the list, or frames whose columns differ; both are named.
    """
    if not isinstance(obj, list | tuple) or not obj:
        raise InvalidInput("the layout df_list is a list of pandas frames, one per series")
    parts, clocks = [], []
    for i, frame in enumerate(obj):
        if not hasattr(frame, "columns") or not hasattr(frame, "index"):
            raise InvalidInput(
                f"entry {i} of the list is a {type(frame).__name__}, not a pandas frame", series=i
            )
        if not frame.columns.equals(obj[0].columns):
            raise InvalidInput(
                f"frame {i} of the list has the columns {list(frame.columns)} and frame 0 has "
                f"{list(obj[0].columns)}; give all of them the same ones",
                series=i,
            )
        parts.append(_values(frame, f"frame {i} of the list"))
        clocks.append(_stamps(frame.index, f"frame {i} of the list", time_unit))
    names = text_names(list(obj[0].columns), "columns")
    labels = tuple(map(str, range(len(parts)))) if ids is None else tuple(ids)
    return panel_of_parts(parts, names, labels, _joined(clocks, labels))


def _indexes(panel: Panel, pandas: Any) -> list[Any]:
    bounds, time = panel.offsets, panel.time
    if time is None:
        # Many series share a length: an index is made once for each.
        ranges = {int(n): pandas.RangeIndex(int(n)) for n in np.unique(np.diff(bounds))}
        return [ranges[int(n)] for n in np.diff(bounds)]
    every = pandas.DatetimeIndex(dates(time))
    return [every[bounds[i] : bounds[i + 1]] for i in range(len(panel))]


def _values(frame: Any, where: str) -> Floats:
    values = frame.to_numpy()
    if values.dtype.kind in "iufb":
        return np.asarray(values, dtype=np.float64)
    columns = [_cell(frame.iloc[:, j], where, str(name)) for j, name in enumerate(frame.columns)]
    return np.stack(columns, axis=1)


def _cell(cell: Any, where: str, column: str) -> Floats:
    is_flat = getattr(cell, "ndim", 0) == 1
    if not is_flat:
        raise InvalidInput(
            f"{where}, column {quoted(column)}: a cell must be a pandas Series or an array of one "
            f"axis, and this is a {type(cell).__name__}",
            column=column,
        )
    if len(cell) == 0:
        return np.empty(0)
    values = np.asarray(cell)
    if values.dtype.kind in "iufb":
        return values.astype(np.float64, copy=False)
    try:
        # What pandas calls a number may come with its own mark for missing.
        if hasattr(cell, "to_numpy") and cell.dtype.kind in "iufb":
            return np.asarray(cell.to_numpy(dtype=np.float64, na_value=np.nan))
        return matrix_from(values)
    except InvalidInput as refused:
        raise InvalidInput(f"{where}, column {quoted(column)}: {refused}", column=column) from None


def _refuse_other_index(
    one: Any, other: Any, values: Floats, others: Floats, place: tuple[str, str, str]
) -> None:
    first, second = getattr(one, "index", None), getattr(other, "index", None)
    is_same = (first is None) == (second is None) and len(values) == len(others)
    if is_same and (first is second or first is None or first.equals(second)):
        return
    where, column, wrong = place
    raise InvalidInput(
        f"{where}: columns {quoted(column)} ({len(values)} points) and {quoted(wrong)} "
        f"({len(others)} points) have different indexes, and the channels of a series share their "
        "moments; reindex one of them, which leaves NaN where it has no value",
        columns=(column, wrong),
    )


def _stamps(index: Any, where: str, time_unit: str | None) -> Stamps | None:
    return None if index is None else stamps_of_index(index, where, time_unit)


def _joined(clocks: list[Stamps | None], ids: Sequence[str]) -> Nanoseconds | None:
    """The clock of all series, end to end; None where they have positions."""
    # An index without entries says nothing, of whatever kind it is.
    told = [i for i, stamps in enumerate(clocks) if stamps is None or stamps.values.size]
    dated = [(i, s.values) for i in told if (s := clocks[i]) is not None and s.is_time]
    if not dated:
        for i in told:
            if (stamps := clocks[i]) is not None:
                every = np.arange(stamps.values.size)
                stamps.clock(every, np.array([0, every.size]), (ids[i],))
        return None
    if len(dated) < len(told):
        without = min(set(told) - {i for i, _ in dated})
        raise InvalidInput(
            f"series {quoted(ids[dated[0][0]])} has dates and series {quoted(ids[without])} has "
            "none; give all of them dates, or number the points of each",
            series=without,
        )
    for i, moments in dated:
        if np.any(np.diff(moments) <= 0):
            point = int(np.argmax(np.diff(moments) <= 0)) + 1
            raise InvalidInput(
                f"series {quoted(ids[i])}: point {point} is not later than the one before it; sort "
                "the series by its index, and drop what is there twice",
                series=i,
                row=point,
            )
    return np.concatenate([moments for _, moments in dated])
