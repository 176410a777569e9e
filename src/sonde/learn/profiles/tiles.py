"""The matrix profile of a series that is too long for one pass, tile by tile.

The windows are cut into stretches; a tile is all pairs of the windows of two stretches. It needs
the values of those two and nothing else, so tiles are worked on in any order, in threads here or
by the workers of a Dask cluster, and a worker's memory does not grow with the series.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...errors import InvalidInput
from ...kernels.profile_join import join_tile, tile_side
from .joins import Neighbours, cross_neighbours, self_neighbours
from .known import Known, nothing
from .long_series import Stretch, long_series
from .workers import Workers, workers

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST = 2**17  # windows of a stretch unless told: a tile of seconds, so that progress is seen
TILES_EACH = 8  # at least so many for each thread, so that none waits long for the last ones
# A process with the compiled code and Dask, before any tile; measured: 220.
OWN_MB = 280
# Of a tile for each window of a stretch, as rows and as columns: values, what was found, and copies
# on their way; measured: up to 80 on each side.
BYTES_A_WINDOW = 200


@dataclass(frozen=True)
class Tile:
    """All pairs of the windows of two stretches; ``zone`` −1: none is left out."""

    rows: Stretch
    columns: Stretch
    window: int
    zone: int

    def without_values(self) -> Tile:
        """What names it, to travel back with what was found."""
        rows, columns = (Stretch(one.start, one.stop, "") for one in (self.rows, self.columns))
        return Tile(rows, columns, self.window, self.zone)


def compared(tile: Tile) -> tuple[Tile, Known, Known]:
    """What is found for the rows and for the columns of a tile, and which tile it was.

    In squares of ``tile_side`` that lie on one grid however the series is cut, so that a tile finds
    to the bit what one pass finds.
    """
    m, side = tile.window, tile_side(tile.window)
    a, b = tile.rows.values(), tile.columns.values()
    rows, columns = nothing(len(a) - m + 1), nothing(len(b) - m + 1)
    offset = tile.columns.start - tile.rows.start
    for i in range(0, len(rows.best), side):
        for j in range(0, len(columns.best), side):
            ahead = offset + j - i
            if tile.zone >= 0 and ahead + side - 1 <= tile.zone:
                continue  # on or below the diagonal
            upper, left = rows.part(i, side), columns.part(j, side)
            found, met = upper.bounds(), left.bounds()
            join_tile(
                a[i : i + side + m - 1],
                b[j : j + side + m - 1],
                m,
                ahead,
                tile.zone,
                found.best,
                found.where,
                met.best,
                met.where,
            )
            upper.take(found, j)
            left.take(met, i)
    return tile.without_values(), rows, columns


def tile_for(memory_mb: int, window: int, at_once: int = 1) -> int:
    """How many windows a stretch may have, for a worker that may take so much memory.

    ``(memory_mb − OWN_MB) · 2²⁰ / (at_once · BYTES_A_WINDOW)``, down to a multiple of the grid.

    Parameters
    ----------
    memory_mb : of the worker's process, all told.
    at_once : tiles that the worker has in hand together, one for each of its threads.

    Raises
    ------
    InvalidInput : too little for the smallest tile; says how much is needed.
    """
    side = tile_side(window)
    least = OWN_MB + -(-side * BYTES_A_WINDOW * at_once // 2**20)
    if memory_mb < least:
        raise InvalidInput(
            f"memory_mb must be at least {least} for windows of {window} points and {at_once} "
            f"threads in a worker, got {memory_mb}",
            needed=least,
        )
    return (memory_mb - OWN_MB) * 2**20 // (at_once * BYTES_A_WINDOW) // side * side


def self_join(
    x: NDArray[Any] | str | Path,
    window: int,
    *,
    tile: int | None = None,
    memory_mb: int | None = None,
    threads: int = 1,
    client: Any = None,
) -> Neighbours:
    """For each window of ``x`` the nearest others, to the bit as ``joins.self_join`` gives them.

    Parameters
    ----------
    x : (n,) real numbers, or the path of a .npy file of them, of which each worker reads what its
        tile needs; where not all workers of a cluster see the file, the values are sent.
    window : 2 ≤ window ≤ n.
    tile : windows of a stretch, rounded up to the grid of ``tile_side``.
    memory_mb : what a process that works on tiles may take, all told; see ``tile_for``.
    threads : tiles that are worked on together here; counts only without ``client``.
    client : a ``distributed.Client``, or the address of a scheduler.

    Raises
    ------
    InvalidInput, NotFound : a series or a bound that can't be used.
    MissingExtra : a client without ``distributed``.
    Unavailable : no scheduler or no worker answers; the workers were lost.
    """
    series = long_series(x)
    n, zone = len(series) - window + 1, math.ceil(window / 4)
    earlier, later = nothing(n), nothing(n)
    with workers(client, threads) as crew:
        size = _size(n, window, tile, memory_mb, crew)
        parts = list(series.stretches(size, window, crew.see(series)))
        pairs = [(a, b) for i, a in enumerate(parts) for b in parts[i:]]
        for done, rows, columns in _told(crew, pairs, window, zone):
            later.part(done.rows.start, size).take(rows, done.columns.start)
            earlier.part(done.columns.start, size).take(columns, done.rows.start)
    return self_neighbours(series.values(), window, earlier.where, later.where, threads)


def cross_join(
    x: NDArray[Any] | str | Path,
    other: NDArray[Any] | str | Path,
    window: int,
    *,
    tile: int | None = None,
    memory_mb: int | None = None,
    threads: int = 1,
    client: Any = None,
) -> Neighbours:
    """For each window of ``x`` the nearest of ``other``; otherwise as ``self_join``."""
    series, others = long_series(x), long_series(other)
    n, n_other = len(series) - window + 1, len(others) - window + 1
    nearest = nothing(n)
    with workers(client, threads) as crew:
        size = _size(max(n, n_other), window, tile, memory_mb, crew)
        a = series.stretches(size, window, crew.see(series))
        b = others.stretches(size, window, crew.see(others))
        for done, rows, _ in _told(crew, list(product(a, b)), window, -1):
            nearest.part(done.rows.start, size).take(rows, done.columns.start)
    return cross_neighbours(series.values(), others.values(), window, nearest.where)


def _size(n: int, window: int, tile: int | None, memory_mb: int | None, crew: Workers) -> int:
    """Windows of a stretch: as told, else so that all are busy and none takes too much memory."""
    side = tile_side(window)
    if tile is not None and memory_mb is not None:
        raise InvalidInput("give tile or memory_mb, not both: each decides how much memory is used")
    if tile is not None:
        if tile < 1:
            raise InvalidInput(f"tile must be 1 or more windows, got {tile}")
        return -(-tile // side) * side
    n_stretches = math.ceil(math.sqrt(2 * TILES_EACH * crew.n_threads))
    size = min(MOST, -(-n // n_stretches))
    size = max(side, -(-size // side) * side)
    return size if memory_mb is None else min(size, tile_for(memory_mb, window, crew.at_once))


def _told(
    crew: Workers, pairs: list[tuple[Stretch, Stretch]], window: int, zone: int
) -> Iterator[tuple[Tile, Known, Known]]:
    tiles = (Tile(rows, columns, window, zone) for rows, columns in pairs)
    with closing(crew.each(compared, tiles)) as results:
        for n_done, result in enumerate(results, start=1):
            yield result
            tell("comparing tiles", n_done / len(pairs))
