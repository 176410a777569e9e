"""How far the shapes of a series lie from those it has elsewhere, at many window lengths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...kernels.shape_distances import NONE, WIDTH, nearest_shapes, prepare

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LADDER = (20, 30, 45, 64, 90, 128, 180, 256, 360, 512, 724, 1024)
# Longer windows are compared on means of neighbouring rows, so that the cost stays the same: at
# most so many means in a series, at least so many in a window.
MOST_BLOCKS, FEWEST_POINTS = 16_000, 32
CELLS, FEWEST_REFERENCES = 6e8, 3000  # pairs of windows compared at one length, at the most
STRETCHES = 8


@dataclass(frozen=True, eq=False)
class Distances:
    """Each window's distance to the nearest other one, at one length.

    Parameters
    ----------
    window : rows a window holds.
    block : rows that were averaged into one point.
    values : (2, 2, n_windows): of z-normed and of damped windows; to the rows learned from and to
        all rows. NaN where there is nothing to compare with. float32: all are held at once.
    """

    window: int
    block: int
    values: NDArray[np.float32]


def lengths(n: int, n_learned: int) -> Iterator[tuple[int, int]]:
    """Window lengths that the series has room for, and how many rows become one point of each."""
    ordinary = n_learned if n_learned > 200 else n
    for window in LADDER:
        fits = 4 * window <= max(ordinary, 400) and 8 * window <= n
        if fits and (10 * window <= ordinary or window == LADDER[0]):
            yield window, max(1, min(-(-n // MOST_BLOCKS), window // FEWEST_POINTS))


def distances(x: Floats, is_missing: Flags, n_learned: int, first: int = 0) -> Iterator[Distances]:
    """The distances of all windows, one length after the other, shortest first.

    Parameters
    ----------
    x : (n,) float64, finite.
    is_missing : (n,) where ``x`` was made up; windows with such rows match nothing.
    n_learned : the first rows of ``x``, known to be ordinary; 0 where nothing is known.
    first : windows that end more than a window before this row get NaN; they are compared with.
    """
    planned = list(lengths(len(x), n_learned))
    for i, (window, block) in enumerate(planned):
        tell("scoring", i / len(planned))
        points = block_means(x, block)
        missing = block_means(is_missing.astype(np.float64), block) > 0.0
        m = max(8, window // block)
        found = _nearest(points, missing, m, n_learned // block, max(0, first // block - 2 * m))
        yield Distances(window, block, found.astype(np.float32))


def block_means(x: Floats, block: int) -> Floats:
    """(n // block,) means of neighbouring rows; a rest is left out."""
    n = len(x) // block
    return np.ascontiguousarray(x[: n * block].reshape(n, block).mean(axis=1))


def _nearest(x: Floats, is_missing: Flags, m: int, n_learned: int, first: int) -> Floats:
    """(2, 2, n − m + 1) as ``Distances.values``."""
    n = len(x) - m + 1
    learned = max(0, n_learned - m + 1)
    x = (x - x.mean()) / (x.std() or 1.0)
    gone = np.convolve(is_missing, np.ones(m), mode="valid") > 0.5
    windows = prepare(x, m, learned if learned > 10 else 0, gone)
    most = int(max(FEWEST_REFERENCES, CELLS / n))
    of_learned = min(learned, max(most // 2, most - (n - learned)))
    near = np.full((2, n), NONE)
    for low, high in _stretches(0, learned, of_learned, m):
        nearest_shapes(windows, m, m, first, low, high, near)
    to_all = near.copy()
    for low, high in _stretches(learned, n, most - of_learned, m):
        nearest_shapes(windows, m, m, first, low, high, to_all)
    half = windows.half[WIDTH : WIDTH + n]
    flat = np.isnan(windows.inverse[WIDTH : WIDTH + n]) & ~gone
    out = np.empty((2, 2, n))
    for reference, (best, last) in enumerate(((near, learned), (to_all, n))):
        shape = np.sqrt(2.0 * (1.0 - np.clip(best[0], 0.0, 1.0)))
        out[0, reference] = _with_constants(shape, flat, last, m)
        out[1, reference] = np.sqrt(2.0 * np.maximum(half - best[1], 0.0))
        # Whether a window was compared at all is told by the damped ones: those may be constant.
        out[:, reference, best[1] <= NONE] = np.nan
    return out


def _with_constants(shape: Floats, flat: Flags, last: int, m: int) -> Floats:
    """Constant windows equal others before ``last``, and are as far as can be from moving ones."""
    places = np.flatnonzero(flat)
    if places.size:
        shape[places] = np.sqrt(2.0)
        others = places[places < last]
        if others.size:
            apart = np.maximum(places - others[0], others[-1] - places) >= m
            shape[places[apart]] = 0.0
    return shape


def _stretches(low: int, high: int, most: int, m: int) -> list[tuple[int, int]]:
    """Windows ``low`` to ``high`` − 1, or evenly spread stretches of them where they are more."""
    n = high - low
    if n <= most:
        return [(low, high)] if n > 0 else []
    if most <= 0:
        return []
    count = max(1, min(STRETCHES, most // max(1024, 4 * m)))
    width = most // count
    starts = np.linspace(low, high - width, count).astype(np.int64)
    return [(start, start + width) for start in starts.tolist()]
