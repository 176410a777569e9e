from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def trailing_median(x: NDArray[np.float64], window: int, min_count: int) -> NDArray[np.float64]:
    out = np.full(len(x), np.nan)
    for i in range(len(x)):
        past = x[max(0, i - window) : i]
        past = past[np.isfinite(past)]
        if len(past) >= min_count:
            out[i] = np.median(past)
    return out
