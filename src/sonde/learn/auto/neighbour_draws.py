"""Small random draws of rows, and how far a row is from the nearest of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.drawn_neighbours import drawn_distances
from ..estimator import State
from ..stored_state import stored

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Counts = NDArray[np.int32]

MOST_CELLS = 4_000_000  # of all draws together: 16 MB
MOST_AWAY = 1e15


def as_halves(rows: Floats) -> Halves:
    """``rows`` as the draws hold them: float32 in C order, without a zero that is negative."""
    return np.ascontiguousarray(rows, dtype=np.float32) + np.float32(0.0)


def copies_of(rows: Halves, rng: np.random.Generator) -> Counts:
    """(n_rows,) how often each row occurs."""
    # A sum of products modulo 2^64 tells rows apart; sorting the rows themselves takes long.
    factors = rng.integers(2**63, size=rows.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    marks = (rows.view(np.uint32).astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    _, which, count = np.unique(marks, return_inverse=True, return_counts=True)
    return np.asarray(count[which], dtype=np.int32)


def learn_draws(
    rows: Halves, pool: NDArray[np.int64], size: int, n_draws: int, rng: np.random.Generator
) -> State:
    """``n_draws`` draws of ``size`` rows from the rows numbered in ``pool``; fewer where few.

    Draws of wide tables are fewer too, so that all together stay below ``MOST_CELLS`` numbers.
    """
    size = max(1, min(size, len(pool) // 2))
    n_draws = max(1, min(n_draws, MOST_CELLS // (size * rows.shape[1])))
    picked = np.stack([rng.choice(pool, size, replace=False) for _ in range(n_draws)])
    return {
        "rows": np.ascontiguousarray(rows[picked].transpose(0, 2, 1)),
        "copies": copies_of(rows, rng)[picked],
    }


def draw_distances(draws: State, rows: Halves) -> Floats:
    """(n_rows,) the distance to the nearest row of a draw, on average."""
    out = np.empty(len(rows))
    drawn_distances(rows, draws["rows"], draws["copies"], out, 0, len(rows))
    return out


def draw_shares(draws: State, rows: Halves) -> Floats:
    """(n_rows, n_columns) squared distance to the nearest row of each draw, column by column."""
    out = np.empty(rows.shape)
    for i, row in enumerate(rows):
        squares = np.square(draws["rows"] - row[None, :, None])
        away = squares.sum(axis=1)
        away[(away == 0) & (draws["copies"] == 1)] = np.inf
        nearest = away.argmin(axis=1)
        out[i] = np.take_along_axis(squares, nearest[:, None, None], axis=2).mean(axis=(0, 2))
    return out


def check_draws(draws: Any, n_columns: int) -> None:
    """Raise ValueError unless these are draws of rows with so many columns."""
    rows = stored(draws, "rows", (None, n_columns, None), np.float32)
    if not rows.size or not (np.abs(rows) <= MOST_AWAY).all():
        raise ValueError("'rows' of a draw are none, or too far away")
    stored(draws, "copies", (rows.shape[0], rows.shape[2]), np.int32)
