"""Means, covariances and the minimum covariance determinant, from their definitions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .random import random_below, stream

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


def moments(columns: Floats, rows: Rows, center: Floats) -> tuple[Floats, Floats]:
    chosen = columns[:, rows]
    return chosen.mean(axis=1), np.cov(chosen, bias=True).reshape(len(columns), len(columns))


def whitening(covariance: Floats, ridge: float) -> tuple[Floats, float]:
    raised = covariance + ridge * np.eye(len(covariance))
    return np.linalg.inv(np.linalg.cholesky(raised)), float(np.linalg.slogdet(raised)[1])


def nearest(distances: Floats, n_wanted: int) -> Rows:
    return np.sort(np.argsort(distances, kind="stable")[:n_wanted])


def concentrate(
    columns: Floats, n_kept: int, center: Floats, root: Floats, ridge: float, most_steps: int
) -> tuple[Floats, Floats, float]:
    size = np.inf
    for _ in range(most_steps):
        distances = ((root @ (columns - center[:, None])) ** 2).sum(axis=0)
        next_center, covariance = moments(columns, nearest(distances, n_kept), center)
        next_root, next_size = whitening(covariance, ridge)
        if next_size >= size:
            break
        gain = size - next_size
        center, root, size = next_center, next_root, next_size
        if gain < 1e-10 * len(columns):
            break
    return center, root, size


def smallest_ellipsoids(
    columns: Floats,
    n_kept: int,
    n_starts: int,
    n_best: int,
    ridge: float,
    seed: int,
    first: int,
) -> tuple[Floats, Floats, Floats]:
    d, n = columns.shape
    found = []
    for start in range(n_starts):
        draws, drawn = stream(seed, first + start), list[int]()
        while len(drawn) < min(d + 1, n):
            row = int(random_below(draws, n))
            if row not in drawn:
                drawn.append(row)
        mean, covariance = moments(columns, np.array(drawn), columns[:, 0])
        root, _ = whitening(covariance, ridge)
        found.append(concentrate(columns, n_kept, mean, root, ridge, 2))
    found.sort(key=lambda one: one[2])
    centers, roots, sizes = zip(*found[:n_best], strict=True)
    return np.array(centers), np.array(roots), np.array(sizes)


def whitened_distances(
    x: Floats, center: Floats, unit: Floats, root: Floats, out: Floats, start: int, stop: int
) -> None:
    for r in range(start, stop):
        away = np.clip((x[r] / 2 - center / 2) / unit * 2, -1e130, 1e130)
        out[r] = np.sqrt(((root @ away) ** 2).sum())
