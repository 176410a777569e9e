"""Tails of empirical distributions: how rare a value is among the rows learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
Offsets = NDArray[np.int64]
Keys = NDArray[np.uint64]

# Rows whose searches run side by side: each step of a search waits for memory, and the waits of
# many rows overlap.
_BLOCK = 1024

_SIGN = np.uint64(1 << 63)
_DIGIT = np.uint64(11)
_DIGIT_MASK = np.uint64((1 << 11) - 1)
_N_DIGITS = 6  # of 11 bits: 66 ≥ 64


@kernel
def _sort(column: Floats, keys: Keys, moved: Keys, places: Offsets) -> None:
    # A radix sort on the bits, in place: four times as fast as numpy.sort on 100,000 finite
    # numbers (measured). The other arrays are room to work in.
    n = column.shape[0]
    bits = column.view(np.uint64)
    places[:] = 0
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
        if place[(keys[0] >> shift) & _DIGIT_MASK] == n:
            continue  # all numbers share this digit
        before = 0
        for value in range(place.shape[0]):
            count = place[value]
            place[value] = before
            before += count
        for i in range(n):
            value_here = (keys[i] >> shift) & _DIGIT_MASK
            moved[place[value_here]] = keys[i]
            place[value_here] += 1
        keys, moved = moved, keys
    for i in range(n):
        bits[i] = keys[i] ^ _SIGN if keys[i] >= _SIGN else ~keys[i]


@kernel
def tail_tables(x: Floats) -> tuple[Floats, Counts, Offsets]:
    """For each column, its distinct values and how many rows lie at or below each.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite, 1 ≤ n_rows < 2^31.

    Returns
    -------
    values : (n_values,) float64; the distinct values of column j, ascending, stand in
        ``values[offsets[j]:offsets[j + 1]]``.
    through : (n_values + n_columns,) int32; those of column j start at ``offsets[j] + j`` with 0,
        then for each value the number of rows at or below it.
    offsets : (n_columns + 1,) int64.
    """
    n, d = x.shape
    keys, moved = np.empty(n, np.uint64), np.empty(n, np.uint64)
    places = np.empty((_N_DIGITS, 1 << 11), np.int64)
    column = np.empty(n)
    # Room for the worst case; what stays unwritten takes no memory.
    values = np.empty(d * n)
    through = np.empty(d * n + d, np.int32)
    offsets = np.zeros(d + 1, np.int64)
    for j in range(d):
        for i in range(n):
            column[i] = x[i, j]
        _sort(column, keys, moved, places)
        count = through[offsets[j] + j :]
        count[0] = 0
        value = values[offsets[j] :]
        last = 0
        value[0], count[1] = column[0], 1
        for i in range(1, n):
            last += int(column[i] != column[i - 1])
            value[last] = column[i]
            count[last + 1] = i + 1
        offsets[j + 1] = offsets[j] + last + 1
    return values[: offsets[d]], through[: offsets[d] + d], offsets


@exact_kernel
def _tails(x: Floats, values: Floats, through: Counts, n_rows: int, tails: Floats) -> None:
    # One column of a block of rows: all searches take the same steps, side by side.
    place = np.zeros(n_rows, np.uint64)
    length = values.shape[0]
    n_learned = through[length]
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
        smaller = min(through[reached], n_learned - through[strictly])
        tails[r] = np.log(n_learned / max(smaller, 1))


@exact_kernel
def column_tails(
    x: Floats,
    values: Floats,
    through: Counts,
    offsets: Offsets,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    """The rarity of each cell: −log of the smaller tail of its column.

    Parameters
    ----------
    x : (n_rows, n_columns) float64, finite.
    values, through, offsets : from ``tail_tables``.
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
    # Columns outermost: the values of one column stay in the cache for all rows.
    for j in range(x.shape[1]):
        known = values[offsets[j] : offsets[j + 1]]
        counts = through[offsets[j] + j : offsets[j + 1] + j + 1]
        for begin in range(start, stop, size):
            n = min(size, stop - begin)
            for r in range(n):
                value[r] = x[begin + r, j]
            _tails(value, known, counts, n, tail)
            for r in range(n):
                out[begin + r, j] = tail[r]


@exact_kernel
def tail_scores(
    x: Floats,
    values: Floats,
    through: Counts,
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
    for r in range(start, stop):
        out[r] = 0.0
    for j in range(x.shape[1]):
        known = values[offsets[j] : offsets[j + 1]]
        counts = through[offsets[j] + j : offsets[j + 1] + j + 1]
        for begin in range(start, stop, size):
            n = min(size, stop - begin)
            for r in range(n):
                value[r] = x[begin + r, j]
            _tails(value, known, counts, n, tail)
            for r in range(n):
                out[begin + r] += tail[r]
