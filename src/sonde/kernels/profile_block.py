"""Neighbouring diagonals of the matrix of all pairs of windows, walked together.

The work of the matrix profile is done here. Lane d of a block holds the covariance of row i (a
window of one series) with column i + lag + d (a window of the other), so that a step down along the
diagonals is two fused multiplications and additions, and what is read is read once for all lanes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .simd import (
    bits,
    is_any_negative,
    is_larger,
    joined_bits,
    lanes_of,
    load,
    lowest_bit,
    multiply,
    multiply_add,
    spread,
    store,
    subtract,
    unforeseen,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Side(NamedTuple):
    """The windows of one of two series, as rows or as columns of the matrix.

    ``df``, ``dg``, ``inverse``, ``best`` and ``where`` have a block's width more entries than there
    are windows: 0, 0, NaN, −∞ and −1, so that lanes beyond the last column find nothing. They are
    float64 with int64, or float32 with int32.
    """

    values: Floats  # the series, finite
    rises: Floats  # how far each window's mean lies above its first value
    unit: float  # covariances of ``values`` times the units of both sides are those of df and dg
    restarts: Integers  # windows whose covariances are computed from their values, ascending
    df: Any
    dg: Any
    inverse: Any  # 1 / norm; NaN for windows that match nothing
    best: Any  # the largest correlation so far
    where: Any  # the other side's window that has it


@exact_kernel
def walk(row: Side, column: Side, places: Any, lag: int, begin: int, end: int, lanes: Any) -> None:
    """Compare the rows ``begin`` to ``end`` − 1 with the columns a lag and more after them.

    ``lanes`` holds the covariances of row ``begin``, and those of row ``end`` afterwards.
    ``places`` counts from 0, in the kind of integer of ``where``. Of equal correlations the first
    met stays in a column, and in a row the lowest column of the first block.
    """
    # Taken out of the sides once: that counts references, which costs more than a row.
    n = lanes_of(lanes)
    df_i, dg_i, inverse_i, best_i, where_i = row.df, row.dg, row.inverse, row.best, row.where
    df, dg, inverse, best, where = column.df, column.dg, column.inverse, column.best, column.where
    c0, c1, c2, c3 = load(lanes, 0), load(lanes, n), load(lanes, 2 * n), load(lanes, 3 * n)
    for i in range(begin, end):
        j = i + lag
        scale, top = spread(inverse_i, i), spread(best_i, i)
        # A difference is negative where a correlation is larger than the best so far. Asking for
        # signs is cheaper than comparing, and on some processors differences cost nothing beside
        # the products.
        p = multiply(multiply(c0, load(inverse, j)), scale)
        signs = joined_bits(subtract(top, p), subtract(load(best, j), p))
        p = multiply(multiply(c1, load(inverse, j + n)), scale)
        signs = joined_bits(signs, subtract(top, p))
        signs = joined_bits(signs, subtract(load(best, j + n), p))
        p = multiply(multiply(c2, load(inverse, j + 2 * n)), scale)
        signs = joined_bits(signs, subtract(top, p))
        signs = joined_bits(signs, subtract(load(best, j + 2 * n), p))
        p = multiply(multiply(c3, load(inverse, j + 3 * n)), scale)
        signs = joined_bits(signs, subtract(top, p))
        signs = joined_bits(signs, subtract(load(best, j + 3 * n), p))
        if is_any_negative(signs):
            r = unforeseen(i)
            j = r + lag
            scale, top = spread(inverse_i, r), spread(best_i, r)
            p0 = multiply(multiply(c0, load(inverse, j)), scale)
            p1 = multiply(multiply(c1, load(inverse, j + n)), scale)
            p2 = multiply(multiply(c2, load(inverse, j + 2 * n)), scale)
            p3 = multiply(multiply(c3, load(inverse, j + 3 * n)), scale)
            store(lanes, 0, p0)
            store(lanes, n, p1)
            store(lanes, 2 * n, p2)
            store(lanes, 3 * n, p3)
            across = bits(is_larger(p0, top)) | bits(is_larger(p1, top)) << n
            across |= bits(is_larger(p2, top)) << 2 * n | bits(is_larger(p3, top)) << 3 * n
            down = bits(is_larger(p0, load(best, j)))
            down |= bits(is_larger(p1, load(best, j + n))) << n
            down |= bits(is_larger(p2, load(best, j + 2 * n))) << 2 * n
            down |= bits(is_larger(p3, load(best, j + 3 * n))) << 3 * n
            while across != 0:
                d = lowest_bit(across)
                across &= across - 1
                if lanes[d] > best_i[r]:
                    best_i[r], where_i[r] = lanes[d], places[j + d]
            while down != 0:
                d = lowest_bit(down)
                down &= down - 1
                best[j + d], where[j + d] = lanes[d], places[r]
        a, b, j = spread(df_i, i + 1), spread(dg_i, i + 1), i + lag + 1
        c0 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c0))
        j += n
        c1 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c1))
        j += n
        c2 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c2))
        j += n
        c3 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c3))
    store(lanes, 0, c0)
    store(lanes, n, c1)
    store(lanes, 2 * n, c2)
    store(lanes, 3 * n, c3)
