"""Runs of labelled rows: the events that metrics of series count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...data.timing.grid import runs

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]

__all__ = ["Flags", "Rows", "between", "runs"]


def between(starts: Rows, ends: Rows, n: int) -> Flags:
    """The flags of which ``runs`` would tell these starts and ends; they may overlap.

    >>> between(np.array([1]), np.array([3]), 4).astype(int).tolist()
    [0, 1, 1, 0]
    """
    edges = np.zeros(n + 1, np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, ends, -1)
    return np.asarray(np.cumsum(edges[:n]) > 0)
