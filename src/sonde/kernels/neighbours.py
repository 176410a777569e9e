"""Exact nearest neighbours: a balanced k-d tree in flat arrays, searched by groups of queries."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel
from .random import random_below, stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Queries that go through the tree together: what is read serves all of them.
_GROUP = 16
# Bounds and distances are rounded differently; a branch is left out only where its bound exceeds
# the farthest neighbour by more than that (2000 columns' worth), so that no neighbour is lost.
_ROUNDING = 1.0 - 1e-12


@kernel
def _split(keys: Floats, rows: Integers, middle: int, state: NDArray[np.uint64]) -> None:
    # Reorders so that keys before ``middle`` are not above, and those from it on not below, the
    # one that comes to stand there (Hoare 1961, "Find"). Equal keys are swapped too: that halves
    # a stretch of duplicates instead of peeling it off one by one.
    low, high = 0, keys.shape[0] - 1
    while low < high:
        pivot = keys[low + random_below(state, high - low + 1)]
        i, j = low, high
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                rows[i], rows[j] = rows[j], rows[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@kernel
def build_tree(x: Floats, leaf_size: int) -> tuple[Integers, Floats, Integers, Floats, Floats]:
    """A k-d tree over the rows of ``x``: halves at the median of the widest column.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, n_rows ≥ 1. Squared differences must exist as float64:
        those above 1e150 are infinite, those below 1e−160 count as none.
    leaf_size : rows in a leaf, at most, ≥ 1; 32 is good.

    Returns
    -------
    order : (n_rows,) int64, the rows of ``x``, leaf after leaf.
    points : (n_rows · n_columns,) float64, the values leaf after leaf, and column after column
        within a leaf: those of rows ``starts[l]`` to ``starts[l + 1]`` begin at
        ``starts[l] · n_columns``.
    starts : (n_leaves + 1,) int64, n_leaves a power of two.
    lowest, highest : (2 · n_leaves − 1, n_columns) float64, the box around each node's rows; the
        children of node k are 2k + 1 and 2k + 2, the leaves come last.
    """
    n, d = x.shape
    n_leaves = 1
    while n_leaves * leaf_size < n:
        n_leaves *= 2
    n_nodes = 2 * n_leaves - 1
    lowest, highest = np.empty((n_nodes, d)), np.empty((n_nodes, d))
    begins, ends = np.zeros(n_nodes, np.int64), np.zeros(n_nodes, np.int64)
    order = np.arange(n)
    keys = np.empty(n)
    state = stream(0, 0)
    ends[0] = n
    for node in range(n_nodes):
        begin, end = begins[node], ends[node]
        low, high = lowest[node], highest[node]
        for j in range(d):
            low[j], high[j] = np.inf, -np.inf  # stays so in an empty leaf: infinitely far away
        for i in range(begin, end):
            row = x[order[i]]
            for j in range(d):
                low[j] = min(low[j], row[j])
                high[j] = max(high[j], row[j])
        if node < n_leaves - 1:
            widest = 0
            for j in range(1, d):
                if high[j] - low[j] > high[widest] - low[widest]:
                    widest = j
            for i in range(begin, end):
                keys[i] = x[order[i], widest]
            half = (end - begin + 1) // 2
            _split(keys[begin:end], order[begin:end], half, state)
            left = 2 * node + 1
            begins[left], ends[left] = begin, begin + half
            begins[left + 1], ends[left + 1] = begin + half, end
    starts = np.full(n_leaves + 1, n)
    for leaf in range(n_leaves):
        starts[leaf] = begins[n_leaves - 1 + leaf]
    points = np.empty(n * d)
    for leaf in range(n_leaves):
        begin, end = starts[leaf], starts[leaf + 1]
        for i in range(begin, end):
            for j in range(d):
                points[begin * d + j * (end - begin) + i - begin] = x[order[i], j]
    return order, points, starts, lowest, highest


@kernel
def _bounds(queries: Floats, low: Floats, high: Floats, bounds: Floats) -> None:
    # Squared distances to a box; queries is (n_columns, group).
    for g in range(bounds.shape[0]):
        bounds[g] = 0.0
    for j in range(low.shape[0]):
        column = queries[j]
        for g in range(bounds.shape[0]):
            below, above = low[j] - column[g], column[g] - high[j]
            gap = below if below > above else above
            gap = gap if gap > 0.0 else 0.0
            bounds[g] += gap * gap


@kernel
def _squares(query: Floats, points: Floats, squares: Floats) -> None:
    # Squared distances to the rows of one leaf. Four columns at a time: each time, all sums pass
    # through memory.
    n, d = squares.shape[0], query.shape[0]
    for i in range(n):
        squares[i] = 0.0
    for j in range(0, d - 3, 4):
        q0, q1, q2, q3 = query[j], query[j + 1], query[j + 2], query[j + 3]
        p0, p1 = points[j * n : (j + 1) * n], points[(j + 1) * n : (j + 2) * n]
        p2, p3 = points[(j + 2) * n : (j + 3) * n], points[(j + 3) * n : (j + 4) * n]
        for i in range(n):
            e0, e1, e2, e3 = p0[i] - q0, p1[i] - q1, p2[i] - q2, p3[i] - q3
            squares[i] += (e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3)
    for j in range(d - d % 4, d):
        column = points[j * n : (j + 1) * n]
        for i in range(n):
            gap = column[i] - query[j]
            squares[i] += gap * gap


@kernel
def _insert(square: float, row: int, squares: Floats, rows: Integers) -> None:
    # Into an ascending list of fixed length, equal ones by their row; the last one falls out.
    i = squares.shape[0] - 1
    while i > 0 and (squares[i - 1] > square or (squares[i - 1] == square and rows[i - 1] > row)):
        squares[i], rows[i] = squares[i - 1], rows[i - 1]
        i -= 1
    squares[i], rows[i] = square, row


@kernel
def _home(query: Floats, lowest: Floats, highest: Floats) -> int:
    # The leaf that is reached by going to the nearer box.
    n_inner, d = lowest.shape[0] // 2, query.shape[0]
    node = 0
    while node < n_inner:
        node = 2 * node + 1
        left, right = 0.0, 0.0
        for j in range(d):
            value = query[j]
            left += max(lowest[node, j] - value, value - highest[node, j], 0.0) ** 2
            right += max(lowest[node + 1, j] - value, value - highest[node + 1, j], 0.0) ** 2
        if right < left:
            node += 1
    return int(node - n_inner)


@kernel
def _search_group(
    queries: Floats,
    order: Integers,
    points: Floats,
    starts: Integers,
    lowest: Floats,
    highest: Floats,
    squares: Floats,
    rows: Integers,
) -> None:
    # The nearest rows of each query, ascending; squares and rows are (group, how many).
    n_group, d = queries.shape
    n_inner, last = lowest.shape[0] // 2, squares.shape[1] - 1
    columns = np.empty((d, n_group))
    for g in range(n_group):
        for j in range(d):
            columns[j, g] = queries[g, j]
        for i in range(last + 1):
            squares[g, i] = np.inf
    largest_leaf = 0
    for leaf in range(n_inner + 1):
        largest_leaf = max(largest_leaf, starts[leaf + 1] - starts[leaf])
    of_leaf = np.empty(largest_leaf)
    # Nodes to visit, the nearest on top, with each query's bound. One waits on each level.
    stack = np.zeros(66, np.int64)
    bounds = np.zeros((66, n_group))
    size = 1
    while size > 0:
        size -= 1
        node = stack[size]
        active = False
        for g in range(n_group):
            active = active or bounds[size, g] * _ROUNDING < squares[g, last]
        if active and node >= n_inner:
            begin, end = starts[node - n_inner], starts[node - n_inner + 1]
            here, part = of_leaf[: end - begin], points[begin * d : end * d]
            for g in range(n_group):
                if bounds[size, g] * _ROUNDING < squares[g, last]:
                    _squares(queries[g], part, here)
                    for i in range(end - begin):
                        if here[i] <= squares[g, last]:
                            row = order[begin + i]
                            if here[i] < squares[g, last] or row < rows[g, last]:
                                _insert(here[i], row, squares[g], rows[g])
        elif active:
            left = 2 * node + 1
            _bounds(columns, lowest[left], highest[left], bounds[size])
            _bounds(columns, lowest[left + 1], highest[left + 1], bounds[size + 1])
            stack[size], stack[size + 1] = left, left + 1
            nearer = 0.0
            for g in range(n_group):
                nearer += bounds[size + 1, g] - bounds[size, g]
            if nearer > 0.0:  # the left child is nearer: it goes on top
                stack[size], stack[size + 1] = left + 1, left
                for g in range(n_group):
                    bounds[size, g], bounds[size + 1, g] = bounds[size + 1, g], bounds[size, g]
            size += 2


@kernel
def neighbour_distances(
    queries: Floats,
    order: Integers,
    points: Floats,
    starts: Integers,
    lowest: Floats,
    highest: Floats,
    k: int,
    distances: Floats,
    where: Integers,
    start: int,
    stop: int,
) -> None:
    """Distances to the ``k`` nearest rows, one exact copy of the query left out.

    So a row that the tree holds is treated as if the tree were built without it; further copies of
    it stay, at distance 0.

    Parameters
    ----------
    queries : (n_queries, n_columns) float64, finite.
    order, points, starts, lowest, highest : from ``build_tree``.
    k : 1 ≤ k ≤ n_rows − 1.
    distances : (n_queries, k) float64; rows ``start`` to ``stop`` − 1 are written: Euclidean,
        ascending, exact. They do not depend on the other queries.
    where : (n_queries, k) int64, likewise: the rows of the tree's ``x``. Of rows at equal
        distances the first ones; of copies of the query any.

    Where there are many columns no branch can be left out; it then is a search through all rows,
    leaf by leaf.

    Source
    ------
    Friedman, Bentley, Finkel (1977), "An algorithm for finding best matches in logarithmic
    expected time", with the boxes around the rows instead of the cells.
    """
    n_leaves = starts.shape[0] - 1
    # Queries leaf after leaf, by counting: neighbours share what they read.
    homes = np.empty(stop - start, np.int64)
    places = np.zeros(n_leaves + 1, np.int64)
    for q in range(start, stop):
        homes[q - start] = _home(queries[q], lowest, highest)
        places[homes[q - start] + 1] += 1
    for leaf in range(n_leaves):
        places[leaf + 1] += places[leaf]
    in_turn = np.empty(stop - start, np.int64)
    for q in range(start, stop):
        in_turn[places[homes[q - start]]] = q
        places[homes[q - start]] += 1
    group = np.empty((_GROUP, queries.shape[1]))
    squares, rows = np.empty((_GROUP, k + 1)), np.zeros((_GROUP, k + 1), np.int64)
    for first in range(0, stop - start, _GROUP):
        n_group = min(_GROUP, stop - start - first)
        for g in range(n_group):
            for j in range(queries.shape[1]):
                group[g, j] = queries[in_turn[first + g], j]
        found, found_rows = squares[:n_group], rows[:n_group]
        _search_group(group[:n_group], order, points, starts, lowest, highest, found, found_rows)
        for g in range(n_group):
            q = in_turn[first + g]
            copies = 1 if found[g, 0] == 0.0 else 0
            for i in range(k):
                distances[q, i] = math.sqrt(found[g, i + copies])
                where[q, i] = found_rows[g, i + copies]
