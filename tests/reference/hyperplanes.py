"""Slanted isolation trees with lists of rows at nodes, as in the paper's algorithms."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from .isolation import expected_length, shuffled_start
from .random import State, random_below, random_unit, stream

Floats = NDArray[np.float64]
Columns = NDArray[np.int32]
Cut = list[tuple[int, float, float]]  # column, weight, point


def normal(state: State) -> float:
    """A normal number from two uniform ones (Box and Muller)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - random_unit(state)))
    return radius * math.cos(2.0 * math.pi * random_unit(state))


def choose_cut(rows: Floats, n_mixed: int, state: State) -> Cut:
    """Up to ``n_mixed`` columns that vary, in random order; nothing where none does."""
    columns, cut = list(range(rows.shape[1])), Cut()
    for i in range(len(columns)):
        if len(cut) == n_mixed:
            break
        j = i + random_below(state, len(columns) - i)
        columns[i], columns[j] = columns[j], columns[i]
        low, high = rows[:, columns[i]].min(), rows[:, columns[i]].max()
        if high - low > 1e-150:
            weight = normal(state) / (high - low)
            cut.append((columns[i], weight, low + (high - low) * random_unit(state)))
    return cut


def goes_right(row: Floats, cut: Cut) -> bool:
    total = 0.0
    for column, weight, point in cut:
        total += weight * (row[column] - point)
    return total > 0.0


def grow_slanted_trees(
    x: Floats, n_trees: int, n_sample: int, n_mixed: int, seed: int, first_tree: int
) -> tuple[Columns, Floats, Floats, Floats]:
    limit = math.ceil(math.log2(n_sample))
    n_inner = 2**limit - 1
    columns = np.zeros((n_trees, n_inner, n_mixed), np.int32)
    columns[:, :, 0] = -1
    weights, points = np.zeros(columns.shape), np.zeros(columns.shape)
    lengths = np.zeros((n_trees, 2 * n_inner + 1))
    for tree in range(n_trees):
        state = stream(seed, first_tree + tree)
        level = [(0, x[shuffled_start(list(range(len(x))), n_sample, state)])]
        for depth in range(limit + 1):
            below: list[tuple[int, Floats]] = []
            for node, rows in level:
                lengths[tree, node] = depth + expected_length(len(rows))
                if depth == limit or len(rows) < 2:
                    continue
                cut = choose_cut(rows, n_mixed, state)
                if cut:
                    for j, (column, weight, point) in enumerate(cut):
                        columns[tree, node, j] = column
                        weights[tree, node, j], points[tree, node, j] = weight, point
                    right = np.array([goes_right(row, cut) for row in rows])
                    below += [(2 * node + 1, rows[~right]), (2 * node + 2, rows[right])]
            level = below
    return columns, weights, points, lengths


def path(row: Floats, columns: Columns, weights: Floats, points: Floats) -> list[int]:
    """The nodes of one tree that a row comes through."""
    nodes = [0]
    while nodes[-1] < len(columns) and columns[nodes[-1], 0] >= 0:
        cut = cut_at(nodes[-1], columns, weights, points)
        nodes.append(2 * nodes[-1] + (2 if goes_right(row, cut) else 1))
    return nodes


def cut_at(node: int, columns: Columns, weights: Floats, points: Floats) -> Cut:
    return list(zip(columns[node].tolist(), weights[node], points[node], strict=True))


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
    for r in range(start, stop):
        trees = zip(columns, weights, points, strict=True)
        ends = [path(x[r], *tree)[-1] for tree in trees]
        out[r] = sum(of[end] for end, of in zip(ends, lengths, strict=True)) / len(columns)


def slanted_shares(
    x: Floats, columns: Columns, weights: Floats, points: Floats, lengths: Floats
) -> Floats:
    credits = np.zeros(x.shape)
    for *tree, length in zip(columns, weights, points, lengths, strict=True):
        for row, credit in zip(x, credits, strict=True):
            nodes = path(row, *tree)
            for node, below in itertools.pairwise(nodes):
                sign = 1 if below == 2 * node + 2 else -1
                cut = cut_at(node, *tree)
                pulls = [max(sign * weight * (row[c] - point), 0.0) for c, weight, point in cut]
                if sum(pulls) > 0:
                    for (column, _, _), pull in zip(cut, pulls, strict=True):
                        credit[column] += (length[node] - length[below]) * pull / sum(pulls)
    credits = np.maximum(credits, 0)
    totals = credits.sum(axis=1, keepdims=True)
    equal = np.full(x.shape, 1 / x.shape[1])
    return np.where(totals > 0, credits / np.where(totals > 0, totals, 1), equal)
