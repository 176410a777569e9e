"""tslearn's array, in which NaN at the end makes a series shorter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Panel
from ...core.axes import numbers, refuse_ambiguous
from ...core.clocks import clock_of
from ...core.containers import Floats
from ...errors import InvalidInput
from ..quoting import quoted
from .holding import as_panel, owned


def to_tslearn(data: Container, *, copy: bool = False) -> Floats:
    """(n_series, most points, n_channels); shorter series are filled up with NaN.

    Raises
    ------
    InvalidInput : a series whose last point has no value in any channel, or without points:
        tslearn would read another length.
    """
    panel = as_panel(data, "tslearn")
    lengths = np.diff(panel.offsets)
    _refuse_open_ends(panel)
    n, longest, width = len(panel), int(lengths.max()), len(panel.channels)
    if lengths.min() == longest:
        return owned(panel.values.reshape(n, longest, width), copy)
    filled = np.full((n, longest, width), np.nan)
    filled[np.arange(longest) < lengths[:, np.newaxis]] = panel.values
    return filled


def from_tslearn(
    obj: Any,
    *,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    time: Any = None,
) -> Panel:
    """A Panel whose series end where only NaN follows; NaN before that is missing.

    ``axes="ntc"`` confirms the order where there are more channels than points.

    Raises
    ------
    InvalidInput : not three axes, or a series without any value.
    """
    array = numbers(obj)
    if array.ndim != 3 or 0 in array.shape:
        raise InvalidInput(
            "tslearn's data set is an array (n_series, n_points, n_channels) that is not empty; "
            f"this one has shape {array.shape}",
            shape=array.shape,
        )
    if axes is None:
        refuse_ambiguous(array.shape, "ntc", "nct")
    elif axes not in ("ntc", "nct"):
        raise InvalidInput(f"axes must be 'ntc' or 'nct' for tslearn, not {axes!r}", axes=axes)
    cube = array.transpose(0, 2, 1) if axes == "nct" else array
    n, longest, width = cube.shape
    is_point: NDArray[np.bool_] = np.any(~np.isnan(cube), axis=2)
    has_points: NDArray[np.bool_] = np.any(is_point, axis=1)
    if not np.all(has_points):
        series = int(np.argmin(has_points))
        raise InvalidInput(
            f"series {series} has nothing but NaN, which tslearn reads as no points; leave it out",
            series=series,
        )
    lengths = longest - np.argmax(is_point[:, ::-1], axis=1)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    if lengths.min() == longest:
        values = cube.reshape(n * longest, width)
    else:
        values = cube[np.arange(longest) < lengths[:, np.newaxis]]
    return Panel(values, offsets, channels, ids, clock_of(time, lengths))


def _refuse_open_ends(panel: Panel) -> None:
    ends = panel.offsets[1:] - 1
    is_empty = np.diff(panel.offsets) == 0
    is_open = is_empty.copy()
    is_open[~is_empty] = np.isnan(panel.values[ends[~is_empty]]).all(axis=1)
    if is_open.any():
        series = int(np.argmax(is_open))
        why = "has no points" if is_empty[series] else "ends in a point without any value"
        raise InvalidInput(
            f"series {quoted(panel.ids[series])} {why}, and tslearn takes NaN at the end as the "
            "end of the series; cut or fill it, or leave it out",
            series=series,
        )
