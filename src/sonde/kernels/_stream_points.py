"""The state of a matrix profile that goes on, and what one more point changes in it.

The state is four arrays, changed in place. ``floats`` and ``integers`` have a column for each point
and the window that begins with it: point t of the stream stands in column t − clock[BASE]. Only the
row ``COVARIANCE`` is counted otherwise: by lag, the number of points between the newest window and
the other; the lag ℓ stands in column clock[LAGS] − ℓ.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .simd import add, load, multiply, multiply_add, splat, subtract, total
from .windows import CONSTANT, MISSING, ORDINARY

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Rows of ``floats``: values, scaled and without gaps; rises and steps as in ``windows``; inverse
# norms, 0 of windows that are not ordinary; the largest correlation with a later window (−2: none
# yet; 2 where the window is not ordinary); the distance to the nearest earlier one.
VALUE, RISE, INVERSE, DF, DG, RIGHT, LEFT, COVARIANCE, N_FLOATS = 0, 1, 2, 3, 4, 5, 6, 7, 8
# Rows of ``integers``: the kind of a window; where its nearest later and earlier windows begin,
# counted from the first point of the stream, −1 for none; and, in no relation to the columns, the
# windows with which covariances started anew, oldest first.
KIND, LATER, EARLIER, RESTARTS, N_INTEGERS = 0, 1, 2, 3, 4
# Entries of ``clock``: points so far; the point of column 0; the oldest point kept; how many are
# kept at most; points of a window; lags that are left out; the column of lag 0; the next lag to be
# computed anew; where ``RESTARTS`` begins and ends; how many of the last values are known, and how
# many equal the last one; where the newest constant window begins, −1 for none; up to where
# constant windows know a later one.
POINTS, BASE, FIRST, MOST, WINDOW, ZONE, LAGS, CURSOR = 0, 1, 2, 3, 4, 5, 6, 7
BEGIN, END, KNOWN, ALIKE, NEWEST_CONSTANT, TOLD, N_CLOCK = 8, 9, 10, 11, 12, 13, 14
# Entries of ``scale``: the power of two that values are multiplied with; the largest norm since
# covariances last started anew.
UNIT, PEAK, N_SCALE = 0, 1, 2

WIDE = 32  # lags that are handled together; as many columns are kept before the oldest point
LARGEST = 1e150  # in units; larger values count as infinite, so that no square overflows
# A norm below this share of the largest since the last restart: what is left of the larger
# numbers' rounding would show, so covariances start anew.
FALL = 1e-3


@exact_kernel
def rise_of(values: Floats, w: int, m: int) -> float:
    """How far the mean of the window in column ``w`` lies above its first value."""
    first, sums = splat(values[w]), splat(0.0)
    for k in range(0, m - 7, 8):
        sums = add(sums, subtract(load(values, w + k), first))
    rise: float = total(sums)
    for k in range(m - m % 8, m):
        rise += values[w + k] - values[w]
    return rise / m


@exact_kernel
def covariance_of(values: Floats, rises: Floats, a: int, b: int, m: int) -> float:
    """Of the windows in columns ``a`` and ``b``, times m, from the definition."""
    first_a, rise_a = splat(values[a]), splat(rises[a])
    first_b, rise_b = splat(values[b]), splat(rises[b])
    sums = splat(0.0)
    for k in range(0, m - 7, 8):
        left = subtract(subtract(load(values, a + k), first_a), rise_a)
        right = subtract(subtract(load(values, b + k), first_b), rise_b)
        sums = multiply_add(left, right, sums)
    covariance: float = total(sums)
    for k in range(m - m % 8, m):
        one = (values[a + k] - values[a]) - rises[a]
        covariance += one * ((values[b + k] - values[b]) - rises[b])
    return covariance


@exact_kernel
def distance_of(floats: Floats, a: int, b: int, m: int) -> float:
    """Of the ordinary windows in columns ``a`` and ``b``, from their values.

    Exact whatever led to the pair.
    """
    values, rises, inverse = floats[VALUE], floats[RISE], floats[INVERSE]
    first_a, rise_a, unit_a = splat(values[a]), splat(rises[a]), splat(inverse[a])
    first_b, rise_b, unit_b = splat(values[b]), splat(rises[b]), splat(inverse[b])
    sums = splat(0.0)
    for k in range(0, m - 7, 8):
        left = multiply(subtract(subtract(load(values, a + k), first_a), rise_a), unit_a)
        right = multiply(subtract(subtract(load(values, b + k), first_b), rise_b), unit_b)
        gap = subtract(left, right)
        sums = multiply_add(gap, gap, sums)
    squares = total(sums)
    for k in range(m - m % 8, m):
        one = ((values[a + k] - values[a]) - rises[a]) * inverse[a]
        gap_k = one - ((values[b + k] - values[b]) - rises[b]) * inverse[b]
        squares += gap_k * gap_k
    return math.sqrt(m * squares)


@exact_kernel
def make_room(floats: Floats, integers: Integers, clock: Integers) -> None:
    """Move what is kept to the left, so that there are free columns behind it.

    ``WIDE`` columns before it stay: they are read, though nothing is made of them.
    """
    shift = clock[FIRST] - WIDE - clock[BASE]
    used = clock[POINTS] - clock[BASE] - shift
    for row in range(COVARIANCE):
        for t in range(used):
            floats[row, t] = floats[row, t + shift]
    for row in range(RESTARTS):
        for t in range(used):
            integers[row, t] = integers[row, t + shift]
    clock[BASE] += shift


@exact_kernel
def _add_restart(integers: Integers, clock: Integers, window: int) -> None:
    begin, end = clock[BEGIN], clock[END]
    if end == integers.shape[1]:
        for k in range(end - begin):
            integers[RESTARTS, k] = integers[RESTARTS, begin + k]
        begin, end = 0, end - begin
    integers[RESTARTS, end] = window
    clock[BEGIN], clock[END] = begin, end + 1


@exact_kernel
def _take_value(value: float, floats: Floats, clock: Integers, scale: Floats) -> None:
    at = clock[POINTS] - clock[BASE]
    last = floats[VALUE, at - 1]
    number = value * scale[UNIT]
    if abs(number) <= LARGEST:  # False for NaN
        clock[ALIKE] = clock[ALIKE] + 1 if clock[KNOWN] > 0 and number == last else 1
        clock[KNOWN] += 1
    else:
        # A window with a missing value matches nothing, but covariances run through it.
        clock[KNOWN], clock[ALIKE] = 0, 1
        number = last
    floats[VALUE, at] = number
    clock[POINTS] += 1


@exact_kernel
def take(value: float, floats: Floats, integers: Integers, clock: Integers, scale: Floats) -> bool:
    """One more point, and the window that it completes, as yet compared with no other.

    True where that window is to be compared by itself, since it is not an ordinary one or
    covariances start anew with it.
    """
    _take_value(value, floats, clock, scale)
    m = clock[WINDOW]
    window = clock[POINTS] - m
    if window < 0:
        return False
    w = window - clock[BASE]
    values = floats[VALUE]
    rise = rise_of(values, w, m)
    floats[RISE, w] = rise
    norm = math.sqrt(covariance_of(values, floats[RISE], w, w, m))
    kind = ORDINARY
    if clock[KNOWN] < m:
        kind = MISSING
    elif clock[ALIKE] >= m or norm == 0.0:
        kind = CONSTANT
    floats[INVERSE, w] = 1.0 / norm if kind == ORDINARY else 0.0
    floats[RIGHT, w] = -2.0 if kind == ORDINARY else 2.0
    floats[LEFT, w] = np.inf
    integers[KIND, w] = kind
    integers[LATER, w] = -1
    integers[EARLIER, w] = -1
    is_new = window == 0 or norm < FALL * scale[PEAK]
    if is_new:
        floats[DF, w], floats[DG, w] = 0.0, 0.0
        scale[PEAK] = norm
        _add_restart(integers, clock, window)
    else:
        newest = values[w + m - 1]
        floats[DF, w] = 0.5 * (newest - values[w - 1])
        floats[DG, w] = ((newest - values[w]) - rise) - floats[RISE, w - 1]
        scale[PEAK] = max(scale[PEAK], norm)
    return is_new or kind != ORDINARY
