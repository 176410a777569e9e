"""Are these random cut trees? What must hold before a kernel walks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.random_cut import (
    COLUMN,
    COUNT,
    FARTHEST,
    HELD,
    LEAVES,
    LEFT,
    N_HEADS,
    N_LINKS,
    NONE,
    PARENT,
    RIGHT,
    ROOT,
)
from ..stored_state import finite, stored

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]


def refuse_broken_trees(state: Mapping[str, Any], trees: int, rows: int, wide: int) -> None:
    """Raise ValueError unless the arrays are ``trees`` sound trees of at most ``rows`` rows.

    Links must form a tree over exactly the nodes in use, counts must add up to the rows held,
    boxes must be those of the points, and cuts must part them. Names are those of
    ``kernels.random_cut.random_cut_run``; ``wide`` is the length of a point.
    """
    heads = stored(state, "heads", (trees, N_HEADS), np.int32)
    nodes = stored(state, "nodes", (trees, 2 * rows - 1, N_LINKS), np.int32)
    items = stored(state, "items", (trees, rows), np.int32)
    spare = stored(state, "spare", (trees, 2, rows), np.int32)
    cuts = finite(state, "cuts", (trees, rows - 1))
    boxes = finite(state, "boxes", (trees, rows - 1, 2, wide))
    points = finite(state, "points", (trees, rows, wide))
    finite(state, "weights", (trees, rows))
    for name, array in (("cuts", cuts), ("boxes", boxes), ("points", points)):
        if array.size and np.abs(array).max() > FARTHEST:
            raise ValueError(f"{name!r} must be standardised")
    leaves, held = heads[:, LEAVES].astype(np.int64), heads[:, HELD].astype(np.int64)
    if (held < 0).any() or (held > rows).any() or (held != held[0]).any():
        raise ValueError("'heads' must count the same rows in each tree, and no more than it holds")
    if (leaves < np.minimum(held, 1)).any() or (leaves > held).any():
        raise ValueError("'heads' must count 1 to as many leaves as rows")
    used = _nodes_in_use(nodes, heads, rows)
    _refuse_wrong_counts(nodes, items, held, used[:, rows - 1 :])
    _refuse_wrong_spare(spare, leaves, used, rows)
    _refuse_wrong_boxes(nodes, cuts, boxes, points, used)


def _nodes_in_use(nodes: Numbers, heads: Numbers, rows: int) -> NDArray[np.bool_]:
    """(trees, 2 · rows − 1) what can be reached from the roots; level by level, each node once."""
    used = np.zeros(nodes.shape[:2], dtype=bool)
    t = np.flatnonzero(heads[:, LEAVES] > 0)
    below, parents = heads[t, ROOT].astype(np.int64), np.full(len(t), NONE)
    while t.size:
        if (below < 0).any() or (below >= nodes.shape[1]).any():
            raise ValueError("'nodes' must link to nodes that are there")
        if used[t, below].any() or (nodes[t, below, PARENT] != parents).any():
            raise ValueError("'nodes' must form a tree")
        used[t, below] = True
        is_inner = below < rows - 1
        t, above = t[is_inner], below[is_inner]
        below = nodes[t, above][:, [LEFT, RIGHT]].astype(np.int64).ravel()
        t, parents = np.repeat(t, 2), np.repeat(above, 2)
        places = t * nodes.shape[1] + below
        if np.unique(places).size != places.size:
            raise ValueError("'nodes' must form a tree")
    if (used[:, rows - 1 :].sum(axis=1) != heads[:, LEAVES]).any():
        raise ValueError("'heads' must count the leaves of the trees")
    return used


def _refuse_wrong_counts(
    nodes: Numbers, items: Numbers, held: NDArray[np.int64], used: NDArray[np.bool_]
) -> None:
    trees, rows = items.shape
    n = int(held[0])
    if (items < 0).any() or (items >= rows).any():
        raise ValueError("'items' must be leaves that are there")
    counts = np.zeros((trees, rows), dtype=np.int64)
    np.add.at(counts, (np.repeat(np.arange(trees), n), items[:, :n].ravel()), 1)
    if (np.where(used, nodes[:, rows - 1 :, COUNT], 0) != counts).any():
        raise ValueError("'nodes' must count the rows of 'items'")


def _refuse_wrong_spare(
    spare: Numbers, leaves: NDArray[np.int64], used: NDArray[np.bool_], rows: int
) -> None:
    if (spare < 0).any() or (spare >= rows).any():
        raise ValueError("'spare' must name nodes that are there")
    position = np.arange(rows)
    for which, first, taken in ((0, 0, np.maximum(leaves - 1, 0)), (1, rows - 1, leaves)):
        free = ~used[:, first : first + rows - 1 + which]
        t, k = np.nonzero((position >= taken[:, None]) & (position < rows - 1 + which))
        named = np.zeros(free.shape, dtype=np.int64)
        inside = spare[t, which, k] < free.shape[1]
        np.add.at(named, (t[inside], spare[t, which, k][inside]), 1)
        if not inside.all() or (named != free).any():
            raise ValueError("'spare' must name each free node once")


def _refuse_wrong_boxes(
    nodes: Numbers, cuts: Floats, boxes: Floats, points: Floats, used: NDArray[np.bool_]
) -> None:
    n_inner = cuts.shape[1]
    t, node = np.nonzero(used[:, :n_inner])
    # A leaf is a box of one point.
    low = np.concatenate([boxes[:, :, 0], points], axis=1)
    high = np.concatenate([boxes[:, :, 1], points], axis=1)
    left, right = nodes[t, node, LEFT], nodes[t, node, RIGHT]
    if (nodes[t, node, COUNT] != nodes[t, left, COUNT] + nodes[t, right, COUNT]).any():
        raise ValueError("'nodes' must count the rows below them")
    if (low[t, node] != np.minimum(low[t, left], low[t, right])).any() or (
        high[t, node] != np.maximum(high[t, left], high[t, right])
    ).any():
        raise ValueError("'boxes' must hold what is below them, and no more")
    column = nodes[t, node, COLUMN]
    if (column < 0).any() or (column >= points.shape[2]).any():
        raise ValueError("'nodes' must cut columns that are there")
    cut = cuts[t, node]
    if (high[t, left, column] > cut).any() or (low[t, right, column] <= cut).any():
        raise ValueError("'cuts' must part what is below them")
