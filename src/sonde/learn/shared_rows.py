"""Which rows of a series are those that a model learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core import Series
from .seasons import regular_step

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOSTLY = 0.9  # of the rows that data and reference share must be equal to call them the same


def place_of(data: Series, skipped: int = 0) -> Integers:
    """(3,) position and time of the row after the first ``skipped``, and the step; 0 if unknown."""
    start = 0 if data.time is None else int(data.time[skipped])
    return np.array([data.first + skipped, start, regular_step(data) or 0], dtype=np.int64)


def shift_between(data: Series, reference: Floats, place: Integers, least: int) -> int | None:
    """Where in the reference row 0 of ``data`` stands; None where the two share no rows.

    Told by time, by position and by the values themselves, in this order; believed where nearly
    all rows that both have are equal to the bit (a policy may have filled the others otherwise).
    """
    first, start, step = (int(v) for v in place)
    guesses = [data.first - first, 0]
    if step > 0 and data.time is not None and len(data):
        guesses.insert(0, round((int(data.time[0]) - start) / step))
    for shift in [*guesses, *_places_of(data.values, reference)]:
        low, high = max(0, -shift), min(len(data), len(reference) - shift)
        if high - low < min(least, len(data)):
            continue
        mine, theirs = data.values[low:high], reference[low + shift : high + shift]
        known = np.isfinite(mine).all(axis=1) & np.isfinite(theirs).all(axis=1)
        if known.any() and (mine[known] == theirs[known]).all(axis=1).mean() > MOSTLY:
            return shift
    return None


def _places_of(x: Floats, reference: Floats, most: int = 20) -> list[int]:
    """Shifts at which a run of eight moving values of ``x`` stands in the reference."""
    moving = np.isfinite(x).all(axis=1) & (x != np.concatenate([x[:1], x[:-1]])).any(axis=1)
    runs = np.flatnonzero(np.convolve(moving, np.ones(8), mode="valid") == 8)
    if runs.size == 0:
        return []
    i = int(runs[0])
    places = np.flatnonzero((reference[: len(reference) - 7] == x[i]).all(axis=1))
    for k in range(1, 8):
        places = places[(reference[places + k] == x[i + k]).all(axis=1)]
    return [int(j) - i for j in places[:most]]
