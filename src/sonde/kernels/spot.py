"""Rows in the tails of what is usual: how improbable each is, and tails that learn from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .pareto import pareto_fit

Floats = NDArray[np.float64]

# Entries of a tail: where it starts, rows and peaks that its share is taken from, the peak that
# goes next, scale and shape of its distribution, the smallest scale, and how many alarms may be
# learned.
START, SEEN, PEAKS, NEXT, SCALE, SHAPE, FLOOR, CREDIT, N_FIELDS = 0, 1, 2, 3, 4, 5, 6, 7, 8
# Entries of ``places``: rows in the window, the row of it that goes next, alarms without a break
# (below 0: rows still to be learned whatever they are).
HELD, OLDEST, RUN, N_PLACES = 0, 1, 2, 3

BELIEVED = 8  # rows of a window before its mean is one
BEYOND = 15.0  # scores above it grow by the logarithm of the distance: a tail may have an end
FARTHEST = 1e302  # of a value: a window of them can still be added
# A shape from few peaks is drawn towards a usual one; without it, and where no alarm is learned,
# normal noise makes five to ten times the alarms that it should.
PRIOR_SHAPE, PRIOR_PEAKS = 0.1, 80.0
MOST_CREDIT = 3.0  # alarms that may be learned, the first of a run each
_CLIPPED = 0.1  # an alarm teaches no more than one that is ten times as rare as the first alarm


@exact_kernel
def _surprise(tail: Floats, away: float) -> float:
    # −log10 of twice the share of ordinary rows that lie further out on this side; 0 in the
    # middle, and in proportion to the distance up to where the tail starts.
    share = max(tail[PEAKS], 0.5) / max(tail[SEEN], 1.0)
    base: float = max(-np.log10(2.0 * share), 0.0)
    start: float = tail[START]
    if away <= start:
        return base * max(away, 0.0) / start if start > 0.0 else 0.0
    far = min((away - start) / tail[SCALE], FARTHEST)
    shape = tail[SHAPE]
    if abs(shape) < 1e-9:
        score: float = base + far / np.log(10.0)
        edge = (BEYOND - base) * np.log(10.0)
    else:
        inside = 1.0 + shape * far
        score = base + np.log10(inside) / shape if inside > 0.0 else np.inf
        edge = (10.0 ** (shape * (BEYOND - base)) - 1.0) / shape
    if score > BEYOND:
        score = BEYOND + np.log10(1.0 + max(far - edge, 0.0))
    return score


@exact_kernel
def _width(tail: Floats, q: float) -> float:
    # How far from the middle the share q / 2 of ordinary rows begins.
    kept = 0.5 * q * max(tail[SEEN], 1.0) / max(tail[PEAKS], 0.5)
    shape = tail[SHAPE]
    if abs(shape) < 1e-9:
        width: float = tail[START] - tail[SCALE] * np.log(kept)
    else:
        width = tail[START] + tail[SCALE] * (kept**-shape - 1.0) / shape
    return width


@exact_kernel
def tail_fit(tail: Floats, peaks: Floats) -> None:
    """Scale and shape of a tail by its peaks, the shape drawn a little towards a usual one.

    Parameters
    ----------
    tail : (8,), changed in place; its last scale and shape are where the search begins.
    peaks : (most,), of which the tail has some.
    """
    n = tail[PEAKS]
    scale, shape = pareto_fit(peaks, int(n), tail[SHAPE] / tail[SCALE])
    drawn = (n * shape + PRIOR_PEAKS * PRIOR_SHAPE) / (n + PRIOR_PEAKS)
    # Along the ridge of the likelihood: by its expected curvature, d log scale = −d shape /
    # (1 + shape).
    tail[SCALE] = max(scale * (1.0 + shape) / (1.0 + drawn), tail[FLOOR])
    tail[SHAPE] = drawn


@exact_kernel
def _taught(tail: Floats, peaks: Floats, away: float) -> None:
    # One more ordinary row; refits the tail where the row is a peak of it.
    tail[SEEN] += 1.0
    if away <= tail[START]:
        return
    room = peaks.shape[0]
    place = int(tail[NEXT])
    peaks[place] = away - tail[START]
    tail[NEXT] = float((place + 1) % room)
    if tail[PEAKS] < room:
        tail[PEAKS] += 1.0
    else:
        # The share goes on as if rows left with the peak that made room.
        tail[SEEN] *= room / (room + 1.0)
    tail_fit(tail, peaks)


@exact_kernel
def _moved(window: Floats, place: NDArray[np.int64], value: float, total: float) -> float:
    # The window takes the value in; its new sum, added anew at every turn so that no error grows.
    depth = window.shape[0]
    at = place[OLDEST]
    if place[HELD] == depth:
        total -= window[at]
    else:
        place[HELD] += 1
    window[at] = value
    total += value
    place[OLDEST] = (at + 1) % depth
    if place[OLDEST] == 0:
        total = 0.0
        for i in range(depth):
            total += window[i]
    return total


@exact_kernel
def spot_run(
    x: Floats,
    q: float,
    follows: bool,
    centres: Floats,
    windows: Floats,
    places: NDArray[np.int64],
    tails: Floats,
    peaks: Floats,
    scores: Floats,
    expected: Floats,
    unit: Floats,
) -> None:
    """Score each row with the tails before it, then learn it; of the alarms, only a share.

    Parameters
    ----------
    x : (n, d) float64; a row with NaN or infinity gets no score and teaches nothing.
    q : share of the ordinary rows that are alarms, half of it in each tail.
    follows : whether the middle is the mean of a window rather than fixed.
    centres : (d,): the sum of the window, or the fixed middle; changed as all that follow.
    windows : (2, d, depth): the last ordinary values, and those of the alarms without a break.
        When there are ``depth`` of these, they become the window, and ``depth`` rows are learned
        whatever they are.
    places : (d, 3) int64, tails : (d, 2, 8), above and below, peaks : (d, 2, most): as named above.
    scores : (n,) out: −log10 of the share of ordinary rows as far from the middle, of the
        strangest column; NaN while no column has a middle.
    expected, unit : (n, d) out: the middle, and the width of what is no alarm, the mean of both
        sides, divided by the score that is one.
    """
    n, d = x.shape
    limit = -np.log10(q)
    depth = windows.shape[2]
    for i in range(n):
        worst = np.nan
        whole = True
        for j in range(d):
            expected[i, j] = np.nan
            unit[i, j] = np.nan
            whole = whole and np.isfinite(x[i, j])
        for j in range(d if whole else 0):
            value = min(max(x[i, j], -FARTHEST), FARTHEST)
            place = places[j]
            if follows and place[HELD] < min(BELIEVED, depth):
                centres[j] = _moved(windows[0, j], place, value, centres[j])
                continue
            middle = centres[j] / place[HELD] if follows else centres[j]
            away = value - middle
            score = max(_surprise(tails[j, 0], away), _surprise(tails[j, 1], -away))
            expected[i, j] = middle
            unit[i, j] = 0.5 * (_width(tails[j, 0], q) + _width(tails[j, 1], q)) / limit
            if not (worst >= score):
                worst = score
            for side in range(2):
                credit = tails[j, side, CREDIT] + 0.5 * q
                tails[j, side, CREDIT] = min(credit, MOST_CREDIT)
            if score > limit and place[RUN] >= 0:
                side = 0 if away > 0.0 else 1
                if tails[j, side, CREDIT] >= 1.0 and place[RUN] == 0:
                    tails[j, side, CREDIT] -= 1.0
                    far = min(abs(away), _width(tails[j, side], _CLIPPED * q))
                    _taught(tails[j, side], peaks[j, side], far)
                    tails[j, 1 - side, SEEN] += 1.0
                if not follows:
                    place[RUN] = 1
                else:
                    windows[1, j, place[RUN]] = value
                    place[RUN] += 1
                    if place[RUN] == depth:
                        centres[j] = 0.0
                        for k in range(depth):
                            windows[0, j, k] = windows[1, j, k]
                            centres[j] += windows[1, j, k]
                        place[HELD], place[OLDEST], place[RUN] = depth, 0, -depth
                continue
            place[RUN] = min(place[RUN] + 1, 0)
            _taught(tails[j, 0], peaks[j, 0], away)
            _taught(tails[j, 1], peaks[j, 1], -away)
            if follows:
                centres[j] = _moved(windows[0, j], place, value, centres[j])
        scores[i] = worst
