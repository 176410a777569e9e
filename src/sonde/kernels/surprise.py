"""How surprising each new row of a stream is: seven views of each column, each on its own scale.

Everything a column has taught lies in one row of a float64 array, so that a stream is stored, moved
and restored by copying. What each member of the seven sees is in ``_surprise_members``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from ._surprise_members import LEARNED, SINCE, SIZE, SIZES, member_sizes, restart
from ._surprise_tail import MEMBERS, fade, tail_score

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Entries of ``clock``: time of the last known row and the usual step in ns, how sure the step is,
# rows without a value since, rows still without a score, and whether the next row starts a series.
LAST, STEP, VOTES, MISSED, QUIET, ANEW, N_CLOCK = 0, 1, 2, 3, 4, 5, 6
# Entries of the first column's state behind its own, for all columns together: rows told of;
# excursions and rows, both fading; row of the last excursion; row and score of the last alarm;
# mean time between rows in s.
ROWS, EXCURSIONS, BUDGET, LAST_EXCURSION, LAST_ALARM, ALARM, PACE = range(SIZE, SIZE + 7)
WIDTH = SIZE + 7
UNTIMED = -(2**63)

POWER = 6.0  # nearly the maximum: one member that is sure is enough, several half-sure ones help
ALARMING = 3.35  # scores above it start a quiet period
QUIET_ROWS = 100.0  # in which only what exceeds the alarm by
GROWTH = 1.0  # this much is raised again
EXCURSION, APART = 3.0, 50.0  # a score that counts against the budget; rows between two such
PROMISED = 1e-3  # excursions a row
DISTRUST = 0.7  # of a series with ten times as many as promised, in tenfolds
FADES = 0.999768980  # a half-life of 3,000 rows
GAP = 20.0  # usual steps without a row, after which levels start anew
MOST_VOTES = 1000
LARGEST = 1e100  # values beyond it count as it; their squares must stay finite


@exact_kernel
def surprise_run(
    x: Floats,
    time: Ints,
    clock: Ints,
    channels: Floats,
    out: Floats,
) -> None:
    """Score each row with what was known before it, then learn it; the state changes in place.

    Parameters
    ----------
    x : (n, d) float64; a row with NaN or infinity gets no score and teaches nothing.
    time : (n,) int64 nanoseconds, rising, or (0,): the clock goes on by its usual step if it has
        one, else there is no clock.
    clock, channels : the state, (6,) int64 and (d, WIDTH) float64; zeros with ``LAST`` at
        ``UNTIMED``, ``ANEW`` at 1 and ``WEIGHT`` of each column at 1 know nothing.
    out : (n, 1 + d): first the score, about minus log10 of the share of ordinary rows that look as
        strange, 0 in the quiet period after an alarm, NaN while ``QUIET`` rows have not come; then
        each column's own surprise, before budget and quiet period.
    """
    n, d = x.shape
    timed = len(time) == n
    head = channels[0]
    shared = math.log10(float(d))  # so many columns, so many chances to be strange
    for i in range(n):
        out[i, 0] = np.nan
        whole = True
        for j in range(d):
            out[i, 1 + j] = np.nan
            whole = whole and math.isfinite(x[i, j])
        if not whole:
            clock[MISSED] += 1
            clock[QUIET] = max(clock[QUIET] - 1, 0)
            continue
        t = time[i] if timed else _goes_on(clock)
        anew = _tick(clock, head, t, timed)
        told = clock[QUIET] == 0
        total = 0.0
        for j in range(d):
            state = channels[j]
            if anew:
                restart(state)
            value = min(max(x[i, j], -LARGEST), LARGEST)
            power = _column(state, t, value, told)
            out[i, 1 + j] = power ** (1.0 / POWER)
            total += power
        score = max(total ** (1.0 / POWER) - shared, 0.0)
        raised = _raised(head, score)
        if told:
            out[i, 0] = raised
        else:
            clock[QUIET] -= 1


@exact_kernel
def _goes_on(clock: Ints) -> int:
    """The time of a row that came without one: as many usual steps on as rows have come."""
    if clock[LAST] == UNTIMED or clock[STEP] <= 0:
        return UNTIMED
    return int(clock[LAST] + (clock[MISSED] + 1) * clock[STEP])


@exact_kernel
def _tick(clock: Ints, head: Floats, t: int, timed: bool) -> bool:
    """Set the clock to ``t``; True where a series starts, or goes on after a gap."""
    anew = clock[ANEW] == 1 or float(clock[MISSED]) >= GAP
    if t != UNTIMED and clock[LAST] != UNTIMED:
        late = (float(t) - float(clock[LAST])) * 1e-9
        if late <= 0.0:
            anew = True
        elif timed:
            usual = max(clock[STEP] * 1e-9, head[PACE])
            anew = anew or (usual > 0.0 and late > GAP * usual)
            if clock[MISSED] == 0:
                step = t - clock[LAST]
                if 4 * abs(step - clock[STEP]) <= clock[STEP]:
                    clock[VOTES] = min(clock[VOTES] + 1, MOST_VOTES)
                else:
                    clock[VOTES] -= 1
                if clock[VOTES] < 0:
                    clock[STEP], clock[VOTES] = step, 0
                if head[PACE] == 0.0:
                    head[PACE] = late
                head[PACE] += 0.02 * (min(late, GAP * head[PACE]) - head[PACE])
    clock[LAST] = t
    clock[MISSED] = 0
    clock[ANEW] = 0
    return anew


@exact_kernel
def _column(state: Floats, t: int, x: float, told: bool) -> float:
    """The sum of the members' scores to the sixth; the column then knows ``x``."""
    member_sizes(state, t, x)
    power = 0.0
    for member in range(MEMBERS):
        power += tail_score(state, member, state[SIZES + member], told) ** 6
    fade(state)
    state[SINCE] += 1.0
    state[LEARNED] += 1.0
    return power


@exact_kernel
def _raised(head: Floats, score: float) -> float:
    """What is raised of a row's score: a series that often cries is believed less, and an
    excursion is told when it begins and when it grows."""
    row = head[ROWS]
    crying = (head[EXCURSIONS] + 1.0) / (head[BUDGET] * PROMISED + 1.0)
    out = max(0.0, score - DISTRUST * math.log10(max(1.0, crying)))
    head[EXCURSIONS] *= FADES
    head[BUDGET] = head[BUDGET] * FADES + 1.0
    if score >= EXCURSION:
        if row - head[LAST_EXCURSION] > APART or head[LAST_EXCURSION] == 0.0:
            head[EXCURSIONS] += 1.0
        head[LAST_EXCURSION] = row
    head[ROWS] = row + 1.0
    if head[ALARM] > 0.0 and row - head[LAST_ALARM] <= QUIET_ROWS and out < head[ALARM] + GROWTH:
        return 0.0
    if out >= ALARMING:
        head[LAST_ALARM], head[ALARM] = row, out
    return out
