"""Nearest windows, of one series or of two, by correlation: all pairs of a tile.

A tile is some windows of one series against some of another. What it finds depends on their values
alone, so that tiles can be worked on in any order, by any number of threads or machines, and give
the same bits. Windows are compared after z-normalisation. Two constant windows correlate at 1, a
constant and an ordinary one at 0.5, so that √(2m(1 − correlation)) is the distance that the rules
give them: 0 and √m. A window with a NaN or an infinity matches nothing.

Of neighbours whose correlations differ by no more than rounding any may be named, the same one on
every machine and for any number of threads: by about 1e-14 in float64 and 1e-6 in float32, and by
1e-12 and 1e-5 where a window's norm is much smaller than those before it. Of correlations that are
equal to the bit in two tiles, ``merge`` names the lower window.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .profile_block import Side, walk
from .simd import N_BYTES, lanes_of, load, multiply, multiply_add, splat, store, subtract, total
from .windows import CONSTANT, MISSING, ORDINARY, cleaned, inverse, kinds, moments, restarts, steps

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SIDE = 4096  # windows along a side of a tile, see ``tile_side``

# Where a norm falls below this share of the largest before it, covariances start anew: what is left
# of the larger numbers' rounding would show.
_FALL_F64, _FALL_F32 = 0.03, 0.2
# A tile's rows are cut into so many parts; in each covariances start anew whatever came. float32
# has fewer digits to lose.
_PARTS_F64, _PARTS_F32 = 2, 8
_SMALLEST_F32 = 1e-15  # share of the largest norm; smaller ones are compared in float64


def tile_side(m: int) -> int:
    """How many windows a tile of a join should have along each side, for windows of m points.

    Enough that starting the covariances, in proportion to m for each diagonal, costs little beside
    going along them; few enough that what a tile reads stays in the L2 cache.

    >>> tile_side(100), tile_side(5000)
    (4096, 32768)
    """
    return SIDE if m <= SIDE // 4 else SIDE * 2 ** math.ceil(math.log2(4 * m / SIDE))


@exact_kernel
def _covariances(row: Side, column: Side, i: int, j: int, centred: Floats, lanes: Any) -> None:
    # Of row i with the columns from j on, from the values of the windows.
    m = centred.shape[0]
    for k in range(m):
        centred[k] = ((row.values[i + k] - row.values[i]) - row.rises[i]) * row.unit
    found, x, unit = np.empty(32), column.values, splat(column.unit)
    for begin in range(0, lanes.shape[0], 32):
        at = j + begin
        x0, x1, x2, x3 = load(x, at), load(x, at + 8), load(x, at + 16), load(x, at + 24)
        c0, c1, c2, c3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
        for k in range(at, at + m):
            factor = splat(centred[k - at])
            c0 = multiply_add(factor, subtract(load(x, k), x0), c0)
            c1 = multiply_add(factor, subtract(load(x, k + 8), x1), c1)
            c2 = multiply_add(factor, subtract(load(x, k + 16), x2), c2)
            c3 = multiply_add(factor, subtract(load(x, k + 24), x3), c3)
        for k in range(4):
            store(found, 8 * k, multiply((c0, c1, c2, c3)[k], unit))
        for k in range(32):
            lanes[begin + k] = found[k]


@exact_kernel
def _covariance(row: Side, column: Side, i: int, j: int, m: int) -> float:
    # Of row i with column j, as ``_covariances``.
    x, y = row.values, column.values
    first, other, rise = splat(x[i]), splat(y[j]), splat(row.rises[i])
    lanes = splat(0.0)
    whole = m - m % 8
    for k in range(0, whole, 8):
        centred = subtract(subtract(load(x, i + k), first), rise)
        lanes = multiply_add(centred, subtract(load(y, j + k), other), lanes)
    found = total(lanes)
    for k in range(whole, m):
        found += ((x[i + k] - x[i]) - row.rises[i]) * (y[j + k] - y[j])
    return float(found * row.unit * column.unit)


@exact_kernel
def join_diagonals(
    rows: tuple[Any, ...],
    columns: tuple[Any, ...],
    m: int,
    period: int,
    low: int,
    high: int,
    places: Any,
) -> None:
    """Compare row i with column i + lag, for low ≤ lag < high, and note the best of both.

    Parameters
    ----------
    rows, columns : a ``Side`` each, as a plain tuple; ``best`` and ``where`` are changed.
    m : points in a window, m ≥ 1.
    period : rows after which covariances start anew, ≥ 1.
    low, high : 0 ≤ low.
    places : 0, 1, 2, … in the kind of integer of ``where``, as long as the longer side's arrays.
    """
    row, column = Side(*rows), Side(*columns)
    n_rows, n_columns = row.rises.shape[0], column.rises.shape[0]
    width = 4 * lanes_of(row.df)
    lanes, centred = np.empty(width, row.df.dtype), np.empty(m)
    for lag in range(low, min(high, n_columns), width):
        last = min(n_rows, n_columns - lag)
        a, b, i = 0, 0, 0
        anew = True
        while True:
            if anew:
                _covariances(row, column, i, i + lag, centred, lanes)
                for d in range(high - lag, width):
                    lanes[d] = np.nan
            # A column reaches the last lane first, and each row one lane further down.
            while a < row.restarts.shape[0] and row.restarts[a] <= i:
                a += 1
            while b < column.restarts.shape[0] and column.restarts[b] <= i + lag:
                b += 1
            end = min(last, (i // period + 1) * period)
            if a < row.restarts.shape[0]:
                end = min(end, row.restarts[a])
            if b < column.restarts.shape[0]:
                end = min(end, max(i + 1, column.restarts[b] - lag - width + 1))
            walk(row, column, places, lag, i, end, lanes)
            i = end
            if i == last:
                break
            anew = i % period == 0 or (a < row.restarts.shape[0] and row.restarts[a] == i)
            k = b
            while not anew and k < column.restarts.shape[0]:
                d = column.restarts[k] - i - lag
                if d >= min(width, high - lag):
                    break
                lanes[d] = _covariance(row, column, i, i + lag + d, m)
                k += 1


@exact_kernel
def _next(kinds: Integers, kind: int) -> Integers:
    # For each place the first window of that kind from it on; −1 where none is.
    found = np.empty(kinds.shape[0] + 1, np.int64)
    found[-1] = -1
    for i in range(kinds.shape[0] - 1, -1, -1):
        found[i] = i if kinds[i] == kind else found[i + 1]
    return found


@exact_kernel
def settle_constants(
    own: Integers, others: Integers, first: int, last: int, best: Floats, where: Integers
) -> None:
    """What the constant windows of a tile match, and what matches them.

    Parameters
    ----------
    own : (n,) int64 the kinds of the windows of one side; (r,) ``others`` those of the other.
    first, last : window i may be compared with the other side's windows ``first + i`` to
        ``last + i``.
    best, where : (n,), as found among ordinary windows, changed: 1 for two constant windows, 0.5
        for a constant and an ordinary one, with the lowest window that gives it.
    """
    flat, ordinary = _next(others, CONSTANT), _next(others, ORDINARY)
    for i in range(own.shape[0]):
        if own[i] == MISSING:
            continue
        begin = min(max(first + i, 0), others.shape[0])
        j, k = flat[begin], ordinary[begin]
        j, k = j if j <= last + i else -1, k if k <= last + i else -1
        # 0.5 from elsewhere, with nothing found here, may belong to a higher window.
        is_open = best[i] < 0.5 or (best[i] == 0.5 and where[i] < 0)
        if own[i] == CONSTANT and j >= 0:
            best[i], where[i] = 1.0, j
        elif own[i] == CONSTANT and k >= 0:
            best[i], where[i] = 0.5, k
        elif own[i] == ORDINARY and j >= 0 and is_open:
            best[i], where[i] = 0.5, j


def _prepared(
    clean: Floats,
    known: tuple[Floats, Floats],
    kind_of_each: Integers,
    best: Floats,
    m: int,
    single: bool,
) -> Side:
    number, count = (np.float32, np.int32) if single else (np.float64, np.int64)
    (rises, norms), n = known, len(best)
    # Norms of about 1, so that nothing leaves the range of float32; a power of two costs nothing.
    unit = math.ldexp(1.0, -max(math.frexp(norms.max())[1], -1000))
    df, dg = steps(clean, rises, m)
    # A block reads as many places after the last window as it is wide, and one for the next row.
    beyond = 4 * N_BYTES // np.dtype(number).itemsize + 1

    def wider(of_windows: Floats, fill: float) -> Any:
        wide = np.full(n + beyond, fill, number)
        wide[:n] = of_windows
        return wide

    return Side(
        np.concatenate([clean, np.zeros(beyond)]),
        rises,
        unit,
        np.flatnonzero(restarts(norms, _FALL_F32 if single else _FALL_F64)),
        wider(df * unit, 0.0),
        wider(dg * unit, 0.0),
        wider(inverse(norms * unit, kind_of_each), np.nan),
        # Just below what is known, so that an equal correlation is found too.
        np.nextafter(wider(best, -np.inf), number(-np.inf)),
        np.full(n + beyond, -1, count),
    )


def _fit_float32(norms: Floats) -> bool:
    # Products of two small norms must not vanish beside 1, nor their inverse be infinite.
    some = norms[norms > 0.0]
    return len(some) == 0 or bool(some.min() > _SMALLEST_F32 * some.max())


def join_tile(
    a: Floats,
    b: Floats,
    m: int,
    ahead: int,
    zone: int,
    best_a: Floats,
    where_a: Integers,
    best_b: Floats,
    where_b: Integers,
    single: bool = False,
) -> None:
    """For each window of one tile's two series, the one of the other that it correlates with most.

    Parameters
    ----------
    a : (n_a + m − 1,) float64; a window with NaN or infinity matches nothing.
    b : (n_b + m − 1,) float64, likewise.
    m : points in a window, m ≥ 2.
    ahead : where the first window of ``b`` stands on the axis of ``a``, less where that of ``a``
        stands; counts only with a zone.
    zone : pairs of window i of ``a`` and j of ``b`` with j + ahead − i ≤ zone are left out: what
        remains lies ahead of i by more than the zone, as in the upper triangle of a self-join. −1
        leaves none out.
    best_a : (n_a,) float64, changed. Before: the largest Pearson correlation that is known already
        of each window, −∞ for none. Afterwards: the largest in the tile, where it is at least that.
    where_a : (n_a,) int64, written: the window of ``b`` that has it, counted from 0 in the tile; −1
        where none has. What is known already saves time, and changes nothing that ``merge`` keeps.
    best_b, where_b : (n_b,), likewise, of the windows of ``b`` among those of ``a``.
    single : compare in float32, which takes less time. Moments and the covariances that diagonals
        begin with are float64 all the same, so that an offset and the size of the numbers cost no
        digits. Where norms are more than 1e15 apart, float64 is used.

    The time is proportional to n_a · n_b, and the memory to n_a + n_b; see ``tile_side``.

    Source
    ------
    Zimmerman et al. (2019), "Matrix profile XIV", SoCC, section 3: the covariance of mean-centred
    windows, along diagonals. Here it starts anew after half a tile (an eighth in float32), and
    where a window's norm falls below 0.03 (0.2) of the largest before it.
    """
    # Of one type for the compiler: arrays that may be written to, whatever came.
    a, b = np.require(a, np.float64, ["C", "W"]), np.require(b, np.float64, ["C", "W"])
    kinds_a, kinds_b, clean_a, clean_b = kinds(a, m), kinds(b, m), cleaned(a), cleaned(b)
    known_a, known_b = moments(clean_a, m), moments(clean_b, m)
    single = single and _fit_float32(known_a[1]) and _fit_float32(known_b[1])
    side_a = _prepared(clean_a, known_a, kinds_a, best_a, m, single)
    side_b = _prepared(clean_b, known_b, kinds_b, best_b, m, single)
    n_a, n_b = len(best_a), len(best_b)
    # Which j − i may be compared: those from here on.
    nearest = zone + 1 - ahead if zone >= 0 else -n_a
    period = tile_side(m) // (_PARTS_F32 if single else _PARTS_F64)
    places = np.arange(max(len(side_a.where), len(side_b.where)), dtype=side_a.where.dtype)
    # Below the first diagonal rows and columns change places: then each diagonal begins in row 0.
    rows, columns = tuple(side_a), tuple(side_b)
    join_diagonals(rows, columns, m, period, max(0, nearest), n_b, places)
    join_diagonals(columns, rows, m, period, 1, min(n_a, 1 - nearest), places)
    for side, best, where in ((side_a, best_a, where_a), (side_b, best_b, where_b)):
        where[:] = side.where[: len(where)]
        np.copyto(best, side.best[: len(best)], where=where >= 0)
    if (kinds_a == CONSTANT).any() or (kinds_b == CONSTANT).any():
        settle_constants(kinds_a, kinds_b, nearest, n_b, best_a, where_a)
        settle_constants(kinds_b, kinds_a, -n_a - n_b, -nearest, best_b, where_b)


@exact_kernel
def merge(
    best: Floats, where: Integers, tile_best: Floats, tile_where: Integers, first: int
) -> None:
    """Take over what a tile found that is better; of equal correlations, the lower window.

    Parameters
    ----------
    best : (n,) float64, (n,) int64 ``where``: what is known so far, changed. −∞ and −1: nothing.
    tile_best, tile_where : (n,), as ``join_tile`` gives them.
    first : where the other side's window 0 of the tile stands, ≥ 0.
    """
    for i in range(best.shape[0]):
        place = tile_where[i] + first
        if tile_where[i] >= 0 and (
            tile_best[i] > best[i] or (tile_best[i] == best[i] and place < where[i])
        ):
            best[i], where[i] = tile_best[i], place


@exact_kernel
def _squares(x: Floats, y: Floats, i: int, j: int, m: int, scale: tuple[Any, ...]) -> float:
    rise_x, share_x, rise_y, share_y = scale
    a, b = splat(x[i]), splat(y[j])
    mean_a, mean_b, unit_a, unit_b = splat(rise_x), splat(rise_y), splat(share_x), splat(share_y)
    lanes = splat(0.0)
    whole = m - m % 8
    for k in range(0, whole, 8):
        other = multiply(subtract(subtract(load(y, j + k), b), mean_b), unit_b)
        own = multiply(subtract(subtract(load(x, i + k), a), mean_a), unit_a)
        gap = subtract(own, other)
        lanes = multiply_add(gap, gap, lanes)
    found = total(lanes)
    for k in range(whole, m):
        other_one = ((y[j + k] - y[j]) - rise_y) * share_y
        gap_one = ((x[i + k] - x[i]) - rise_x) * share_x - other_one
        found += gap_one * gap_one
    return float(found)


@exact_kernel
def window_distances(query: Floats, reference: Floats, m: int, where: Integers) -> Floats:
    """The z-normalised Euclidean distance of each window to the one found for it.

    Computed anew from the values of the two windows, so that it is exact whatever led to the pair.

    Parameters
    ----------
    query : (n,) float64.
    reference : (r,) float64; the query itself for a self-join.
    m : points in a window, 2 ≤ m ≤ n and m ≤ r.
    where : (n − m + 1,) int64, the window of the reference; negative: none.

    Returns
    -------
    (n − m + 1,) float64, 0 to 2·√m; infinite where there is no window, or one with NaN or infinity.
    Two constant windows are at distance 0, a constant and another at √m.
    """
    x, y = cleaned(query), cleaned(reference)
    x_kinds, y_kinds = kinds(query, m), kinds(reference, m)
    (x_rises, x_norms), (y_rises, y_norms) = moments(x, m), moments(y, m)
    distances = np.full(where.shape[0], np.inf)
    for i in range(where.shape[0]):
        j = where[i]
        if j < 0 or x_kinds[i] == MISSING or y_kinds[j] == MISSING:
            continue
        if x_kinds[i] == CONSTANT or y_kinds[j] == CONSTANT:
            distances[i] = 0.0 if x_kinds[i] == y_kinds[j] else math.sqrt(m)
        else:
            scale = (x_rises[i], 1.0 / x_norms[i], y_rises[j], 1.0 / y_norms[j])
            distances[i] = math.sqrt(m * _squares(x, y, i, j, m, scale))
    return distances
