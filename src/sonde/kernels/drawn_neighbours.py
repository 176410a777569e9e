"""The nearest of a few rows drawn at random, for many draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Counts = NDArray[np.int32]

_WIDE = np.float32(3e38)  # farther than any row


@exact_kernel
def drawn_distances(
    x: Halves, drawn: Halves, copies: Counts, out: Floats, start: int, stop: int
) -> None:
    """How far the nearest row of a draw is, on average over the draws.

    Parameters
    ----------
    x : (n_rows, n_columns) float32, finite, no value beyond ±1e15.
    drawn : (n_draws, n_columns, size) float32, as ``x``: the rows of each draw, on their side.
    copies : (n_draws, size) int32: how often each row occurs among those learned from. An exact
        copy of a row that occurs once is the row itself, and is passed over; of a row that occurs
        several times one copy more or less makes no difference.
    out : (n_rows,) float64; rows ``start`` to ``stop`` − 1 are written, in the unit of ``x``. A
        draw in which nothing is left counts as distance 0. A row's result does not depend on its
        neighbours.

    Source
    ------
    Sugiyama, Borgwardt (2013), Rapid distance-based outlier detection via sampling, NIPS: one
    draw; the mean over several is that of Pang, Ting, Albrecht (2015), LeSiNN, ICDM workshops.
    """
    n_draws, d, size = drawn.shape
    away = np.empty(size, np.float32)
    for r in range(start, stop):
        out[r] = 0.0
    # Draws outermost: the rows of one stay in the cache for all rows of the table.
    for t in range(n_draws):
        for r in range(start, stop):
            for k in range(size):
                away[k] = np.float32(0.0)
            for j in range(d):
                value = x[r, j]
                for k in range(size):
                    gap = value - drawn[t, j, k]
                    away[k] += gap * gap
            nearest = _WIDE
            for k in range(size):
                if away[k] < nearest and (away[k] > 0.0 or copies[t, k] > 1):
                    nearest = away[k]
            out[r] += np.sqrt(np.float64(nearest)) if nearest < _WIDE else 0.0
    for r in range(start, stop):
        out[r] /= n_draws
