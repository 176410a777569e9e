"""Histograms, a value at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Offsets = NDArray[np.int64]


def column_ranges(x: Floats) -> tuple[Floats, Floats]:
    return x.min(axis=0), x.max(axis=0)


def bin_scales(lows: Floats, highs: Floats, n_bins: Offsets) -> Floats:
    halves = [float(high) / 2 - float(low) / 2 for low, high in zip(lows, highs, strict=True)]
    return np.array(
        [
            count / half if half > count / 1e300 else 1e300
            for half, count in zip(halves, n_bins.tolist(), strict=True)
        ]
    )


def _position(value: float, low: float, scale: float) -> float:
    """In widths of a bin from the left edge."""
    return (value / 2 - low / 2) * scale


def bin_counts(x: Floats, lows: Floats, scales: Floats, offsets: Offsets) -> Offsets:
    counts = np.zeros(offsets[-1], np.int64)
    for row in x:
        for j, value in enumerate(row):
            bins = int(offsets[j + 1] - offsets[j])
            counts[offsets[j] + min(int(_position(value, lows[j], scales[j])), bins - 1)] += 1
    return counts


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
    slack = max(tol, 1e-9)
    for r in range(start, stop):
        for j in range(x.shape[1]):
            below, *inside, above = terms[offsets[j] : offsets[j + 1]]
            t = _position(x[r, j], lows[j], scales[j])
            if math.isnan(t):
                out[r, j] = inside[0]
            elif t < -slack:
                out[r, j] = below
            elif t > len(inside) + slack:
                out[r, j] = above
            else:
                out[r, j] = inside[min(int(max(t, 0.0)), len(inside) - 1)]


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
    cells = np.zeros(x.shape)
    column_terms(x, lows, scales, offsets, terms, tol, cells, start, stop)
    cells[np.isnan(x)] = np.nan
    out[start:stop] = cells[start:stop].sum(axis=1)


def likely_bins(ordered: Floats, most: int) -> int:
    n = len(ordered)
    worth = []
    for bins in range(1, most + 1):
        scale = bin_scales(ordered[:1], ordered[-1:], np.array([bins]))
        counts = bin_counts(ordered[:, None], ordered[:1], scale, np.array([0, bins]))
        likelihood = sum(c * math.log(bins * c / n) for c in counts.tolist() if c)
        worth.append(likelihood - (bins - 1 + math.log(bins) ** 2.5))
    return 1 + int(np.argmax(worth))
