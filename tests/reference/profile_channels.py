"""The multi-dimensional matrix profile from all pairs of windows, in extended precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tests.reference.channel_windows import all_means

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def nearest_by_channels(
    query: Floats, reference: Floats, m: int, allowed: NDArray[np.bool_]
) -> tuple[Floats, Integers]:
    """(d, n − m + 1): the least mean of the allowed pairs, and where; infinite and −1: none."""
    means = np.where(allowed, all_means(query, reference, m), np.inf)
    least = means.min(axis=2)
    return least, np.where(np.isinf(least), -1, means.argmin(axis=2))
