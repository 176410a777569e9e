"""A series on its grid of regular moments, and the runs of what is missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core import Series

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_DOUBLED = 0.01  # share of the rows that may come within half a step of the one before
_MOST = 10  # rows to insert per row that is there; beyond that the grid is not the data's


def on_grid(data: Series, step_ns: int) -> tuple[Series, Rows] | str:
    """``data`` with a NaN row for every moment that is missing, or why that cannot be.

    A row belongs to the nearest moment of the grid that goes on from the row before it.

    Returns
    -------
    The series and (rows of it,) int64: the row of ``data`` each came from, −1 for inserted
    ones. The same series where nothing is missing. Of two rows that share a moment the first is
    kept. A sentence where that is more than rare, or where far more would be inserted than is
    there.
    """
    n = len(data)
    if data.time is None or n < 2:
        return data, np.arange(n)
    ahead = _evened(np.rint(np.diff(data.time) / step_ns).astype(np.int64))
    if ahead.min() == 1 and ahead.max() == 1:
        return data, np.arange(n)
    kept = np.concatenate([[True], ahead >= 1])
    if n - int(kept.sum()) > _DOUBLED * n:
        row = int(np.argmin(ahead)) + 1
        return f"rows {row - 1} and {row} are closer than half a step; no rows were inserted"
    places = np.concatenate([[0], np.cumsum(ahead)])[kept]
    total = int(places[-1]) + 1
    if total - n > _MOST * n:
        return f"{total - n} moments are missing beside {n} rows; no rows were inserted"
    rows = np.full(total, -1, dtype=np.int64)
    rows[places] = np.flatnonzero(kept)
    values = np.full((total, data.values.shape[1]), np.nan)
    values[places] = data.values[kept]
    last = np.maximum.accumulate(np.where(rows >= 0, np.arange(total), 0))
    time = data.time[rows[last]] + (np.arange(total) - last) * step_ns
    return Series(values, data.channels, time, data.first), rows


def _evened(ahead: Rows) -> Rows:
    """Steps ahead, where a late row beside an early one makes 2 and 0 of what is 1 and 1."""
    for first, second in ((ahead[:-1], ahead[1:]), (ahead[1:], ahead[:-1])):
        pairs = (first == 2) & (second == 0)
        first[pairs] = 1
        second[pairs] = 1
    return ahead


def runs(flags: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Where stretches of True begin and end (exclusive).

    >>> [edges.tolist() for edges in runs(np.array([True, False, True, True]))]
    [[0, 2], [1, 4]]
    """
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return edges[::2], edges[1::2]


def filled_linearly(x: Floats, missing: NDArray[np.bool_]) -> Floats:
    """(n,) float64 with straight lines across what is missing; the nearest value at the ends."""
    there = np.flatnonzero(~missing)
    filled = x.copy()
    gaps = np.flatnonzero(missing)
    filled[gaps] = np.interp(gaps, there, x[there])
    return filled


def filled_from_before(x: Floats, missing: NDArray[np.bool_]) -> Floats:
    """(n,) float64 where the last known value goes on; NaN before the first one."""
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(x))))
    return np.where(last >= 0, x[np.maximum(last, 0)], np.nan)
