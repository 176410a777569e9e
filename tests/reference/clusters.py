"""k-means from its definition: all distances, every round."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .random import random_unit, stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def squares(rows: Floats, centres: Floats) -> Floats:
    gaps = rows[:, None, :] - centres[None, :, :]
    return np.asarray((gaps**2).sum(axis=2))


def spread_centres(rows: Floats, n_clusters: int, seed: int) -> Floats:
    state = stream(seed, 0)
    chosen = [int(random_unit(state) * len(rows))]
    while len(chosen) < n_clusters:
        nearest = squares(rows, rows[chosen]).min(axis=1)
        sums = np.cumsum(nearest)
        draws = []
        for _ in range(2 + int(math.log(n_clusters))):
            above = np.flatnonzero(sums > random_unit(state) * sums[-1])
            draws.append(int(above[0]) if len(above) else len(rows) - 1)
        left = [np.minimum(nearest, squares(rows, rows[[one]])[:, 0]).sum() for one in draws]
        chosen.append(draws[int(np.argmin(left))])
    return rows[chosen]


def move_centres(rows: Floats, centres: Floats, n_iter: int) -> None:
    """Without rows to fill clusters that lost theirs, and until nothing changes any more."""
    before = None
    for _ in range(n_iter):
        labels = squares(rows, centres).argmin(axis=1)
        if before is not None and np.array_equal(labels, before):
            return
        for cluster in np.unique(labels):
            centres[cluster] = rows[labels == cluster].mean(axis=0)
        before = labels


def nearest_centres(
    rows: Floats, centres: Floats, distances: Floats, labels: Integers, start: int, stop: int
) -> None:
    away = np.sqrt(squares(rows[start:stop], centres))
    distances[start:stop], labels[start:stop] = away.min(axis=1), away.argmin(axis=1)
