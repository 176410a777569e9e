"""The arrays of a matrix profile that goes on: made, made larger, checked when they come back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels import profile_stream as s
from ..stored_state import MOST_ROWS, finite, positive, stored
from .window import SHORTEST

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Arrays = dict[str, NDArray[Any]]

UNBOUNDED = 2**62
_LEAST_SPARE = 256  # columns: how often what is kept moves to the front


def blank(window: int, *, most: int | None, unit: float = 1.0) -> Arrays:
    """The state before the first point.

    Parameters
    ----------
    window : points of a window.
    most : points that are kept; None for all, with columns for a few to begin with.
    unit : the power of two that values are multiplied with. Values larger than 1e150 / ``unit``
        count as infinite, and windows that move by less than 1e-150 / ``unit`` as constant.
    """
    lags, width = _sizes(window, most or window + _LEAST_SPARE)
    clock = np.zeros(s.N_CLOCK, dtype=np.int64)
    clock[s.BASE], clock[s.MOST] = -s.WIDE, most or UNBOUNDED
    clock[s.WINDOW], clock[s.ZONE], clock[s.LAGS] = window, math.ceil(window / 4), lags
    clock[s.NEWEST_CONSTANT] = -1
    return {
        "floats": np.zeros((s.N_FLOATS, width)),
        "integers": np.zeros((s.N_INTEGERS, width), dtype=np.int64),
        "clock": clock,
        "scale": np.array([unit, 0.0]),
    }


def _sizes(window: int, most: int) -> tuple[int, int]:
    """The column of lag 0, and columns in all."""
    lags = -(-max(most - window, 1) // s.WIDE) * s.WIDE
    width = max(s.WIDE + most + s.GROUP + max(_LEAST_SPARE, most // 8), lags)
    # No multiple of a page apart: rows that are read side by side would fight for the same places
    # in the cache.
    return lags, -(-width // 512) * 512 + 24


def room(state: Arrays) -> int:
    """How many points a state that keeps all of them can take yet."""
    clock = state["clock"]
    columns = state["floats"].shape[1] - (clock[s.POINTS] - clock[s.BASE])
    return int(min(columns, clock[s.LAGS] + clock[s.WINDOW] - clock[s.POINTS]))


def larger(state: Arrays, points: int) -> Arrays:
    """A state that keeps all points, with columns for ``points`` more, and as many again."""
    clock = state["clock"].copy()
    lags, width = _sizes(int(clock[s.WINDOW]), 2 * (int(clock[s.POINTS]) + points))
    floats, integers = np.zeros((s.N_FLOATS, width)), np.zeros((s.N_INTEGERS, width), np.int64)
    old, used = int(clock[s.LAGS]), int(clock[s.POINTS] - clock[s.BASE])
    floats[: s.COVARIANCE, :used] = state["floats"][: s.COVARIANCE, :used]
    floats[s.COVARIANCE, lags - old : lags] = state["floats"][s.COVARIANCE, :old]
    integers[: s.RESTARTS, :used] = state["integers"][: s.RESTARTS, :used]
    restarts = state["integers"][s.RESTARTS, clock[s.BEGIN] : clock[s.END]]
    integers[s.RESTARTS, : len(restarts)] = restarts
    clock[s.BEGIN], clock[s.END], clock[s.LAGS] = 0, len(restarts), lags
    return {"floats": floats, "integers": integers, "clock": clock, "scale": state["scale"].copy()}


def kept(state: Arrays) -> slice:
    """The columns of the windows that are kept."""
    clock = state["clock"]
    begin = int(clock[s.FIRST] - clock[s.BASE])
    return slice(begin, max(begin, int(clock[s.POINTS] - clock[s.WINDOW] - clock[s.BASE]) + 1))


def refuse_broken(state: Mapping[str, Any]) -> None:
    """Raise ValueError, naming the array, where a state is not what the kernels leave behind.

    They check no bounds: all that leads to a column is looked at.
    """
    clock = stored(state, "clock", (s.N_CLOCK,), np.int64)
    floats = stored(state, "floats", (s.N_FLOATS, None))
    width = floats.shape[1]
    integers = stored(state, "integers", (s.N_INTEGERS, width), np.int64)
    positive({"unit": finite(state, "scale", (s.N_SCALE,), 0.0)[:1]}, "unit", (1,))
    if not _is_clock(clock.tolist(), width):
        raise ValueError("'clock' can't be right")
    finite({"floats": np.delete(floats, s.LEFT, axis=0)}, "floats", (s.N_FLOATS - 1, width))
    left = floats[s.LEFT]
    if np.isnan(left).any() or (left < 0).any() or (floats[s.INVERSE] < 0).any():
        raise ValueError("'floats' must have distances and norms of 0 or more")
    _refuse_broken_windows(clock, integers)


def _is_clock(entries: list[int], width: int) -> bool:
    points, base, first, most, window, zone, lags, cursor = entries[:8]
    begin, end, known, alike, newest, told = entries[8:]
    windows = max(points - window + 1, 0)
    bounded = most < UNBOUNDED
    needed_lags = most - window if bounded else points - window
    return (
        SHORTEST <= window <= most <= UNBOUNDED
        and zone == math.ceil(window / 4)
        and 0 <= points < MOST_ROWS
        and first == max(0, points - most)
        and -s.WIDE <= base <= first - s.WIDE
        and points - base <= width
        and s.WIDE <= lags <= width
        and lags % s.WIDE == 0
        and lags >= needed_lags
        and (not bounded or s.WIDE + most + s.GROUP <= width)
        and 0 <= cursor <= MOST_ROWS
        and 0 <= begin <= end <= width
        and (end > begin if windows else end == 0)
        and 0 <= known <= points
        and 0 <= alike <= points
        and -1 <= newest < windows
        and 0 <= told <= windows
    )


def _refuse_broken_windows(clock: Integers, integers: Integers) -> None:
    columns = kept({"clock": clock})
    places = np.arange(columns.start, columns.stop) + clock[s.BASE]
    newest = clock[s.POINTS] - clock[s.WINDOW]
    if not np.isin(integers[s.KIND, columns], (0, 1, 2)).all():
        raise ValueError("'integers' must have kinds of windows from 0 to 2")
    later, earlier = integers[s.LATER, columns], integers[s.EARLIER, columns]
    if ((later != -1) & ((later <= places) | (later > newest))).any():
        raise ValueError("'integers' must have later windows that are later, and there")
    if ((earlier < -1) | (earlier >= places)).any():
        raise ValueError("'integers' must have earlier windows that are earlier")
    restarts = integers[s.RESTARTS, clock[s.BEGIN] : clock[s.END]]
    if restarts.size and (
        restarts[0] < 0
        or restarts[-1] > newest
        or (np.diff(restarts) <= 0).any()
        or (restarts[1:] < clock[s.FIRST]).any()  # there is no room for more than are kept
    ):
        raise ValueError("'integers' must have restarts that rise, in windows that are kept")
