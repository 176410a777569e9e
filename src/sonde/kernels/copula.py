"""Empirical copulas: how far out in both tails of its column a value is, at table speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel
from .histogram import bin_scales

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Counts = NDArray[np.int32]
Places = NDArray[np.uint64]

# Rows whose searches run side by side: each step of a search waits for memory, and the waits of
# many rows overlap.
_BLOCK = 512
_LARGEST = 1e280  # a product beyond this is turned into its logarithm


@kernel
def skew_signs(columns: Floats) -> Whole:
    """(n_columns,) 1 where a column is skewed to the right, −1 to the left, 0 where to neither.

    Parameters
    ----------
    columns : (n_columns, n_rows) float64, finite, no value beyond ±1e60; the table on its side.
    """
    d, n = columns.shape
    signs = np.zeros(d, np.int64)
    for j in range(d):
        base, mean = columns[j, 0], 0.0  # a constant column is 0 beside its first value
        for r in range(n):
            mean += columns[j, r] - base
        mean /= n
        second, third = 0.0, 0.0
        for r in range(n):
            away = columns[j, r] - base - mean
            second += away * away
            third += away * away * away
        # What rounding alone can make of a symmetric column.
        noise = 1e-12 * (second / n) ** 1.5
        third /= n
        if third > noise:
            signs[j] = 1
        elif third < -noise:
            signs[j] = -1
    return signs


@exact_kernel
def guides(ordered: Floats, n_buckets: int) -> tuple[Floats, Counts]:
    """Where in a sorted column to look for a value.

    Parameters
    ----------
    ordered : (n_columns, n_rows) float64, finite, each column ascending; fewer than 2^31 rows.
    n_buckets : at least 1: parts of equal width that each column's range is cut into.

    Returns
    -------
    scales : (n_columns,) from ``bin_scales``.
    guide : (n_columns, n_buckets + 1) int32; the values of bucket k stand at ``guide[j, k]`` to
        ``guide[j, k + 1]`` − 1 of column j.
    """
    d, n = ordered.shape
    scales = bin_scales(ordered[:, 0].copy(), ordered[:, n - 1].copy(), np.full(d, n_buckets))
    guide = np.zeros((d, n_buckets + 1), np.int32)
    for j in range(d):
        low, scale = 0.5 * ordered[j, 0], scales[j]
        for r in range(n):
            place = (0.5 * ordered[j, r] - low) * scale
            bucket = np.int64(place) if place < n_buckets - 1.0 else n_buckets - 1
            guide[j, bucket + 1] = r + 1
        for k in range(n_buckets):
            # A bucket without values begins where the one before it ends.
            guide[j, k + 1] = max(guide[j, k + 1], guide[j, k])
    return scales, guide


@exact_kernel
def _rarities(
    x: Floats, known: Floats, guide: Counts, scale: float, skew: int, places: Places, out: Floats
) -> None:
    # Of one column of a block of rows: the product whose logarithm, with that of n, is the term.
    n_rows, n, last = x.shape[0], known.shape[0], guide.shape[0] - 2.0
    low = 0.5 * known[0]
    longest = 1
    for r in range(n_rows):
        place = (0.5 * x[r] - low) * scale
        place = place if place > 0.0 else 0.0
        bucket = np.uint32(place if place < last else last)
        places[r] = guide[bucket]
        longest = max(longest, guide[bucket + np.uint32(1)] - guide[bucket])
    # All searches take the same steps, side by side. What lies before its bucket is less than a
    # value and what lies behind is more, so that a window of the longest bucket's length serves
    # all; near the end it begins earlier.
    for r in range(n_rows):
        places[r] = min(places[r], np.uint64(n - longest))
    length = longest
    while length > 1:
        half = np.uint64(length // 2)
        for r in range(n_rows):
            middle = places[r] + half
            places[r] = middle if known[middle - np.uint64(1)] < x[r] else places[r]
        length -= length // 2
    for r in range(n_rows):
        value = x[r]
        below = int(places[r]) + int(known[places[r]] < value)
        through = below
        if below < n and known[below] == value:
            through = below + 1
            if through < n and known[through] == value:
                through = _last_equal(known, through, value)
        left, right = float(max(through, 1)), float(max(n - below, 1))
        tail = right if skew > 0 else left
        both = left * right
        out[r] = both * both if skew == 0 else min(tail * tail, both)


@exact_kernel
def _last_equal(known: Floats, start: int, value: float) -> int:
    # One past the last of equal values, the first of which stand at or before ``start``.
    step, low = 1, start
    while low + step < known.shape[0] and known[low + step] == value:
        low += step
        step *= 2
    high = min(low + step, known.shape[0])
    while low + 1 < high:
        middle = (low + high) // 2
        if known[middle] == value:
            low = middle
        else:
            high = middle
    return low + 1


@exact_kernel
def copula_terms(
    x: Floats,
    ordered: Floats,
    guide: Counts,
    scales: Floats,
    skews: Whole,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The rarity of each cell: the larger of −log of the tail its column is skewed to, and the
    mean of −log of both tails; their sum where it is skewed to neither.

    Parameters
    ----------
    x : (n_rows, n_columns) float64; NaN gives any finite number.
    ordered : (n_columns, n) float64, each column of the rows learned from ascending.
    guide, scales : from ``guides``.
    skews : from ``skew_signs``.
    out : (n_rows, n_columns) float64; rows ``start`` to ``stop`` − 1 are written, ≥ 0.

    Source
    ------
    Li, Zhao, Botta, Ionescu, Hu (2020), COPOD, algorithm 1. The paper counts the scored row among
    the others; here the rows learned from are counted alone, and where a tail holds none of them
    the scored row is taken as the only one there, 1 of n.
    """
    size = min(_BLOCK, max(stop - start, 1))
    places = np.empty(size, np.uint64)
    column, product = np.empty(size), np.empty(size)
    n = ordered.shape[1]
    for j in range(x.shape[1]):
        whole = (4.0 if skews[j] == 0 else 2.0) * np.log(n)
        for begin in range(start, stop, size):
            m = min(size, stop - begin)
            for r in range(m):
                column[r] = x[begin + r, j]
            _rarities(column[:m], ordered[j], guide[j], scales[j], skews[j], places, product)
            for r in range(m):
                out[begin + r, j] = max(0.5 * (whole - np.log(product[r])), 0.0)


@exact_kernel
def copula_scores(
    x: Floats,
    ordered: Floats,
    guide: Counts,
    scales: Floats,
    skews: Whole,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The rarity of each row: the sum of its ``copula_terms``; NaN where the row has one.

    ``out`` is (n_rows,) float64, rows ``start`` to ``stop`` − 1 are written; the other parameters
    are those of ``copula_terms``. A row's result does not depend on its neighbours.
    """
    size = min(_BLOCK, max(stop - start, 1))
    places = np.empty(size, np.uint64)
    column, product, total = np.empty(size), np.empty(size), np.empty(size)
    n = ordered.shape[1]
    # Few logarithms: the columns of a row are multiplied as long as their product is finite.
    together = max(int(np.log(_LARGEST) / (4.0 * np.log(n))), 1) if n > 1 else 1
    whole = 0.0
    for j in range(x.shape[1]):
        whole += (4.0 if skews[j] == 0 else 2.0) * np.log(n)
    for r in range(start, stop):
        out[r] = whole
    for group in range(0, x.shape[1], together):
        for begin in range(start, stop, size):
            m = min(size, stop - begin)
            total[:m] = 1.0
            for j in range(group, min(group + together, x.shape[1])):
                for r in range(m):
                    column[r] = x[begin + r, j]
                    # Stays 1 for a number, becomes NaN for NaN.
                    total[r] += 0.0 * (column[r] - column[r])
                _rarities(column[:m], ordered[j], guide[j], scales[j], skews[j], places, product)
                for r in range(m):
                    total[r] *= product[r]
            for r in range(m):
                out[begin + r] -= np.log(total[r])
    for r in range(start, stop):
        half = 0.5 * out[r]
        out[r] = 0.0 if half < 0.0 else half  # what rounding left below 0
