"""Tails of empirical distributions: how rare a value is among the rows learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
Offsets = NDArray[np.int64]

# Rows whose searches run side by side: each step of a search waits for memory, and the waits of
# many rows overlap.
_BLOCK = 256

_SIGN = np.uint64(1 << 63)
_DIGIT = np.uint64(11)
_DIGIT_MASK = np.uint64((1 << 11) - 1)
_N_DIGITS = 6  # of 11 bits: 66 ≥ 64


@kernel
def sorted_columns(x: Floats) -> Floats:
    """Each column of ``x`` in ascending order: (n_rows, n_columns) finite to (n_columns, n_rows).

    A radix sort on the bits, four times as fast as ``numpy.sort`` on 100,000 rows (measured).
    """
    n, d = x.shape
    out = np.empty((d, n))
    keys, moved = np.empty(n, np.uint64), np.empty(n, np.uint64)
    places = np.empty((_N_DIGITS, 1 << 11), np.int64)
    column = np.empty(n)
    bits = column.view(np.uint64)
    for j in range(d):
        places[:] = 0
        for i in range(n):
            column[i] = x[i, j]
        for i in range(n):
            # Bits that order as the numbers do: negative numbers backwards, before the others.
            key = ~bits[i] if bits[i] >= _SIGN else bits[i] ^ _SIGN
            keys[i] = key
            for digit in range(_N_DIGITS):
                places[digit, key & _DIGIT_MASK] += 1
                key = key >> _DIGIT
        for digit in range(_N_DIGITS):
            place = places[digit]
            shift = _DIGIT * np.uint64(digit)
            if n > 0 and place[(keys[0] >> shift) & _DIGIT_MASK] == n:
                continue  # all rows share this digit
            before = 0
            for value in range(place.shape[0]):
                count = place[value]
                place[value] = before
                before += count
            for i in range(n):
                value_of_digit = (keys[i] >> shift) & _DIGIT_MASK
                moved[place[value_of_digit]] = keys[i]
                place[value_of_digit] += 1
            keys, moved = moved, keys
        for i in range(n):
            bits[i] = keys[i] ^ _SIGN if keys[i] >= _SIGN else ~keys[i]
        for i in range(n):
            out[j, i] = column[i]
    return out


@kernel
def tail_tables(ascending: Floats) -> tuple[Floats, Counts, Floats, Offsets]:
    """For each column, its distinct values and how many rows lie at or below each.

    Parameters
    ----------
    ascending : (n_columns, n_rows) float64, from ``sorted_columns``; 1 ≤ n_rows < 2^31.

    Returns
    -------
    values : (n_values,) float64; the distinct values of column j, ascending, stand in
        ``values[offsets[j]:offsets[j + 1]]``.
    through : (n_values + n_columns,) int32; those of column j start at ``offsets[j] + j`` with 0,
        then for each value the number of rows at or below it.
    rarity : (n_rows + 1,) float64; −log(k / n_rows) for a tail of k rows, that of one row for k = 0.
    offsets : (n_columns + 1,) int64.
    """
    d, n = ascending.shape
    rarity = np.empty(n + 1)
    for k in range(1, n + 1):
        rarity[k] = np.log(n) - np.log(k)
    rarity[0] = rarity[1]
    offsets = np.zeros(d + 1, np.int64)
    for j in range(d):
        column = ascending[j]
        distinct = 1
        for i in range(1, n):
            distinct += np.int64(column[i] != column[i - 1])
        offsets[j + 1] = offsets[j] + distinct
    values = np.empty(offsets[d])
    through = np.empty(offsets[d] + d, np.int32)
    for j in range(d):
        column = ascending[j]
        value = values[offsets[j] : offsets[j + 1]]
        count = through[offsets[j] + j : offsets[j + 1] + j + 1]
        count[0] = 0
        last = 0
        value[0], count[1] = column[0], 1
        for i in range(1, n):
            last += np.int64(column[i] != column[i - 1])
            value[last] = column[i]
            count[last + 1] = i + 1
    return values, through, rarity, offsets


@exact_kernel
def _tails(
    x: Floats, values: Floats, through: Counts, rarity: Floats, n_rows: int, tails: Floats
) -> None:
    # One column of a block of rows: all searches take the same steps, side by side.
    n = rarity.shape[0] - 1
    place = np.zeros(n_rows, np.uint64)
    length = values.shape[0]
    while length > 1:
        half = np.uint64(length // 2)
        for r in range(n_rows):
            middle = place[r] + half
            place[r] = middle if values[middle] <= x[r] else place[r]
        length -= length // 2
    for r in range(n_rows):
        nearest = values[place[r]]
        reached = place[r] + np.uint64(nearest <= x[r])  # values at or below x
        strictly = reached - np.uint64(nearest == x[r])  # values below x
        tails[r] = rarity[min(through[reached], n - through[strictly])]


@exact_kernel
def column_tails(
    x: Floats,
    values: Floats,
    through: Counts,
    rarity: Floats,
    offsets: Offsets,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The rarity of each cell: −log of the smaller tail of its column.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite.
    values, through, rarity, offsets : from ``tail_tables``.
    out : (n_rows, n_columns) float64; rows ``start`` to ``stop`` − 1 are written, ≥ 0.

    Source
    ------
    Li et al. (2022), "ECOD", section 3.2: a tail is the share of the rows at or below (at or
    above) the value. The paper counts the scored row among the others, so that a score depends on
    its batch; here the rows learned from are counted alone, and where a tail holds none of them
    the scored row is taken as the only one there, 1 of n.
    """
    size = min(_BLOCK, max(stop - start, 1))
    value, tail = np.empty(size), np.empty(size)
    for begin in range(start, stop, size):
        n = min(size, stop - begin)
        for j in range(x.shape[1]):
            first, last = offsets[j], offsets[j + 1]
            for r in range(n):
                value[r] = x[begin + r, j]
            _tails(value, values[first:last], through[first + j : last + j + 1], rarity, n, tail)
            for r in range(n):
                out[begin + r, j] = tail[r]


@exact_kernel
def tail_scores(
    x: Floats,
    values: Floats,
    through: Counts,
    rarity: Floats,
    offsets: Offsets,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The rarity of each row: the sum of its ``column_tails``, in the columns' order.

    ``out`` is (n_rows,) float64, rows ``start`` to ``stop`` − 1 are written; the other parameters
    are those of ``column_tails``. A row's result does not depend on its neighbours.
    """
    size = min(_BLOCK, max(stop - start, 1))
    value, tail = np.empty(size), np.empty(size)
    for begin in range(start, stop, size):
        n = min(size, stop - begin)
        for r in range(n):
            out[begin + r] = 0.0
        for j in range(x.shape[1]):
            first, last = offsets[j], offsets[j + 1]
            for r in range(n):
                value[r] = x[begin + r, j]
            _tails(value, values[first:last], through[first + j : last + j + 1], rarity, n, tail)
            for r in range(n):
                out[begin + r] += tail[r]
