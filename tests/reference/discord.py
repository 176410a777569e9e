"""Nearest windows by comparing every pair."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def standardised(window: Floats) -> Floats | None:
    """Mean 0, squares summing to 1; zeros for a constant window; None with missing values."""
    if not np.isfinite(window).all():
        return None
    if (window == window[0]).all():
        return np.zeros(len(window))
    # From the first value, so that a large offset costs no digits; and to a size of 1, since the
    # squares of very large and very small numbers do not exist.
    rises = window - window[0]
    scaled = rises / abs(rises).max()
    centred = scaled - scaled.mean()
    return np.asarray(centred / np.linalg.norm(centred))


def windows(x: Floats, m: int) -> list[Floats | None]:
    return [standardised(x[i : i + m]) for i in range(len(x) - m + 1)]


def correlation(a: Floats, b: Floats) -> float:
    """Of standardised windows; what stands for it where a window is constant."""
    if a.any() and b.any():
        return float(a @ b)
    return 0.5 if a.any() or b.any() else 1.0


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
    of_query, of_reference = windows(query, m), windows(reference, m)
    for i in range(start, stop):
        best[i], where[i] = -math.inf, -1
        for j, b in enumerate(of_reference):
            a = of_query[i]
            if a is None or b is None or abs(i + shift - j) <= zone:
                continue
            if correlation(a, b) > best[i]:
                best[i], where[i] = correlation(a, b), j


def window_distances(query: Floats, reference: Floats, m: int, where: Integers) -> Floats:
    distances = np.full(len(where), np.inf)
    for i, j in enumerate(where):
        if j >= 0:
            a, b = standardised(query[i : i + m]), standardised(reference[j : j + m])
            assert a is not None
            assert b is not None
            distances[i] = math.sqrt(m) * np.linalg.norm(a - b)
    return distances
