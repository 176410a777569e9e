"""Isolation trees whose cuts are slanted: each looks at several columns at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel
from .isolation import expected_length
from .random import random_below, random_unit, stream

Floats = NDArray[np.float64]
Columns = NDArray[np.int32]
Bits = NDArray[np.uint64]

# A column that varies by less than this is taken for constant: its reciprocal would overflow.
_LEAST_EXTENT = 1e-150
_BLOCK = 256  # rows that are scored together: they and one tree stay in the cache

_1 = np.uint32(1)


@exact_kernel
def _normal(state: Bits) -> float:
    # Box, Muller (1958); 1 − u is never 0.
    radius = math.sqrt(-2.0 * math.log(1.0 - random_unit(state)))
    return radius * math.cos(2.0 * math.pi * random_unit(state))


@exact_kernel
def _choose_cut(
    sample: Floats,
    rows: Columns,
    start: int,
    stop: int,
    state: Bits,
    deck: Columns,
    columns: Columns,
    weights: Floats,
    points: Floats,
) -> bool:
    # The first columns, in random order, that vary here; False where none does.
    found, d = 0, deck.shape[0]
    for i in range(d):
        deck[i] = i
    for i in range(d):
        if found == columns.shape[0]:
            break
        j = i + random_below(state, d - i)
        deck[i], deck[j] = deck[j], deck[i]
        column = deck[i]
        low = high = sample[rows[start], column]
        for r in range(start + 1, stop):
            low = min(low, sample[rows[r], column])
            high = max(high, sample[rows[r], column])
        if high - low > _LEAST_EXTENT:
            columns[found] = column
            weights[found] = _normal(state) / (high - low)
            points[found] = low + (high - low) * random_unit(state)
            found += 1
    return found > 0


@exact_kernel
def _side(row: Floats, columns: Columns, weights: Floats, points: Floats) -> int:
    total = 0.0
    for j in range(columns.shape[0]):
        total += weights[j] * (row[columns[j]] - points[j])
    return int(total > 0.0)


@exact_kernel
def _grow(
    sample: Floats, state: Bits, columns: Columns, weights: Floats, points: Floats, lengths: Floats
) -> None:
    n_inner = columns.shape[0]
    starts = np.zeros(2 * n_inner + 1, np.int32)
    stops = np.zeros(2 * n_inner + 1, np.int32)
    known = np.zeros(2 * n_inner + 1, np.bool_)
    rows = np.arange(sample.shape[0]).astype(np.int32)
    deck = np.empty(sample.shape[1], np.int32)
    stops[0], known[0] = sample.shape[0], True
    depth = 0
    for node in range(2 * n_inner + 1):
        if node == (2 << depth) - 1:
            depth += 1
        if not known[node]:
            continue
        start, stop = starts[node], stops[node]
        lengths[node] = depth + expected_length(stop - start)
        if node >= n_inner or stop - start < 2:
            continue
        cut = columns[node], weights[node], points[node]
        cut[0][0] = 0
        if not _choose_cut(sample, rows, start, stop, state, deck, cut[0], cut[1], cut[2]):
            cut[0][0] = -1
            continue
        left, right = start, stop - 1
        while left <= right:
            if _side(sample[rows[left]], cut[0], cut[1], cut[2]) == 0:
                left += 1
            else:
                rows[left], rows[right] = rows[right], rows[left]
                right -= 1
        starts[2 * node + 1], stops[2 * node + 1] = start, left
        starts[2 * node + 2], stops[2 * node + 2] = left, stop
        known[2 * node + 1] = known[2 * node + 2] = True


@kernel
def grow_slanted_trees(
    x: Floats, n_trees: int, n_sample: int, n_mixed: int, seed: int, first_tree: int
) -> tuple[Columns, Floats, Floats, Floats]:
    """Slanted isolation trees number ``first_tree``, ``first_tree + 1``, … of a forest.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, of absolute value below 1e150.
    n_trees : how many to grow now.
    n_sample : rows that each tree sees, drawn without replacement, 2 ≤ n_sample ≤ n_rows.
    n_mixed : columns that a cut looks at, 1 ≤ n_mixed ≤ n_columns; the extension level + 1.
    seed : 0 to 2^63 − 1. A tree depends on the seed and its own number only.

    Returns
    -------
    columns : (n_trees, 2^D − 1, n_mixed) int32, D = ⌈log2 n_sample⌉. A row goes from node k to
        2k + 2 where the sum over j of weights[k, j] · (row[columns[k, j]] − points[k, j]) is above
        0, else to 2k + 1. A node whose first column is −1 does not split.
    weights, points : the same shape, float64: the normal of the cut, and a place that it runs
        through. Where fewer columns vary than n_mixed, the others weigh 0.
    lengths : (n_trees, 2^(D+1) − 1) float64, in splits: each node's depth and the expected length
        for the rows that came there; 0 below a node that does not split.

    Source
    ------
    Hariri, Carrasco Kind, Brunner (2021), "Extended isolation forest", IEEE TKDE 33(4), algorithm
    2: a normal direction at random, through a place that is uniform in the box of the node's rows.
    We divide each column's weight by its extent in the node, so that units do not matter, and draw
    only columns that vary there.
    """
    d, limit = x.shape[1], 0
    while (1 << limit) < n_sample:
        limit += 1
    n_inner = (1 << limit) - 1
    columns = np.zeros((n_trees, n_inner, n_mixed), np.int32)
    columns[:, :, 0] = -1
    weights = np.zeros((n_trees, n_inner, n_mixed))
    points = np.zeros((n_trees, n_inner, n_mixed))
    lengths = np.zeros((n_trees, 2 * n_inner + 1))
    deck = np.arange(x.shape[0]).astype(np.int32)
    swapped = np.empty(n_sample, np.int64)
    sample = np.empty((n_sample, d))
    for tree in range(n_trees):
        state = stream(seed, first_tree + tree)
        for i in range(n_sample):
            j = i + random_below(state, deck.shape[0] - i)
            deck[i], deck[j] = deck[j], deck[i]
            swapped[i] = j
            for column in range(d):
                sample[i, column] = x[deck[i], column]
        # The swaps are taken back, so that each tree draws from the same deck.
        for i in range(n_sample - 1, -1, -1):
            j = swapped[i]
            deck[i], deck[j] = deck[j], deck[i]
        _grow(sample, state, columns[tree], weights[tree], points[tree], lengths[tree])
    return columns, weights, points, lengths


@exact_kernel
def mean_slanted_lengths(
    x: Floats,
    columns: Columns,
    weights: Floats,
    points: Floats,
    lengths: Floats,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """How many splits isolate each row, averaged over the trees; short paths are strange rows.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, with the columns that the trees were grown on.
    columns, weights, points, lengths : from ``grow_slanted_trees``.
    out : (n_rows,) float64; rows ``start`` to ``stop`` − 1 are written, in splits.
    """
    n_trees, n_inner, n_mixed = columns.shape
    # Unsigned numbers: a signed index costs a test for counting from the end.
    mixed = np.uint32(n_mixed)
    for begin in range(start, stop, _BLOCK):
        end = min(begin + _BLOCK, stop)
        out[begin:end] = 0.0
        for tree in range(n_trees):
            column, length = columns[tree].reshape(n_inner * n_mixed), lengths[tree]
            weight = weights[tree].reshape(n_inner * n_mixed)
            point = points[tree].reshape(n_inner * n_mixed)
            for r in range(begin, end):
                row, node, first = x[r], np.uint32(0), np.uint32(0)
                while node < n_inner and column[first] >= 0:
                    total = 0.0
                    for j in range(first, first + mixed):
                        total += weight[j] * (row[np.uint32(column[j])] - point[j])
                    node = node + node + _1 + np.uint32(total > 0.0)
                    first = node * mixed
                out[r] += length[node]
        for r in range(begin, end):
            out[r] /= n_trees


@exact_kernel
def slanted_shares(
    x: Floats, columns: Columns, weights: Floats, points: Floats, lengths: Floats
) -> Floats:
    """Which columns isolated each row: shares that sum to 1. Meant for a few rows.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, with the columns that the trees were grown on.
    columns, weights, points, lengths : from ``grow_slanted_trees``.

    Returns
    -------
    (n_rows, n_columns) float64, non-negative, each row summing to 1; all equal where no cut made
    the path shorter than expected.

    Source
    ------
    As ``isolation.column_shares``: each split is credited with how much shorter it made the path
    than expected. The credit is divided among the columns of the cut by how far each one moved
    the row to the side that it went.
    """
    n, d = x.shape
    n_trees, n_inner, n_mixed = columns.shape
    shares = np.zeros((n, d))
    for tree in range(n_trees):
        for r in range(n):
            node = 0
            while node < n_inner and columns[tree, node, 0] >= 0:
                cut, weight, point = columns[tree, node], weights[tree, node], points[tree, node]
                side = _side(x[r], cut, weight, point)
                below = 2 * node + 1 + side
                credit = lengths[tree, node] - lengths[tree, below]
                pull = 0.0
                for j in range(n_mixed):
                    pull += max((2 * side - 1) * weight[j] * (x[r, cut[j]] - point[j]), 0.0)
                if pull > 0.0:
                    for j in range(n_mixed):
                        own = max((2 * side - 1) * weight[j] * (x[r, cut[j]] - point[j]), 0.0)
                        shares[r, cut[j]] += credit * own / pull
                node = below
    for r in range(n):
        total = 0.0
        for j in range(d):
            shares[r, j] = max(shares[r, j], 0.0)
            total += shares[r, j]
        for j in range(d):
            shares[r, j] = shares[r, j] / total if total > 0.0 else 1.0 / d
    return shares
