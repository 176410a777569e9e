"""How like its nearest window each window of a series is, in two senses at once, row by row.

Unlike a matrix profile, what is asked for is the likeness alone, and only of the rows: windows are
compared with some stretch of the series (what is known to be ordinary, or a sample of a long one).
Both kinds of likeness come from the covariance of two windows, which costs more than either.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from .simd import (
    is_any_negative,
    joined_bits,
    larger,
    largest,
    load,
    multiply,
    multiply_add,
    splat,
    spread,
    store,
    subtract,
    unforeseen,
)
from .windows import moments, steps

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

WIDTH = 32  # diagonals walked together: as many covariances as the registers hold
PERIOD = 2048  # rows after which covariances are computed anew, so that rounding cannot build up
NONE = -1e300  # the likeness of a window that was compared with no other
DAMPING = 0.5  # share of the usual squared norm that is added to each
_TINY = 1e-10  # of the series' variance; windows that vary less are constant but for rounding


class Windows(NamedTuple):
    """What is known of each window of one series; see ``prepare``."""

    values: Floats  # the series with WIDTH values before it and twice as many behind it
    rises: Floats  # of each window, how far its mean lies above its first value
    df: Floats
    dg: Floats
    inverse: Floats  # 1 / norm; NaN of constant windows and of those left out
    quiet: Floats  # 1 / √(norm² + damping); NaN of those left out
    half: Floats  # half of the squared length of the damped window


@exact_kernel
def _covariances(values: Floats, rises: Floats, m: int, i: int, j: int, lanes: Floats) -> None:
    # Of window i with the windows from j on, from their values.
    c0, c1, c2, c3 = splat(0.0), splat(0.0), splat(0.0), splat(0.0)
    first, rise = values[i], rises[i]
    for k in range(m):
        factor = splat((values[i + k] - first) - rise)
        at = j + k
        c0 = multiply_add(factor, load(values, at), c0)
        c1 = multiply_add(factor, load(values, at + 8), c1)
        c2 = multiply_add(factor, load(values, at + 16), c2)
        c3 = multiply_add(factor, load(values, at + 24), c3)
    store(lanes, 0, c0)
    store(lanes, 8, c1)
    store(lanes, 16, c2)
    store(lanes, 24, c3)


@exact_kernel
def _walk(
    own: Windows,
    inverse: Floats,
    quiet: Floats,
    less: Floats,
    lag: int,
    begin: int,
    end: int,
    lanes: Floats,
    best_shape: Floats,
    best_damped: Floats,
) -> None:
    # Rows begin to end − 1 with the columns a lag and more after them; lanes as in profile_block.
    df, dg, own_quiet = own.df, own.dg, own.quiet
    c0, c1, c2, c3 = load(lanes, 0), load(lanes, 8), load(lanes, 16), load(lanes, 24)
    for i in range(begin, end):
        j = i + lag
        shape, damped, by = spread(best_shape, i), spread(best_damped, i), spread(own_quiet, i)
        # A NaN, in the first place, is passed over.
        p = larger(multiply(c0, load(inverse, j)), shape)
        q = larger(multiply_add(c0, multiply(by, load(quiet, j)), load(less, j)), damped)
        p = larger(multiply(c1, load(inverse, j + 8)), p)
        q = larger(multiply_add(c1, multiply(by, load(quiet, j + 8)), load(less, j + 8)), q)
        p = larger(multiply(c2, load(inverse, j + 16)), p)
        q = larger(multiply_add(c2, multiply(by, load(quiet, j + 16)), load(less, j + 16)), q)
        p = larger(multiply(c3, load(inverse, j + 24)), p)
        q = larger(multiply_add(c3, multiply(by, load(quiet, j + 24)), load(less, j + 24)), q)
        if is_any_negative(joined_bits(subtract(shape, p), subtract(damped, q))):
            r = unforeseen(i)
            best_shape[r], best_damped[r] = largest(p), largest(q)
        a, b, j = spread(df, i + 1), spread(dg, i + 1), j + 1
        c0 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c0))
        c1 = multiply_add(a, load(dg, j + 8), multiply_add(b, load(df, j + 8), c1))
        c2 = multiply_add(a, load(dg, j + 16), multiply_add(b, load(df, j + 16), c2))
        c3 = multiply_add(a, load(dg, j + 24), multiply_add(b, load(df, j + 24), c3))
    store(lanes, 0, c0)
    store(lanes, 8, c1)
    store(lanes, 16, c2)
    store(lanes, 24, c3)


@exact_kernel
def nearest_shapes(
    windows: Windows, m: int, zone: int, first: int, low: int, high: int, best: Floats
) -> None:
    """Compare windows from ``first`` on with ``low`` to ``high`` − 1; note the greatest likeness.

    Parameters
    ----------
    windows : of n windows of m points; see ``prepare``.
    zone : windows i and j with |i − j| < zone are not compared, zone ≥ 1.
    first : of the windows to note it of, 0 to n; of those before nothing is.
    low, high : of the windows compared with, 0 ≤ low ≤ high ≤ n.
    best : (2, n) float64, changed: the largest correlation, and the largest inner product of the
        damped windows less half the squared length of the column's. ``NONE`` where nothing was
        compared.

    The time is proportional to (n − first) · (high − low); starting diagonals takes
    m · (n − first + high − low).
    """
    own, n = windows, best.shape[1]
    # Columns outside the stretch, and the places before and behind the series, match nothing.
    inverse, quiet = np.full(own.df.shape[0], np.nan), np.full(own.df.shape[0], np.nan)
    less = np.full(own.df.shape[0], np.nan)
    shape, damped = np.full(own.df.shape[0], NONE), np.full(own.df.shape[0], NONE)
    for j in range(low + WIDTH, high + WIDTH):
        inverse[j], quiet[j], less[j] = own.inverse[j], own.quiet[j], -own.half[j]
    for i in range(n):
        # Of the rows the factor 1 / norm is left to the end: it does not change which is largest.
        norm = 1.0 / own.inverse[i + WIDTH] if own.inverse[i + WIDTH] > 0.0 else 0.0
        shape[i + WIDTH] = best[0, i] * norm if best[0, i] > NONE else NONE
        damped[i + WIDTH] = best[1, i]
    lanes = np.empty(WIDTH)
    for side in range(2):
        start, stop = low - n + 1, high - first
        if side == 0:
            stop = min(stop, 1 - zone)
        else:
            start = max(start, zone)
        for lag in range(start, stop, WIDTH):
            i = max(WIDTH + first, low - lag + 1)
            end = min(WIDTH + n, WIDTH + high - lag)
            while i < end:
                _covariances(own.values, own.rises, m, i, i + lag, lanes)
                for d in range(stop - lag, WIDTH):
                    lanes[d] = np.nan
                until = min(end, i + PERIOD)
                _walk(own, inverse, quiet, less, lag, i, until, lanes, shape, damped)
                i = until
    for i in range(n):
        if shape[i + WIDTH] > NONE and own.inverse[i + WIDTH] > 0.0:
            best[0, i] = shape[i + WIDTH] * own.inverse[i + WIDTH]
        best[1, i] = damped[i + WIDTH]


def prepare(x: Floats, m: int, n_usual: int, left_out: Flags) -> Windows:
    """What ``nearest_shapes`` needs to know of the windows of ``x``.

    Parameters
    ----------
    x : (n,) float64, finite, of mean about 0 and variance about 1.
    m : points in a window, 2 ≤ m ≤ n.
    n_usual : the first windows, whose median squared norm is the usual one; all where it is 0. A
        share of it is added to each squared norm before the window is divided by its root.
    left_out : (n − m + 1,) bool, windows that match nothing.
    """
    padded = np.concatenate([np.full(WIDTH, x[0]), x, np.full(2 * WIDTH, x[-1])])
    rises, norms = moments(padded, m)
    df, dg = steps(padded, rises, m)
    squares = norms * norms
    of_series = squares[WIDTH : WIDTH + len(left_out)]
    usual = float(np.median(of_series[:n_usual] if n_usual else of_series))
    is_out = np.ones(len(norms), dtype=np.bool_)
    is_out[WIDTH : WIDTH + len(left_out)] = left_out
    moving = ~is_out & (squares > _TINY * m)
    inverse, quiet = np.full(len(norms), np.nan), np.full(len(norms), np.nan)
    inverse[moving] = 1.0 / norms[moving]
    quiet[~is_out] = 1.0 / np.sqrt(squares[~is_out] + DAMPING * usual + _TINY * m)
    return Windows(padded, rises, df, dg, inverse, quiet, 0.5 * squares * quiet * quiet)
