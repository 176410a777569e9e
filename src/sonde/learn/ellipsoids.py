"""Distances of rows in units of a learned ellipsoid: what PCA and MCD have in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernels.scatter import whitened_distances
from .estimator import State
from .randomness import over_rows
from .stored_state import finite, positive

Floats = NDArray[np.float64]

FARTHEST = 1e130  # as in the kernel
LARGEST_WEIGHT = 1e9  # of a whitening; keeps the squares of whitened values finite
SMALLEST_UNIT, LARGEST_UNIT = 1e-300, 1e308
RESOLUTION = 0.01  # standard deviations


def power_of_two(columns: Floats) -> Floats:
    """(n_columns,) what columns are divided by, changing no digit, so that squares are no extremes.

    ``columns`` is (n_columns, n_rows): the table on its side.
    """
    largest = np.abs(columns).max(axis=1)
    exponents = np.ceil(np.log2(np.where(largest > 0, largest, 1.0)))
    return np.asarray(np.exp2(np.clip(exponents, -1000, 1000)))


def bounded(unit: Floats, power: Floats) -> Floats:
    """``unit``, so that neither it nor its product with ``power`` is 0 or infinite."""
    most = LARGEST_UNIT * np.minimum(1.0 / power, 1.0)
    return np.clip(unit, SMALLEST_UNIT * np.maximum(1.0 / power, 1.0), most)


def distances(state: State, values: Floats, n_jobs: int | None) -> Floats:
    """(n_rows,) the length of each whitened row; NaN where the row has one."""
    out = np.empty(len(values))

    def work(start: int, stop: int) -> None:
        whitened_distances(values, state["center"], state["unit"], state["root"], out, start, stop)

    over_rows(work, len(values), n_jobs)
    return out


def shares(state: State, rows: Floats) -> Floats:
    """(n_rows, n_columns) each column's part of the squared distance, ≥ 0.

    The squared distance is the sum over columns of away · (M away), M the whitening times
    itself; a part below 0, where a column makes up for another, is taken for 0.
    """
    with np.errstate(over="ignore"):  # what becomes infinite is taken for FARTHEST
        away = (0.5 * rows - 0.5 * state["center"]) / state["unit"] * 2.0
    away = np.clip(away, -FARTHEST, FARTHEST)
    # Not by matmul, whose last bits depend on how many rows there are.
    through = np.einsum("rj,jk->rk", away, state["root"].T @ state["root"], optimize=False)
    return np.asarray(np.maximum(away * through, 0.0))


def check(state: State, n_columns: int) -> None:
    """Raise ValueError unless ``state`` holds an ellipsoid over that many columns."""
    finite(state, "center", (n_columns,))
    positive(state, "unit", (n_columns,))
    root = finite(state, "root", (None, n_columns))
    if not 1 <= len(root) <= n_columns or np.abs(root).max() > LARGEST_WEIGHT:
        raise ValueError("'root' must have 1 to as many axes as columns and no enormous weights")
