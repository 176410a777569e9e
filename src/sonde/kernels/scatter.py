"""Clouds of rows: their mean and covariance, distances in units of them, and the tightest half."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel
from .random import random_below, stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_BLOCK = 256  # rows worked on together: few enough to stay in the cache, columns and all
_FARTHEST = 1e130  # whitened values beyond this are taken for it: their squares stay finite


@kernel
def moments(columns: Floats, rows: Rows, center: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of some rows.

    Parameters
    ----------
    columns : (n_columns, n_rows) float64, finite: the table on its side.
    rows : (n,) int64, n ≥ 1: which rows count.
    center : (n_columns,) float64, near the mean: sums are taken about it, so that an offset
        costs no digits.

    Returns
    -------
    mean : (n_columns,) float64.
    covariance : (n_columns, n_columns) float64, symmetric; divided by n, not by n − 1.
    """
    d, n = columns.shape[0], rows.shape[0]
    sums, products = np.zeros(d), np.zeros((d, d))
    block = np.empty((d, _BLOCK))
    for begin in range(0, n, _BLOCK):
        m = min(_BLOCK, n - begin)
        for j in range(d):
            total = 0.0
            for r in range(m):
                block[j, r] = columns[j, rows[begin + r]] - center[j]
                total += block[j, r]
            sums[j] += total
        for i in range(d):
            for j in range(i + 1):
                total = 0.0
                for r in range(m):
                    total += block[i, r] * block[j, r]
                products[i, j] += total
    mean = np.empty(d)
    for i in range(d):
        sums[i] /= n
        mean[i] = center[i] + sums[i]
        for j in range(i + 1):
            products[i, j] = products[i, j] / n - sums[i] * sums[j]
            products[j, i] = products[i, j]
    return mean, products


@kernel
def whitening(covariance: Floats, ridge: float) -> tuple[Floats, float]:
    """The lower triangle W with WᵀW = (covariance + ridge)⁻¹, and the log determinant of the sum.

    Parameters
    ----------
    covariance : (n, n) float64, symmetric, not negative but for rounding.
    ridge : > 0, added to the diagonal; also the smallest pivot, so that W exists where columns
        depend on each other.
    """
    n = covariance.shape[0]
    lower, inverse = np.zeros((n, n)), np.zeros((n, n))
    log_determinant = 0.0
    for i in range(n):
        for j in range(i):
            rest = covariance[i, j]
            for k in range(j):
                rest -= lower[i, k] * lower[j, k]
            lower[i, j] = rest / lower[j, j]
        pivot = covariance[i, i] + ridge
        for k in range(i):
            pivot -= lower[i, k] * lower[i, k]
        pivot = max(pivot, ridge)
        log_determinant += np.log(pivot)
        lower[i, i] = np.sqrt(pivot)
        # Row i of the inverse, from the rows above it, a row at a time: they lie together.
        for k in range(i):
            for j in range(k + 1):
                inverse[i, j] -= lower[i, k] * inverse[k, j]
        for j in range(i):
            inverse[i, j] /= lower[i, i]
        inverse[i, i] = 1.0 / lower[i, i]
    return inverse, log_determinant


@kernel
def _distances(columns: Floats, center: Floats, root: Floats, out: Floats) -> None:
    # Squared; ``root`` is a lower triangle. All rows of a block take each step together.
    d, n = columns.shape
    block, part = np.empty((d, _BLOCK)), np.empty(_BLOCK)
    for begin in range(0, n, _BLOCK):
        m = min(_BLOCK, n - begin)
        for r in range(m):
            out[begin + r] = 0.0
        for i in range(d):
            for r in range(m):
                block[i, r] = columns[i, begin + r] - center[i]
                part[r] = 0.0
            for j in range(i + 1):
                weight = root[i, j]
                for r in range(m):
                    part[r] += weight * block[j, r]
            for r in range(m):
                out[begin + r] += part[r] * part[r]


@kernel
def _kth_smallest(values: Floats, k: int) -> float:
    # Hoare's selection; the order of ``values`` is lost. Stopping at equal values keeps the two
    # sides even where many are equal.
    low, high = 0, values.shape[0] - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])


@kernel
def nearest(distances: Floats, n_wanted: int) -> Rows:
    """The rows with the smallest distances, ascending; of equal ones at the edge the first.

    Parameters
    ----------
    distances : (n_rows,) float64, no NaN.
    n_wanted : 1 to n_rows.
    """
    limit = _kth_smallest(distances.copy(), n_wanted - 1)
    closer = 0
    for r in range(distances.shape[0]):
        closer += int(distances[r] < limit)
    at_limit = n_wanted - closer
    found = np.empty(n_wanted, np.int64)
    place = 0
    for r in range(distances.shape[0]):
        if distances[r] < limit:
            found[place] = r
            place += 1
        elif distances[r] == limit and at_limit > 0:
            found[place] = r
            place += 1
            at_limit -= 1
    return found


@kernel
def concentrate(
    columns: Floats, n_kept: int, center: Floats, root: Floats, ridge: float, most_steps: int
) -> tuple[Floats, Floats, float]:
    """C-steps: the rows nearest to an ellipsoid make the next one, until it stops shrinking.

    Parameters
    ----------
    columns : (n_columns, n_rows) float64, finite.
    n_kept : how many of the nearest rows make the next ellipsoid.
    center, root : (n_columns,) and the lower triangle (n_columns, n_columns) to begin with.
    ridge : as in ``whitening``.
    most_steps : at least 1.

    Returns
    -------
    center, root, log_determinant of the last ellipsoid that was smaller than the one before.

    Source
    ------
    Rousseeuw, Van Driessen (1999), A fast algorithm for the minimum covariance determinant
    estimator, Technometrics 41, theorem 1.
    """
    distances = np.empty(columns.shape[1])
    size = np.inf
    for _ in range(most_steps):
        _distances(columns, center, root, distances)
        next_center, covariance = moments(columns, nearest(distances, n_kept), center)
        next_root, next_size = whitening(covariance, ridge)
        if next_size >= size:
            break
        # A last digit is no progress: without a bound two sets of rows can take turns.
        done = size - next_size < 1e-10 * columns.shape[0]
        center, root, size = next_center, next_root, next_size
        if done:
            break
    return center, root, size


@kernel
def smallest_ellipsoids(
    columns: Floats,
    n_kept: int,
    n_starts: int,
    n_best: int,
    ridge: float,
    seed: int,
    first: int,
) -> tuple[Floats, Floats, Floats]:
    """Two C-steps from each of many random starts; the ellipsoids that came out smallest.

    Parameters
    ----------
    columns, n_kept, ridge : as in ``concentrate``.
    n_starts : how often n_columns + 1 rows are drawn, or all where there are fewer.
    n_best : 1 to ``n_starts``.
    seed, first : start ``i`` draws from stream ``first + i`` of ``seed``.

    Returns
    -------
    centers (n_best, n_columns), roots (n_best, n_columns, n_columns), log determinants (n_best,)
    ascending.

    Source
    ------
    Rousseeuw, Van Driessen (1999), section 3.1.
    """
    d, n = columns.shape
    size = min(d + 1, n)
    centers, roots = np.empty((n_best, d)), np.empty((n_best, d, d))
    sizes = np.full(n_best, np.inf)
    drawn = np.empty(size, np.int64)
    for start in range(n_starts):
        draws = stream(seed, first + start)
        for i in range(size):
            while True:
                drawn[i] = random_below(draws, n)
                if not (drawn[:i] == drawn[i]).any():
                    break
        mean, covariance = moments(columns, drawn, columns[:, drawn[0]].copy())
        root, _ = whitening(covariance, ridge)
        center, root, found = concentrate(columns, n_kept, mean, root, ridge, 2)
        place = n_best
        while place > 0 and found < sizes[place - 1]:
            place -= 1
        if place == n_best:
            continue
        for i in range(n_best - 1, place, -1):
            centers[i], roots[i], sizes[i] = centers[i - 1], roots[i - 1], sizes[i - 1]
        centers[place], roots[place], sizes[place] = center, root, found
    return centers, roots, sizes


@exact_kernel
def whitened_distances(
    x: Floats, center: Floats, unit: Floats, root: Floats, out: Floats, start: int, stop: int
) -> None:
    """How far each row lies from ``center``: the length of root · ((row − center) / unit).

    Parameters
    ----------
    x : (n_rows, n_columns) float64; a NaN makes its row NaN.
    center, unit : (n_columns,) float64, finite, ``unit`` > 0. Quotients beyond ±1e130 are taken
        for that, so that the distance is finite.
    root : (n_axes, n_columns) float64, no entry beyond ±1e9.
    out : (n_rows,) float64; rows ``start`` to ``stop`` − 1 are written, ≥ 0. A row's result does
        not depend on its neighbours.
    """
    d = x.shape[1]
    size = min(_BLOCK, max(stop - start, 1))
    block, part = np.empty((d, size)), np.empty(size)
    for begin in range(start, stop, size):
        m = min(size, stop - begin)
        for r in range(m):
            out[begin + r] = 0.0
            for j in range(d):
                # Halves: the difference of two enormous values stays finite.
                away = (0.5 * x[begin + r, j] - 0.5 * center[j]) / unit[j] * 2.0
                if away > _FARTHEST:
                    away = _FARTHEST
                elif away < -_FARTHEST:
                    away = -_FARTHEST
                block[j, r] = away
        for i in range(root.shape[0]):
            for r in range(m):
                part[r] = 0.0
            for j in range(d):
                weight = root[i, j]
                for r in range(m):
                    part[r] += weight * block[j, r]
            for r in range(m):
                out[begin + r] += part[r] * part[r]
        for r in range(m):
            out[begin + r] = np.sqrt(out[begin + r])
