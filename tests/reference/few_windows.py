"""Distances of all windows to the nearest of a few, one at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Narrow = NDArray[np.float32]
Integers = NDArray[np.int64]


def nearest_of_few(
    values: Narrow, step: int, points: Narrow, draws: int
) -> tuple[Floats, Integers]:
    few, width = len(points) // draws, points.shape[1]
    windows = [values[i : i + width] for i in range(0, len(values) - width + 1, step)]
    distances, nearest = [], []
    for window in windows:
        away = np.sqrt(np.square(points - window).sum(axis=1)).reshape(draws, few)
        distances.append(away.min(axis=1).mean())
        nearest.append(away.argmin(axis=1) + few * np.arange(draws))
    return np.array(distances, dtype=np.float64), np.array(nearest)
