"""Runs of labelled rows: the events that metrics of series count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


def runs(flags: Flags) -> tuple[Rows, Rows]:
    """Where the unbroken runs of True begin and end.

    Parameters
    ----------
    flags : (n,) bool.

    Returns
    -------
    starts, ends : (k,) int64, rows; the ends are exclusive.

    Examples
    --------
    >>> starts, ends = runs(np.array([True, False, True, True]))
    >>> starts.tolist(), ends.tolist()
    ([0, 2], [1, 4])
    """
    edges = np.diff(np.concatenate(([0], flags.astype(np.int8), [0])))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def between(starts: Rows, ends: Rows, n: int) -> Flags:
    """The flags of which ``runs`` would tell these starts and ends; they may overlap.

    >>> between(np.array([1]), np.array([3]), 4).astype(int).tolist()
    [0, 1, 1, 0]
    """
    edges = np.zeros(n + 1, np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, ends, -1)
    return np.asarray(np.cumsum(edges[:n]) > 0)
