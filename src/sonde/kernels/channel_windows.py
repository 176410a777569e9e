"""Windows of series with several channels: what is known of them, and how far two are apart."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel, kernel
from .windows import CONSTANT, MISSING, cleaned, kinds, moments, steps
from .windows import restarts as restarts_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCK = 32  # diagonals of the matrix of all pairs that are walked together
# Windows between two exact restarts of the covariances.
_RESTART = 2048
_FALL = 1e-3  # see ``windows.restarts``
# Where a norm is below this share of the channel's largest value, squares have vanished: the window
# counts as constant.
_VANISHED = 1e-150
_FAR = 1e30  # stands for an infinite distance: sums with it stay finite, and above all others


class Channels(NamedTuple):
    """The windows of every channel of a series, as the loops read them.

    Arrays by window have ``BLOCK`` more columns than there are windows, which match nothing.
    """

    values: Floats  # (d, n + BLOCK) finite, scaled; zeros behind the end
    rises: Floats  # (d, ·) how far each window's mean lies above its first value
    inverse: Floats  # (d, ·) 1 / norm; 0 for windows that are not ordinary
    share: Floats  # (d, ·) a window's part in 1 − correlation: ½, 0 if constant, far if missing
    row_df: Floats  # (d, ·) steps of the covariance (``windows.steps``); 0 at ``row_starts``
    row_dg: Floats
    df: Floats  # (d, ·) the same; 0 at ``starts``
    dg: Floats
    row_starts: Integers  # (·, 2) window and channel where a row is computed from its values
    starts: Integers  # (·, 2) likewise for a column


def channels_of(x: Floats, m: int) -> Channels:
    """What ``nearest_by_channels`` needs to know of ``x`` (n, d), for windows of ``m`` points."""
    n_windows, d = len(x) - m + 1, x.shape[1]
    values = np.zeros((d, len(x) + BLOCK))
    rises, inverse, df, dg = (np.zeros((d, n_windows + BLOCK)) for _ in range(4))
    share = np.full((d, n_windows + BLOCK), _FAR)
    fallen = np.zeros((n_windows, d), dtype=np.bool_)
    for c in range(d):
        channel = np.ascontiguousarray(x[:, c])
        clean, kind = cleaned(channel), kinds(channel, m)
        rise, norm = moments(clean, m)
        kind = np.where((kind != MISSING) & (norm <= _VANISHED), CONSTANT, kind)
        values[c, : len(x)] = clean
        rises[c, :n_windows] = rise
        df[c, :n_windows], dg[c, :n_windows] = steps(clean, rise, m)
        share[c, :n_windows] = np.select([kind == CONSTANT, kind == MISSING], [0.0, _FAR], 0.5)
        np.divide(1.0, norm, out=inverse[c, :n_windows], where=share[c, :n_windows] == 0.5)
        fallen[:, c] = restarts_of(norm, _FALL)
    begins = fallen.copy()
    begins[::_RESTART] = True
    fallen[0] = False  # a column that begins there is the row that begins there
    row_df, row_dg = df.copy(), dg.copy()
    for steps_of, at in ((row_df, begins), (row_dg, begins), (df, fallen), (dg, fallen)):
        steps_of[:, :n_windows][at.T] = 0.0
    return Channels(
        values,
        rises,
        inverse,
        share,
        row_df,
        row_dg,
        df,
        dg,
        # In C order, whatever they hold: kernels are compiled anew for each layout they meet.
        np.ascontiguousarray(np.argwhere(begins)),
        np.ascontiguousarray(np.argwhere(fallen)),
    )


@exact_kernel
def _shapes(side: Channels, m: int, i: int, out: Floats) -> None:
    # Of window i in every channel: mean 0 and norm 1, zeros of constant and missing ones.
    for c in range(out.shape[0]):
        window, rise, scale = side.values[c, i : i + m], side.rises[c, i], side.inverse[c, i]
        for t in range(m):
            out[c, t] = ((window[t] - window[0]) - rise) * scale


@kernel
def _squares_apart(a: Floats, b: Floats) -> float:
    squares = 0.0
    for t in range(a.shape[0]):
        squares += (a[t] - b[t]) * (a[t] - b[t])
    return squares


@exact_kernel
def _between(a: Floats, b: Floats, shares: Floats, other_shares: Floats, out: Floats) -> None:
    m = a.shape[1]
    for c in range(out.shape[0]):
        both = shares[c] + other_shares[c]
        if both == 1.0:
            out[c] = math.sqrt(m * _squares_apart(a[c], b[c]))
        else:
            out[c] = np.inf if both >= _FAR else math.sqrt(2.0 * m * both)


@exact_kernel
def _sort(values: Floats) -> None:
    # By insertion: channels are few, and numba's own sort takes two seconds to compile.
    for i in range(1, values.shape[0]):
        value, k = values[i], i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


@exact_kernel
def channel_distances(query: Channels, reference: Channels, m: int, i: int, j: int) -> Floats:
    """(d,) the z-normalised Euclidean distance of window i and window j, in each channel.

    Computed from the values of the two windows, so that it is exact whatever led to the pair.

    Parameters
    ----------
    query, reference : the windows, from ``channels_of``, for windows of ``m`` points.
    i, j : the window of the query, and that of the reference.

    Returns
    -------
    0 to 2·√m; infinite where one of the windows has a missing value. Two constant windows are at
    distance 0, a constant and another at √m.
    """
    d = query.df.shape[0]
    a, b, out = np.empty((d, m)), np.empty((d, m)), np.empty(d)
    _shapes(query, m, i, a)
    _shapes(reference, m, j, b)
    _between(a, b, query.share[:, i], reference.share[:, j], out)
    return out


@exact_kernel
def mean_distances(
    query: Channels,
    reference: Channels,
    m: int,
    where: Integers,
    start: int,
    stop: int,
    out: Floats,
) -> None:
    """How far each window is from those found for it, from the values of the windows.

    Parameters
    ----------
    query, reference : the windows, from ``channels_of``, for windows of ``m`` points.
    where : (d, ·) int64, for each window of the query and number of channels the window of the
        reference; negative: none.
    out : (d, ·) float64; columns ``start`` to ``stop`` − 1 are written: in row k the mean of the
        k + 1 smallest channel distances, infinite where there is no window.
    """
    d = query.df.shape[0]
    a, b, distances = np.empty((d, m)), np.empty((d, m)), np.empty(d)
    for i in range(start, stop):
        _shapes(query, m, i, a)
        known = -1
        for k in range(d):
            j = where[k, i]
            if j >= 0 and j != known:
                _shapes(reference, m, j, b)
                _between(a, b, query.share[:, i], reference.share[:, j], distances)
                _sort(distances)
                known = j
            total = 0.0
            for c in range(k + 1):
                total += distances[c]
            out[k, i] = total / (k + 1) if j >= 0 else np.inf
