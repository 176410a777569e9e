"""The nearest windows by comparing every pair; the score of a cut by counting all windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def closeness(a: Floats, b: Floats) -> float:
    """The correlation of two windows, or what stands for it where one is constant."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return -np.inf
    flat = [bool((window == window[0]).all()) for window in (a, b)]
    if any(flat):
        return 1.0 if all(flat) else 0.5
    # From the first value and in extended precision, so that a large offset costs no digits.
    centred = []
    for window in (a, b):
        rise = (window - window[0]).astype(np.longdouble)
        rise /= abs(rise).max()
        rise -= rise.mean()
        centred.append(rise / np.sqrt((rise * rise).sum()))
    return float(centred[0] @ centred[1])


def pairs(x: Floats, m: int) -> Floats:
    """(n, n) the summed closeness of all windows of ``x`` (d, points)."""
    n = x.shape[1] - m + 1
    table = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            table[i, j] = sum(closeness(row[i : i + m], row[j : j + m]) for row in x)
    return table


def nearest_several(x: Floats, m: int, k: int, zone: int) -> Integers:
    table = pairs(x, m)
    n = len(table)
    where = np.full((n, k), -1)
    for i in range(n):
        allowed = [j for j in range(n) if abs(i - j) > zone and table[i, j] > -np.inf]
        chosen = sorted(allowed, key=lambda j: (-table[i, j], j))[:k]
        where[i, : len(chosen)] = chosen
    return where


def split_scores(where: Integers, margin: int) -> Floats:
    n, k = where.shape
    scores = np.full(n, np.nan)
    known = np.flatnonzero((where >= 0).all(axis=1))
    for cut in range(max(margin, 1), n - margin + 1):
        if cut >= n:
            continue
        is_right = known >= cut
        told_right = (where[known] >= cut).sum(axis=1) > k / 2
        if is_right.all() or not is_right.any():
            continue
        both = []
        for true, told in ((is_right, told_right), (~is_right, ~told_right)):
            hits = int((true & told).sum())
            both.append(2 * hits / (int(true.sum()) + int(told.sum())))
        scores[cut] = sum(both) / 2
    return scores
