"""Histograms of columns: how full the bin of a value is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]
Places = NDArray[np.int32]

_BLOCK = 512  # cells worked on together, whole rows of them
_STEEPEST = 1e300  # bins per unit of a column that is constant
_ROUNDING = 1e-9  # of a bin: the largest value itself may come out this far beyond its bin


@exact_kernel
def column_ranges(x: Floats) -> tuple[Floats, Floats]:
    """The smallest and the largest value of each column, in one pass.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, n_rows ≥ 1.

    Returns
    -------
    lows, highs : (n_columns,) float64.
    """
    lows, highs = x[0].copy(), x[0].copy()
    for r in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            value = x[r, j]
            lows[j] = value if value < lows[j] else lows[j]
            highs[j] = value if value > highs[j] else highs[j]
    return lows, highs


@exact_kernel
def bin_scales(lows: Floats, highs: Floats, n_bins: Offsets) -> Floats:
    """(n_columns,) bins per two units, so that ``n_bins`` of equal width cover each column.

    Parameters
    ----------
    lows, highs : (n_columns,) float64, finite.
    n_bins : (n_columns,) int64, at least 1.
    """
    scales = np.empty(lows.shape[0])
    for j in range(lows.shape[0]):
        half = 0.5 * highs[j] - 0.5 * lows[j]  # of halves, so that the widest range is finite
        steep = half <= n_bins[j] / _STEEPEST
        scales[j] = _STEEPEST if steep else n_bins[j] / half
    return scales


@exact_kernel
def _tiled(values: Floats, n_rows: int) -> Floats:
    d = values.shape[0]
    tiled = np.empty(n_rows * d)
    for k in range(tiled.shape[0]):
        tiled[k] = values[k % d]
    return tiled


@exact_kernel
def bin_counts(x: Floats, lows: Floats, scales: Floats, offsets: Offsets) -> Offsets:
    """How many rows fall into each bin.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, within the ranges that ``lows`` and ``scales`` came from.
    lows, scales : (n_columns,) float64, from ``column_ranges`` and ``bin_scales``.
    offsets : (n_columns + 1,) int64; the bins of column j are ``offsets[j]`` to
        ``offsets[j + 1]`` − 1; fewer than 2^31 in all.

    Returns
    -------
    (offsets[-1],) int64.
    """
    n, d = x.shape
    size = max(_BLOCK // d, 1)
    halves, steps = _tiled(0.5 * lows, size), _tiled(scales, size)
    first = _tiled(offsets[:d].astype(np.float64), size).astype(np.int32)
    last = _tiled((offsets[1:] - offsets[:d] - 1).astype(np.float64), size)
    cells, places = np.empty(size * d), np.empty(size * d, np.int32)
    counts = np.zeros(offsets[d], np.int64)
    for begin in range(0, n, size):
        m = min(size, n - begin)
        for r in range(m):
            for j in range(d):
                cells[r * d + j] = x[begin + r, j]
        for k in range(m * d):
            t = (0.5 * cells[k] - halves[k]) * steps[k]
            t = t if t < last[k] else last[k]
            places[k] = first[k] + np.int32(t)
        for k in range(m * d):
            counts[np.uint32(places[k])] += 1
    return counts


@exact_kernel
def _places(
    x: Floats, begin: int, m: int, halves: Floats, steps: Floats, n_bins: Floats, slack: float,
    first: Places, cells: Floats, places: Places,
) -> bool:  # fmt: skip
    # Where in ``terms`` the cells of a block of rows belong, and whether one of them is NaN.
    # Selections and no branches: the compiler takes several cells at once.
    d = x.shape[1]
    for r in range(m):
        for j in range(d):
            cells[r * d + j] = x[begin + r, j]
    unknown = 0
    for k in range(m * d):
        t = (0.5 * cells[k] - halves[k]) * steps[k]
        inside = t if t > 0.0 else 0.0
        inside = inside if inside < n_bins[k] - 0.5 else n_bins[k] - 0.5
        beyond = t - inside
        unknown |= int(beyond != beyond)
        place = -1.0 if beyond < -slack else inside
        # Inside ends half a bin before the last edge.
        place = n_bins[k] if beyond > slack + 0.5 else place
        # Cut off before 1 is added, as for the counts: 2.9999999999999996 + 1.0 would be 4.0.
        places[k] = first[k] + np.int32(place) + np.int32(1)
    return unknown != 0


@exact_kernel
def column_terms(
    x: Floats,
    lows: Floats,
    scales: Floats,
    offsets: Offsets,
    terms: Floats,
    tol: float,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The term of each cell: that of the bin it falls into.

    Parameters
    ----------
    x : (n_rows, n_columns) float64; NaN counts as in the first bin.
    lows, scales : (n_columns,) float64, as in ``bin_counts``.
    offsets, terms : the terms of column j stand in ``terms[offsets[j]:offsets[j + 1]]``: one for
        all below its bins, one for each bin, one for all above.
    tol : how far outside, in widths of a bin, a value still counts as in the outermost bin.
    out : (n_rows, n_columns) float64; rows ``start`` to ``stop`` − 1 are written.
    """
    d = x.shape[1]
    size = min(max(_BLOCK // d, 1), max(stop - start, 1))
    halves, steps = _tiled(0.5 * lows, size), _tiled(scales, size)
    n_bins = _tiled((offsets[1:] - offsets[:d] - 2).astype(np.float64), size)
    first = _tiled(offsets[:d].astype(np.float64), size).astype(np.int32)
    cells, places = np.empty(size * d), np.empty(size * d, np.int32)
    slack = max(tol, _ROUNDING)
    for begin in range(start, stop, size):
        m = min(size, stop - begin)
        _places(x, begin, m, halves, steps, n_bins, slack, first, cells, places)
        for r in range(m):
            for j in range(d):
                out[begin + r, j] = terms[np.uint32(places[r * d + j])]


@exact_kernel
def term_sums(
    x: Floats,
    lows: Floats,
    scales: Floats,
    offsets: Offsets,
    terms: Floats,
    tol: float,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The sum of each row's ``column_terms``, in the columns' order; NaN where the row has one.

    ``out`` is (n_rows,) float64, rows ``start`` to ``stop`` − 1 are written; the other parameters
    are those of ``column_terms``. A row's result does not depend on its neighbours.
    """
    d = x.shape[1]
    size = min(max(_BLOCK // d, 1), max(stop - start, 1))
    halves, steps = _tiled(0.5 * lows, size), _tiled(scales, size)
    n_bins = _tiled((offsets[1:] - offsets[:d] - 2).astype(np.float64), size)
    first = _tiled(offsets[:d].astype(np.float64), size).astype(np.int32)
    cells, places = np.empty(size * d), np.empty(size * d, np.int32)
    slack = max(tol, _ROUNDING)
    for begin in range(start, stop, size):
        m = min(size, stop - begin)
        unknown = _places(x, begin, m, halves, steps, n_bins, slack, first, cells, places)
        for r in range(m):
            total = 0.0
            for j in range(d):
                total += terms[np.uint32(places[r * d + j])]
            out[begin + r] = total
        if unknown:
            for k in range(m * d):
                if np.isnan(cells[k]):
                    out[begin + k // d] = np.nan


@exact_kernel
def likely_bins(ordered: Floats, most: int) -> int:
    """How many bins of equal width describe a column best.

    Parameters
    ----------
    ordered : (n,) float64, finite, ascending, n ≥ 1.
    most : the largest number to try, at least 1.

    Returns
    -------
    1 to ``most``; the smallest of those that are equally good.

    Source
    ------
    Birgé, Rozenholc (2006), How many bins should be put in a regular histogram, ESAIM:
    Probability and Statistics 10, equation 1.2: the log likelihood less
    bins − 1 + log(bins)^2.5.
    """
    n = ordered.shape[0]
    ends = ordered[:1], ordered[n - 1 :]
    best, found = -np.inf, 1
    for n_bins in range(1, most + 1):
        scale = bin_scales(ends[0], ends[1], np.full(1, n_bins))[0]
        worth = 1.0 - n_bins - np.log(n_bins) ** 2.5
        before = 0
        for b in range(1, n_bins + 1):
            # The first row beyond bin b: the bin of a value rises with the value.
            low, high = before, n
            if b == n_bins:
                low = n
            while low < high:
                middle = (low + high) // 2
                if (0.5 * ordered[middle] - 0.5 * ordered[0]) * scale < b:
                    low = middle + 1
                else:
                    high = middle
            if low > before:
                worth += (low - before) * np.log(n_bins * (low - before) / n)
            before = low
        if worth > best:
            best, found = worth, n_bins
    return found
