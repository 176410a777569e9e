"""Distances of windows of several channels, in extended precision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Long = NDArray[np.longdouble]


def shapes(channel: Floats, m: int) -> Long:
    """(n − m + 1, m): each window with mean 0 and norm 1; zeros if constant, NaN if incomplete."""
    windows = np.lib.stride_tricks.sliding_window_view(channel, m).astype(np.longdouble)
    is_known = np.isfinite(windows).all(axis=1)
    is_moving = is_known & (windows != windows[:, :1]).any(axis=1)
    out = np.zeros(windows.shape, dtype=np.longdouble)
    out[~is_known] = np.nan
    centred = windows[is_moving] - windows[is_moving, :1]
    centred -= centred.mean(axis=1, keepdims=True)
    centred /= abs(centred).max(axis=1, keepdims=True)  # squares of tiny numbers do not exist
    out[is_moving] = centred / np.sqrt((centred * centred).sum(axis=1, keepdims=True))
    return out


def apart(a: Long, b: Long) -> Long:
    """(r,) how far the shape ``a`` (m,) is from each of the shapes ``b`` (r, m)."""
    m = np.longdouble(len(a))
    distances = np.sqrt(m * ((b - a) ** 2).sum(axis=1))  # NaN where a window is incomplete
    is_flat = ~b.any(axis=1)
    distances[is_flat != (not a.any())] = np.sqrt(m)  # one of the two is constant
    incomplete = np.isnan(a).any() | np.isnan(b).any(axis=1)
    return np.where(incomplete, np.longdouble(np.inf), distances)


def channel_distances(query: Floats, reference: Floats, m: int, i: int, j: int) -> Floats:
    """(d,) of window i of the query (n, d) and window j of the reference (r, d)."""
    return np.array(
        [
            apart(shapes(query[i : i + m, c], m)[0], shapes(reference[j : j + m, c], m))[0]
            for c in range(query.shape[1])
        ],
        dtype=np.float64,
    )


def all_means(query: Floats, reference: Floats, m: int) -> Floats:
    """(d, n − m + 1, r − m + 1): in row k the mean of the k + 1 smallest channel distances."""
    channels = []
    for c in range(query.shape[1]):
        of_reference = shapes(reference[:, c], m)
        channels.append([apart(window, of_reference) for window in shapes(query[:, c], m)])
    distances = np.sort(np.array(channels), axis=0)
    counts = np.arange(1, len(channels) + 1)[:, None, None]
    return np.asarray(np.cumsum(distances, axis=0) / counts, dtype=np.float64)


def mean_distances(query: Floats, reference: Floats, m: int, where: Integers) -> Floats:
    """(d, n − m + 1): in row k the mean of the k + 1 smallest distances to the window found."""
    means = np.take_along_axis(all_means(query, reference, m), where[:, :, None], axis=2)
    return np.where(where < 0, np.inf, means[:, :, 0])
