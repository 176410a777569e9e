"""Blocks of rows compared one pair after the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]


def box_distances(queries: Floats, lowest: Floats, highest: Floats, bounds: Floats) -> None:
    for q, query in enumerate(queries):
        for box in range(len(lowest)):
            nearest = np.clip(query, lowest[box], highest[box])
            bounds[q, box] = ((query - nearest) ** 2).sum()


def brought_near(
    queries: Floats,
    which: Integers,
    centre: Floats,
    unit: float,
    rounding: float,
    singles: Singles,
    lengths: Floats,
) -> None:
    for g, q in enumerate(which):
        near = np.clip((queries[q] - centre) / unit, -(2.0**20), 2.0**20).astype(np.float32)
        singles[g] = np.append(near, np.float32(1.0))
        lengths[g] = (near.astype(np.float64) ** 2).sum() * (1.0 - rounding)


def take_all(
    queries: Floats,
    which: Integers,
    rows: Floats,
    block: Integers,
    squares: Floats,
    found: Integers,
) -> None:
    k = squares.shape[1]
    for q in which:
        new = [(((queries[q] - rows[row]) ** 2).sum(), row) for row in block]
        old = zip(squares[q], found[q], strict=True)
        nearest = sorted([*old, *new])[:k]
        squares[q] = [square for square, _ in nearest]
        found[q] = [row for _, row in nearest]


def take_near(
    products: Singles,
    lengths: Floats,
    unit: float,
    queries: Floats,
    which: Integers,
    rows: Floats,
    block: Integers,
    squares: Floats,
    found: Integers,
) -> None:
    """Whatever the bounds leave out would not have been among the nearest."""
    take_all(queries, which, rows, block, squares, found)
