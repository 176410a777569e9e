"""The distance of one window to all others, from their values."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CELLS = 1 << 20  # of windows that are held at a time


def distances_to(window: Floats, x: Floats) -> Floats:
    """(d, n − m + 1) the z-normalised distance of a window to each window of ``x``, by channel.

    Parameters
    ----------
    window : (m, d) float64.
    x : (n, d) float64, n ≥ m.

    Exact whatever the offset and the size of the values. Infinite where either has a NaN or an
    infinity; two constant windows are at 0, a constant and another at √m.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [0.0], [3.0], [0.0]])
    >>> distances_to(x[:3], x).round(6)
    array([[0.      , 3.245855, 0.      ]])
    """
    m, d = window.shape
    n = len(x) - m + 1
    out = np.empty((d, n))
    for c in range(d):
        mine = _normalised(window[np.newaxis, :, c])
        windows = sliding_window_view(x[:, c], m)
        step = max(1, _CELLS // m)
        for start in range(0, n, step):
            theirs = _normalised(windows[start : start + step])
            squares = np.square(theirs - mine).sum(axis=1)
            out[c, start : start + step] = np.sqrt(m * squares)
    return np.where(np.isnan(out), np.inf, out)


def _normalised(windows: Floats) -> Floats:
    """Rows of mean 0 and squares that sum to 1; zeros if constant, NaN if a value is missing."""
    known = np.isfinite(windows).all(axis=1, keepdims=True)
    # To a size of 1 first: squares of very large or very small numbers do not exist. From the first
    # value, so that a large offset costs no digits.
    largest = np.abs(np.where(known, windows, 0.0)).max(axis=1, keepdims=True)
    rises = np.where(known, windows, 0.0) * np.exp2(-np.frexp(largest)[1].clip(-1000))
    rises = rises - rises[:, :1]
    rises -= rises.mean(axis=1, keepdims=True)
    is_flat = (windows == windows[:, :1]).all(axis=1, keepdims=True)
    unit = np.abs(rises).max(axis=1, keepdims=True)
    rises /= np.where(is_flat | (unit == 0.0), 1.0, unit)
    norm = np.sqrt(np.square(rises).sum(axis=1, keepdims=True))
    flat = np.where(is_flat, 0.0, rises / np.where(norm == 0.0, 1.0, norm))
    return np.where(known, flat, np.nan)
