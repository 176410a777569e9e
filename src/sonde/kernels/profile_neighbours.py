"""The nearest windows of each window, and how well they tell on which side of a cut it lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel
from .windows import (
    CONSTANT,
    MISSING,
    ORDINARY,
    centred,
    cleaned,
    covariances,
    kinds,
    moments,
    restarts,
    steps,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_RESTART = 2048  # windows between two exact restarts of the recurrence
_FALL = 1e-3  # see windows.restarts
_STRETCH = 256  # rows for which the columns that start anew are computed together


@kernel
def _prepared(
    x: Floats, m: int, df: Floats, dg: Floats, scale: Floats, flat: Floats
) -> tuple[Floats, Floats, Integers, NDArray[np.bool_]]:
    # Of one channel. ``flat`` is added to the correlations with other windows, so that a constant
    # window has 0.5 with an ordinary one (distance √m), 1 with another, and a missing one −∞.
    clean = cleaned(x)
    rises, norms = moments(clean, m)
    df[:], dg[:] = steps(clean, rises, m)
    again = restarts(norms, _FALL)
    kind = kinds(x, m)
    for i in range(kind.shape[0]):
        scale[i] = 1.0 / norms[i] if kind[i] == ORDINARY and norms[i] > 0.0 else 0.0
        flat[i] = 0.0 if kind[i] == ORDINARY else (0.5 if kind[i] == CONSTANT else -np.inf)
    return clean, rises, kind, again


@kernel
def _best_of(closeness: Floats, best: Floats, where: Integers) -> None:
    # The k largest, in falling order; of equals the first.
    k = where.shape[0]
    for i in range(closeness.shape[0]):
        if closeness[i] > best[k - 1]:
            t = k - 1
            while t > 0 and closeness[i] > best[t - 1]:
                best[t], where[t] = best[t - 1], where[t - 1]
                t -= 1
            best[t], where[t] = closeness[i], i


@kernel
def nearest_several(x: Floats, m: int, k: int, zone: int) -> Integers:
    """For each window, where the ``k`` windows most like it begin, nearest first.

    Parameters
    ----------
    x : (d, n) float64, one row for each channel; a window with NaN or infinity in any channel
        matches nothing. Windows are compared by the sum of their channels' correlations, so by
        the root of the summed squares of the channels' z-normalised distances.
    m : points in a window, 2 ≤ m ≤ n.
    k : how many, 1 or more. They may overlap each other.
    zone : windows at most this far from the window itself are left out.

    Returns
    -------
    (n − m + 1, k) int64; −1 where there are fewer. Of equally near ones the first.

    The time is proportional to d · n².

    Source
    ------
    Zhu et al. (2016), "Matrix profile II", ICDM, row by row, with the covariances of Zimmerman et
    al. (2019), "Matrix profile XIV", section 3, and restarts where numbers fall.
    """
    d, n = x.shape[0], x.shape[1] - m + 1
    # The covariance of windows i and j stands at n − 1 − j + i, where that of i − 1 and j − 1 was.
    by_diagonal = np.empty((d, 2 * n - 1))
    df, dg, scale, flat = np.empty((d, n)), np.empty((d, n)), np.empty((d, n)), np.empty((d, n))
    clean, rises = np.empty((d, n + m - 1)), np.empty((d, n))
    kind, again = np.empty((d, n), np.int64), np.empty((d, n), np.bool_)
    for c in range(d):
        clean[c], rises[c], kind[c], again[c] = _prepared(x[c], m, df[c], dg[c], scale[c], flat[c])
    # Columns that start anew take their covariances from the definition, a stretch of rows at a
    # time: those of all rows would be nearly as many as all pairs.
    n_seeds, height = int(again.sum(axis=1).max()), min(_STRETCH, n)
    seeded, seeds = np.full((d, n_seeds), -1), np.empty((d, n_seeds, height))
    inner_df, inner_dg = df.copy(), dg.copy()
    for c in range(d):
        places = np.flatnonzero(again[c])
        for s in range(places.shape[0]):
            i = places[s]
            seeded[c, s], inner_df[c, i], inner_dg[c, i] = i, 0.0, 0.0
    closeness = np.empty(n)
    best, where = np.empty(k), np.full((n, k), -1)
    for j in range(n):
        is_missing = False
        closeness[:] = 0.0
        for c in range(d):
            if j % height == 0:
                for s in range(n_seeds):
                    if seeded[c, s] >= 0:
                        i = seeded[c, s]
                        window = centred(clean[c, i : i + m], rises[c, i])
                        covariances(window, clean[c, j:], seeds[c, s, : n - j])
            covariance = by_diagonal[c, n - 1 - j : 2 * n - 1 - j]
            along, across = dg[c, j], df[c, j]
            if j % _RESTART == 0 or again[c, j]:
                window = centred(clean[c, j : j + m], rises[c, j])
                covariances(window, clean[c], covariance)
                along, across = 0.0, 0.0
            else:
                for s in range(n_seeds):
                    if seeded[c, s] >= 0:
                        covariance[seeded[c, s]] = seeds[c, s, j % height]
            add = 0.5 if kind[c, j] == CONSTANT else 0.0
            is_missing = is_missing or kind[c, j] == MISSING
            own_df, own_dg, own_scale, own_flat = inner_df[c], inner_dg[c], scale[c], flat[c]
            by = scale[c, j]
            for i in range(n):
                value = covariance[i] + own_df[i] * along + own_dg[i] * across
                covariance[i] = value
                closeness[i] += value * own_scale[i] * by + (own_flat[i] + add)
        if is_missing:
            continue
        closeness[max(0, j - zone) : min(n, j + zone + 1)] = -np.inf
        best[:] = -np.inf
        _best_of(closeness, best, where[j])
    return where


@kernel
def split_scores(where: Integers, margin: int) -> Floats:
    """How well the neighbours of a window tell on which side of a cut it lies, for each cut.

    The windows before the cut are one class, the others the second; each window is put into the
    class of most of its neighbours, and the score is the mean of the two classes' F1. Where
    behaviour changes at the cut, windows find their like on their own side.

    Parameters
    ----------
    where : (n, k) int64, k odd; as ``nearest_several`` gives it. Windows with a −1 do not count.
    margin : fewest windows on either side, 1 or more.

    Returns
    -------
    (n,) float64, 0–1: the score of the cut before each window; NaN nearer than ``margin`` to an
    end, and where one side has no window that counts.

    The time is proportional to n · k: a cut that moves on by one window changes only the votes
    of those that have that window as a neighbour.

    Source
    ------
    Schäfer, Ermshaus, Leser (2021), "ClaSP – Time Series Segmentation", CIKM, sections 3.2 and
    3.3. We count each cut's change where the paper counts all windows again, and have no rule
    for windows that overlap the cut: they are on the side where their first point is.
    """
    n, k = where.shape
    counts = np.zeros(n + 1, np.int64)
    is_known = np.ones(n, np.bool_)
    for i in range(n):
        for t in range(k):
            is_known[i] = is_known[i] and where[i, t] >= 0
    for i in range(n):
        if is_known[i]:
            for t in range(k):
                counts[where[i, t] + 1] += 1
    bounds = np.cumsum(counts)
    voters, filled = np.empty(bounds[n], np.int64), bounds.copy()
    for i in range(n):
        if is_known[i]:
            for t in range(k):
                voters[filled[where[i, t]]] = i
                filled[where[i, t]] += 1
    after = np.full(n, k)  # how many of a window's neighbours lie after the cut
    side = np.zeros((2, 2))  # true class × class of most neighbours
    side[1, 1] = is_known.sum()
    scores = np.full(n, np.nan)
    for cut in range(1, n):
        moved = cut - 1
        if is_known[moved]:
            told = 1 if 2 * after[moved] > k else 0
            side[1, told] -= 1
            side[0, told] += 1
        for e in range(bounds[moved], bounds[moved + 1]):
            i = voters[e]
            after[i] -= 1
            if 2 * (after[i] + 1) > k >= 2 * after[i]:
                own = 0 if i < cut else 1
                side[own, 1] -= 1
                side[own, 0] += 1
        left, right = side[0, 0] + side[0, 1], side[1, 0] + side[1, 1]
        if margin <= cut <= n - margin and left > 0 and right > 0:
            of_left = 2 * side[0, 0] / (left + side[0, 0] + side[1, 0])
            of_right = 2 * side[1, 1] / (right + side[1, 1] + side[0, 1])
            scores[cut] = 0.5 * (of_left + of_right)
    return scores
