"""Isolation trees: grown on small samples, walked at a fixed depth without branches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel
from .random import random_below, random_unit, stream

Floats = NDArray[np.float64]
Columns = NDArray[np.int32]

# The first three levels of every tree are compared for many rows at once, see _first_levels.
_LEAST_DEPTH = 3
_EULER = 0.5772156649015329
# Rows that are scored together; the block (16 columns of it) and one tree stay in the L1 cache.
_BLOCK = 256
_FEW_ROWS = 4  # below, a block does not pay
_BLOCK_CELLS = 4096

_1, _2, _4, _7 = (np.uint32(n) for n in (1, 2, 4, 7))


@exact_kernel
def expected_length(n_rows: int) -> float:
    """How many more splits isolate one of ``n_rows`` rows, on average; 0 for one row.

    Source
    ------
    Liu, Ting, Zhou (2008), "Isolation forest", equation 1, with the harmonic number as they
    approximate it, and 1 for two rows as in scikit-learn.
    """
    if n_rows <= 1:
        return 0.0
    if n_rows == 2:
        return 1.0
    return 2.0 * (math.log(n_rows - 1.0) + _EULER) - 2.0 * (n_rows - 1.0) / n_rows


@kernel
def _draw_rows(n_sample: int, state: NDArray[np.uint64], deck: NDArray[np.int32]) -> Columns:
    # The swaps are taken back afterwards, so that each tree draws from the same deck.
    n = deck.shape[0]
    swapped = np.empty(n_sample, np.int64)
    drawn = np.empty(n_sample, np.int32)
    for i in range(n_sample):
        j = i + random_below(state, n - i)
        deck[i], deck[j] = deck[j], deck[i]
        swapped[i] = j
        drawn[i] = deck[i]
    for i in range(n_sample - 1, -1, -1):
        j = swapped[i]
        deck[i], deck[j] = deck[j], deck[i]
    return drawn


@kernel
def _extent(values: Floats, rows: Columns, start: int, stop: int) -> tuple[float, float]:
    low = high = values[rows[start]]
    for i in range(start + 1, stop):
        value = values[rows[i]]
        low = min(low, value)
        high = max(high, value)
    return low, high


@exact_kernel
def _choose_cut(
    sample: Floats, rows: Columns, start: int, stop: int, state: NDArray[np.uint64], deck: Columns
) -> tuple[int, float]:
    # A random column among those that vary here, and a cut in (lowest, highest]; −1: none varies.
    d = deck.shape[0]
    for i in range(d):
        deck[i] = i
    for i in range(d):
        j = i + random_below(state, d - i)
        deck[i], deck[j] = deck[j], deck[i]
        low, high = _extent(sample[deck[i]], rows, start, stop)
        if low < high:
            share = random_unit(state)
            # Not high − share · (high − low): the difference of two large numbers overflows. In
            # strict order, or the compiler writes just that.
            cut = low * share + high * (1.0 - share)
            return deck[i], cut if low < cut <= high else high
    return -1, np.inf


@kernel
def _separate(values: Floats, rows: Columns, start: int, stop: int, cut: float) -> int:
    # Rows below the cut first; returns where the others begin.
    left, right = start, stop - 1
    while left <= right:
        if values[rows[left]] < cut:
            left += 1
        else:
            rows[left], rows[right] = rows[right], rows[left]
            right -= 1
    return left


@kernel
def _grow(
    sample: Floats,
    limit: int,
    state: NDArray[np.uint64],
    columns: Columns,
    cuts: Floats,
    lengths: Floats,
) -> None:
    n_inner = columns.shape[0]
    starts = np.zeros(2 * n_inner + 1, np.int32)
    stops = np.zeros(2 * n_inner + 1, np.int32)
    rows = np.arange(sample.shape[1]).astype(np.int32)
    deck = np.empty(sample.shape[0], np.int32)
    stops[0] = sample.shape[1]
    depth, width = 0, n_inner + 1  # of this level: its number, and the leaves below each node
    for node in range(n_inner):
        if node == (2 << depth) - 1:
            depth += 1
            width //= 2
        columns[node], cuts[node] = 0, np.inf  # passes everything left, unless split below
        start, stop = starts[node], stops[node]
        if start == stop:  # below a node that has stopped
            continue
        column, cut = -1, np.inf
        if depth < limit and stop - start > 1:
            column, cut = _choose_cut(sample, rows, start, stop, state, deck)
        if column < 0:
            first = (node + 1 - (1 << depth)) * width
            lengths[first : first + width] = depth + expected_length(stop - start)
            continue
        middle = _separate(sample[column], rows, start, stop, cut)
        columns[node], cuts[node] = column, cut
        starts[2 * node + 1], stops[2 * node + 1] = start, middle
        starts[2 * node + 2], stops[2 * node + 2] = middle, stop
    for leaf in range(n_inner + 1):
        n_rows = stops[n_inner + leaf] - starts[n_inner + leaf]
        if n_rows > 0:
            lengths[leaf] = depth + 1 + expected_length(n_rows)


@kernel
def grow_trees(
    x: Floats, n_trees: int, n_sample: int, seed: int, first_tree: int
) -> tuple[Columns, Floats, Floats]:
    """Isolation trees number ``first_tree``, ``first_tree + 1``, … of a forest.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite.
    n_trees : how many to grow now; trees of one forest can be grown in parts, by many threads.
    n_sample : rows that each tree sees, drawn without replacement, 1 ≤ n_sample ≤ n_rows and at
        most 65536.
    seed : 0 to 2^63 − 1. A tree depends on the seed and its own number only.

    Returns
    -------
    columns : (n_trees, 2^D − 1) int32, D = max(3, ⌈log2 n_sample⌉). Node k of a tree looks at this
        column; its children are 2k + 1 and 2k + 2.
    cuts : the same shape, float64. Values at or above the cut go right (to 2k + 2). A node that
        does not split has an infinite cut: everything goes left.
    lengths : (n_trees, 2^D) float64, in splits: the path length at each leaf, which is the depth
        where the path stopped plus the expected length for the rows that were left there.

    Source
    ------
    Liu, Ting, Zhou (2008), "Isolation forest", algorithms 1 and 2: at most ⌈log2 n_sample⌉ splits,
    each at a uniform place of a random column. As in scikit-learn, only columns that vary in the
    node are drawn.
    """
    d = x.shape[1]
    limit = 0
    while (1 << limit) < n_sample:
        limit += 1
    n_leaves = 1 << max(limit, _LEAST_DEPTH)
    columns = np.empty((n_trees, n_leaves - 1), np.int32)
    cuts = np.empty((n_trees, n_leaves - 1))
    lengths = np.empty((n_trees, n_leaves))
    deck = np.arange(x.shape[0]).astype(np.int32)
    sample = np.empty((d, n_sample))
    for tree in range(n_trees):
        state = stream(seed, first_tree + tree)
        rows = _draw_rows(n_sample, state, deck)
        for i in range(n_sample):
            for j in range(d):
                sample[j, i] = x[rows[i], j]
        _grow(sample, limit, state, columns[tree], cuts[tree], lengths[tree])
    return columns, cuts, lengths


@exact_kernel
def _first_levels(
    block: Floats, columns: Columns, cuts: Floats, n_rows: int, nodes: NDArray[np.uint32]
) -> None:
    # Three levels by comparing with all seven nodes: no row waits for its own node, so that the
    # compiler does eight rows in one instruction.
    a0, a1, a2, a3 = block[columns[0]], block[columns[1]], block[columns[2]], block[columns[3]]
    a4, a5, a6 = block[columns[4]], block[columns[5]], block[columns[6]]
    c0, c1, c2, c3, c4, c5, c6 = cuts[0], cuts[1], cuts[2], cuts[3], cuts[4], cuts[5], cuts[6]
    for r in range(n_rows):
        first = np.uint32(a0[r] >= c0)
        left, right = np.uint32(a1[r] >= c1), np.uint32(a2[r] >= c2)
        below_left = np.uint32(a3[r] >= c3)
        below_left ^= left & (below_left ^ np.uint32(a4[r] >= c4))
        below_right = np.uint32(a5[r] >= c5)
        below_right ^= right & (below_right ^ np.uint32(a6[r] >= c6))
        second = left ^ (first & (left ^ right))
        third = below_left ^ (first & (below_left ^ below_right))
        nodes[r] = _7 + _4 * first + _2 * second + third


@exact_kernel
def _mean_path_length(row: Floats, columns: Columns, cuts: Floats, lengths: Floats) -> float:
    # The same sums as for a block of rows, without what preparing a block costs.
    n_trees, n_leaves = lengths.shape
    first_leaf = np.uint32(n_leaves - 1)
    total = 0.0
    for tree in range(n_trees):
        column, cut = columns[tree], cuts[tree]
        k = np.uint32(0)
        while k < first_leaf:
            k = k + k + _1 + np.uint32(row[np.uint32(column[k])] >= cut[k])
        total += lengths[tree, k - first_leaf]
    return float(total / n_trees)


@exact_kernel
def mean_path_lengths(
    x: Floats, columns: Columns, cuts: Floats, lengths: Floats, out: Floats, start: int, stop: int
) -> None:
    """How many splits isolate each row, averaged over the trees; short paths are strange rows.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, with the columns that the trees were grown on.
    columns, cuts, lengths : from ``grow_trees``.
    out : (n_rows,) float64; rows ``start`` to ``stop`` − 1 are written, in splits. The sum runs
        over the trees in their order, so that a row's result does not depend on its neighbours.
    """
    n_trees, n_leaves = lengths.shape
    first_leaf = np.uint32(n_leaves - 1)
    d = x.shape[1]
    if stop - start < _FEW_ROWS:
        for r in range(start, stop):
            out[r] = _mean_path_length(x[r], columns, cuts, lengths)
        return
    size = max(1, min(max(16, min(_BLOCK, _BLOCK_CELLS // d)), stop - start))
    stride = np.uint32(size)
    block = np.empty((d, size))
    cells = block.reshape(d * size)
    nodes = np.empty(size, np.uint32)
    total = np.empty(size)
    for begin in range(start, stop, size):
        n = min(size, stop - begin)
        for r in range(n):
            total[r] = 0.0
            for j in range(d):
                block[j, r] = x[begin + r, j]
        for tree in range(n_trees):
            column, cut, length = columns[tree], cuts[tree], lengths[tree]
            _first_levels(block, column, cut, n, nodes)
            # Unsigned numbers: a signed index costs a test for counting from the end.
            level = np.uint32(7)
            while level < first_leaf:
                for r in range(n):
                    k = nodes[r]
                    value = cells[np.uint32(column[k]) * stride + np.uint32(r)]
                    nodes[r] = k + k + _1 + np.uint32(value >= cut[k])
                level = level + level + _1
            for r in range(n):
                total[r] += length[nodes[r] - first_leaf]
        for r in range(n):
            out[begin + r] = total[r] / n_trees


@kernel
def _rows_left(excess: float, most: int) -> int:
    # How many rows a leaf had, from what its length adds to its depth; expected_length rises.
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if expected_length(middle) < excess - 1e-9:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def _rows_at_nodes(cuts: Floats, lengths: Floats) -> NDArray[np.int64]:
    # Rows of the sample that came to each node of one tree; 0 below a node that did not split.
    n_inner, n_leaves = cuts.shape[0], lengths.shape[0]
    sizes = np.zeros(n_inner + n_leaves, np.int64)
    depth, width = 0, n_leaves
    for node in range(n_inner + n_leaves):
        if node == (2 << depth) - 1:
            depth += 1
            width //= 2
        parent_splits = node == 0 or cuts[(node - 1) // 2] < np.inf
        splits = node < n_inner and cuts[node] < np.inf
        if parent_splits and not splits:
            length = lengths[(node + 1 - (1 << depth)) * width]
            sizes[node] = _rows_left(length - depth, n_leaves)
    for node in range(n_inner - 1, -1, -1):
        if cuts[node] < np.inf:
            sizes[node] = sizes[2 * node + 1] + sizes[2 * node + 2]
    return sizes


@kernel
def column_shares(x: Floats, columns: Columns, cuts: Floats, lengths: Floats) -> Floats:
    """Which columns isolated each row: shares that sum to 1. Meant for a few rows.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, with the columns that the trees were grown on.
    columns, cuts, lengths : from ``grow_trees``.

    Returns
    -------
    (n_rows, n_columns) float64, non-negative, each row summing to 1; all equal where no column
    made the path shorter than expected.

    Source
    ------
    The credit along a decision path of Saabas (2014), "Interpreting random forests", applied to
    the expected path length. Before a split, a row among s others is expected to need c(s) more
    splits (``expected_length``); after it, one is spent and c(s') are expected. The column of the
    split is credited with c(s) − c(s') − 1, so that the credits of a path sum to c(n_sample) minus
    its length: exactly what makes the score. Credits are summed over the trees; columns that made
    the paths longer get nothing.
    """
    n, d = x.shape
    n_trees, n_inner = columns.shape
    shares = np.zeros((n, d))
    for tree in range(n_trees):
        sizes = _rows_at_nodes(cuts[tree], lengths[tree])
        for r in range(n):
            node = 0
            while node < n_inner and cuts[tree, node] < np.inf:
                column = columns[tree, node]
                below = 2 * node + 1 + int(x[r, column] >= cuts[tree, node])
                before, after = expected_length(sizes[node]), expected_length(sizes[below])
                shares[r, column] += before - after - 1.0
                node = below
    for r in range(n):
        total = 0.0
        for j in range(d):
            shares[r, j] = max(shares[r, j], 0.0)
            total += shares[r, j]
        for j in range(d):
            shares[r, j] = shares[r, j] / total if total > 0.0 else 1.0 / d
    return shares
