"""Arcs from windows to their nearest later windows: where few pass, a series changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@exact_kernel
def later_arcs(later: Integers, whole: Integers, zone: int) -> tuple[Floats, Floats]:
    """How many arcs pass over each window, and how many would if neighbours were drawn by chance.

    An arc goes from a window to its nearest later one, and passes over those from the first of the
    two to the one before the second.

    Parameters
    ----------
    later : (n,) int64, the nearest later window; −1 for none. Always more than ``zone`` later.
    whole : (n,) int64, 1 for a window that can be a neighbour, 0 for one that can't.
    zone : windows that are left out as too close.

    Returns
    -------
    passing, expected : (n,) float64. The expectation is over targets drawn evenly from the windows
        that may be one, so that it is skewed: the arcs of the newest windows are short.

    Source
    ------
    Gharghabi et al. (2019), "Domain agnostic online semantic segmentation for multi-dimensional
    time series", Data Mining and Knowledge Discovery 33, where a curve fitted to simulated arcs
    stands for the expectation; ours is exact.
    """
    n = later.shape[0]
    passing, expected = np.zeros(n), np.zeros(n)
    after = np.zeros(n + 1)  # windows from here on that can be a neighbour
    for i in range(n - 1, -1, -1):
        after[i] = after[i + 1] + whole[i]
    steps = np.zeros(n)
    for i in range(n):
        if later[i] >= 0:
            steps[i] += 1.0
            steps[later[i]] -= 1.0
    arcs, far, near = 0.0, 0.0, 0.0
    for i in range(n):
        arcs += steps[i]
        passing[i] = arcs
        # Arcs from within the zone all pass; of those from farther back, the share of their
        # targets that lie beyond.
        near += later[i] >= 0
        j = i - zone
        if j >= 0 and later[j] >= 0:
            near -= 1.0
            far += 1.0 / after[j + zone + 1]
        expected[i] = near + far * after[i + 1]
    return passing, expected
