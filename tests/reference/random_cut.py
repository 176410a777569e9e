"""Random cut trees as nodes that point to each other; boxes are those of the points, counted anew.

Differs from the kernel in what it is given and gives back: trees, not arrays. The numbers are
added in the same order, so that the same random numbers make the same trees to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .isolation import expected_length
from .random import State, random_unit, stream

Floats = NDArray[np.float64]
Point = tuple[float, ...]


@dataclass
class Leaf:
    point: Point
    count: int = 1

    def points(self) -> list[Point]:
        return [self.point]


@dataclass
class Inner:
    column: int
    cut: float
    left: Leaf | Inner
    right: Leaf | Inner

    @property
    def count(self) -> int:
        return self.left.count + self.right.count

    def points(self) -> list[Point]:
        return self.left.points() + self.right.points()

    def side(self, point: Point) -> str:
        return "left" if point[self.column] <= self.cut else "right"


@dataclass
class Tree:
    random: State
    root: Leaf | Inner | None = None
    held: list[tuple[float, Point]] = field(default_factory=list)


def added(values: Iterable[float]) -> float:
    """From left to right; ``sum`` keeps more digits than that."""
    total = 0.0
    for value in values:
        total += value
    return total


def box(node: Leaf | Inner) -> list[tuple[float, float]]:
    return [(min(column), max(column)) for column in zip(*node.points(), strict=True)]


def outside(node: Leaf | Inner, point: Point) -> list[float]:
    """How far the point lies outside of the node's box, a column each."""
    return [
        max(low - value, 0.0) + max(value - high, 0.0)
        for (low, high), value in zip(box(node), point, strict=True)
    ]


def sides(node: Leaf | Inner) -> float:
    return added(high - low for low, high in box(node))


def depth_in(node: Leaf | Inner, point: Point, depth: float = 1.0) -> float:
    """The expected depth of the point's leaf: by chance it is cut off here, or goes on below."""
    beyond = added(outside(node, point))
    if isinstance(node, Leaf):
        return depth if beyond > 0 else depth - 1 + expected_length(node.count + 1)
    apart = beyond / (sides(node) + beyond)
    below = depth_in(getattr(node, node.side(point)), point, depth + 1)
    return apart * depth + (1 - apart) * below


def cut_off(node: Leaf | Inner, point: Point, offset: float) -> Inner:
    """The node that cuts the point from all below ``node``, ``offset`` into what it adds."""
    added_last: tuple[int, float, bool] | None = None
    for j, ((low, high), value) in enumerate(zip(box(node), point, strict=True)):
        if low <= value <= high:
            continue
        start, stop = (value, low) if value < low else (high, value)
        cut = start + offset if start <= start + offset < stop else start
        added_last = j, cut, value < low
        if offset < stop - start:
            break
        offset -= stop - start
    assert added_last is not None
    column, cut, is_left = added_last
    new = Leaf(point)
    return Inner(column, cut, new, node) if is_left else Inner(column, cut, node, new)


def inserted(node: Leaf | Inner | None, point: Point, random: State) -> Leaf | Inner:
    """Algorithm 1."""
    if node is None:
        return Leaf(point)
    beyond = added(outside(node, point))
    if isinstance(node, Leaf):
        if beyond == 0:
            return Leaf(point, node.count + 1)
        return cut_off(node, point, random_unit(random) * beyond)
    offset = random_unit(random) * (sides(node) + beyond)
    if offset < beyond:
        return cut_off(node, point, offset)
    side = node.side(point)
    setattr(node, side, inserted(getattr(node, side), point, random))
    return node


def deleted(node: Leaf | Inner, point: Point) -> Leaf | Inner | None:
    """Algorithm 2."""
    if isinstance(node, Leaf):
        return Leaf(point, node.count - 1) if node.count > 1 else None
    side = node.side(point)
    rest = deleted(getattr(node, side), point)
    if rest is None:
        return node.right if side == "left" else node.left
    setattr(node, side, rest)
    return node


def learn(tree: Tree, point: Point, age: float, most: int) -> None:
    lifetime = -math.log(1.0 - random_unit(tree.random))
    weight = math.log(max(lifetime, 1e-18)) - age
    if len(tree.held) == most:
        oldest = max(tree.held)
        if weight >= oldest[0]:
            return
        tree.held.remove(oldest)
        assert tree.root is not None
        tree.root = deleted(tree.root, oldest[1])
    tree.root = inserted(tree.root, point, tree.random)
    tree.held.append((weight, point))


def random_cut_run(
    x: Floats, time_decay: float, scale: Floats, shingle: int, n_trees: int, most: int, seed: int
) -> tuple[Floats, list[Tree]]:
    """The scores of all rows of a stream, and the trees behind its last."""
    trees = [Tree(stream(seed, t)) for t in range(n_trees)]
    scores = np.full(len(x), np.nan)
    recent: list[Point] = []
    for i, row in enumerate(x):
        if not np.isfinite(row).all():
            recent = []
            continue
        z = (row - scale[0]) / scale[1]
        recent.append(tuple(max(min(v, 1e9), -1e9) for v in z.tolist()))
        if len(recent) < shingle:
            continue
        point = tuple(v for part in recent[-shingle:] for v in part)
        held = len(trees[0].held)
        if held:
            depths = [depth_in(tree.root, point) for tree in trees if tree.root is not None]
            usual = max(expected_length(held), 1.0)
            scores[i] = usual / max(added(depths) / len(trees), 1e-6)
        for tree in trees:
            learn(tree, point, time_decay * (i + 1), most)
    return scores, trees
