"""One pass over the lags: the newest windows of a stream against those before them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel
from ._stream_points import COVARIANCE, DF, DG, INVERSE, LATER, RIGHT, WIDE
from .simd import (
    bits,
    is_any_negative,
    is_larger,
    joined_bits,
    load,
    lowest_bit,
    multiply,
    multiply_add,
    smaller,
    splat,
    store,
    subtract,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Neighbours whose correlations differ by less may stand in the wrong order, and are compared again
# from their values: 1e-9 is the largest error that restarts leave.
NEAR = 1e-8
CANDIDATES = 8  # that are compared again


@exact_kernel
def _keep(correlation: float, j: int, best: Floats, candidates: Integers) -> None:
    # Among the candidates, in the place of the worst where they are many; of equals, the newer
    # ones stay, which come first.
    best[0] = max(best[0], correlation)
    k = candidates[0] + 1
    if k > CANDIDATES:
        k = 1
        for other in range(2, CANDIDATES + 1):
            if best[other] <= best[k]:
                k = other
        if correlation <= best[k]:
            return
    else:
        candidates[0] = k
    best[k], candidates[k] = correlation, j


@exact_kernel
def _note(
    floats: Floats,
    integers: Integers,
    place: tuple[int, int, int],
    q: int,
    allowed: tuple[int, int],
    best: Floats,
    candidates: Integers,
) -> None:
    # Which of the WIDE lags from column q on are the nearest so far, for either window.
    w, window, lags = place
    covariance, inverse, right = floats[COVARIANCE], floats[INVERSE], floats[RIGHT]
    enough = splat(best[0] - NEAR)
    for part in range(q, q + WIDE, 8):
        j = part + w - lags
        found = multiply(multiply(load(covariance, part), load(inverse, j)), splat(inverse[w]))
        lanes = bits(is_larger(found, smaller(load(right, j), enough)))
        while lanes:
            lane = lowest_bit(lanes)
            lanes &= lanes - 1
            if not allowed[0] <= part + lane < allowed[1]:
                continue
            at = j + lane
            correlation = covariance[part + lane] * inverse[at] * inverse[w]
            if correlation > right[at]:
                right[at], integers[LATER, at] = correlation, window
            if correlation > best[0] - NEAR and inverse[at] > 0.0:
                _keep(correlation, at, best, candidates)


@exact_kernel
def advance(
    floats: Floats,
    integers: Integers,
    place: tuple[int, int, int],
    span: tuple[int, int],
    allowed: Integers,
    best: Floats,
    candidates: Integers,
) -> None:
    """The covariances of consecutive windows with those before them, and the nearest of these.

    Parameters
    ----------
    floats, integers : the state; ``COVARIANCE`` holds what it was one point earlier.
    place : the column of the first of the windows, the point with which it begins, and the column
        of lag 0.
    span : the columns of the lags, from the first to before the last; multiples of ``WIDE``.
    allowed : (k, 2) for each window, the columns of the first lag that counts and of the first that
        no longer does.
    best : (k, 1 + CANDIDATES) the largest correlation so far, and those of the candidates.
    candidates : (k, 1 + CANDIDATES) how many there are, and their columns.

    Together the windows give the bits that they give one by one.
    """
    covariance, inverse, right = floats[COVARIANCE], floats[INVERSE], floats[RIGHT]
    df, dg = floats[DF], floats[DG]
    # The newest lags first: of two later windows that are as near, the earlier is kept, whether
    # they come one by one or together.
    for q in range(span[1] - WIDE, span[0] - 1, -WIDE):
        # Covariances stay in registers from window to window.
        c0, c1 = load(covariance, q), load(covariance, q + 8)
        c2, c3 = load(covariance, q + 16), load(covariance, q + 24)
        for k in range(best.shape[0]):
            w = place[0] + k
            j = q + w - place[2]
            a, b, unit = splat(df[w]), splat(dg[w]), splat(inverse[w])
            enough = splat(best[k, 0] - NEAR)
            c0 = multiply_add(a, load(dg, j), multiply_add(b, load(df, j), c0))
            c1 = multiply_add(a, load(dg, j + 8), multiply_add(b, load(df, j + 8), c1))
            c2 = multiply_add(a, load(dg, j + 16), multiply_add(b, load(df, j + 16), c2))
            c3 = multiply_add(a, load(dg, j + 24), multiply_add(b, load(df, j + 24), c3))
            p0 = multiply(multiply(c0, load(inverse, j)), unit)
            p1 = multiply(multiply(c1, load(inverse, j + 8)), unit)
            p2 = multiply(multiply(c2, load(inverse, j + 16)), unit)
            p3 = multiply(multiply(c3, load(inverse, j + 24)), unit)
            g0 = subtract(smaller(load(right, j), enough), p0)
            g1 = subtract(smaller(load(right, j + 8), enough), p1)
            g2 = subtract(smaller(load(right, j + 16), enough), p2)
            g3 = subtract(smaller(load(right, j + 24), enough), p3)
            if is_any_negative(joined_bits(joined_bits(g0, g1), joined_bits(g2, g3))):
                store(covariance, q, c0)
                store(covariance, q + 8, c1)
                store(covariance, q + 16, c2)
                store(covariance, q + 24, c3)
                one = (w, place[1] + k, place[2])
                counted = (allowed[k, 0], allowed[k, 1])
                _note(floats, integers, one, q, counted, best[k], candidates[k])
        store(covariance, q, c0)
        store(covariance, q + 8, c1)
        store(covariance, q + 16, c2)
        store(covariance, q + 24, c3)
