"""Nearest windows of one series among those of another, by correlation.

Windows are compared after z-normalisation, so only their shape counts. Three kinds of windows:
ordinary ones; constant ones, at distance 0 from each other and √m from all others; those with a
NaN or an infinity, which match nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Query windows that are handled together; six arrays of this length stay in the L1 cache. Tiles
# begin at multiples of it whatever part is asked for, so that threads do not change a bit.
_TILE = 512
# Reference windows between two exact restarts of the recurrence.
_RESTART = 2048
_BLOCK = 512  # reference windows whose covariances with one window are computed together
# Where the norm falls below this share of the largest since the last restart, what is left of
# the larger numbers' rounding would show: restart there.
_FALL = 1e-3

_ORDINARY, _CONSTANT, _MISSING = 0, 1, 2


@exact_kernel
def _cleaned(x: Floats) -> Floats:
    # Missing values take the value before them (their windows match nothing, but the recurrence
    # runs through them). The smallest value in size becomes 0, which costs no other value a digit
    # and takes a common offset away; the largest becomes about 1, so that squares neither overflow
    # nor vanish.
    largest, smallest, last = 0.0, 0.0, 0.0
    is_first = True
    for i in range(x.shape[0]):
        if np.isfinite(x[i]):
            largest = max(largest, abs(x[i]))
            if is_first or abs(x[i]) < abs(smallest):
                smallest = x[i]
            if is_first:
                last = x[i]
            is_first = False
    # A power of two, so that scaling is exact; 2^1000 keeps it finite.
    unit = math.ldexp(1.0, -max(math.frexp(largest)[1], -1000))
    clean = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        if np.isfinite(x[i]):
            last = x[i]
        # Scaled first, in strict order: the difference of two large numbers overflows.
        clean[i] = last * unit - smallest * unit
    return clean


@kernel
def _kinds(x: Floats, m: int) -> Integers:
    kinds = np.empty(x.shape[0] - m + 1, np.int64)
    known, alike = 0, 0  # how many values up to here are finite, and equal to this one
    for i in range(x.shape[0]):
        known = known + 1 if np.isfinite(x[i]) else 0
        alike = alike + 1 if i > 0 and x[i] == x[i - 1] else 1
        if i >= m - 1:
            kind = _ORDINARY if alike < m else _CONSTANT
            kinds[i - m + 1] = kind if known >= m else _MISSING
    return kinds


@exact_kernel
def _moments(x: Floats, m: int) -> tuple[Floats, Floats]:
    # Of each window: how far its mean lies above its first value, and its norm (root of the
    # squares about the mean, summed). In two passes, since running sums would carry the rounding
    # of large values into the windows after them; from the first value and in strict order, since
    # a mean near 1e8 would not have the digits of small differences.
    n = x.shape[0] - m + 1
    rises, norms = np.zeros(n), np.zeros(n)
    for begin in range(0, n, _BLOCK):
        end = min(begin + _BLOCK, n)
        first, rise, norm = x[begin:end], rises[begin:end], norms[begin:end]
        for k in range(1, m):
            value = x[begin + k : end + k]
            for i in range(end - begin):
                rise[i] += value[i] - first[i]
        for i in range(end - begin):
            rise[i] /= m
        for k in range(m):
            value = x[begin + k : end + k]
            for i in range(end - begin):
                gap = (value[i] - first[i]) - rise[i]
                norm[i] += gap * gap
        for i in range(end - begin):
            norm[i] = math.sqrt(norm[i])
    return rises, norms


@kernel
def _restarts(norms: Floats) -> NDArray[np.bool_]:
    # Where the recurrence cannot go on: at the first window, and after a fall of the norm.
    restarts = np.zeros(norms.shape[0], np.bool_)
    restarts[0] = True
    peak = 0.0
    for i in range(norms.shape[0]):
        if norms[i] < _FALL * peak:
            restarts[i] = True
            peak = norms[i]
        peak = max(peak, norms[i])
    return restarts


@exact_kernel
def _steps(x: Floats, rises: Floats, m: int) -> tuple[Floats, Floats]:
    # A covariance is the one before on its diagonal plus df[i]·dg[j] + dg[i]·df[j], where df is
    # half of new minus old value, dg the sum of the new and the old value's distance to their mean.
    n = rises.shape[0]
    df, dg = np.zeros(n), np.zeros(n)
    for i in range(1, n):
        df[i] = 0.5 * (x[i + m - 1] - x[i - 1])
        dg[i] = ((x[i + m - 1] - x[i]) - rises[i]) - rises[i - 1]
    return df, dg


@exact_kernel
def _centred(window: Floats, rise: float) -> Floats:
    centred = np.empty(window.shape[0])
    for k in range(window.shape[0]):
        centred[k] = (window[k] - window[0]) - rise
    return centred


@kernel
def _covariances(centred: Floats, x: Floats, out: Floats) -> None:
    # Of one window with every window of ``x``, from the definition; the other window need not be
    # centred too. Four terms at a time: each time, a whole stretch of sums passes through memory.
    m, n = centred.shape[0], out.shape[0]
    for i in range(n):
        out[i] = 0.0
    for k in range(0, m - 3, 4):
        c0, c1, c2, c3 = centred[k], centred[k + 1], centred[k + 2], centred[k + 3]
        x0, x1, x2, x3 = x[k : k + n], x[k + 1 : k + 1 + n], x[k + 2 : k + 2 + n], x[k + 3 :]
        for i in range(n):
            left = c0 * (x0[i] - x[i]) + c1 * (x1[i] - x[i])
            out[i] += left + (c2 * (x2[i] - x[i]) + c3 * (x3[i] - x[i]))
    for k in range(m - m % 4, m):
        for i in range(n):
            out[i] += centred[k] * (x[i + k] - x[i])


@kernel
def _inverse(norms: Floats, kinds: Integers) -> Floats:
    # NaN is never the larger of two correlations: such windows are passed over without a test.
    inverse = np.full(norms.shape[0], np.nan)
    for i in range(norms.shape[0]):
        if kinds[i] == _ORDINARY and norms[i] > 0.0:
            inverse[i] = 1.0 / norms[i]
    return inverse


@kernel
def _match_tile(
    a: Floats,
    a_moments: tuple[Floats, Floats],
    a_inverse: Floats,
    b: Floats,
    b_moments: tuple[Floats, Floats],
    b_inverse: Floats,
    zone: int,
    ahead: int,
    best: Floats,
    where: Integers,
) -> None:
    # The best correlation of each window of the tile ``a`` with a window of ``b``, and its place.
    # ``ahead``: where the first window of the tile stands on the axis of ``b``.
    n_a, n_b = a_inverse.shape[0], b_inverse.shape[0]
    m = a.shape[0] - n_a + 1
    (a_rises, a_norms), (b_rises, b_norms) = a_moments, b_moments
    a_df, a_dg = _steps(a, a_rises, m)
    b_df, b_dg = _steps(b, b_rises, m)
    b_restarts = _restarts(b_norms)
    seeded = np.flatnonzero(_restarts(a_norms))
    seeds = np.empty((seeded.shape[0], _BLOCK))
    for first in seeded:
        a_df[first], a_dg[first] = 0.0, 0.0
    allowed = a_inverse.copy()  # NaN where the two windows are too close
    # By diagonal: the covariance of windows i and j stands at n_b − 1 − j + i, where that of
    # i − 1 and j − 1 stood.
    by_diagonal = np.empty(n_b - 1 + n_a)
    for j in range(n_b):
        if j % _BLOCK == 0:
            end = min(j + _BLOCK, n_b)
            for k in range(seeded.shape[0]):
                first = seeded[k]
                centred = _centred(a[first : first + m], a_rises[first])
                _covariances(centred, b[j : end + m - 1], seeds[k, : end - j])
        covariance = by_diagonal[n_b - 1 - j : n_b - 1 - j + n_a]
        along, across, scale = b_dg[j], b_df[j], b_inverse[j]
        if j % _RESTART == 0 or b_restarts[j]:
            _covariances(_centred(b[j : j + m], b_rises[j]), a, covariance)
            along, across = 0.0, 0.0
        else:
            for k in range(seeded.shape[0]):
                covariance[seeded[k]] = seeds[k, j % _BLOCK]
        if zone >= 0:
            near = j - ahead  # the window of the tile at the same place
            if j == 0:
                allowed[max(0, near - zone) : max(0, near + zone)] = np.nan
            if 0 <= near + zone < n_a:
                allowed[near + zone] = np.nan
            if 0 <= near - zone - 1 < n_a:
                allowed[near - zone - 1] = a_inverse[near - zone - 1]
        for i in range(n_a):
            value = covariance[i] + a_df[i] * along + a_dg[i] * across
            covariance[i] = value
            correlation = value * allowed[i] * scale
            is_better = correlation > best[i]
            best[i] = correlation if is_better else best[i]
            where[i] = j if is_better else where[i]


@kernel
def _one_of(places: Integers, around: int, zone: int) -> int:
    # One of the ascending places farther than ``zone`` from ``around``; −1: none.
    for place in (places[:1], places[-1:]):
        if place.shape[0] > 0 and abs(around - place[0]) > zone:
            return int(place[0])
    return -1


@kernel
def nearest_windows(
    query: Floats,
    reference: Floats,
    m: int,
    zone: int,
    shift: int,
    start: int,
    stop: int,
    best: Floats,
    where: Integers,
) -> None:
    """For each window of the query, the window of the reference that it correlates with most.

    Parameters
    ----------
    query : (n,) float64; a window with NaN or infinity matches nothing.
    reference : (r,) float64, likewise; the query itself for a self-join.
    m : points in a window, 2 ≤ m ≤ n and m ≤ r.
    zone : pairs with abs(i + shift − j) ≤ zone are left out; −1 leaves none out.
    shift : where the query's first point stands on the reference's axis.
    best : (n − m + 1,) float64; entries ``start`` to ``stop`` − 1 are written: the largest Pearson
        correlation. Two constant windows have 1, a constant and an ordinary one 0.5, so that
        √(2m(1 − best)) is the distance that the rules give them; −∞ where nothing matches.
    where : (n − m + 1,) int64, likewise: the window of the reference; −1 where nothing matches.

    The time is proportional to (stop − start) · r. The parts that ``start`` and ``stop`` make do
    not change the result.

    Source
    ------
    Zimmerman et al. (2019), "Matrix profile XIV", section 3: the covariance of mean-centred
    windows, along diagonals. It starts anew every 2048 windows, and where a window's norm falls
    below a thousandth of its past.
    """
    n_query = query.shape[0] - m + 1
    a, b = _cleaned(query), _cleaned(reference)
    a_kinds, b_kinds = _kinds(query, m), _kinds(reference, m)
    b_moments = _moments(b, m)
    b_inverse = _inverse(b_moments[1], b_kinds)
    ordinary = np.flatnonzero(b_kinds == _ORDINARY)
    constant = np.flatnonzero(b_kinds == _CONSTANT)
    for first in range(start - start % _TILE, stop, _TILE):
        last = min(first + _TILE, n_query)
        tile = a[first : last + m - 1]
        moments = _moments(tile, m)
        inverse = _inverse(moments[1], a_kinds[first:last])
        tile_best = np.full(last - first, -np.inf)
        tile_where = np.full(last - first, -1)
        _match_tile(
            tile,
            moments,
            inverse,
            b,
            b_moments,
            b_inverse,
            zone,
            first + shift,
            tile_best,
            tile_where,
        )
        for i in range(max(first, start), min(last, stop)):
            correlation, place = tile_best[i - first], tile_where[i - first]
            if a_kinds[i] == _MISSING:
                correlation, place = -np.inf, -1
            elif correlation < 0.5:
                flat = _one_of(constant, i + shift, zone)
                other = _one_of(ordinary, i + shift, zone)
                if flat >= 0:
                    correlation, place = 0.5 if a_kinds[i] == _ORDINARY else 1.0, flat
                elif a_kinds[i] == _CONSTANT and other >= 0:
                    correlation, place = 0.5, other
            best[i], where[i] = correlation, place


@kernel
def _standardised(window: Floats) -> Floats:
    # To mean 0 and norm 1; all zeros for a constant window.
    out = _cleaned(window)
    mean, squares = 0.0, 0.0
    for k in range(out.shape[0]):
        mean += out[k] / out.shape[0]
    for k in range(out.shape[0]):
        out[k] -= mean
        squares += out[k] * out[k]
    if _kinds(window, window.shape[0])[0] == _CONSTANT:
        return np.zeros(window.shape[0])
    return out / math.sqrt(squares)


@kernel
def window_distances(query: Floats, reference: Floats, m: int, where: Integers) -> Floats:
    """The z-normalised Euclidean distance of each window to the one found for it.

    Computed anew from the values of the two windows, so that it is exact whatever led to the pair.

    Parameters
    ----------
    query, reference, m : as for ``nearest_windows``.
    where : (n − m + 1,) int64, the window of the reference; negative: none.

    Returns
    -------
    (n − m + 1,) float64, 0 to 2·√m; infinite where there is no window. Two constant windows are at
    distance 0, a constant and another at √m.
    """
    distances = np.full(where.shape[0], np.inf)
    for i in range(where.shape[0]):
        j = where[i]
        if j >= 0:
            a, b = _standardised(query[i : i + m]), _standardised(reference[j : j + m])
            squares = 0.0
            for k in range(m):
                squares += (a[k] - b[k]) * (a[k] - b[k])
            distances[i] = math.sqrt(m * squares)
    return distances
