"""Nearest windows of series with several channels: the multi-dimensional matrix profile.

Two windows have a distance in every channel. Sorted, the mean of the k + 1 smallest is how far they
are apart in k + 1 channels; row k of the profile holds, for each window, the other window that is
nearest by that mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .channel_windows import BLOCK, Channels
from .simd import (
    add,
    bits,
    choose,
    is_any_negative,
    is_equal,
    is_larger,
    joined_bits,
    lanes_of,
    larger,
    largest,
    load,
    lowest_bit,
    multiply,
    multiply_add,
    root,
    smaller,
    splat,
    store,
    subtract,
)
from .simd_roots import near_inverse_root
from .windows import centred, covariances

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_NOTHING = -1e6  # no closeness of known channels is as low


class Nearest(NamedTuple):
    """The best found so far for each window, by number of channels."""

    closeness: Floats  # (d, ·) less the sum of the k + 1 smallest √((1 − correlation) / 2)
    where: Integers  # (d, ·) the other window; −1: none


def nothing_found(n_channels: int, n_windows: int) -> Nearest:
    """Where ``nearest_by_channels`` writes."""
    shape = (n_channels, n_windows + BLOCK)
    return Nearest(np.full(shape, _NOTHING), np.full(shape, -1))


def comparators(d: int) -> Integers:
    """(·, 2) places that, compared and swapped one pair after the other, sort ``d`` values.

    Source
    ------
    Knuth, The Art of Computer Programming 3, algorithm 5.2.2M (Batcher's merge exchange).
    """
    pairs = []
    top = 1 << max(0, (d - 1).bit_length() - 1)
    p = top if d > 1 else 0
    while p > 0:
        q, r, gap = top, 0, p
        while True:
            pairs += [(i, i + gap) for i in range(d - gap) if i & p == r]
            if q == p:
                break
            gap, q, r = q - p, q // 2, p
        p //= 2
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


@exact_kernel
def _seed_row(
    rows: Channels, columns: Channels, m: int, c: int, i: int, j: int, out: Floats
) -> None:
    window = centred(rows.values[c, i : i + m], rows.rises[c, i])
    covariances(window, columns.values[c, j : j + BLOCK + m - 1], out)


@exact_kernel
def _seed_one(
    rows: Channels, columns: Channels, m: int, c: int, i: int, j: int, out: Floats
) -> None:
    window = centred(columns.values[c, j : j + m], columns.rises[c, j])
    covariances(window, rows.values[c, i : i + m], out)


@exact_kernel
def _note(ranked: Floats, lane: int, i: int, j: int, row: Nearest, column: Nearest) -> None:
    # What is new in row i and in the columns from j on, by the roots themselves.
    wide, total, here = column.closeness.shape[1], splat(0.0), splat(i)
    for k in range(ranked.shape[0]):
        part = root(multiply(splat(0.5), load(ranked, k * BLOCK + lane)))
        total = subtract(total, part)
        old = load(column.closeness, k * wide + j)
        is_closer = is_larger(total, old)
        store(column.closeness, k * wide + j, choose(is_closer, total, old))
        where = load(column.where, k * wide + j)
        store(column.where, k * wide + j, choose(is_closer, here, where))
        top = largest(total)
        if top > row.closeness[k, i]:
            row.closeness[k, i] = top
            row.where[k, i] = j + lowest_bit(bits(is_equal(total, splat(top))))


@exact_kernel
def _walk(
    rows: Channels,
    columns: Channels,
    network: Integers,
    begin: int,
    end: int,
    gap: int,
    covariance: Floats,
    ranked: Floats,
    row: Nearest,
    column: Nearest,
) -> None:
    # Rows ``begin`` to ``end`` − 1, each with the columns ``gap`` to ``gap`` + BLOCK − 1 after it.
    # The covariances that come in are those of the row before, or of this one where it is new.
    n_channels, n = covariance.shape[0], lanes_of(covariance)
    wide, zero = columns.df.shape[1], splat(0.0)
    for i in range(begin, end):
        j = i + gap
        for c in range(n_channels):
            df, dg = splat(rows.row_df[c, i]), splat(rows.row_dg[c, i])
            scale, share = splat(-rows.inverse[c, i]), splat(rows.share[c, i])
            for lane in range(0, BLOCK, n):
                at, place = c * wide + j + lane, c * BLOCK + lane
                value = multiply_add(dg, load(columns.df, at), load(covariance, place))
                value = multiply_add(df, load(columns.dg, at), value)
                store(covariance, place, value)
                # 1 − correlation; ½ with a constant window, 0 of two, far where one is missing.
                both = add(share, load(columns.share, at))
                apart = multiply_add(multiply(value, load(columns.inverse, at)), scale, both)
                store(ranked, place, larger(zero, apart))
        for pair in range(network.shape[0]):
            low, high = network[pair, 0] * BLOCK, network[pair, 1] * BLOCK
            for lane in range(0, BLOCK, n):
                a, b = load(ranked, low + lane), load(ranked, high + lane)
                store(ranked, low + lane, smaller(a, b))
                store(ranked, high + lane, larger(a, b))
        for lane in range(0, BLOCK, n):
            # A bound of the sums by roots from below: where it is not nearer than the best so far,
            # neither are they. The bit off 1.5 is more than all rounding, which must not decide.
            total, signs = zero, zero
            for k in range(n_channels):
                apart = load(ranked, k * BLOCK + lane)
                near = near_inverse_root(apart)
                part = multiply(apart, near)
                total = multiply_add(part, multiply_add(part, near, splat(-1.499999999)), total)
                best = smaller(
                    load(column.closeness, k * wide + j + lane), splat(row.closeness[k, i])
                )
                signs = joined_bits(signs, subtract(best, total))
            if is_any_negative(signs):
                _note(ranked, lane, i, j + lane, row, column)


@exact_kernel
def _walk_block(
    rows: Channels,
    columns: Channels,
    network: Integers,
    m: int,
    gap: int,
    n_rows: int,
    row: Nearest,
    column: Nearest,
) -> None:
    # From one row, or column, whose covariances are computed from its values to the next.
    covariance, ranked = np.zeros((rows.df.shape[0], BLOCK)), np.empty((rows.df.shape[0], BLOCK))
    starts, begins = columns.starts, rows.row_starts
    n_starts, n_begins = starts.shape[0], begins.shape[0]
    i, next_begin, next_start = begins[0, 0], 0, 0
    while i < n_rows:
        while next_begin < n_begins and begins[next_begin, 0] == i:
            c = begins[next_begin, 1]
            _seed_row(rows, columns, m, c, i, i + gap, covariance[c])
            next_begin += 1
        while next_start < n_starts and starts[next_start, 0] < i + gap:
            next_start += 1
        coming = next_start
        while coming < n_starts and starts[coming, 0] < i + gap + BLOCK:
            j, c = starts[coming, 0], starts[coming, 1]
            lane = j - i - gap
            _seed_one(rows, columns, m, c, i, j, covariance[c, lane : lane + 1])
            coming += 1
        end = n_rows
        if next_begin < n_begins:
            end = min(end, begins[next_begin, 0])
        if coming > next_start:
            end = i + 1
        elif coming < n_starts:
            end = min(end, starts[coming, 0] - gap - BLOCK + 1)
        _walk(rows, columns, network, i, end, gap, covariance, ranked, row, column)
        i = end


@exact_kernel
def nearest_by_channels(
    rows: Channels,
    columns: Channels,
    network: Integers,
    m: int,
    first: int,
    last: int,
    row: Nearest,
    column: Nearest,
) -> None:
    """Compare each window i of ``rows`` with windows i + gap of ``columns``, first ≤ gap < last.

    Parameters
    ----------
    rows, columns : the windows, from ``channels_of``; the same twice for a self-join.
    network : ``comparators`` of the number of channels.
    m : points in a window.
    first, last : gaps, 0 or more; ``last`` is raised to a whole number of blocks after ``first``.
    row, column : improved, where a closer window is found: the best of the windows of ``rows``
        among those of ``columns``, and of ``columns`` among those of ``rows``. A channel in which
        one of two windows has a NaN or an infinity is unknown, and sorted last; entries k stay as
        they are where no pair has k + 1 known channels. Two constant windows are at distance 0, a
        constant and another at √m.

    Of equally close windows the first seen stays: those of a block of gaps come before those of the
    next, and for a row the next column first. So results of parts that are whole blocks, put
    together in the order of their gaps, the later only where it is closer, are those of all at
    once, to the bit. Time is proportional to the pairs, times channels and comparators.

    Source
    ------
    Yeh, Kavantzas, Keogh (2017), "Matrix profile VI: meaningful multidimensional motif discovery",
    ICDM; the covariances as in Zimmerman et al. (2019), "Matrix profile XIV", SoCC, section 3.
    They start anew every 2048 windows, and where a norm falls below a thousandth of its past.
    """
    n_rows, n_columns = rows.df.shape[1] - BLOCK, columns.df.shape[1] - BLOCK
    for gap in range(first, min(last, n_columns), BLOCK):
        _walk_block(rows, columns, network, m, gap, min(n_rows, n_columns - gap), row, column)
