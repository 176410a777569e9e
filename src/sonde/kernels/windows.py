"""What is known of every window of a series before windows are compared.

A window is the m values from a place on. Windows are compared after z-normalisation, so only their
shape counts. Three kinds: ordinary ones; constant ones; those with a NaN or an infinity.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ORDINARY, CONSTANT, MISSING = 0, 1, 2

_BLOCK = 512  # windows that are handled together: their sums stay in the L1 cache


@exact_kernel
def cleaned(x: Floats) -> Floats:
    """The series with its gaps filled, and of size about 1; correlations of windows are the same.

    Missing values take the value before them: their windows match nothing, but what runs along the
    series runs through them.

    Parameters
    ----------
    x : (n,) float64; NaN and infinite values are missing.

    Returns
    -------
    (n,) float64, finite, at most 1 in size: scaled by a power of two, so that no value loses a
    digit and squares neither overflow nor vanish. A common offset stays: taking it away would
    round, and whoever goes on works with differences of values.
    """
    largest, last = 0.0, 0.0
    is_first = True
    for i in range(x.shape[0]):
        if np.isfinite(x[i]):
            largest = max(largest, abs(x[i]))
            if is_first:
                last = x[i]
            is_first = False
    # 2^1000 keeps the unit of very small numbers finite.
    unit = math.ldexp(1.0, -max(math.frexp(largest)[1], -1000))
    clean = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        if np.isfinite(x[i]):
            last = x[i]
        clean[i] = last * unit
    return clean


@exact_kernel
def kinds(x: Floats, m: int) -> Integers:
    """(n − m + 1,) int64: ``ORDINARY``, ``CONSTANT`` or ``MISSING``, of each window of ``x``.

    ``x`` is (n,) float64 as it came, not cleaned: there, missing values have been filled.
    """
    kinds = np.empty(x.shape[0] - m + 1, np.int64)
    known, alike = 0, 0  # how many values up to here are finite, and equal to this one
    for i in range(x.shape[0]):
        known = known + 1 if np.isfinite(x[i]) else 0
        alike = alike + 1 if i > 0 and x[i] == x[i - 1] else 1
        if i >= m - 1:
            kind = ORDINARY if alike < m else CONSTANT
            kinds[i - m + 1] = kind if known >= m else MISSING
    return kinds


@exact_kernel
def moments(x: Floats, m: int) -> tuple[Floats, Floats]:
    """Of each window, how far its mean lies above its first value, and its norm.

    Parameters
    ----------
    x : (n,) float64, finite; as ``cleaned`` gives it.
    m : points in a window, 1 ≤ m ≤ n.

    Returns
    -------
    rises, norms : (n − m + 1,) float64, in the unit of ``x``; the norm is the root of the summed
        squares about the mean. In two passes for each window, since running sums would carry the
        rounding of large values into the windows after them; from the first value and in strict
        order, since a mean near 1e8 would not have the digits of small differences.
    """
    n = x.shape[0] - m + 1
    rises, norms = np.zeros(n), np.zeros(n)
    for begin in range(0, n, _BLOCK):
        end = min(begin + _BLOCK, n)
        first, rise, norm = x[begin:end], rises[begin:end], norms[begin:end]
        for k in range(1, m):
            value = x[begin + k : end + k]
            for i in range(end - begin):
                rise[i] += value[i] - first[i]
        for i in range(end - begin):
            rise[i] /= m
        for k in range(m):
            value = x[begin + k : end + k]
            for i in range(end - begin):
                gap = (value[i] - first[i]) - rise[i]
                norm[i] += gap * gap
        for i in range(end - begin):
            norm[i] = math.sqrt(norm[i])
    return rises, norms


@exact_kernel
def restarts(norms: Floats, fall: float) -> NDArray[np.bool_]:
    """(n,) where a running covariance can't go on: at the first window, and after a fall.

    After large numbers their rounding is left in the sum. Where the norm is less than ``fall``
    times the largest since the last restart, that would show, and the covariance is computed anew.
    1e-3 leaves 13 digits.
    """
    restarts = np.zeros(norms.shape[0], np.bool_)
    restarts[0] = True
    peak = 0.0
    for i in range(norms.shape[0]):
        if norms[i] < fall * peak:
            restarts[i] = True
            peak = norms[i]
        peak = max(peak, norms[i])
    return restarts


@exact_kernel
def steps(x: Floats, rises: Floats, m: int) -> tuple[Floats, Floats]:
    """What takes the covariance of two windows to that of the two windows after them.

    With df and dg of both series, cov(i, j) = cov(i − 1, j − 1) + df[i]·dg[j] + dg[i]·df[j].

    Parameters
    ----------
    x : (n,) float64, as for ``moments``, which gives ``rises``.

    Returns
    -------
    df, dg : (n − m + 1,) float64: half of the value that enters less the one that leaves; and how
        far the value that enters lies above the mean of its window, plus the one that leaves above
        its own. 0 for the first window.

    Source
    ------
    Zimmerman et al. (2019), "Matrix profile XIV", SoCC, section 3.
    """
    n = rises.shape[0]
    df, dg = np.zeros(n), np.zeros(n)
    for i in range(1, n):
        df[i] = 0.5 * (x[i + m - 1] - x[i - 1])
        dg[i] = ((x[i + m - 1] - x[i]) - rises[i]) - rises[i - 1]
    return df, dg


@exact_kernel
def centred(window: Floats, rise: float) -> Floats:
    """(m,) the window less its mean, which lies ``rise`` above its first value."""
    centred = np.empty(window.shape[0])
    for k in range(window.shape[0]):
        centred[k] = (window[k] - window[0]) - rise
    return centred


@exact_kernel
def covariances(centred: Floats, x: Floats, out: Floats) -> None:
    """The covariance of one window with each window of ``x``, times m, from the definition.

    Parameters
    ----------
    centred : (m,) float64, as ``centred`` gives it; the other windows need not be centred too.
    x : (n,) float64, as ``cleaned`` gives it.
    out : (n − m + 1,) or fewer float64, written: the windows of ``x`` from the first on.
    """
    # Four terms at a time: each time, a whole stretch of sums passes through memory.
    m, n = centred.shape[0], out.shape[0]
    for i in range(n):
        out[i] = 0.0
    for k in range(0, m - 3, 4):
        c0, c1, c2, c3 = centred[k], centred[k + 1], centred[k + 2], centred[k + 3]
        x0, x1, x2, x3 = x[k : k + n], x[k + 1 : k + 1 + n], x[k + 2 : k + 2 + n], x[k + 3 :]
        for i in range(n):
            left = c0 * (x0[i] - x[i]) + c1 * (x1[i] - x[i])
            out[i] += left + (c2 * (x2[i] - x[i]) + c3 * (x3[i] - x[i]))
    for k in range(m - m % 4, m):
        for i in range(n):
            out[i] += centred[k] * (x[i + k] - x[i])


@exact_kernel
def inverse(norms: Floats, kinds: Integers) -> Floats:
    """(n,) 1 / norm of ordinary windows; NaN of the others.

    NaN is never the larger of two correlations: such windows are passed over without a test.
    """
    inverse = np.full(norms.shape[0], np.nan)
    for i in range(norms.shape[0]):
        if kinds[i] == ORDINARY and norms[i] > 0.0:
            inverse[i] = 1.0 / norms[i]
    return inverse
