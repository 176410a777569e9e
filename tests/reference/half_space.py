"""Half-space trees as nested boxes: a node's mass is how many rows of a window fell through to it.

Differs from the kernel in what it keeps: the rows of the two windows, and no masses at all.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Path = list[int]


def path(row: Floats, columns: NDArray[np.int32], cuts: Floats, height: int) -> Path:
    """The nodes that a row falls through in one tree, from the root to a leaf."""
    nodes = [0]
    for _ in range(height):
        node = nodes[-1]
        right = bool(row[columns[node]] > cuts[node])
        nodes.append(2 * node + 1 + right)
    return nodes


def mass_at_rest(own: Path, others: list[Path], least: float) -> float:
    """The mass of the first node on the way that holds no more than ``least``, times 2^depth."""
    for depth, node in enumerate(own):
        mass = sum(other[depth] == node for other in others)
        if mass <= least or depth == len(own) - 1:
            return mass * 2.0**depth
    raise AssertionError


def half_space_run(
    x: Floats, window: int, least_share: float, columns: NDArray[np.int32], cuts: Floats
) -> Floats:
    """(n,) the scores of a stream that begins with nothing; trees as the kernel has them."""
    height = int(math.log2(columns.shape[1] + 1))
    scores = np.full(len(x), np.nan)
    judging: list[Floats] = []
    filling: list[Floats] = []
    for i, row in enumerate(x):
        if not np.isfinite(row).all():
            continue
        if judging:
            means = []
            for one, at in zip(columns, cuts, strict=True):
                others = [path(other, one, at, height) for other in judging]
                own = path(row, one, at, height)
                means.append(mass_at_rest(own, others, least_share * len(judging)))
            largest = len(judging) * 2.0**height
            scores[i] = math.log2((largest + 1) / (sum(means) / len(means) + 1))
        filling.append(row)
        if len(filling) == window:
            judging, filling = filling, []
    return scores
