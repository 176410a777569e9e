"""Nearest neighbours by looking at every row; the tree is checked for what it promises."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def build_tree(x: Floats, leaf_size: int) -> tuple[Integers, Floats, Integers, Floats, Floats]:
    """The simplest tree: its only leaf, which is also its root, holds all rows."""
    order = np.arange(len(x))
    starts = np.array([0, len(x)])
    return order, x.T.ravel(), starts, x.min(axis=0)[None], x.max(axis=0)[None]


def neighbour_distances(
    queries: Floats,
    order: Integers,
    points: Floats,
    starts: Integers,
    lowest: Floats,
    highest: Floats,
    k: int,
    distances: Floats,
    where: Integers,
    start: int,
    stop: int,
) -> None:
    x = np.empty((len(order), queries.shape[1]))
    for begin, end in itertools.pairwise(starts):
        leaf = points[begin * x.shape[1] : end * x.shape[1]]
        x[order[begin:end]] = leaf.reshape(x.shape[1], end - begin).T
    for q in range(start, stop):
        gaps = np.sqrt(((x - queries[q]) ** 2).sum(axis=1))
        nearest = np.argsort(gaps, kind="stable")
        if gaps[nearest[0]] == 0.0:
            nearest = nearest[1:]
        distances[q], where[q] = gaps[nearest[:k]], nearest[:k]
