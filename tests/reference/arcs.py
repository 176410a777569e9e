"""Arcs from windows to later ones, counted one by one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def later_arcs(later: Integers, whole: Integers, zone: int) -> tuple[Floats, Floats]:
    n = len(later)
    passing, expected = np.zeros(n), np.zeros(n)
    for j in range(n):
        if later[j] < 0:
            continue
        targets = [t for t in range(j + zone + 1, n) if whole[t]]
        for i in range(j, n):
            passing[i] += i < later[j]
            expected[i] += sum(t > i for t in targets) / len(targets)
    return passing, expected
