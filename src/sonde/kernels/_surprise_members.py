"""The seven sizes that say how far a value leaves what a stream was like, each free of its unit."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from ._surprise_tail import END, MEMBERS, shift_bins

Floats = NDArray[np.float64]

UNTIMED = -(2**63)
QUARTER_HOUR, HOUR = 900 * 10**9, 3600 * 10**9
QUARTER_HOURS, WEEK_HOURS = 96, 168
LARGEST_SIZE = 2.0**19.9  # that of any change where none was ever seen
RING = 128

# Entries of a column's state, after its histograms.
LEARNED, SINCE = END, END + 1  # rows learned; rows since the series began or went on after a gap
LEVELS = END + 2  # twice: level, its mean absolute error, the same with all errors whole
SEASON = LEVELS + 6  # slow level, mean errors by level, day and week, last residual, its
# products with the one before, their squares, mean absolute error of the forecast
DRIFT = SEASON + 8  # fast mean, mean of the long run, deviation from it, the unit of sizes
CHANGE = DRIFT + 4  # last value, fast and slow mean absolute difference
SUMS = CHANGE + 3  # of the last 16, the 16 before, the last 64, the 64 before
VALUES = SUMS + 4
DAY, WEEK = VALUES + RING, VALUES + RING + 2 * QUARTER_HOURS  # means, then counts
SIZES = WEEK + 2 * WEEK_HOURS  # what each member made of the last row
SIZE = SIZES + MEMBERS

SLOW = 0.005  # how fast the scale of a level follows
SHIFTED = 50  # bins, for a unit a 1,024th as large


@exact_kernel
def restart(state: Floats) -> None:
    """Forget where the series stood, keep what its sizes, its seasons and its long run were."""
    state[SINCE] = 0.0
    state[SEASON + 4] = 0.0
    for i in range(4):
        state[SUMS + i] = 0.0
    for i in range(RING):
        state[VALUES + i] = 0.0


@exact_kernel
def member_sizes(state: Floats, t: int, x: float) -> None:
    """What each member makes of ``x``, at time ``t``; its own idea of the stream then follows."""
    _season_size(state, t, x)
    _level_size(state, 0, 0.5, x)
    _level_size(state, 1, 0.02, x)
    _drift_size(state, x)
    _change_size(state, x)
    _step_sizes(state, x)


@exact_kernel
def _level_size(state: Floats, which: int, rate: float, x: float) -> None:
    """Distance from a level, in its usual distance.

    The level learns clipped errors, so that one spike does not move it.
    """
    learned, since, at = state[LEARNED], state[SINCE], LEVELS + 3 * which
    if since == 0.0:
        state[at] = x
    level, scale, whole = state[at], state[at + 1], state[at + 2]
    error = x - level
    distance = abs(error)
    usual = scale + 1e-3 * whole + 1e-9 * abs(level)
    size = 0.0
    if learned > 1.0 and distance > 0.0:
        size = distance / usual if usual > 0.0 else LARGEST_SIZE
    counted = distance
    if learned > 20.0 and scale > 0.0:
        error = min(max(error, -4.0 * scale), 4.0 * scale)
        counted = min(distance, 6.0 * scale)
    slow = max(SLOW, 1.0 / (learned + 1.0))
    state[at] = level + max(rate, 1.0 / (since + 1.0)) * error
    state[at + 1] = scale + slow * (counted - scale)
    state[at + 2] = whole + slow * (distance - whole)
    state[SIZES + 1 + which] = size


@exact_kernel
def _season_size(state: Floats, t: int, x: float) -> None:
    """Distance from the forecast of whoever was best: a slow level, the mean of this quarter of an
    hour, the mean of this hour of the week; each corrected by its last error."""
    learned, since, o = state[LEARNED], state[SINCE], SEASON
    if since == 0.0:
        state[o] = x
    level = state[o]
    day = week = level
    at_day = at_week = 0
    base, error = level, state[o + 1]
    if t != UNTIMED:
        at_day = DAY + (t // QUARTER_HOUR) % QUARTER_HOURS
        at_week = WEEK + (t // HOUR) % WEEK_HOURS
        if state[at_day + QUARTER_HOURS] > 0.0:
            day = state[at_day]
        week = state[at_week] if state[at_week + WEEK_HOURS] > 0.0 else day
        if state[o + 2] < error:
            base, error = day, state[o + 2]
        if state[o + 3] < error:
            base = week
    before, products, squares, scale = state[o + 4], state[o + 5], state[o + 6], state[o + 7]
    carried = min(max(products / squares, 0.0), 0.99) if squares > 0.0 else 0.0
    residual = x - base
    rate = max(0.002, 1.0 / (learned + 1.0))
    size = 0.0
    if since > 0.0 or learned == 0.0:
        distance = abs(residual - carried * before)
        usual = scale + 1e-9 * abs(level)
        if learned > 5.0 and distance > 0.0:
            size = distance / usual if usual > 0.0 else LARGEST_SIZE
        state[o + 7] = scale + rate * (distance - scale)
        state[o + 5] = 0.998 * products + residual * before
        state[o + 6] = 0.998 * squares + before * before
    state[o + 1] += rate * (abs(x - level) - state[o + 1])
    state[o + 2] += rate * (abs(x - day) - state[o + 2])
    state[o + 3] += rate * (1.02 * abs(x - week) - state[o + 3])  # a week must earn its 168 hours
    state[o + 4] = residual
    state[o] = level + max(0.01, 1.0 / (since + 1.0)) * (x - level)
    if t != UNTIMED:
        _learn_hour(state, at_day, at_day + QUARTER_HOURS, x)
        _learn_hour(state, at_week, at_week + WEEK_HOURS, x)
    state[SIZES] = size


@exact_kernel
def _learn_hour(state: Floats, mean: int, count: int, x: float) -> None:
    state[count] += 1.0
    state[mean] += max(0.05, 1.0 / state[count]) * (x - state[mean])


@exact_kernel
def _drift_size(state: Floats, x: float) -> None:
    """Distance of a fast mean from the mean of the long run.

    The unit is fixed after the first rows, so that sizes keep their meaning; it moves where it is
    a thousandfold off, and with it the sizes seen before.
    """
    learned, o = state[LEARNED], DRIFT
    if state[SINCE] == 0.0:
        state[o] = x
    if learned == 0.0:
        state[o + 1] = x
    state[o] += 0.2 * (x - state[o])
    rate = max(0.0005, 1.0 / (learned + 1.0))
    state[o + 1] += rate * (x - state[o + 1])
    state[o + 2] += rate * (abs(x - state[o + 1]) - state[o + 2])
    deviation = state[o + 2] + 1e-9 * abs(state[o + 1])
    if learned <= 50.0 or state[o + 3] == 0.0:
        state[o + 3] = deviation
    while deviation > 1024.0 * state[o + 3] > 0.0 or 0.0 < 1024.0 * deviation < state[o + 3]:
        by = SHIFTED if deviation > state[o + 3] else -SHIFTED
        state[o + 3] *= 1024.0 if by > 0 else 1.0 / 1024.0
        shift_bins(state, 3, by)
        shift_bins(state, 5, by)
        shift_bins(state, 6, by)
    state[SIZES + 3] = _in_units(state, abs(state[o] - state[o + 1]))


@exact_kernel
def _change_size(state: Floats, x: float) -> None:
    """By what factor the variability of late leaves the usual one, either way; its logarithm."""
    size = 0.0
    if state[SINCE] > 0.0:
        difference = abs(x - state[CHANGE])
        rate = 1.0 / max(state[LEARNED], 1.0)
        state[CHANGE + 1] += max(0.1, rate) * (difference - state[CHANGE + 1])
        state[CHANGE + 2] += max(0.002, rate) * (difference - state[CHANGE + 2])
        usual = state[CHANGE + 2]
        if usual > 0.0:
            size = abs(math.log((state[CHANGE + 1] + 0.02 * usual) / (1.02 * usual)))
    state[CHANGE] = x
    state[SIZES + 4] = size


@exact_kernel
def _step_sizes(state: Floats, x: float) -> None:
    """Mean of the last rows less that of as many before them: 16 and 64 rows, in drift's unit."""
    since = int(state[SINCE])
    at = since % RING
    if at == 0 and since > 0:  # once a round: exact sums, so that rounding cannot build up
        _sum_anew(state)
    state[SUMS] += x - _ago(state, at, 16)
    state[SUMS + 1] += _ago(state, at, 16) - _ago(state, at, 32)
    state[SUMS + 2] += x - _ago(state, at, 64)
    state[SUMS + 3] += _ago(state, at, 64) - _ago(state, at, RING)
    state[VALUES + at] = x
    short = abs(state[SUMS] - state[SUMS + 1]) / 16.0
    long = abs(state[SUMS + 2] - state[SUMS + 3]) / 64.0
    # No size, rather than 0, before there are so many rows: the first one would be like none.
    state[SIZES + 5] = _in_units(state, short) if since >= 31 else -1.0
    state[SIZES + 6] = _in_units(state, long) if since >= 127 else -1.0


@exact_kernel
def _ago(state: Floats, at: int, rows: int) -> float:
    return float(state[VALUES + (at + RING - rows) % RING])


@exact_kernel
def _sum_anew(state: Floats) -> None:
    for i in range(4):
        state[SUMS + i] = 0.0
    for i in range(RING):
        back = RING - i
        if back <= 16:
            state[SUMS] += state[VALUES + i]
        elif back <= 32:
            state[SUMS + 1] += state[VALUES + i]
        state[SUMS + (2 if back <= 64 else 3)] += state[VALUES + i]


@exact_kernel
def _in_units(state: Floats, size: float) -> float:
    return size / state[DRIFT + 3] if state[DRIFT + 3] > 0.0 else 0.0
