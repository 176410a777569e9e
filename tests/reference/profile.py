"""Matrix profiles from the definition: every window with every other, in extended precision."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Extended = NDArray[np.longdouble]


@dataclass(frozen=True, eq=False)
class Twin:
    """Of each window the least distance, overall and among the windows before and after it."""

    distances: Floats
    left: Floats
    right: Floats
    all: Floats  # (k, k of the other), infinite for pairs that are left out


def normalised(x: Floats, m: int) -> tuple[Extended, NDArray[np.bool_], NDArray[np.bool_]]:
    """Each window to mean 0 and squares that sum to 1; which are missing; which are constant.

    Zeros where a window is one or the other.
    """
    windows = np.lib.stride_tricks.sliding_window_view(x, m)
    missing = np.asarray(~np.isfinite(windows).all(axis=1))
    constant = np.asarray((windows == windows[:, :1]).all(axis=1) & ~missing)
    exact = np.where(np.isfinite(windows), windows, 0.0).astype(np.longdouble)
    # From the first value: a mean near 1e12 would not have the digits of small differences.
    exact = exact - exact[:, :1]
    exact -= exact.mean(axis=1, keepdims=True)
    exact /= np.maximum(np.abs(exact).max(axis=1, keepdims=True), np.finfo(np.longdouble).tiny)
    exact[missing | constant] = 0.0
    norms = np.sqrt(np.square(exact).sum(axis=1, keepdims=True))
    shapes: Extended = np.asarray(exact / np.where(norms > 0, norms, 1.0), dtype=np.longdouble)
    return shapes, missing, constant


def all_distances(x: Floats, other: Floats, m: int) -> Floats:
    """(k, k of the other) the distance of each window of ``x`` to each of ``other``."""
    (a, a_missing, a_constant), (b, b_missing, b_constant) = normalised(x, m), normalised(other, m)
    distances = np.empty((len(a), len(b)))
    for i, window in enumerate(a):
        distances[i] = np.sqrt(m * np.square(b - window).sum(axis=1))
    distances[np.ix_(a_constant, b_constant)] = 0.0
    distances[np.ix_(a_constant, ~b_constant)] = math.sqrt(m)
    distances[np.ix_(~a_constant, b_constant)] = math.sqrt(m)
    distances[a_missing] = np.inf
    distances[:, b_missing] = np.inf
    return distances


def self_join(x: Floats, m: int, zone: int | None = None) -> Twin:
    """|i − j| ≤ zone is left out; the zone is m / 4, rounded up, unless told."""
    distances = all_distances(x, x, m)
    i, j = np.indices(distances.shape)
    distances[abs(i - j) <= (math.ceil(m / 4) if zone is None else zone)] = np.inf
    left = np.where(j < i, distances, np.inf).min(axis=1)
    right = np.where(j > i, distances, np.inf).min(axis=1)
    return Twin(distances.min(axis=1), left, right, distances)


def cross_join(x: Floats, other: Floats, m: int, zone: int = -1, shift: int = 0) -> Twin:
    """|i + shift − j| ≤ zone is left out; −1: nothing."""
    distances = all_distances(x, other, m)
    i, j = np.indices(distances.shape)
    distances[abs(i + shift - j) <= zone] = np.inf
    nearest = distances.min(axis=1)
    return Twin(nearest, nearest, nearest, distances)
