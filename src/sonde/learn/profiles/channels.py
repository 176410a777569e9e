"""The matrix profile of series with several channels."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...errors import InvalidInput
from ...kernels.channel_windows import (
    BLOCK,
    Channels,
    channel_distances,
    channels_of,
    mean_distances,
)
from ...kernels.profile_channels import (
    Nearest,
    comparators,
    nearest_by_channels,
    nothing_found,
)
from ..randomness import over_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Told = Callable[[int], None]

_SLICES = 24  # pieces of a thread's work, after each of which progress is told


@dataclass(frozen=True, eq=False)
class ChannelNeighbours:
    """For each number of channels and each window, how far its nearest neighbour is, and where.

    All arrays are (d, n − window + 1). Row k holds the mean of the k + 1 smallest z-normalised
    distances of channels; infinite, with index −1, where no other window has k + 1 channels known.
    ``left`` is the nearest among earlier windows, ``right`` among later ones; None after a join of
    two series.
    """

    distances: Floats
    indices: Integers
    left_distances: Floats | None = None
    left_indices: Integers | None = None
    right_distances: Floats | None = None
    right_indices: Integers | None = None


def channels_join(
    x: Floats, window: int, *, other: Floats | None = None, threads: int = 1
) -> ChannelNeighbours:
    """Each window's nearest neighbours by the best channel, the two best, … all of them.

    Parameters
    ----------
    x : (n, d) float64. A channel in which a window has a NaN or an infinity is unknown for that
        window, and sorted behind the known ones.
    window : points in a window, 2 ≤ window ≤ n.
    other : (r, d) float64, where the neighbours are looked for; None looks in ``x`` itself, where
        windows at most ceil(window / 4) apart are left out.
    threads : the result does not depend on it, to the bit.

    The distances are those of the windows found, from their values; which window is found is
    decided by running correlations, of which 8 digits or more hold. Of neighbours as near to within
    their rounding any may be named, the same one for any ``threads``; of an earlier and a later one
    that are as near, the earlier.

    Source
    ------
    Yeh, Kavantzas, Keogh (2017), "Matrix profile VI", ICDM. The best channels are chosen anew for
    each pair of windows, as there.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(300, 3))
    >>> x[200:220, :2] = 5 * x[50:70, :2]
    >>> found = channels_join(x, 20)
    >>> found.indices[:, 50].tolist()[:2], bool(found.distances[1, 50] < 1e-6)
    ([200, 200], True)
    """
    assert x.ndim == 2
    assert x.dtype == np.float64
    mine = channels_of(x, window)
    if other is None:
        return _self_join(mine, window, threads)
    assert other.ndim == 2
    assert other.shape[1] == x.shape[1]
    return _cross_join(mine, channels_of(other, window), window, threads)


def carrying_channels(
    x: Floats, i: int, j: int, window: int, k: int, other: Floats | None = None
) -> tuple[int, ...]:
    """The k + 1 channels in which window ``i`` of ``x`` and window ``j`` are least apart.

    ``j`` is a window of ``other``, or of ``x`` where there is none. Of channels as far apart the
    first are taken.

    Raises
    ------
    InvalidInput : the two windows have fewer than k + 1 channels without missing values.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(300, 3))
    >>> x[200:220, 1:] = 5 * x[50:70, 1:]
    >>> carrying_channels(x, 50, 200, window=20, k=1)
    (1, 2)
    """
    mine = channels_of(x[i : i + window], window)
    theirs = channels_of((x if other is None else other)[j : j + window], window)
    distances = channel_distances(mine, theirs, window, 0, 0)
    known = int(np.isfinite(distances).sum())
    if known <= k:
        raise InvalidInput(
            f"windows {i} and {j} have {known} channels without missing values, "
            f"so no {k + 1} carry their match: ask for k below {known}"
        )
    return tuple(sorted(np.argsort(distances, kind="stable")[: k + 1].tolist()))


def _self_join(mine: Channels, window: int, threads: int) -> ChannelNeighbours:
    first = math.ceil(window / 4) + 1
    told = _counter(_areas(mine, mine, first))
    later, earlier = _compared(mine, mine, window, first, threads, told)
    right = _distances(mine, mine, window, later.where, threads)
    left = _distances(mine, mine, window, earlier.where, threads)
    distances, indices = _nearer(left, earlier.where, right, later.where)
    return ChannelNeighbours(distances, indices, left, earlier.where, right, later.where)


def _cross_join(mine: Channels, theirs: Channels, window: int, threads: int) -> ChannelNeighbours:
    # Windows of the other series at the same place and after it, then those before it.
    told = _counter(_areas(mine, theirs, 0), _areas(theirs, mine, 1))
    later, _ = _compared(mine, theirs, window, 0, threads, told)
    _, earlier = _compared(theirs, mine, window, 1, threads, told)
    _, where = _nearer(-earlier.closeness, earlier.where, -later.closeness, later.where)
    return ChannelNeighbours(_distances(mine, theirs, window, where, threads), where)


def _count(side: Channels) -> int:
    return int(side.df.shape[1]) - BLOCK


def _areas(rows: Channels, columns: Channels, first: int) -> Integers:
    """How many pairs are in each block of gaps, from ``first`` on; at most, in the last."""
    gaps = np.arange(first, max(first, _count(columns)), BLOCK)
    return BLOCK * np.minimum(_count(rows), _count(columns) - gaps)


def _counter(*areas: Integers) -> Told:
    """Hears how many pairs have been compared, and tells what share of all that makes."""
    whole, done = sum(int(area.sum()) for area in areas), [0]

    def told(pairs: int) -> None:
        done[0] += pairs
        tell("comparing windows", done[0] / whole)

    return told


def _compared(
    rows: Channels, columns: Channels, window: int, first: int, threads: int, told: Told
) -> tuple[Nearest, Nearest]:
    """The nearest of each row among the columns ``first`` and more after it, and the reverse.

    Each thread takes gaps that follow each other, and has its own result: put together in the
    order of the gaps, they are what one thread finds.
    """
    d, n_rows, n_columns = rows.df.shape[0], _count(rows), _count(columns)
    areas, network = _areas(rows, columns, first), comparators(d)

    def work(slices: list[Integers]) -> tuple[Nearest, Nearest]:
        row, column = nothing_found(d, n_rows), nothing_found(d, n_columns)
        for blocks in slices:
            begin, end = (first + BLOCK * int(block) for block in (blocks[0], blocks[-1] + 1))
            nearest_by_channels(rows, columns, network, window, begin, end, row, column)
            told(int(areas[blocks].sum()))
        return row, column

    shares = _equal_shares(areas, threads)
    if len(shares) == 1:
        found = [work(shares[0])]
    else:
        with ThreadPoolExecutor(len(shares)) as pool:
            # In a copy of the caller's context: who listens to progress is kept there.
            jobs = [pool.submit(copy_context().run, work, share) for share in shares]
            found = [job.result() for job in jobs]
    row, column = (_best(parts) for parts in zip(*found, strict=True))
    return _trimmed(row, n_rows), _trimmed(column, n_columns)


def _equal_shares(areas: Integers, threads: int) -> list[list[Integers]]:
    """Blocks in order, cut into as many shares as threads, and each into slices, by their area."""
    threads = max(1, min(threads, len(areas) // _SLICES))
    reached = np.cumsum(areas)
    cuts = np.linspace(0.0, float(areas.sum()), threads * _SLICES + 1)[1:-1]
    slices = np.split(np.arange(len(areas)), np.searchsorted(reached, cuts))
    return [
        [part for part in slices[k * _SLICES : (k + 1) * _SLICES] if part.size]
        for k in range(threads)
    ]


def _best(parts: tuple[Nearest, ...]) -> Nearest:
    """Of each window the closest; of equals that of the first part."""
    first, *rest = parts
    for part in rest:
        is_closer = part.closeness > first.closeness
        np.copyto(first.closeness, part.closeness, where=is_closer)
        np.copyto(first.where, part.where, where=is_closer)
    return first


def _trimmed(found: Nearest, n_windows: int) -> Nearest:
    return Nearest(found.closeness[:, :n_windows].copy(), found.where[:, :n_windows].copy())


def _distances(
    query: Channels, reference: Channels, window: int, where: Integers, threads: int
) -> Floats:
    out = np.empty(where.shape)

    def work(start: int, stop: int) -> None:
        mean_distances(query, reference, window, where, start, stop, out)

    over_rows(work, where.shape[1], threads)
    return out


def _nearer(
    left: Floats, left_where: Integers, right: Floats, right_where: Integers
) -> tuple[Floats, Integers]:
    """The nearer of an earlier and a later window; of equals the earlier. −1 stands for none."""
    use_right = (right_where >= 0) & ((right < left) | (left_where < 0))
    return np.where(use_right, right, left), np.where(use_right, right_where, left_where)
