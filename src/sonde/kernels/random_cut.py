"""Random cut trees that take a row in and let a row go, and the score of a row not yet in them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .isolation import expected_length
from .random import random_unit

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Bits = NDArray[np.uint64]

# Entries of a node. Nodes 0 … m − 2 are inner ones, m − 1 … 2m − 2 leaves.
PARENT, LEFT, RIGHT, COUNT, COLUMN, N_LINKS = 0, 1, 2, 3, 4, 5
# Entries of ``heads``: the root, the leaves in use, the rows held.
ROOT, LEAVES, HELD, N_HEADS = 0, 1, 2, 3
# Entries of ``clock``: rows seen, rows since the last gap.
ROWS, KNOWN, N_CLOCK = 0, 1, 2
# Rows of ``spare``: the inner nodes and leaves that are free, behind as many as are in use.
INNER, LEAF = 0, 1
NONE = -1

FARTHEST = 1e9  # standardised values end here, so that no sum of ranges overflows
SMALLEST = 1e-18  # of an exponential variate: its logarithm must be finite
_SHALLOWEST = 1e-6  # expected depth of a row infinitely far away


@exact_kernel
def _extension(boxes: Floats, t: int, node: int, point: Floats) -> tuple[float, float]:
    # By how much the point stretches the box, and the sum of the stretched box's sides.
    beyond, total = 0.0, 0.0
    for j in range(point.shape[0]):
        low, high, value = boxes[t, node, 0, j], boxes[t, node, 1, j], point[j]
        total += high - low
        beyond += max(low - value, 0.0) + max(value - high, 0.0)
    return beyond, total + beyond


@exact_kernel
def _distance(points: Floats, t: int, leaf: int, point: Floats) -> float:
    total = 0.0
    for j in range(point.shape[0]):
        total += abs(points[t, leaf, j] - point[j])
    return total


@exact_kernel
def _credit(
    shares: Floats, i: int, boxes: Floats, t: int, node: int, point: Floats, credit: float
) -> None:
    # Divide a credit among the columns by how far the point lies outside the box in each.
    beyond, _ = _extension(boxes, t, node, point)
    d = shares.shape[1]
    for j in range(point.shape[0]):
        value = point[j]
        outside = max(boxes[t, node, 0, j] - value, 0.0) + max(value - boxes[t, node, 1, j], 0.0)
        shares[i, j % d] += credit * (outside / beyond)


@exact_kernel
def _depth(
    t: int,
    point: Floats,
    nodes: Numbers,
    cuts: Floats,
    boxes: Floats,
    points: Floats,
    heads: Numbers,
    shares: Floats,
    i: int,
) -> float:
    # The expected depth of the leaf that taking the point in would make. Row i of ``shares`` is
    # added to where there are any.
    node, left_over, expected = int(heads[t, ROOT]), 1.0, 0.0
    n_inner, depth = cuts.shape[1], 1.0
    while node < n_inner:
        beyond, total = _extension(boxes, t, node, point)
        if beyond > 0.0:
            apart = left_over * (beyond / total)
            expected += apart * depth
            left_over -= apart
            if shares.shape[0] > 0:
                _credit(shares, i, boxes, t, node, point, apart / depth)
        side = LEFT + int(point[nodes[t, node, COLUMN]] > cuts[t, node])
        node = int(nodes[t, node, side])
        depth += 1.0
    leaf = node - n_inner
    distance = _distance(points, t, leaf, point)
    if distance > 0.0:
        for j in range(point.shape[0] if shares.shape[0] > 0 else 0):
            share = abs(points[t, leaf, j] - point[j]) / distance
            shares[i, j % shares.shape[1]] += left_over / depth * share
    else:
        # One of several equal rows: as deep as if more cuts could tell them apart.
        depth += expected_length(nodes[t, node, COUNT] + 1) - 1.0
    return expected + left_over * depth


@exact_kernel
def _stretch(boxes: Floats, t: int, node: int, point: Floats) -> None:
    for j in range(point.shape[0]):
        boxes[t, node, 0, j] = min(boxes[t, node, 0, j], point[j])
        boxes[t, node, 1, j] = max(boxes[t, node, 1, j], point[j])


@exact_kernel
def _choose_cut(
    boxes: Floats, t: int, node: int, point: Floats, offset: float
) -> tuple[int, float, bool]:
    # The cut ``offset`` into what the point adds to the box: column, place, point to the left.
    column, cut, is_left = 0, 0.0, False
    for j in range(point.shape[0]):
        low, high, value = boxes[t, node, 0, j], boxes[t, node, 1, j], point[j]
        start, stop = value, low
        if value > high:
            start, stop = high, value
        elif value >= low:
            continue
        column, is_left = j, value < low
        cut = start + offset
        if not start <= cut < stop:  # rounding, or a later column's turn
            cut = start
        if offset < stop - start:
            break
        offset -= stop - start
    return column, cut, is_left


@exact_kernel
def _replace_child(t: int, nodes: Numbers, heads: Numbers, parent: int, old: int, new: int) -> None:
    nodes[t, new, PARENT] = parent
    if parent == NONE:
        heads[t, ROOT] = new
    elif nodes[t, parent, LEFT] == old:
        nodes[t, parent, LEFT] = new
    else:
        nodes[t, parent, RIGHT] = new


@exact_kernel
def _copy_box(t: int, node: int, source: int, boxes: Floats, points: Floats) -> None:
    n_inner = boxes.shape[1]
    for j in range(points.shape[2]):
        if source < n_inner:
            boxes[t, node, 0, j] = boxes[t, source, 0, j]
            boxes[t, node, 1, j] = boxes[t, source, 1, j]
        else:
            boxes[t, node, 0, j] = points[t, source - n_inner, j]
            boxes[t, node, 1, j] = points[t, source - n_inner, j]


@exact_kernel
def _insert(
    t: int,
    point: Floats,
    nodes: Numbers,
    cuts: Floats,
    boxes: Floats,
    points: Floats,
    spare: Numbers,
    heads: Numbers,
    random: Bits,
) -> int:
    # The leaf that holds the point from now on; the tree is as if it had been there all along.
    n_inner = cuts.shape[1]
    node, offset = int(heads[t, ROOT]), 0.0
    while heads[t, LEAVES] > 0:
        if node >= n_inner:
            total = _distance(points, t, node - n_inner, point)
            if total == 0.0:
                nodes[t, node, COUNT] += 1
                return int(node - n_inner)
            offset = random_unit(random[t]) * total
            break
        beyond, total = _extension(boxes, t, node, point)
        offset = random_unit(random[t]) * total
        if offset < beyond:
            break
        nodes[t, node, COUNT] += 1
        _stretch(boxes, t, node, point)
        side = LEFT + int(point[nodes[t, node, COLUMN]] > cuts[t, node])
        node = int(nodes[t, node, side])
    leaf = int(spare[t, LEAF, heads[t, LEAVES]])
    new = n_inner + leaf
    for j in range(point.shape[0]):
        points[t, leaf, j] = point[j]
    nodes[t, new, COUNT] = 1
    if heads[t, LEAVES] == 0:
        nodes[t, new, PARENT] = NONE
        heads[t, ROOT] = new
        heads[t, LEAVES] = 1
        return leaf
    above = int(spare[t, INNER, heads[t, LEAVES] - 1])
    heads[t, LEAVES] += 1
    _copy_box(t, above, node, boxes, points)
    column, cut, is_left = _choose_cut(boxes, t, above, point, offset)
    _stretch(boxes, t, above, point)
    cuts[t, above] = cut
    _replace_child(t, nodes, heads, int(nodes[t, node, PARENT]), node, above)
    nodes[t, above, LEFT] = new if is_left else node
    nodes[t, above, RIGHT] = node if is_left else new
    nodes[t, above, COUNT] = nodes[t, node, COUNT] + 1
    nodes[t, above, COLUMN] = column
    nodes[t, node, PARENT] = above
    nodes[t, new, PARENT] = above
    return leaf


@exact_kernel
def _touches(boxes: Floats, t: int, node: int, points: Floats, leaf: int) -> bool:
    for j in range(points.shape[2]):
        value = points[t, leaf, j]
        if value <= boxes[t, node, 0, j] or value >= boxes[t, node, 1, j]:
            return True
    return False


@exact_kernel
def _box_of_children(t: int, node: int, nodes: Numbers, boxes: Floats, points: Floats) -> None:
    n_inner = boxes.shape[1]
    left, right = int(nodes[t, node, LEFT]), int(nodes[t, node, RIGHT])
    _copy_box(t, node, left, boxes, points)
    for j in range(points.shape[2]):
        if right < n_inner:
            low, high = boxes[t, right, 0, j], boxes[t, right, 1, j]
        else:
            low, high = points[t, right - n_inner, j], points[t, right - n_inner, j]
        boxes[t, node, 0, j] = min(boxes[t, node, 0, j], low)
        boxes[t, node, 1, j] = max(boxes[t, node, 1, j], high)


@exact_kernel
def _delete(
    t: int,
    leaf: int,
    nodes: Numbers,
    boxes: Floats,
    points: Floats,
    spare: Numbers,
    heads: Numbers,
) -> None:
    # One row of the leaf goes; the tree is as if it had never been there.
    node = boxes.shape[1] + leaf
    nodes[t, node, COUNT] -= 1
    above = int(nodes[t, node, PARENT])
    shrinks = nodes[t, node, COUNT] == 0
    if shrinks:
        heads[t, LEAVES] -= 1
        spare[t, LEAF, heads[t, LEAVES]] = leaf
        if above == NONE:
            return
        spare[t, INNER, heads[t, LEAVES] - 1] = above
        sibling = int(nodes[t, above, LEFT])
        if sibling == node:
            sibling = int(nodes[t, above, RIGHT])
        parent = int(nodes[t, above, PARENT])
        nodes[t, above, COUNT] = 0
        _replace_child(t, nodes, heads, parent, above, sibling)
        above = parent
    while above != NONE:
        nodes[t, above, COUNT] -= 1
        # A box that the row lay inside of stays, and so do all around it.
        shrinks = shrinks and _touches(boxes, t, above, points, leaf)
        if shrinks:
            _box_of_children(t, above, nodes, boxes, points)
        above = int(nodes[t, above, PARENT])


@exact_kernel
def _put_last(t: int, weight: float, leaf: int, weights: Floats, items: Numbers, held: int) -> None:
    # Into a heap with the largest weight first.
    i = held
    while i > 0 and weights[t, (i - 1) // 2] < weight:
        weights[t, i], items[t, i] = weights[t, (i - 1) // 2], items[t, (i - 1) // 2]
        i = (i - 1) // 2
    weights[t, i], items[t, i] = weight, leaf


@exact_kernel
def _put_first(t: int, weight: float, leaf: int, weights: Floats, items: Numbers) -> None:
    # In place of the heap's first.
    i, n = 0, weights.shape[1]
    while 2 * i + 1 < n:
        below = 2 * i + 1
        if below + 1 < n and weights[t, below + 1] > weights[t, below]:
            below += 1
        if weights[t, below] <= weight:
            break
        weights[t, i], items[t, i] = weights[t, below], items[t, below]
        i = below
    weights[t, i], items[t, i] = weight, leaf


@exact_kernel
def _learn(
    t: int,
    point: Floats,
    age: float,
    nodes: Numbers,
    cuts: Floats,
    boxes: Floats,
    points: Floats,
    spare: Numbers,
    weights: Floats,
    items: Numbers,
    heads: Numbers,
    random: Bits,
) -> None:
    # Draw whether the tree keeps the row, and which row it gives up for it.
    lifetime = -math.log(1.0 - random_unit(random[t]))
    weight = math.log(max(lifetime, SMALLEST)) - age
    held = int(heads[t, HELD])
    if held < weights.shape[1]:
        leaf = _insert(t, point, nodes, cuts, boxes, points, spare, heads, random)
        _put_last(t, weight, leaf, weights, items, held)
        heads[t, HELD] = held + 1
    elif weight < weights[t, 0]:
        _delete(t, int(items[t, 0]), nodes, boxes, points, spare, heads)
        leaf = _insert(t, point, nodes, cuts, boxes, points, spare, heads, random)
        _put_first(t, weight, leaf, weights, items)


@exact_kernel
def _take_in(row: Floats, scale: Floats, clock: NDArray[np.int64], recent: Floats) -> bool:
    # The row standardised behind the recent ones; whether there are enough without a gap.
    clock[ROWS] += 1
    for j in range(row.shape[0]):
        if not np.isfinite(row[j]):
            clock[KNOWN] = 0
            return False
    for i in range(recent.shape[0] - 1):
        recent[i] = recent[i + 1]
    last = recent.shape[0] - 1
    for j in range(row.shape[0]):
        z = (row[j] - scale[0, j]) / scale[1, j]
        recent[last, j] = min(max(z, -FARTHEST), FARTHEST)
    clock[KNOWN] += 1
    return bool(clock[KNOWN] > last)


@exact_kernel
def random_cut_run(
    x: Floats,
    time_decay: float,
    clock: NDArray[np.int64],
    scale: Floats,
    recent: Floats,
    nodes: Numbers,
    cuts: Floats,
    boxes: Floats,
    points: Floats,
    spare: Numbers,
    weights: Floats,
    items: Numbers,
    heads: Numbers,
    random: Bits,
    scores: Floats,
    shares: Floats,
) -> None:
    """Score each row with the forest before it, then learn it; the forest is changed in place.

    Parameters
    ----------
    x : (n, d) float64; a row with NaN or infinity gets no score and is not learned, nor are the
        next k − 1 rows.
    time_decay : by how much a held row's logarithmic weight falls behind a new one's, per row.
    clock : (2,) int64: rows seen, rows since the last gap.
    scale : (2, d): what is subtracted from a column and what it is divided by, above 0.
    recent : (k, d): the last k rows without a gap, standardised, oldest first. A point of the
        trees is all of it, k·d numbers.
    nodes : (trees, 2m − 1, 5) int32: parent, left, right, rows below, column of the cut.
    cuts : (trees, m − 1): values up to the cut go left.
    boxes : (trees, m − 1, 2, k·d): the least and the greatest of the points below an inner node.
    points : (trees, m, k·d): the point of each leaf; equal rows share a leaf.
    spare : (trees, 2, m) int32: inner nodes and leaves; behind as many as are in use, the free.
    weights, items : (trees, m): the rows held, as a heap with the one first that goes next, and
        the leaf each is in.
    heads : (trees, 3) int32: root, leaves in use, rows held.
    random : (trees, 1) uint64: the state of each tree's random numbers.
    scores : (n,) out, above 0: usual / depth, where depth is the expected depth of the row's
        leaf, were it taken in, mean of the trees, and usual that in a random tree of as many rows;
        NaN while nothing is held.
    shares : (n, d) out, 0 or more: how much each column's cuts would set the row apart, early
        cuts counting more; (0, d) where not wanted.

    Source
    ------
    Guha, Mishra, Roy, Schrijvers (2016), Robust random cut forest based anomaly detection on
    streams, ICML: definition 1, algorithms 1 (insertion) and 2 (deletion). The score ranks
    as that of Liu, Ting, Zhou (2008), Isolation forest, equations 1 and 2, with the depth's
    expectation over the cut that insertion would draw. Rows are held by weighted sampling:
    Efraimidis, Spirakis (2006), Weighted random sampling with a reservoir, algorithm A-Res, with
    weights that grow exponentially in time.
    """
    n_trees = heads.shape[0]
    point = recent.reshape(recent.size)
    for i in range(x.shape[0]):
        scores[i] = np.nan
        if shares.shape[0] > 0:
            shares[i] = 0.0
        if not _take_in(x[i], scale, clock, recent):
            continue
        if heads[0, HELD] > 0:
            total = 0.0
            for t in range(n_trees):
                total += _depth(t, point, nodes, cuts, boxes, points, heads, shares, i)
            usual = max(expected_length(heads[0, HELD]), 1.0)
            scores[i] = usual / max(total / n_trees, _SHALLOWEST)
        age = time_decay * clock[ROWS]
        for t in range(n_trees):
            _learn(t, point, age, nodes, cuts, boxes, points, spare, weights, items, heads, random)
