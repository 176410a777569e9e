"""The nearest neighbour of every window: within one series, or of one series in another.

All pairs are compared in tiles, which any number of threads work on; the result is the same to the
bit for any number. Distances are computed anew from the values of the neighbours that were found,
so that they are exact whatever the precision of the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...kernels.profile_join import join_tile, tile_side, window_distances
from .known import Known, nothing

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Precision = Literal["float64", "float32"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Of each window the nearest other: how far, and which.

    Parameters
    ----------
    distances : (k,) float64, z-normalised Euclidean, 0 to 2·√window; infinite where there is none.
    indices : (k,) int64; −1 where there is none.
    left_distances, left_indices : the nearest among earlier windows; None where two series are
        compared.
    right_distances, right_indices : among later ones.
    """

    distances: Floats
    indices: Integers
    left_distances: Floats | None = None
    left_indices: Integers | None = None
    right_distances: Floats | None = None
    right_indices: Integers | None = None


@dataclass(frozen=True, eq=False)
class _Tile:
    """Windows ``i`` on of one series with windows ``j`` on of another; how many pairs."""

    i: int
    j: int
    cells: int


def self_join(
    x: Floats,
    window: int,
    *,
    precision: Precision = "float64",
    threads: int = 1,
    zone: int | None = None,
) -> Neighbours:
    """For each window of ``x`` the nearest others, before it and after it.

    Parameters
    ----------
    x : (n,) float64; a window with NaN or infinity has distance inf and index −1.
    window : 2 ≤ window ≤ n.
    precision : ``"float32"`` searches in less time. It tells correlations apart to about 1e-6, to
        1e-5 where windows differ much in size, so that another neighbour may be named whose
        squared distance is larger by 2 · window times that. The distance to it is exact.
    threads : tiles that are worked on together.
    zone : windows with |i − j| ≤ zone are no neighbours; None: window / 4, rounded up.

    Two constant windows are at distance 0, a constant and another at √window. Of neighbours that
    are equally near to within rounding any may be named, the same one for any ``threads``; of those
    before and after a window that are equally far, the one before.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 0.0, 5.0, 7.0, 0.0, 2.0, 0.0])
    >>> found = self_join(x, 3)
    >>> found.indices.tolist(), found.distances.round(3).tolist()[0]
    ([5, 4, 0, 0, 1, 0], 0.0)
    """
    n, side = len(x) - window + 1, tile_side(window)
    zone = math.ceil(window / 4) if zone is None else zone
    left, right = nothing(n), nothing(n)
    tiles = []
    for i in range(0, n, side):
        for j in range(i, n, side):
            if j + min(side, n - j) - 1 - i > zone:
                cells = min(side, n - i) * min(side, n - j)
                tiles.append(_Tile(i, j, cells // 2 if i == j else cells))
    lock = Lock()

    def work(tile: _Tile) -> None:
        a, b = _part(x, tile.i, window, side), _part(x, tile.j, window, side)
        with lock:
            rows = right.part(tile.i, side).bounds()
            columns = left.part(tile.j, side).bounds()
        _compare(a, b, window, tile.j - tile.i, zone, rows, columns, precision)
        with lock:
            right.part(tile.i, side).take(rows, tile.j)
            left.part(tile.j, side).take(columns, tile.i)

    _over(tiles, work, threads)
    return self_neighbours(x, window, left.where, right.where, threads)


def cross_join(
    x: Floats,
    other: Floats,
    window: int,
    *,
    precision: Precision = "float64",
    threads: int = 1,
    zone: int = -1,
    shift: int = 0,
) -> Neighbours:
    """For each window of ``x`` the nearest of ``other``; otherwise as ``self_join``.

    Parameters
    ----------
    other : (r,) float64, window ≤ r.
    zone : windows i of ``x`` and j of ``other`` with |i + shift − j| ≤ zone are no neighbours;
        −1: all may be.
    shift : where the first point of ``x`` stands in ``other``; counts only with a zone.

    Examples
    --------
    >>> x, other = np.array([0.0, 2.0, 0.0]), np.array([1.0, 1.0, 3.0, 5.0, 3.0])
    >>> cross_join(x, other, 3).indices.tolist()
    [2]
    """
    n, n_other, side = len(x) - window + 1, len(other) - window + 1, tile_side(window)
    nearest = nothing(n)
    tiles = [
        _Tile(i, j, min(side, n - i) * min(side, n_other - j))
        for i in range(0, n, side)
        for j in range(0, n_other, side)
    ]
    lock = Lock()

    def work(tile: _Tile) -> None:
        a, b = _part(x, tile.i, window, side), _part(other, tile.j, window, side)
        ahead = tile.j - tile.i - shift
        found = []
        for back in (False, True) if zone >= 0 else (False,):
            with lock:
                rows = nearest.part(tile.i, side).bounds()
            columns = nothing(len(b) - window + 1)
            columns.best[:] = np.inf  # nobody asks for theirs
            if back:  # what lies behind the zone is what lies ahead of it, seen from the other side
                _compare(b, a, window, -ahead, zone, columns, rows, precision)
            else:
                _compare(a, b, window, ahead, zone, rows, columns, precision)
            found.append(rows)
        with lock:
            for rows in found:
                nearest.part(tile.i, side).take(rows, tile.j)

    _over(tiles, work, threads)
    return cross_neighbours(x, other, window, nearest.where)


def self_neighbours(
    x: Floats, window: int, left: Integers, right: Integers, threads: int = 1
) -> Neighbours:
    """The distances of windows to the neighbours found before (``left``) and after them."""
    own = _own(x)
    with ThreadPoolExecutor(max(1, min(threads, 2))) as pool:
        jobs = [pool.submit(window_distances, own, own, window, where) for where in (left, right)]
        before, after = (job.result() for job in jobs)
    is_before = before <= after
    return Neighbours(
        np.where(is_before, before, after),
        np.where(is_before, left, right),
        before,
        left,
        after,
        right,
    )


def cross_neighbours(x: Floats, other: Floats, window: int, where: Integers) -> Neighbours:
    """The distances of the windows of ``x`` to those found for them in ``other``."""
    return Neighbours(window_distances(_own(x), _own(other), window, where), where)


def _own(x: Floats) -> Floats:
    # Of one type for the compiler: an array that may be written to, whatever came.
    return np.require(x, np.float64, ["C", "W"])


def _part(x: Floats, start: int, window: int, side: int) -> Floats:
    return x[start : start + side + window - 1]


def _compare(
    a: Floats,
    b: Floats,
    window: int,
    ahead: int,
    zone: int,
    best_a: Known,
    best_b: Known,
    precision: Precision,
) -> None:
    join_tile(
        a,
        b,
        window,
        ahead,
        zone,
        best_a.best,
        best_a.where,
        best_b.best,
        best_b.where,
        precision == "float32",
    )


def _over(tiles: list[_Tile], work: Callable[[_Tile], None], threads: int) -> None:
    """Call ``work`` with every tile, in threads; tells how many of all pairs were compared."""
    n_cells, done, lock = sum(tile.cells for tile in tiles), [0], Lock()

    def one(tile: _Tile) -> None:
        work(tile)
        with lock:
            done[0] += tile.cells
            tell("comparing windows", done[0] / n_cells)

    # The largest first, so that no thread begins one when all others are done.
    tiles = sorted(tiles, key=lambda tile: -tile.cells)
    if min(threads, len(tiles)) <= 1:
        for tile in tiles:
            one(tile)
        return
    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(copy_context().run, one, tile) for tile in tiles]
        try:
            for job in jobs:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
