"""k-means: centres such that each row lies near one of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel
from .random import random_unit, stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Centres that move less than this, squared and summed, in units of the columns' mean variance,
# have arrived (scikit-learn's KMeans, ``tol``).
_ARRIVED = 1e-4


def kmeans(rows: Floats, n_clusters: int, seed: int, n_iter: int = 100) -> tuple[Floats, Integers]:
    """Centres, and the nearest of them for each row.

    Parameters
    ----------
    rows : (n_rows, n_columns) float64, finite, C order; squared differences must exist as float64.
    n_clusters : 1 ≤ n_clusters ≤ n_rows.
    seed : 0 to 2^63 − 1; the same seed gives the same bytes.
    n_iter : most rounds of moving the centres, ≥ 1.

    Returns
    -------
    centres : (n_clusters, n_columns) float64, each the mean of its rows up to the last movement.
        Where there are fewer different rows than clusters, some centres are equal.
    labels : (n_rows,) int64, the nearest centre; of equally near ones the first, so that a centre
        may have no row only where there are fewer different rows than clusters.

    Source
    ------
    Arthur, Vassilvitskii (2007), "k-means++: the advantages of careful seeding", with the best of
    several draws as in their section 5.2; Lloyd (1982). A centre without rows moves to the row
    that lies farthest from its own.
    """
    centres = spread_centres(rows, n_clusters, seed)
    move_centres(rows, centres, n_iter)
    distances, labels = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    nearest_centres(rows, centres, distances, labels, 0, len(rows))
    return centres, labels


@kernel
def _square(a: Floats, b: Floats) -> float:
    total = 0.0
    for j in range(a.shape[0]):
        gap = a[j] - b[j]
        total += gap * gap
    return total


@kernel
def _copy(source: Floats, target: Floats) -> None:
    for j in range(target.shape[0]):
        target[j] = source[j]


@kernel
def _first_above(sums: Floats, value: float) -> int:
    # Of an ascending list; its last entry where none is above.
    low, high = 0, sums.shape[0] - 1
    while low < high:
        middle = (low + high) // 2
        if sums[middle] > value:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def spread_centres(rows: Floats, n_clusters: int, seed: int) -> Floats:
    """(n_clusters, n_columns) rows to begin with, far from each other.

    Each is drawn with a probability that grows with the squared distance to those before it; of
    2 + ln(n_clusters) draws the one that leaves the smallest sum of squares is kept. Parameters as
    in ``kmeans``.
    """
    n, d = rows.shape
    state = stream(seed, 0)
    centres = np.empty((n_clusters, d))
    _copy(rows[int(random_unit(state) * n)], centres[0])
    squares = np.empty(n)
    for i in range(n):
        squares[i] = _square(rows[i], centres[0])
    n_draws = 2 + int(math.log(n_clusters))
    sums, tried, kept = np.empty(n), np.empty(n), np.empty(n)
    for c in range(1, n_clusters):
        total = 0.0
        for i in range(n):
            total += squares[i]
            sums[i] = total
        least = np.inf
        for _ in range(n_draws):
            row = _first_above(sums, random_unit(state) * total)
            left = 0.0
            for i in range(n):
                tried[i] = min(squares[i], _square(rows[i], rows[row]))
                left += tried[i]
            if left < least:
                least = left
                _copy(rows[row], centres[c])
                tried, kept = kept, tried
        squares, kept = kept, squares
    return centres


@kernel
def _nearest(row: Floats, centres: Floats) -> tuple[int, float, float]:
    # The nearest centre, the squared distance to it, and that to the second nearest.
    label, least, second = 0, np.inf, np.inf
    for c in range(centres.shape[0]):
        square = _square(row, centres[c])
        if square < least:
            label, least, second = c, square, least
        elif square < second:
            second = square
    return label, least, second


@kernel
def _half_gaps(centres: Floats, gaps: Floats) -> None:
    # Half the distance of each centre to the nearest other one.
    for c in range(centres.shape[0]):
        least = np.inf
        for other in range(centres.shape[0]):
            if other != c:
                least = min(least, _square(centres[c], centres[other]))
        gaps[c] = math.sqrt(least) / 2.0


@kernel
def _fill_empty(
    rows: Floats, centres: Floats, labels: Integers, upper: Floats, lower: Floats
) -> None:
    # A cluster without rows gets the one that lies farthest from its own centre.
    counts = np.zeros(centres.shape[0], np.int64)
    for i in range(rows.shape[0]):
        counts[labels[i]] += 1
    for c in range(centres.shape[0]):
        if counts[c] > 0:
            continue
        farthest = 0
        for i in range(rows.shape[0]):
            upper[i] = math.sqrt(_square(rows[i], centres[labels[i]]))
            if upper[i] > upper[farthest]:
                farthest = i
        if upper[farthest] == 0.0:  # every row is a centre
            return
        if counts[labels[farthest]] > 1:
            counts[labels[farthest]] -= 1
            counts[c] = 1
            _copy(rows[farthest], centres[c])
            labels[farthest], upper[farthest], lower[farthest] = c, 0.0, 0.0


@kernel
def _to_means(rows: Floats, labels: Integers, centres: Floats, moved: Floats) -> None:
    # Each centre to the mean of its rows, if it has any; ``moved`` says how far.
    n_clusters, d = centres.shape
    sums, counts = np.zeros((n_clusters, d)), np.zeros(n_clusters, np.int64)
    for i in range(rows.shape[0]):
        total, row = sums[labels[i]], rows[i]
        counts[labels[i]] += 1
        for j in range(d):
            total[j] += row[j]
    for c in range(n_clusters):
        moved[c] = 0.0
        if counts[c] > 0:
            for j in range(d):
                sums[c, j] /= counts[c]
            moved[c] = math.sqrt(_square(sums[c], centres[c]))
            _copy(sums[c], centres[c])


@kernel
def move_centres(rows: Floats, centres: Floats, n_iter: int) -> None:
    """Move each centre to the mean of the rows nearest to it, until they stay or for ``n_iter``
    rounds.

    Parameters
    ----------
    rows : (n_rows, n_columns) float64, finite.
    centres : (n_clusters, n_columns) float64, finite; changed in place.

    Source
    ------
    Lloyd (1982), "Least squares quantization in PCM"; Hamerly (2010), "Making k-means even
    faster": bounds on the distances to the own and to the second nearest centre settle most rows
    without looking at the centres again.
    """
    n, d = rows.shape
    n_clusters = centres.shape[0]
    middle, variance = np.zeros(d), 0.0
    for i in range(n):
        for j in range(d):
            middle[j] += rows[i, j] / n
    for i in range(n):
        variance += _square(rows[i], middle) / (n * d)
    labels, upper, lower = np.empty(n, np.int64), np.empty(n), np.empty(n)
    gaps, moved = np.empty(n_clusters), np.empty(n_clusters)
    for step in range(n_iter):
        _half_gaps(centres, gaps)
        n_changed = 0
        for i in range(n):
            if step > 0:
                settled = max(gaps[labels[i]], lower[i])
                if upper[i] < settled:
                    continue
                upper[i] = math.sqrt(_square(rows[i], centres[labels[i]]))
                if upper[i] < settled:
                    continue
            label, least, second = _nearest(rows[i], centres)
            if step == 0 or label != labels[i]:
                n_changed += 1
            labels[i], upper[i], lower[i] = label, math.sqrt(least), math.sqrt(second)
        if n_changed == 0:
            return
        _fill_empty(rows, centres, labels, upper, lower)
        _to_means(rows, labels, centres, moved)
        shift, farthest = 0.0, 0.0
        for c in range(n_clusters):
            shift += moved[c] * moved[c]
            farthest = max(farthest, moved[c])
        if shift <= _ARRIVED * variance:
            return
        for i in range(n):
            upper[i] += moved[labels[i]]
            lower[i] -= farthest


@kernel
def nearest_centres(
    rows: Floats, centres: Floats, distances: Floats, labels: Integers, start: int, stop: int
) -> None:
    """The nearest centre of each row, of equally near ones the first, and how far away it is.

    Parameters
    ----------
    rows : (n_rows, n_columns) float64, finite.
    centres : (n_clusters, n_columns) float64, finite.
    distances : (n_rows,) float64, Euclidean; entries ``start`` to ``stop`` − 1 are written. They
        do not depend on the other rows.
    labels : (n_rows,) int64, likewise.
    """
    for i in range(start, stop):
        label, least, _ = _nearest(rows[i], centres)
        labels[i], distances[i] = label, math.sqrt(least)
