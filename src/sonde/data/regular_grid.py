"""The moments that a series skips, put back as missing rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import Series, Table

MOST_GROWTH = 10  # a grid more than this many times as long as the series is no grid of it
OFF_GRID = 0.01  # of a step: how far a moment may lie from its place


@dataclass(frozen=True, eq=False)
class Gridded:
    """Rows on a grid; ``rows`` are positions in the given series, −1 for one that was put in."""

    data: Series | Table
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def on_grid(series: Series, step_ns: int) -> Gridded:
    """``series`` with a NaN row for every moment it skips; itself where it skips none.

    Moments that do not lie on the grid, and gaps so long that the series would grow tenfold,
    leave it as it is; the second with a note.
    """
    as_it_is = Gridded(series, np.arange(len(series)))
    if series.time is None or len(series) < 2:
        return as_it_is
    place = (series.time - series.time[0]) / step_ns
    whole = np.round(place).astype(np.int64)
    if np.abs(place - whole).max() > OFF_GRID or (np.diff(whole) < 1).any():
        return as_it_is
    n = int(whole[-1]) + 1
    if n == len(series):
        return as_it_is
    if n > MOST_GROWTH * len(series):
        note = "gaps in time are so long that they were passed over"
        return Gridded(series, as_it_is.rows, (note,))
    rows = np.full(n, -1, dtype=np.int64)
    rows[whole] = np.arange(len(series))
    values = np.full((n, series.values.shape[1]), np.nan)
    values[whole] = series.values
    time = series.time[0] + np.arange(n) * step_ns
    time[whole] = series.time
    return Gridded(Series(values, series.channels, time, series.first), rows)
