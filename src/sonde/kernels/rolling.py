"""Rolling order statistics: a sorted window that follows the series."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]


@exact_kernel
def _place(ascending: Floats, size: int, value: float) -> int:
    # Where ``value`` stands, or would be put, among the first ``size`` numbers.
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if ascending[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@exact_kernel
def trailing_median(x: Floats, window: int, min_count: int) -> Floats:
    """The median of the finite values among the ``window`` points before each point.

    Parameters
    ----------
    x : (n,) float64; NaN and infinity are passed over.
    window : how many points to look back, ≥ 1; the point itself is not among them, and at the
        start there are fewer. The time per point grows slowly with it: good up to some 2000.
    min_count : finite values that are needed, ≥ 1.

    Returns
    -------
    (n,) float64: NaN where there are fewer than ``min_count`` finite values; the mean of the
    middle two where their number is even. An entry is a function of those points alone: a series
    that is cut off gives the same bits.
    """
    n = x.shape[0]
    medians = np.full(n, np.nan)
    ascending = np.empty(min(window, n))
    size = 0
    for i in range(n):
        if i > window and np.isfinite(x[i - 1 - window]):
            gone = _place(ascending, size, x[i - 1 - window])
            for k in range(gone, size - 1):
                ascending[k] = ascending[k + 1]
            size -= 1
        if i > 0 and np.isfinite(x[i - 1]):
            value = x[i - 1] + 0.0  # no negative zero: which of two zeros leaves would matter
            new = _place(ascending, size, value)
            for k in range(size, new, -1):
                ascending[k] = ascending[k - 1]
            ascending[new] = value
            size += 1
        if size > 0 and size >= min_count:
            middle = size // 2
            medians[i] = ascending[middle]
            if size % 2 == 0:
                # Halves first: the sum of two large numbers overflows.
                medians[i] = 0.5 * ascending[middle - 1] + 0.5 * ascending[middle]
    return medians
