"""All pairs of windows of two series on a GPU: the best correlation of each, and with which.

The matrix of pairs is cut into strips of neighbouring diagonals, a strip into blocks: ``threads``
threads side by side, four diagonals each, walk down ``rows`` rows together. A covariance comes
from the one before on its diagonal; the first of a block and those at a break are computed from
the definition. A correlation and its diagonal travel in one 64-bit number, so that one atomic
maximum keeps both, and the order in which blocks run changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numba import cuda

P = ParamSpec("P")
R = TypeVar("R")

EACH = 4  # diagonals of one thread: written out below
# A key, from its highest bit: 0; 50 bits of the mantissa of 1.5 + correlation/2, which lies from 1
# to 2; 13 bits for the diagonal within its strip. Neighbouring keys are 2e-15 apart in correlation.
CODE_BITS = 13
_OLDER = 2**CODE_BITS - 1  # code of a pair from a strip before; 0 in a key without a pair
WIDEST = _OLDER - 1  # diagonals in a strip
_MANTISSA = 2**52 - 1
EXPONENT = 1023 << 52
# Just under a half, so that a correlation of −1 is more than no pair whatever its rounding.
SHARE = 0.5 - 2.0**-41
_LARGEST = np.float64(2.0 - 2.0**-50)


def _on_device(function: Callable[P, R]) -> Callable[P, R]:
    compiled: Callable[P, R] = cuda.jit(device=True)(function)
    return compiled


def _launched(function: Callable[..., None]) -> Any:
    return cuda.jit(function)


@_on_device
def _key(likeness: Any, code: int) -> Any:
    # Rounding may lead beyond a correlation of 1.
    bits = (likeness if likeness < _LARGEST else _LARGEST).view(np.int64)
    return ((bits & _MANTISSA) >> 2 << CODE_BITS) | code


@_on_device
def _likeness(key: Any) -> Any:
    return np.int64((key >> CODE_BITS << 2) | EXPONENT).view(np.float64)


@_on_device
def _covariance(pair: Any, i: int, j: int) -> float:
    # From the definition; the other window need not be centred too.
    a, rises, b, m = pair
    total = 0.0
    for t in range(m):
        total += ((a[i + t] - a[i]) - rises[i]) * (b[j + t] - b[j])
    return total


@_on_device
def _row(rows: Any, row_keys: Any, i: int) -> Any:
    k = np.uintp(i)  # spares the test for an index from the end
    return rows[0, k], rows[1, k], rows[2, k], _likeness(row_keys[k])


@_on_device
def _column(columns: Any, column_keys: Any, plane: int, place: int) -> Any:
    # Four planes, the columns dealt out in turn: neighbouring threads, which stand four columns
    # apart, read neighbouring numbers.
    k = np.uintp(place)
    return (
        columns[0, plane, k],
        columns[1, plane, k],
        columns[2, plane, k],
        _likeness(column_keys[plane, k]),
    )


@_on_device
def _cell(c: Any, row: Any, column: Any) -> Any:
    # The next covariance of a diagonal, and whether its correlation may be a best one.
    covariance = c + row[0] * column[1] + row[1] * column[0]
    likeness = covariance * (row[2] * column[2]) + 1.5
    return covariance, (likeness >= row[3]) | (likeness >= column[3])


@_on_device
def _four_rows(pair: Any, sides: Any, bounds: Any, i: int, p: int, offset: int, c: Any) -> Any:
    # The rare way down four rows of one diagonal: with covariances that have to be computed from
    # the definition, and correlations that are the best so far of their row or column.
    rows, columns, row_keys, column_keys = sides
    n_a, n_b, before = bounds
    covariance = c
    for u in range(EACH):
        row, plane, q = i + u, (p + u) % EACH, (p + u) // EACH
        column = p + u - before
        covariance += rows[0, row] * columns[1, plane, q] + rows[1, row] * columns[0, plane, q]
        if row < n_a and column >= 0 and column < n_b:
            if math.isnan(covariance):
                covariance = _covariance(pair, row, column)
            likeness = covariance * (rows[2, row] * columns[2, plane, q]) + 1.5
            if not math.isnan(likeness):
                # Of equals the lowest window: a row's lowest diagonal, a column's highest.
                key = _key(likeness, _OLDER - 1 - offset)
                if key > row_keys[row]:
                    cuda.atomic.max(row_keys, row, key)
                key = _key(likeness, offset + 1)
                if key > column_keys[plane, q]:
                    cuda.atomic.max(column_keys, (plane, q), key)
    return covariance


@_launched
def walk(
    a: Any,
    rises: Any,
    b: Any,
    rows: Any,
    columns: Any,
    row_keys: Any,
    column_keys: Any,
    m: int,
    n_a: int,
    n_b: int,
    before: int,
    diagonal: int,
    top: int,
    height: int,
) -> None:
    pair, bounds = (a, rises, b, m), (n_a, n_b, before)
    sides = (rows, columns, row_keys, column_keys)
    o = (cuda.blockIdx.x * cuda.blockDim.x + cuda.threadIdx.x) * EACH
    g = diagonal + o
    i = top + cuda.blockIdx.y * height
    # Not min(): on some versions of numba a device has none.
    stop = i + height
    stop = stop if stop < n_a else n_a
    stop = stop if stop < n_b - g else n_b - g
    # Above, all four diagonals lie left of the first column. A multiple of four, as ``top`` is.
    first = -(g + EACH - 1) // EACH * EACH
    i = i if i > first else first
    p = i + g + before
    q = p // EACH
    c0 = c1 = c2 = c3 = np.float64(np.nan)
    if i < stop:
        k0 = _column(columns, column_keys, 0, q)
        k1 = _column(columns, column_keys, 1, q)
        k2 = _column(columns, column_keys, 2, q)
        while i < stop:
            s0, s1, s2, s3 = c0, c1, c2, c3
            row = _row(rows, row_keys, i)
            k3 = _column(columns, column_keys, 3, q)
            c0, b0 = _cell(c0, row, k0)
            c1, b1 = _cell(c1, row, k1)
            c2, b2 = _cell(c2, row, k2)
            c3, b3 = _cell(c3, row, k3)
            is_rare = b0 | b1 | b2 | b3
            row = _row(rows, row_keys, i + 1)
            k4 = _column(columns, column_keys, 0, q + 1)
            c0, b0 = _cell(c0, row, k1)
            c1, b1 = _cell(c1, row, k2)
            c2, b2 = _cell(c2, row, k3)
            c3, b3 = _cell(c3, row, k4)
            is_rare |= b0 | b1 | b2 | b3
            row = _row(rows, row_keys, i + 2)
            k5 = _column(columns, column_keys, 1, q + 1)
            c0, b0 = _cell(c0, row, k2)
            c1, b1 = _cell(c1, row, k3)
            c2, b2 = _cell(c2, row, k4)
            c3, b3 = _cell(c3, row, k5)
            is_rare |= b0 | b1 | b2 | b3
            row = _row(rows, row_keys, i + 3)
            k6 = _column(columns, column_keys, 2, q + 1)
            c0, b0 = _cell(c0, row, k3)
            c1, b1 = _cell(c1, row, k4)
            c2, b2 = _cell(c2, row, k5)
            c3, b3 = _cell(c3, row, k6)
            is_rare |= b0 | b1 | b2 | b3
            # A NaN stays until here: on any of the four rows a covariance is missing.
            if is_rare or math.isnan(c0 + c1 + c2 + c3):
                c0 = _four_rows(pair, sides, bounds, i, p, o, s0)
                c1 = _four_rows(pair, sides, bounds, i, p + 1, o + 1, s1)
                c2 = _four_rows(pair, sides, bounds, i, p + 2, o + 2, s2)
                c3 = _four_rows(pair, sides, bounds, i, p + 3, o + 3, s3)
            k0, k1, k2 = k4, k5, k6
            i, p, q = i + EACH, p + EACH, q + 1


@_launched
def take_rows(row_keys: Any, where: Any, diagonal: int) -> None:
    # Between strips: whose best came from the last one.
    i = cuda.grid(1)
    if i < where.shape[0]:
        code = row_keys[i] & _OLDER
        if code != 0 and code != _OLDER:
            where[i] = i + diagonal + (_OLDER - 1 - code)
            row_keys[i] = row_keys[i] | _OLDER


@_launched
def take_columns(column_keys: Any, where: Any, diagonal: int, before: int) -> None:
    # A code of 0 is lower than that of any pair to come, as a higher diagonal is preferred here.
    q = cuda.grid(1)
    if q < where.shape[1]:
        for plane in range(EACH):
            code = column_keys[plane, q] & _OLDER
            if code != 0:
                where[plane, q] = q * EACH + plane - before - (diagonal + code - 1)
                column_keys[plane, q] = column_keys[plane, q] ^ code
