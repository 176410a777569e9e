"""The likeness of windows by comparing every pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonde.kernels.shape_distances import DAMPING, NONE

Floats = NDArray[np.float64]


def nearest_shapes(
    x: Floats,
    m: int,
    zone: int,
    first: int,
    low: int,
    high: int,
    n_usual: int,
    left_out: NDArray[np.bool_],
) -> Floats:
    """(2, n) the largest correlation and the largest damped likeness of each window of ``x``."""
    windows = np.lib.stride_tricks.sliding_window_view(x, m)
    centred = (windows - windows.mean(axis=1, keepdims=True)).astype(np.longdouble)
    norms = np.sqrt((centred**2).sum(axis=1))
    usual = np.median(norms[: n_usual or None] ** 2)
    damped = centred / np.sqrt(norms**2 + DAMPING * usual + 1e-10 * m)[:, None]
    best = np.full((2, len(windows)), NONE)
    for i in range(first, len(windows)):
        for j in range(low, high):
            if abs(i - j) < zone or left_out[i] or left_out[j]:
                continue
            if norms[i] ** 2 > 1e-10 * m < norms[j] ** 2:
                correlation = centred[i] @ centred[j] / (norms[i] * norms[j])
                best[0, i] = max(best[0, i], correlation)
            likeness = damped[i] @ damped[j] - damped[j] @ damped[j] / 2
            best[1, i] = max(best[1, i], likeness)
    return best
