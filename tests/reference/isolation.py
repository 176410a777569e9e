"""Isolation trees with lists of rows at nodes, as in the paper's algorithms."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from .random import State, random_below, random_unit, stream

Floats = NDArray[np.float64]
Columns = NDArray[np.int32]


def expected_length(n_rows: int) -> float:
    if n_rows < 3:
        return float(n_rows == 2)
    return 2 * (math.log(n_rows - 1) + 0.5772156649015329) - 2 * (n_rows - 1) / n_rows


def shuffled_start(items: list[int], count: int, state: State) -> list[int]:
    """The first ``count`` of a random order (Fisher and Yates)."""
    items = list(items)
    for i in range(count):
        j = i + random_below(state, len(items) - i)
        items[i], items[j] = items[j], items[i]
    return items[:count]


def choose_cut(rows: Floats, state: State) -> tuple[int, float] | None:
    """The first column, in random order, in which the rows differ; and where to cut."""
    columns = list(range(rows.shape[1]))
    for i in range(len(columns)):
        j = i + random_below(state, len(columns) - i)
        columns[i], columns[j] = columns[j], columns[i]
        low, high = rows[:, columns[i]].min(), rows[:, columns[i]].max()
        if low < high:
            share = random_unit(state)
            cut = low * share + high * (1 - share)
            return columns[i], cut if low < cut <= high else high
    return None


def grow_trees(
    x: Floats, n_trees: int, n_sample: int, seed: int, first_tree: int
) -> tuple[Columns, Floats, Floats]:
    limit = math.ceil(math.log2(n_sample))
    depth = max(3, limit)
    columns = np.zeros((n_trees, 2**depth - 1), np.int32)
    cuts = np.full((n_trees, 2**depth - 1), np.inf)
    lengths = np.empty((n_trees, 2**depth))
    for tree in range(n_trees):
        state = stream(seed, first_tree + tree)
        chosen = shuffled_start(list(range(len(x))), n_sample, state)
        level = [(0, x[chosen])]
        for height in range(depth + 1):
            below: list[tuple[int, Floats]] = []
            for place, rows in level:
                splits = height < limit and len(rows) > 1
                cut = choose_cut(rows, state) if splits else None
                if cut is None:
                    leaves = 2 ** (depth - height)
                    of_node = slice(place * leaves, (place + 1) * leaves)
                    lengths[tree, of_node] = height + expected_length(len(rows))
                    continue
                node = 2**height - 1 + place
                columns[tree, node], cuts[tree, node] = cut
                right = rows[:, cut[0]] >= cut[1]
                below += [(2 * place, rows[~right]), (2 * place + 1, rows[right])]
            level = below
    return columns, cuts, lengths


def path(row: Floats, columns: Columns, cuts: Floats) -> list[int]:
    """The nodes of one tree that a row comes through, the leaf included."""
    nodes = [0]
    while nodes[-1] < len(columns):
        goes_right = row[columns[nodes[-1]]] >= cuts[nodes[-1]]
        nodes.append(2 * nodes[-1] + (2 if goes_right else 1))
    return nodes


def mean_path_lengths(
    x: Floats, columns: Columns, cuts: Floats, lengths: Floats, out: Floats, start: int, stop: int
) -> None:
    for r in range(start, stop):
        leaves = [path(x[r], *tree)[-1] for tree in zip(columns, cuts, strict=True)]
        total = sum(of[leaf - len(of) + 1] for leaf, of in zip(leaves, lengths, strict=True))
        out[r] = total / len(columns)


def rows_at(node: int, cuts: Floats, lengths: Floats) -> int:
    """How many rows of the sample came to a node, from the lengths at the leaves below it."""
    if node < len(cuts) and cuts[node] < np.inf:
        return sum(rows_at(2 * node + side, cuts, lengths) for side in (1, 2))
    depth = math.floor(math.log2(node + 1))
    leaves = len(lengths) // 2**depth
    excess = lengths[(node + 1 - 2**depth) * leaves] - depth
    return min(range(1, len(lengths) + 1), key=lambda n: abs(expected_length(n) - excess))


def column_shares(x: Floats, columns: Columns, cuts: Floats, lengths: Floats) -> Floats:
    credits = np.zeros(x.shape)
    for column, cut, length in zip(columns, cuts, lengths, strict=True):
        for row, credit in zip(x, credits, strict=True):
            nodes = path(row, column, cut)
            for node, below in itertools.pairwise(nodes):
                if cut[node] == np.inf:
                    break
                before = expected_length(rows_at(node, cut, length))
                after = 1 + expected_length(rows_at(below, cut, length))
                credit[column[node]] += before - after
    credits = np.maximum(credits, 0)
    totals = credits.sum(axis=1, keepdims=True)
    equal = np.full(x.shape, 1 / x.shape[1])
    return np.where(totals > 0, credits / np.where(totals > 0, totals, 1), equal)
