"""The nearest of the rows learned from: what is stored of them, how they are found and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.near_blocks import block_neighbours, blocks_of, box_distances
from ..kernels.neighbours import build_tree, neighbour_distances
from .estimator import State
from .randomness import over_rows
from .stored_state import branch, finite, stored, whole

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAF_ROWS, SAMPLED_ROWS = 32, 64
FARTHEST, LARGEST = 1e140, 1e300  # values and scores beyond these are taken for these
IN_BLOCKS = "in_blocks"  # models stored before there were blocks do not have it
TREE = ("order", "points", "starts", "lowest", "highest")


def unit_of(values: Floats) -> float:
    """What values are divided by, so that the squares of their differences stay finite.

    1 unless they are enormous; else a power of two, which changes no digit.
    """
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    return 1.0 if largest < FARTHEST else float(2.0 ** min(np.ceil(np.log2(largest)), 1023))


def in_units(values: Floats, unit: float) -> Floats:
    """Finite ``values`` in units, none beyond ``FARTHEST``; C order."""
    return np.ascontiguousarray(np.clip(values / unit, -FARTHEST, FARTHEST))


def in_own_unit(scores: Floats, unit: float) -> Floats:
    """Distances between rows in units, back in the columns' own unit; none is infinite."""
    # In two steps, so that nothing becomes infinite on the way.
    return np.asarray(np.minimum(scores, LARGEST / unit) * unit)


def rows_known(values: Floats, unit: float, n_neighbors: int) -> State:
    """What is stored of the rows learned from.

    ``unit``, ``rows`` in that unit, their ``tree``, and whether so many neighbours are found
    sooner ``in_blocks`` than down the tree.
    """
    known = np.isfinite(values).all(axis=1)
    rows = in_units(values[known], unit)
    tree = build_tree(rows, LEAF_ROWS)
    return {
        "unit": np.float64(unit),
        "rows": rows,
        "tree": dict(zip(TREE, tree, strict=True)),
        IN_BLOCKS: np.int64(_opens_most(rows, tree, min(n_neighbors, len(rows) - 1))),
    }


def _opens_most(rows: Floats, tree: Any, n_neighbors: int) -> bool:
    """Whether searches down the tree open so many leaves that going through all blocks is faster.

    By how many leaves some of the rows open: that depends on how the columns hang together, not on
    how many there are.
    """
    n, d = rows.shape
    order, points, starts, lowest, highest = tree
    some = rows[:: max(1, n // SAMPLED_ROWS)][: max(1, min(SAMPLED_ROWS, n // 20))].copy()
    distances = np.empty((len(some), n_neighbors))
    where = np.zeros((len(some), n_neighbors), dtype=np.int64)
    neighbour_distances(
        some, order, points, starts, lowest, highest, n_neighbors, distances, where, 0, len(some)
    )
    bounds = np.empty((len(some), len(starts) - 1))
    box_distances(some, lowest[len(starts) - 2 :], highest[len(starts) - 2 :], bounds)
    opened = float((bounds < np.square(distances[:, -1:])).mean())
    # ns a query, measured on AVX2: differences and a list down the tree; products, and a list in
    # blocks. Only the speed hangs on them.
    down = opened * n * (0.37 * d + 0.5)
    through = n * (0.035 * d + 0.25) + 2500.0 + 300.0 * n_neighbors
    return bool(down > through)


def nearest_rows(
    state: State, queries: Floats, n_neighbors: int, n_jobs: int | None
) -> tuple[Floats, Integers]:
    """Distances to the nearest rows known, and which these are; one exact copy is left out.

    Parameters
    ----------
    state : from ``rows_known``.
    queries : (n, n_columns) float64, finite, in the state's unit (``in_units``).
    n_neighbors : at most one less than the rows known.

    Returns
    -------
    (n, n_neighbors) float64, ascending, in the state's unit; (n, n_neighbors) int64.
    """
    order, points, starts, lowest, highest = (state["tree"][name] for name in TREE)
    distances = np.full((len(queries), n_neighbors), np.nan)
    where = np.zeros((len(queries), n_neighbors), dtype=np.int64)
    if state.get(IN_BLOCKS, 0):
        blocks = blocks_of(state["rows"], order, starts, lowest, highest, len(queries))

        def in_blocks(start: int, stop: int) -> None:
            block_neighbours(queries, blocks, n_neighbors, distances, where, start, stop)

        over_rows(in_blocks, len(queries), n_jobs)
        return distances, where

    def work(start: int, stop: int) -> None:
        neighbour_distances(
            queries,
            order,
            points,
            starts,
            lowest,
            highest,
            n_neighbors,
            distances,
            where,
            start,
            stop,
        )

    over_rows(work, len(queries), n_jobs)
    return distances, where


def squared_gaps(state: State, queries: Floats, where: Integers) -> Floats:
    """(n, n_columns) mean squared difference of each column to the neighbours ``where``."""
    total = np.zeros(queries.shape)
    for neighbours in where.T:  # one at a time: all together would take n_neighbors times the room
        total += np.square(queries - state["rows"][neighbours])
    return np.asarray(total / where.shape[1])


def check_rows(state: State, n_columns: int, least: int) -> Floats:
    """The stored rows; raises ValueError unless they, their unit and their tree fit together."""
    finite(state, "unit", (), least=1.0)
    rows = finite(state, "rows", (None, n_columns))
    if np.abs(rows).max(initial=0.0) > FARTHEST or len(rows) < least:
        raise ValueError("'rows' are too large, or fewer than the neighbours wanted")
    _check_tree(branch(state, "tree"), rows)
    if IN_BLOCKS in state:
        whole(state, IN_BLOCKS, 0, 1)
    return rows


def _check_tree(tree: Mapping[str, Any], rows: Floats) -> None:
    """Raise ValueError unless ``tree`` is one over ``rows``, as ``build_tree`` lays it out."""
    n, d = rows.shape
    order = stored(tree, "order", (n,), np.int64)
    starts = stored(tree, "starts", (None,), np.int64)
    leaves = len(starts) - 1
    lowest, highest = (stored(tree, box, (2 * leaves - 1, d)) for box in ("lowest", "highest"))
    points = finite(tree, "points", (n * d,))
    if leaves < 1 or leaves & (leaves - 1):
        raise ValueError("the tree has no shape of its own")
    if starts[0] != 0 or starts[-1] != n or (starts[1:] < starts[:-1]).any():
        raise ValueError("the leaves do not cover the rows")
    if not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError("the order must name each row once")
    ordered, sizes = rows[order], np.diff(starts)
    begins, size = np.repeat(starts[:-1], sizes)[:, None], np.repeat(sizes, sizes)[:, None]
    places = begins * d + np.arange(d) * size + np.arange(n)[:, None] - begins
    if not np.array_equal(points[places], ordered):
        raise ValueError("the points are not the rows")
    # A box that is too small would hide neighbours. An empty one is infinitely far away.
    low, high = np.full((leaves, d), np.inf), np.full((leaves, d), -np.inf)
    low[sizes > 0] = np.minimum.reduceat(ordered, starts[:-1][sizes > 0])
    high[sizes > 0] = np.maximum.reduceat(ordered, starts[:-1][sizes > 0])
    same = np.array_equal(lowest[leaves - 1 :], low) and np.array_equal(highest[leaves - 1 :], high)
    around = np.array_equal(lowest[: leaves - 1], np.minimum(lowest[1::2], lowest[2::2]))
    around &= np.array_equal(highest[: leaves - 1], np.maximum(highest[1::2], highest[2::2]))
    if not same or not around:
        raise ValueError("the boxes do not fit the rows")
