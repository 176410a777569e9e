"""The nearest of a few rows drawn at random, by looking at each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Counts = NDArray[np.int32]


def drawn_distances(
    x: Halves, drawn: Halves, copies: Counts, out: Floats, start: int, stop: int
) -> None:
    for r in range(start, stop):
        found = []
        for rows, times in zip(drawn, copies, strict=True):
            gaps = np.sqrt(((rows.T.astype(np.float64) - x[r]) ** 2).sum(axis=1))
            others = gaps[(gaps > 0) | (times > 1)]
            found.append(others.min(initial=np.inf) if others.size else 0.0)
        out[r] = np.mean(found)
