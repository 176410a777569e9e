"""Exact nearest neighbours among rows of many columns: block by block, far rows left out cheaply.

In many columns a tree leaves nothing out, and all distances are wanted. A matrix product of single
precision gives a lower bound of each; only rows whose bound is not above the farthest neighbour
found so far get their distance in double precision, always by the same sum. So what is found does
not depend on how the product was rounded, nor on which queries came together.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Integers = NDArray[np.int64]

BLOCK_ROWS = 1024
_GROUP = 1024  # queries that meet a block together: their products stay in the cache
_FEW = 8  # so few queries are compared with each row at once, without bounds
_STRETCH = 32  # products that are looked at together
_CLIP = 2.0**20  # from here on a query is far from a block, however far
# A box is left out only where it is farther by more than its bound may be rounded, see neighbours.
_ROUNDING = 1.0 - 1e-12


@dataclass(frozen=True, eq=False)
class Blocks:
    """The rows of a tree, block after block, ready for products.

    A block is what lies below one node: all nodes of one level.

    Parameters
    ----------
    rows : (n_rows, n_columns) float64.
    order : (n_rows,) int64, the rows, block after block.
    starts : (n_blocks + 1,) int64, where each begins.
    lowest, highest : (n_blocks, n_columns) float64, the box around each.
    near : (n_rows, n_columns + 1) float32, block after block: −2 times the row, from the block's
        centre and in its unit, and the squared length less what rounding may add; empty where
        the queries are few.
    centres, units : (n_blocks, n_columns) and (n_blocks,) float64.
    """

    rows: Floats
    order: Integers
    starts: Integers
    lowest: Floats
    highest: Floats
    near: Singles
    centres: Floats
    units: Floats


def blocks_of(
    rows: Floats,
    order: Integers,
    starts: Integers,
    lowest: Floats,
    highest: Floats,
    n_queries: int,
) -> Blocks:
    """The rows of a tree in blocks, for that many queries; the arrays are from ``build_tree``."""
    n, d = rows.shape
    n_leaves, n_blocks = len(starts) - 1, 1
    while n_blocks < n_leaves and n_blocks * BLOCK_ROWS < n:
        n_blocks *= 2
    starts = starts[:: n_leaves // n_blocks]
    nodes = slice(n_blocks - 1, 2 * n_blocks - 1)  # a level of the tree
    lowest, highest = lowest[nodes], highest[nodes]
    centres, units = np.zeros((n_blocks, d)), np.ones(n_blocks)
    near = np.empty((n if n_queries > _FEW else 0, d + 1), np.float32)
    lengths = np.empty(int(np.diff(starts).max()))
    for block, (begin, end) in enumerate(itertools.pairwise(starts.tolist())):
        if begin == end or not len(near):
            continue
        mine, singles = order[begin:end], near[begin:end]
        centre = rows[mine].mean(axis=0)
        largest = float(np.maximum(highest[block] - centre, centre - lowest[block]).max())
        if largest > 0.0:  # a power of two: dividing by it rounds nothing
            units[block] = 2.0 ** max(math.frexp(largest)[1], -1022)
        brought_near(rows, mine, centre, float(units[block]), _rounding(d), singles, lengths)
        singles *= np.float32(-2.0)
        singles[:, d] = lengths[: end - begin]
        centres[block] = centre
    return Blocks(rows, order, starts, lowest, highest, near, centres, units)


def _rounding(n_columns: int) -> float:
    # Both rows rounded to single precision: 4 units of 2^−24, times the sum of the squared lengths;
    # the product and its sum: 2 n_columns + 4; the squared length and the limit: 2. Some to spare.
    return (2 * n_columns + 16) * 2.0**-24


def block_neighbours(
    queries: Floats,
    blocks: Blocks,
    k: int,
    distances: Floats,
    where: Integers,
    start: int,
    stop: int,
) -> None:
    """Distances to the ``k`` nearest rows, one exact copy of the query left out.

    As ``neighbour_distances``; fast where there are many columns. Matrix products take the threads
    that NumPy's library takes for them.
    """
    mine = queries[start:stop]
    bounds = np.empty((len(mine), len(blocks.starts) - 1))
    box_distances(mine, blocks.lowest, blocks.highest, bounds)
    in_turn = np.argsort(np.argmin(bounds, axis=1), kind="stable")
    buffer = np.empty(_GROUP * int(np.diff(blocks.starts).max()), np.float32)
    for first in range(0, len(mine), _GROUP):
        chosen = in_turn[first : first + _GROUP]
        squares, rows = _of_group(mine[chosen], bounds[chosen], blocks, k + 1, buffer)
        copied = squares[:, :1] == 0.0
        distances[start + chosen] = np.sqrt(np.where(copied, squares[:, 1:], squares[:, :-1]))
        where[start + chosen] = np.where(copied, rows[:, 1:], rows[:, :-1])


def _of_group(
    queries: Floats, bounds: Floats, blocks: Blocks, k: int, buffer: Singles
) -> tuple[Floats, Integers]:
    # (n, k) squared distances, ascending, and rows.
    n, d = queries.shape
    squares, rows = np.full((n, k), np.inf), np.zeros((n, k), np.int64)
    singles, lengths = np.empty((n, d + 1), np.float32), np.empty(n)
    for block in np.argsort(np.minimum(bounds, 1e300).sum(axis=0), kind="stable").tolist():
        begin, end = int(blocks.starts[block]), int(blocks.starts[block + 1])
        which = np.flatnonzero(bounds[:, block] * _ROUNDING < squares[:, -1])
        if begin == end or not len(which):
            continue
        if len(which) <= _FEW or not len(blocks.near):
            take_all(queries, which, blocks.rows, blocks.order[begin:end], squares, rows)
            continue
        unit = float(blocks.units[block])
        brought_near(queries, which, blocks.centres[block], unit, _rounding(d), singles, lengths)
        products = buffer[: len(which) * (end - begin)].reshape(len(which), end - begin)
        np.matmul(singles[: len(which)], blocks.near[begin:end].T, out=products)
        take_near(
            products,
            lengths,
            unit,
            queries,
            which,
            blocks.rows,
            blocks.order[begin:end],
            squares,
            rows,
        )
    return squares, rows


@kernel
def box_distances(queries: Floats, lowest: Floats, highest: Floats, bounds: Floats) -> None:
    """Squared distances of each query to each box, 0 inside.

    Parameters
    ----------
    queries : (n_queries, n_columns) float64, finite.
    lowest, highest : (n_boxes, n_columns) float64; an empty box has them at ∞ and −∞.
    bounds : (n_queries, n_boxes) float64, written.
    """
    for q in range(queries.shape[0]):
        for box in range(lowest.shape[0]):
            total = 0.0
            for j in range(queries.shape[1]):
                gap = max(lowest[box, j] - queries[q, j], queries[q, j] - highest[box, j])
                gap = gap if gap > 0.0 else 0.0
                total += gap * gap
            bounds[q, box] = total


@kernel
def brought_near(
    queries: Floats,
    which: Integers,
    centre: Floats,
    unit: float,
    rounding: float,
    singles: Singles,
    lengths: Floats,
) -> None:
    """Queries as a block sees them: from its centre, in its unit, in single precision.

    Parameters
    ----------
    queries : (n_queries, n_columns) float64, finite.
    which : (n_chosen,) int64, the queries to take.
    centre : (n_columns,) float64; ``unit`` > 0.
    rounding : share of a squared length that rounding may add.
    singles : (≥ n_chosen, n_columns + 1) float32, written; the last column is 1. Clipping to
        ±2^20 units moves no query away from a row within one unit.
    lengths : (≥ n_chosen,) float64, written: squared lengths, less ``rounding``.
    """
    for g in range(which.shape[0]):
        query, out = queries[which[g]], singles[g]
        length = 0.0
        for j in range(centre.shape[0]):
            value = np.float32(min(max((query[j] - centre[j]) / unit, -_CLIP), _CLIP))
            out[j] = value
            length += np.float64(value) * np.float64(value)
        out[centre.shape[0]] = np.float32(1.0)
        lengths[g] = length * (1.0 - rounding)


@kernel
def _square(a: Floats, b: Floats) -> float:
    total = 0.0
    for j in range(a.shape[0]):
        gap = a[j] - b[j]
        total += gap * gap
    return total


@kernel
def _insert(square: float, row: int, squares: Floats, rows: Integers) -> None:
    # Into an ascending list of fixed length, equal squares by their row; the last one falls out.
    i = squares.shape[0] - 1
    while i > 0 and (squares[i - 1] > square or (squares[i - 1] == square and rows[i - 1] > row)):
        squares[i], rows[i] = squares[i - 1], rows[i - 1]
        i -= 1
    squares[i], rows[i] = square, row


@kernel
def _offer(query: Floats, rows: Floats, row: int, squares: Floats, found: Integers) -> None:
    square, last = _square(query, rows[row]), squares.shape[0] - 1
    if square < squares[last] or (square == squares[last] and row < found[last]):
        _insert(square, row, squares, found)


@kernel
def take_all(
    queries: Floats,
    which: Integers,
    rows: Floats,
    block: Integers,
    squares: Floats,
    found: Integers,
) -> None:
    """Put the rows of a block among the nearest of some queries.

    Parameters
    ----------
    queries : (n_queries, n_columns) float64, finite.
    which : (n_chosen,) int64, the queries to compare.
    rows : (n_rows, n_columns) float64, finite.
    block : (n_block,) int64, the rows to compare, none of them there already.
    squares, found : (n_queries, k) float64 and int64: squared distances, ascending, and their rows;
        of equal ones the first rows. Infinite where there is none yet.
    """
    for g in range(which.shape[0]):
        for i in range(block.shape[0]):
            _offer(queries[which[g]], rows, block[i], squares[which[g]], found[which[g]])


@kernel
def _limit(square: float, length: float, unit: float) -> np.float32:
    # What a product may be at most, rounded up; the last term is for what is too small for float32.
    limit = square / unit / unit - length
    if limit > 1e38:
        return np.float32(np.inf)
    return np.float32(limit + abs(limit) * 2.0**-23 + 1e-30)


@kernel
def _any_below(products: Singles, limit: np.float32) -> bool:
    # Counted in float32: that is what the compiler makes vectors of.
    count = np.float32(0.0)
    for i in range(products.shape[0]):
        count += np.float32(1.0) if products[i] <= limit else np.float32(0.0)
    return count > 0.0  # type: ignore[return-value]


@kernel
def _not_above(products: Singles, lanes: Singles, least: Singles) -> np.float32:
    # A value that at least len(least) products do not exceed, and few more: the last of the least
    # among the minima of every len(lanes)-th. Infinite where there are too few for that.
    n_lanes, k = lanes.shape[0], least.shape[0]
    if 2 * k > n_lanes or n_lanes > products.shape[0]:
        return np.float32(np.inf)
    for lane in range(n_lanes):
        lanes[lane] = products[lane]
    for begin in range(n_lanes, products.shape[0] - n_lanes + 1, n_lanes):
        part = products[begin : begin + n_lanes]
        for lane in range(n_lanes):
            lanes[lane] = part[lane] if part[lane] < lanes[lane] else lanes[lane]
    for i in range(k):
        least[i] = np.float32(np.inf)
    for lane in range(n_lanes):
        value = lanes[lane]
        if value < least[k - 1]:
            i = k - 1
            while i > 0 and least[i - 1] > value:
                least[i] = least[i - 1]
                i -= 1
            least[i] = value
    return least[k - 1]  # type: ignore[no-any-return]


@kernel
def _take_between(
    products: Singles,
    above: np.float32,
    limit: np.float32,
    length: float,
    unit: float,
    query: Floats,
    rows: Floats,
    block: Integers,
    squares: Floats,
    found: Integers,
) -> None:
    # Offers the rows with products from ``above``, exclusive, to ``limit``, which falls as nearer
    # rows are found.
    last = squares.shape[0] - 1
    for begin in range(0, products.shape[0], _STRETCH):
        end = min(begin + _STRETCH, products.shape[0])
        if _any_below(products[begin:end], limit):
            for i in range(begin, end):
                if above < products[i] <= limit:
                    before = squares[last]
                    _offer(query, rows, block[i], squares, found)
                    if squares[last] < before:
                        limit = min(limit, _limit(squares[last], length, unit))


@kernel
def take_near(
    products: Singles,
    lengths: Floats,
    unit: float,
    queries: Floats,
    which: Integers,
    rows: Floats,
    block: Integers,
    squares: Floats,
    found: Integers,
) -> None:
    """As ``take_all``, but only rows whose lower bound is not above the farthest so far.

    Parameters
    ----------
    products : (n_chosen, n_block) float32: with ``lengths``, from ``brought_near``, they are lower
        bounds of the squared distances in ``unit``.
    queries, which, rows, block, squares, found : as in ``take_all``.
    """
    k = squares.shape[1]
    lanes, least = np.empty(64, np.float32), np.empty(k, np.float32)
    for g in range(which.shape[0]):
        q, above = which[g], np.float32(-np.inf)
        if squares[q, k - 1] == np.inf:
            # The nearest by their bounds first: they spare most others their distance.
            above = _not_above(products[g], lanes, least)
            _take_between(
                products[g],
                np.float32(-np.inf),
                above,
                lengths[g],
                unit,
                queries[q],
                rows,
                block,
                squares[q],
                found[q],
            )
        limit = _limit(squares[q, k - 1], lengths[g], unit)
        if above < limit:
            _take_between(
                products[g],
                above,
                limit,
                lengths[g],
                unit,
                queries[q],
                rows,
                block,
                squares[q],
                found[q],
            )
