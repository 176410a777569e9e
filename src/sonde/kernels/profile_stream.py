"""The matrix profile of a series that goes on: each new window against those before it.

Covariances are kept by lag: there, the covariance of a new pair of windows stands where that of the
pair one point earlier stood, and a new point is one pass over contiguous memory.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from ._stream_lags import CANDIDATES, NEAR, advance
from ._stream_points import (
    ALIKE,
    BASE,
    BEGIN,
    COVARIANCE,
    CURSOR,
    DF,
    DG,
    EARLIER,
    END,
    FIRST,
    INVERSE,
    KIND,
    KNOWN,
    LAGS,
    LATER,
    LEFT,
    MOST,
    N_CLOCK,
    N_FLOATS,
    N_INTEGERS,
    N_SCALE,
    NEWEST_CONSTANT,
    PEAK,
    POINTS,
    RESTARTS,
    RIGHT,
    RISE,
    TOLD,
    UNIT,
    VALUE,
    WIDE,
    WINDOW,
    ZONE,
    covariance_of,
    distance_of,
    make_room,
    take,
)
from .windows import CONSTANT, MISSING, ORDINARY

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

__all__ = [  # the layout of the state as well, for those who make and read one
    "ALIKE",
    "BASE",
    "BEGIN",
    "COVARIANCE",
    "CURSOR",
    "DF",
    "DG",
    "EARLIER",
    "END",
    "FIRST",
    "GROUP",
    "INVERSE",
    "KIND",
    "KNOWN",
    "LAGS",
    "LATER",
    "LEFT",
    "MOST",
    "NEWEST_CONSTANT",
    "N_CLOCK",
    "N_FLOATS",
    "N_INTEGERS",
    "N_SCALE",
    "PEAK",
    "POINTS",
    "RESTARTS",
    "RIGHT",
    "RISE",
    "TOLD",
    "UNIT",
    "VALUE",
    "WIDE",
    "WINDOW",
    "ZONE",
    "stream_extend",
    "stream_later",
    "stream_update",
]

GROUP = 16  # points that are handled together
_STRETCH = 512  # lags over which a group goes at once: what it reads stays in the L1 cache
_ROUND = 4096  # points in which every lag is computed anew once


@exact_kernel
def _renew(floats: Floats, clock: Integers, w: int, lags: tuple[int, int]) -> None:
    # Covariances of the window in column w, from the definition, for the lags from lags[0] to
    # before lags[1].
    for lag in range(lags[0], lags[1]):
        floats[COVARIANCE, clock[LAGS] - lag] = covariance_of(
            floats[VALUE], floats[RISE], w, w - lag, clock[WINDOW]
        )


@exact_kernel
def _turn(clock: Integers, longest: int) -> tuple[int, int]:
    # The lags whose turn it is to be computed anew, at most ``longest``.
    zone = clock[ZONE]
    cursor = max(clock[CURSOR], zone + 1)
    if cursor > longest:
        cursor = zone + 1
    end = min(cursor + (longest - zone) // _ROUND + 1, longest + 1)
    clock[CURSOR] = end
    return cursor, end


@exact_kernel
def _newest(integers: Integers, kind: int, begin: int, end: int) -> int:
    # The last column from ``begin`` to ``end`` − 1 of a window of this kind; −1: none.
    for j in range(end - 1, begin - 1, -1):
        if integers[KIND, j] == kind:
            return j
    return -1


@exact_kernel
def _settle(
    floats: Floats,
    integers: Integers,
    clock: Integers,
    w: int,
    oldest: int,
    best: Floats,
    candidates: Integers,
) -> None:
    # The nearest earlier window of the one in column w, among the candidates and those whose
    # distance is a matter of their kind; columns from ``oldest`` on are kept.
    m, base, kind = clock[WINDOW], clock[BASE], integers[KIND, w]
    end = w - clock[ZONE]
    if kind == MISSING or end <= oldest:
        return
    nearest, found = np.inf, -1
    for k in range(1, candidates[0] + 1):
        if best[k] >= best[0] - NEAR:
            j = candidates[k]
            distance = distance_of(floats, w, j, m)
            if distance < nearest or (distance == nearest and j > found):
                nearest, found = distance, j
    flat_distance = math.sqrt(m)
    if nearest > flat_distance and clock[NEWEST_CONSTANT] - base >= oldest:
        flat = clock[NEWEST_CONSTANT] - base
        if flat >= end:
            flat = _newest(integers, CONSTANT, oldest, end)
        if flat >= 0:
            nearest, found = flat_distance if kind == ORDINARY else 0.0, flat
    if found < 0 and kind == CONSTANT:
        found = _newest(integers, ORDINARY, oldest, end)
        nearest = flat_distance if found >= 0 else np.inf
    floats[LEFT, w] = nearest
    integers[EARLIER, w] = found + base if found >= 0 else -1


@exact_kernel
def _tell_constant(
    floats: Floats, integers: Integers, clock: Integers, w: int, oldest: int
) -> None:
    # Nearest later windows that are a matter of kind: those of constant windows, and of ordinary
    # ones that resemble no later window more than a constant one (a correlation of 1/2).
    kind, base, end = integers[KIND, w], clock[BASE], w - clock[ZONE]
    if kind == MISSING:
        return
    for j in range(max(clock[TOLD] - base, oldest), end):
        if integers[KIND, j] == CONSTANT:
            integers[LATER, j] = w + base
    clock[TOLD] = max(clock[TOLD], end + base)
    if kind == CONSTANT:
        # The windows before these know the last constant window, or one more like them.
        for j in range(max(clock[NEWEST_CONSTANT] - base - clock[ZONE], oldest), end):
            if integers[KIND, j] == CONSTANT:
                integers[LATER, j] = w + base
            if integers[KIND, j] == ORDINARY and floats[RIGHT, j] < 0.5:
                floats[RIGHT, j], integers[LATER, j] = 0.5, w + base
        clock[NEWEST_CONSTANT] = w + base


@exact_kernel
def _seed(
    floats: Floats, integers: Integers, clock: Integers, w: int, span: tuple[int, int], k: int
) -> int:
    # What a running covariance can't give: that with windows at which covariances started anew,
    # for those lags that stand in columns span[0] to span[1] − 1. From restart k on backwards;
    # returns the one to go on with.
    window = w + clock[BASE]
    while k >= clock[BEGIN] and clock[LAGS] - (window - integers[RESTARTS, k]) >= span[0]:
        lag = window - integers[RESTARTS, k]
        if clock[LAGS] - lag < span[1]:
            _renew(floats, clock, w, (lag, lag + 1))
        k -= 1
    return k


@exact_kernel
def _pass(
    floats: Floats,
    integers: Integers,
    clock: Integers,
    place: tuple[int, int, int],
    span: tuple[int, int],
    allowed: Integers,
    best: Floats,
    candidates: Integers,
) -> None:
    # Consecutive windows, or one at which covariances start anew: stretch by stretch of the lags,
    # window by window only where something is computed from the definition.
    w, window, lags = place
    count, zone = best.shape[0], clock[ZONE]
    turns = np.zeros((count, 2), np.int64)
    restart = np.full(count, clock[END] - 1)
    for k in range(count):
        if allowed[k, 0] < lags - zone:
            turns[k, 0], turns[k, 1] = _turn(clock, lags - allowed[k, 0])
    stretch = _STRETCH
    if count == 1:
        stretch = span[1] - span[0]
        if integers[RESTARTS, restart[0]] == window:
            _renew(floats, clock, w, (zone + 1, lags - allowed[0, 0] + 1))
            restart[0] = -1
    for end in range(span[1], span[0], -stretch):
        begin = max(span[0], end - stretch)
        step = count
        for k in range(count):
            if restart[k] >= clock[BEGIN]:
                lag = window + k - integers[RESTARTS, restart[k]]
                if lags - lag >= begin:
                    step = 1
            if lags - turns[k, 0] >= begin and lags - turns[k, 1] < end:
                step = 1
        for k in range(0, count, step):
            some = slice(k, k + step)
            if step == 1:
                low, high = max(begin, allowed[k, 0]), min(end, lags - zone)
                restart[k] = _seed(floats, integers, clock, w + k, (low, high), restart[k])
            one = (w + k, window + k, lags)
            advance(
                floats, integers, one, (begin, end), allowed[some], best[some], candidates[some]
            )
            if step == 1:
                turn = max(turns[k, 0], lags - end + 1), min(turns[k, 1], lags - begin + 1)
                _renew(floats, clock, w + k, turn)


@exact_kernel
def _compare(
    floats: Floats,
    integers: Integers,
    clock: Integers,
    window: int,
    distances: Floats,
    indices: Integers,
) -> None:
    # The windows from ``window`` on, one for each of ``distances``, with those before them.
    count, lags, zone = distances.shape[0], clock[LAGS], clock[ZONE]
    w = window - clock[BASE]
    allowed = np.empty((count, 2), np.int64)
    best = np.full((count, CANDIDATES + 1), -2.0)
    candidates = np.zeros((count, CANDIDATES + 1), np.int64)
    for k in range(count):
        oldest = max(0, window + k + clock[WINDOW] - clock[MOST])
        allowed[k, 0] = lags - (window + k - oldest)
        allowed[k, 1] = lags - zone if integers[KIND, w + k] == ORDINARY else allowed[k, 0]
    # The oldest windows leave one by one, or none does: the last window has the longest lag.
    begin = allowed[count - 1, 0]
    if begin < lags - zone:
        place, span = (w, window, lags), (begin // WIDE * WIDE, -((zone - lags) // WIDE) * WIDE)
        _pass(floats, integers, clock, place, span, allowed, best, candidates)
    for k in range(count):
        oldest = w + k - (lags - allowed[k, 0])
        _settle(floats, integers, clock, w + k, oldest, best[k], candidates[k])
        _tell_constant(floats, integers, clock, w + k, oldest)
        distances[k], indices[k] = floats[LEFT, w + k], integers[EARLIER, w + k]


@exact_kernel
def stream_extend(
    floats: Floats,
    integers: Integers,
    clock: Integers,
    scale: Floats,
    values: Floats,
    distances: Floats,
    indices: Integers,
) -> None:
    """Points at the end of the stream, and the profile of the windows that end with them.

    Parameters
    ----------
    floats, integers, clock, scale : the state, as ``_stream_points`` describes it; changed.
    values : (n,) float64; NaN, infinite and enormous values are missing.
    distances : (n,) float64, written: from the window that ends with each point to the nearest
        among those before it, z-normalised Euclidean; infinite where the window is not complete,
        has a missing value or is compared with none.
    indices : (n,) int64, written: where that nearest window begins, counted from the first point
        of the stream; −1 for none.

    Points that come together give the bits that they give one by one. Points beyond ``MOST`` leave
    at the other end; without such a bound there must be columns enough.

    Source
    ------
    Zimmerman et al. (2019), "Matrix profile XIV", SoCC, section 3, for the running covariance,
    here by lag; it is computed from the definition in every 4096th point, with windows whose norm
    has fallen below a thousandth of its past, and where the newest window is such a window.
    """
    done = 0
    while done < values.shape[0]:
        if clock[POINTS] - clock[BASE] + GROUP > floats.shape[1]:
            make_room(floats, integers, clock)
        first, count, is_alone = done, 0, False
        while count < GROUP and done < values.shape[0] and not is_alone:
            is_alone = take(values[done], floats, integers, clock, scale)
            distances[done], indices[done] = np.inf, -1
            done += 1
            count = done - first
        # Those windows together that may be, then the one that is to be compared by itself.
        count = min(count, clock[POINTS] - clock[WINDOW] + 1)
        begin = done - count
        while begin < done:
            end = done - 1 if is_alone and begin < done - 1 else done
            window = clock[POINTS] - (done - begin) - clock[WINDOW] + 1
            _compare(floats, integers, clock, window, distances[begin:end], indices[begin:end])
            begin = end
        clock[FIRST] = max(0, clock[POINTS] - clock[MOST])
        while clock[BEGIN] < clock[END] - 1 and integers[RESTARTS, clock[BEGIN]] < clock[FIRST]:
            clock[BEGIN] += 1


@exact_kernel
def stream_update(
    floats: Floats, integers: Integers, clock: Integers, scale: Floats, value: float
) -> tuple[float, int]:
    """As ``stream_extend``, of one point: its distance and its index."""
    values, distances, indices = np.empty(1), np.empty(1), np.empty(1, np.int64)
    values[0] = value
    stream_extend(floats, integers, clock, scale, values, distances, indices)
    return distances[0], indices[0]


@exact_kernel
def stream_later(
    floats: Floats, integers: Integers, clock: Integers, distances: Floats, indices: Integers
) -> None:
    """From each window that is kept to the nearest later one.

    Parameters
    ----------
    floats, integers, clock : the state.
    distances, indices : one entry for each window kept, written, as for ``stream_extend``.
    """
    m, base = clock[WINDOW], clock[BASE]
    for k in range(distances.shape[0]):
        j = clock[FIRST] - base + k
        later = integers[LATER, j]
        distances[k], indices[k] = np.inf, later
        if later >= 0:
            kinds = (integers[KIND, j], integers[KIND, later - base])
            if kinds[0] == ORDINARY and kinds[1] == ORDINARY:
                distances[k] = distance_of(floats, j, later - base, m)
            else:
                distances[k] = 0.0 if kinds[0] == kinds[1] else math.sqrt(m)
