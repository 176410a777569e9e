"""The matrix profile of a series that goes on, from the definition, in extended precision."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .profile import all_distances

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def compared(n_windows: int, m: int, most: int | None) -> Bools:
    """(k, k) whether a window meets an earlier one: far enough, and kept when the window comes."""
    window, earlier = np.indices((n_windows, n_windows))
    oldest = np.maximum(0, window + m - most) if most else 0
    return (window - earlier > math.ceil(m / 4)) & (earlier >= oldest)


def stream_extend(x: Floats, m: int, most: int | None = None) -> tuple[Floats, Floats]:
    """(k,) the distance of each window to the nearest it meets; (k, k) all of them, else ∞."""
    distances = all_distances(x, x, m)
    distances[~compared(len(distances), m, most)] = np.inf
    return distances.min(axis=1), distances


def stream_update(x: Floats, m: int, most: int | None = None) -> float:
    """The distance of the last window."""
    return float(stream_extend(x, m, most)[0][-1])


def stream_later(x: Floats, m: int, most: int | None = None) -> Floats:
    """(kept windows,) the distance of each to the nearest later window that has met it."""
    distances = stream_extend(x, m, most)[1].min(axis=0)
    return np.asarray(distances[max(0, len(x) - most) if most else 0 :])
