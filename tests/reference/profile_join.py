"""Pairs of windows, one after another, in extended precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .profile import all_distances

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def correlation(a: Floats, b: Floats) -> float:
    """Of two finite windows that are not constant."""
    p, q = a.astype(np.longdouble), b.astype(np.longdouble)
    p, q = p - p.mean(), q - q.mean()
    return float((p * q).sum() / np.sqrt((p * p).sum() * (q * q).sum()))


def join_diagonals(
    rows: Any, columns: Any, m: int, period: int, low: int, high: int, places: Any
) -> None:
    x, y = rows[0], columns[0]
    (best_i, where_i), (best_j, where_j) = rows[-2:], columns[-2:]
    n_rows, n_columns = len(rows[1]), len(columns[1])
    for i in range(n_rows):
        for j in range(i + low, min(i + high, n_columns)):
            if np.isnan(rows[-3][i]) or np.isnan(columns[-3][j]):
                continue
            value = correlation(x[i : i + m], y[j : j + m])
            if value > best_i[i]:
                best_i[i], where_i[i] = value, places[j]
            if value > best_j[j]:
                best_j[j], where_j[j] = value, places[i]


def settle_constants(
    own: Integers, others: Integers, first: int, last: int, best: Floats, where: Integers
) -> None:
    for i, kind in enumerate(own):
        allowed = [j for j in range(len(others)) if first + i <= j <= last + i]
        flat = [j for j in allowed if others[j] == 1]
        ordinary = [j for j in allowed if others[j] == 0]
        if kind == 1 and flat:
            best[i], where[i] = 1.0, flat[0]
        elif kind == 1 and ordinary:
            best[i], where[i] = 0.5, ordinary[0]
        elif kind == 0 and flat and (best[i], where[i] >= 0) < (0.5, True):
            best[i], where[i] = 0.5, flat[0]


def merge(
    best: Floats, where: Integers, tile_best: Floats, tile_where: Integers, first: int
) -> None:
    for i in range(len(best)):
        known = [(-best[i], where[i])] if where[i] >= 0 else []
        found = [(-tile_best[i], tile_where[i] + first)] if tile_where[i] >= 0 else []
        if known or found:
            least, place = min(known + found)
            best[i], where[i] = -least, place


def window_distances(query: Floats, reference: Floats, m: int, where: Integers) -> Floats:
    distances = all_distances(query, reference, m)
    return np.array([distances[i, j] if j >= 0 else np.inf for i, j in enumerate(where)])
