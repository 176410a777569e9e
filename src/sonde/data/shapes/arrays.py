"""Arrays: rows for scikit-learn, one length for aeon and sktime, one series for STUMPY."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Container, Panel, Series, Table
from ...core.axes import numbers, refuse_ambiguous
from ...core.clocks import clock_of
from ...core.containers import Floats
from ...errors import InvalidInput
from ..arrays import matrix_from
from .holding import as_panel, equal_length, owned


def to_rows(data: Container, *, copy: bool = False) -> Floats:
    """(n_rows, n_columns); a Panel is refused, since its rows could be points or series."""
    if isinstance(data, Panel):
        raise InvalidInput(
            f"a panel of {len(data)} series has no single reading as (n_rows, n_columns): each row "
            "could be a point, or a series; pass Table(panel.values, panel.channels) for points, "
            "or convert to 'numpy2d' for series",
        )
    return owned(data.values, copy)


def from_rows(
    obj: Any, *, channels: Sequence[str] | None = None, time: Any = None, kind: str | None = None
) -> Container:
    """A Table, or with ``kind="series"`` a Series, from (n_rows,) or (n_rows, n_columns)."""
    if kind not in (None, "table", "series"):
        raise InvalidInput(f"kind must be 'table' or 'series', not {kind!r}", kind=kind)
    values = matrix_from(obj)
    if kind == "series":
        return Series(values, channels, clock_of(time, [len(values)]))
    if time is not None:
        raise InvalidInput("the rows of a table have no time; say kind='series', or leave time out")
    return Table(values, channels)


def to_numpy2d(data: Container, *, copy: bool = False) -> Floats:
    """(n_series, n_points) of series with one channel and one length."""
    panel = as_panel(data, "numpy2d")
    if len(panel.channels) != 1:
        raise InvalidInput(
            f"the layout numpy2d holds one channel; there are {len(panel.channels)}: "
            f"{', '.join(map(repr, panel.channels[:5]))}; convert to 'numpy3d', or take one",
            channels=panel.channels,
        )
    return owned(panel.values.reshape(len(panel), equal_length(panel, "numpy2d")), copy)


def from_numpy2d(
    obj: Any,
    *,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    time: Any = None,
) -> Panel:
    """A Panel from (n_series, n_points), or from two axes in another order."""
    array = _with_axes(obj, 2, "numpy2d", "(n_series, n_points)")
    return Panel.from_array(array, axes, channels, ids, time)


def to_numpy3d(data: Container, *, copy: bool = False) -> Floats:
    """(n_series, n_channels, n_points) of series with one length."""
    panel = as_panel(data, "numpy3d")
    points = equal_length(panel, "numpy3d")
    cube = panel.values.reshape(len(panel), points, len(panel.channels))
    return owned(cube.transpose(0, 2, 1), copy)


def from_numpy3d(
    obj: Any,
    *,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    time: Any = None,
) -> Panel:
    """A Panel from (n_series, n_channels, n_points), or from three axes in another order."""
    array = _with_axes(obj, 3, "numpy3d", "(n_series, n_channels, n_points)")
    return Panel.from_array(array, axes, channels, ids, time)


def to_stumpy(data: Container, *, copy: bool = False) -> Floats:
    """(n_points,) of a Series with one channel, else (n_channels, n_points)."""
    if not isinstance(data, Series):
        raise InvalidInput(
            f"STUMPY reads one series, and this is a {type(data).__name__}; convert a Series: "
            "[sonde.convert(series, to='stumpy') for series in panel]"
        )
    return owned(data.values[:, 0] if len(data.channels) == 1 else data.values.T, copy)


def from_stumpy(
    obj: Any,
    *,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    time: Any = None,
) -> Series:
    """A Series from (n_points,) or (n_channels, n_points)."""
    if axes not in (None, "ct", "tc"):
        raise InvalidInput(f"axes must be 'ct' or 'tc' for stumpy, not {axes!r}", axes=axes)
    array = numbers(obj)
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise InvalidInput(
            f"STUMPY's array is (n_points,) or (n_channels, n_points); this one has shape "
            f"{array.shape}",
            shape=array.shape,
        )
    if array.ndim == 2 and axes is None:
        refuse_ambiguous(array.shape, "ct", "tc")
    values = array.T if array.ndim == 2 and axes != "tc" else array
    return Series(values, channels, clock_of(time, [len(values)]))


def _with_axes(obj: Any, ndim: int, layout: str, shape: str) -> Floats:
    array = numbers(obj)
    if array.ndim != ndim:
        raise InvalidInput(
            f"the layout {layout} is an array {shape}; this one has {array.ndim} axes: shape "
            f"{array.shape}",
            shape=array.shape,
            layout=layout,
        )
    return array
