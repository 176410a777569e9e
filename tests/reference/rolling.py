"""Rolling statistics from their definitions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def trailing_median(x: Floats, window: int, min_count: int) -> Floats:
    out = np.full(len(x), np.nan)
    for i in range(len(x)):
        past = x[max(0, i - window) : i]
        known = past[np.isfinite(past)]
        if len(known) >= min_count:
            out[i] = np.median(known)
    return out
