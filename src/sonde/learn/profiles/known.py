"""What is known so far of the nearest windows, while tiles are compared one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kernels.profile_join import merge

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Known:
    """Of each window the best correlation so far, and the window that has it.

    ``best`` (k,) float64, −∞ without one; ``where`` (k,) int64, −1 without one.
    """

    best: Floats
    where: Integers

    def part(self, start: int, n: int) -> Known:
        """Of ``n`` windows, or as many as there are; what it takes, these take."""
        return Known(self.best[start : start + n], self.where[start : start + n])

    def bounds(self) -> Known:
        """A copy for a square, which need not find again what is known already."""
        return Known(self.best.copy(), np.full(len(self.best), -1, dtype=np.int64))

    def take(self, found: Known, first: int) -> None:
        """Take over what is better; its window 0 stands at ``first``."""
        merge(self.best, self.where, found.best, found.where, first)


def nothing(n: int) -> Known:
    """Of ``n`` windows none has a neighbour yet."""
    return Known(np.full(n, -np.inf), np.full(n, -1, dtype=np.int64))
