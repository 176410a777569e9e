"""Rolling statistics in one pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel

Floats = NDArray[np.float64]


@kernel
def trailing_median(x: Floats, window: int, min_count: int) -> Floats:
    """Median of the finite values among the ``window`` points before each point.

    Parameters
    ----------
    x : (n,) float64; NaN and infinity are skipped.
    window : number of earlier points to look at, 1 ≤ window; the point itself is not among them.
    min_count : finite values needed, ≥ 1.

    Returns
    -------
    (n,) float64; NaN where fewer than ``min_count`` are finite. Depends on those ``window``
    values only, so a cut series gives the same bits.
    """
    n = x.shape[0]
    out = np.full(n, np.nan)
    # The finite values of the window in ascending order, in held[:count].
    held = np.empty(window + 1)
    count = 0
    for i in range(1, n):
        new = x[i - 1]
        if np.isfinite(new):
            low, high = 0, count
            while low < high:
                middle = (low + high) // 2
                if held[middle] < new:
                    low = middle + 1
                else:
                    high = middle
            for k in range(count, low, -1):
                held[k] = held[k - 1]
            held[low] = new
            count += 1
        if i - 1 - window >= 0:
            old = x[i - 1 - window]
            if np.isfinite(old):
                low, high = 0, count
                while low < high:
                    middle = (low + high) // 2
                    if held[middle] < old:
                        low = middle + 1
                    else:
                        high = middle
                for k in range(low, count - 1):
                    held[k] = held[k + 1]
                count -= 1
        if count >= min_count:
            half = count // 2
            if count % 2 == 1:
                out[i] = held[half]
            else:
                out[i] = 0.5 * (held[half - 1] + held[half])
    return out
