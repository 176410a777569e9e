"""Lists of arrays, one per series, of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Container, Panel
from ...core.axes import numbers, refuse_ambiguous
from ...core.clocks import clock_of
from ...core.containers import Floats
from ...errors import InvalidInput
from .holding import as_panel, owned


def to_list(data: Container, *, copy: bool = False) -> list[Floats]:
    """(n_channels, n_points) arrays, as aeon wants series of different lengths."""
    panel = as_panel(data, "list")
    # C order throughout: aeon's compiled lists take arrays of one memory order only.
    return [owned(values.T, copy) for values in _parts(panel)]


def to_list_tc(data: Container, *, copy: bool = False) -> list[Floats]:
    """(n_points, n_channels) arrays, the order of Sonde's own values."""
    return [owned(values, copy) for values in _parts(as_panel(data, "list_tc"))]


def from_list(
    obj: Sequence[Any],
    *,
    axes: str | None = None,
    channels: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    time: Any = None,
) -> Panel:
    """A Panel from (n_channels, n_points) arrays; (n_points,) is one channel.

    Raises
    ------
    InvalidInput : numbers of channels that differ (named, with the other reading where that one
        fits), or arrays that are all of one shape and have more channels than points.
    """
    if axes not in (None, "ct", "tc"):
        raise InvalidInput(f"axes must be 'ct' or 'tc' for list, not {axes!r}", axes=axes)
    if axes == "tc":
        return from_list_tc(obj, channels=channels, ids=ids, time=time)
    arrays = _arrays(obj, "list", lambda array: array[np.newaxis, :])
    shapes = {array.shape for array in arrays}
    if axes is None and len(shapes) == 1:
        refuse_ambiguous(arrays[0].shape, "ct", "tc")
    _refuse_different(arrays, 0, "(n_channels, n_points)", "list_tc")
    return panel_of_parts([array.T for array in arrays], channels, ids, time)


def from_list_tc(
    obj: Sequence[Any],
    *,
    channels: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    time: Any = None,
) -> Panel:
    """A Panel from (n_points,) or (n_points, n_channels) arrays.

    Raises
    ------
    InvalidInput : numbers of channels that differ.
    """
    arrays = _arrays(obj, "list_tc", lambda array: array[:, np.newaxis])
    _refuse_different(arrays, 1, "(n_points, n_channels)", "list")
    return panel_of_parts(arrays, channels, ids, time)


def panel_of_parts(
    parts: list[Floats], channels: Sequence[str] | None, ids: Sequence[str] | None, time: Any
) -> Panel:
    """A Panel of (n_points, n_channels) arrays with as many channels each."""
    lengths = [len(part) for part in parts]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return Panel(np.concatenate(parts), offsets, channels, ids, clock_of(time, lengths))


def _parts(panel: Panel) -> list[Floats]:
    return np.split(panel.values, panel.offsets[1:-1])


def _arrays(obj: Any, layout: str, one_channel: Any) -> list[Floats]:
    # An array of no axes has a length that cannot be asked for.
    has_length = hasattr(obj, "__len__") and getattr(obj, "shape", None) != ()
    if isinstance(obj, str | bytes | dict) or not has_length or len(obj) == 0:
        raise InvalidInput(
            f"the layout {layout} is a list of arrays, one per series; this is "
            f"{'an empty' if has_length and len(obj) == 0 else 'a'} "
            f"{type(obj).__name__}"
        )
    arrays = []
    for i, item in enumerate(obj):
        try:
            array = numbers(item)
        except InvalidInput as refused:
            raise InvalidInput(f"series {i} of the list: {refused}", series=i) from None
        if array.ndim not in (1, 2):
            raise InvalidInput(
                f"series {i} of the list has {array.ndim} axes: shape {array.shape}; each must "
                "have 1 or 2",
                series=i,
                shape=array.shape,
            )
        arrays.append(one_channel(array) if array.ndim == 1 else array)
    return arrays


def _refuse_different(arrays: list[Floats], axis: int, reading: str, other: str) -> None:
    widths = [array.shape[axis] for array in arrays]
    wrong = next((i for i, width in enumerate(widths) if width != widths[0]), None)
    if wrong is None:
        return
    fits = len({array.shape[1 - axis] for array in arrays}) == 1
    remedy = (
        f"read the other way round they agree: layout={other!r}"
        if fits
        else "give every series the same channels"
    )
    raise InvalidInput(
        f"read as {reading}, series 0 of the list has {widths[0]} channels (shape "
        f"{arrays[0].shape}) and series {wrong} has {widths[wrong]} (shape "
        f"{arrays[wrong].shape}); {remedy}",
        series=wrong,
    )
