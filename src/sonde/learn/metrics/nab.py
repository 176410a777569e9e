"""The score of the Numenta Anomaly Benchmark: early is better, once per window, one threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput, NotFound
from .events import Flags, Rows, runs

Floats = NDArray[np.float64]

_PROBATION, _PROBATION_ROWS = 0.15, 5000
_STEEPNESS, _FAR = 5.0, 3.0  # of the sigmoid; window lengths after which an alarm costs in full


@dataclass(frozen=True)
class Weights:
    """What a profile gives for a window found, and takes for a false alarm and one missed."""

    found: float
    false_alarm: float
    missed: float


PROFILES = {
    "standard": Weights(1.0, 0.11, 1.0),
    "reward_low_FP_rate": Weights(1.0, 0.22, 1.0),
    "reward_low_FN_rate": Weights(1.0, 0.11, 2.0),
}


@dataclass(frozen=True)
class NabScore:
    """What ``nab_score`` tells.

    Parameters
    ----------
    score : 100 for every window found at its first row without a false alarm, 0 for no alarm at
        all; below 0 is possible with a threshold that was given.
    threshold : rows that score this much or more were taken as alarms; infinity for none.
    """

    score: float
    threshold: float


def nab_score(
    truths: Sequence[Flags],
    strangenesses: Sequence[Floats],
    profile: str = "standard",
    threshold: float | None = None,
) -> NabScore | None:
    """NAB's score of one or more series, all with one threshold.

    Parameters
    ----------
    truths : for each series (n,) bool, True within a window of the benchmark.
    strangenesses : for each series (n,) float64, larger is stranger; NaN is never an alarm.
    profile : ``"standard"``, ``"reward_low_FP_rate"`` or ``"reward_low_FN_rate"``.
    threshold : rows that score at least this are alarms. None: the best there is, found by trying
        each score, as the benchmark does; it looks at the labels, so it flatters.

    Returns
    -------
    None where no series has a window. The first 15 % of each series, 750 rows at the most, are
    on probation: alarms there count neither way. A window that lies wholly in it can't be found.

    Raises
    ------
    NotFound : no such profile.
    InvalidInput : not as many scores as rows.

    Source
    ------
    Lavin & Ahmad (2015), Evaluating real-time anomaly detection algorithms; the sigmoid over
    positions and the exact sweep over thresholds are those of NAB 1.1.

    Examples
    --------
    >>> truth = np.zeros(100, bool)
    >>> truth[50:60] = True
    >>> alarm = np.zeros(100)
    >>> alarm[50] = 1.0
    >>> nab_score([truth], [alarm]).score
    100.0
    >>> alarm[55], alarm[50] = 1.0, 0.0
    >>> round(nab_score([truth], [alarm]).score, 1)
    92.9
    """
    if profile not in PROFILES:
        raise NotFound(f"there is no profile {profile!r}; it is one of {', '.join(PROFILES)}")
    weights = PROFILES[profile]
    windows = 0
    false_alarms: list[tuple[Floats, Floats]] = []
    gains: list[tuple[Floats, Floats]] = []
    for truth, strangeness in zip(truths, strangenesses, strict=True):
        if truth.shape != strangeness.shape:
            raise InvalidInput(f"{truth.size} labels for {strangeness.size} scores")
        alarm = np.where(np.isnan(strangeness), -np.inf, strangeness)
        starts, ends = runs(truth)
        windows += starts.size
        probation = min(math.floor(_PROBATION * truth.size), int(_PROBATION * _PROBATION_ROWS))
        outside = np.flatnonzero(~truth[probation:]) + probation
        costs = weights.false_alarm * _after_windows(outside, starts, ends)
        false_alarms.append((alarm[outside], costs))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            seen = np.arange(max(start, probation), end)
            worth = weights.found * _sigmoid((seen - end) / (end - start)) / _sigmoid(-1.0)
            gains.append(_gains(alarm[seen], worth, weights.missed))
    if not windows:
        return None
    scores, steps = (np.concatenate(part) for part in zip(*false_alarms, *gains, strict=True))
    total, at = (
        _best(scores, steps)
        if threshold is None
        else (
            float(steps[scores >= threshold].sum()),
            threshold,
        )
    )
    # The null detector has no alarm; a window that lies in the probation costs it nothing.
    reachable = sum(bool(one.size) for one, _ in gains)
    span = windows * weights.found + reachable * weights.missed
    return NabScore(100.0 * total / span, at)


def _gains(alarm: Floats, worth: Floats, missed: float) -> tuple[Floats, Floats]:
    """What each row of a window adds to the total when the threshold comes down to its score."""
    order = np.argsort(-alarm, kind="stable")
    best = np.maximum.accumulate(worth[order])
    return alarm[order], np.diff(best, prepend=-missed)


def _best(scores: Floats, steps: Floats) -> tuple[float, float]:
    """The highest total over all thresholds, and the highest threshold that reaches it."""
    order = np.argsort(-scores, kind="stable")
    ranked, totals = scores[order], np.cumsum(steps[order])
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True) & (ranked > -np.inf)
    ranked, totals = ranked[last_of_tie], totals[last_of_tie]
    if not totals.size or totals.max() <= 0.0:
        return 0.0, math.inf
    at = int(np.argmax(totals))
    return float(totals[at]), float(ranked[at])


def _after_windows(rows: Rows, starts: Rows, ends: Rows) -> Floats:
    """What a false alarm costs, −1 to 0: little just after a window, all far from one."""
    before = np.searchsorted(ends, rows, side="right")
    last = np.concatenate(([0], ends - 1))[before]
    width = np.concatenate(([0], ends - starts))[before] - 1
    position = np.full(rows.size, _FAR)
    known = width > 0
    position[known] = (rows[known] - last[known]) / width[known]
    return np.where(position >= _FAR, -1.0, _sigmoid(position))


def _sigmoid(position: Floats | float) -> Floats:
    return np.asarray(2.0 / (1.0 + np.exp(_STEEPNESS * np.asarray(position))) - 1.0)
