"""Tails by counting."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int32]
Offsets = NDArray[np.int64]


def tail_tables(x: Floats) -> tuple[Floats, Counts, Offsets]:
    values = [np.unique(column) for column in x.T]
    through = [
        [0, *(int((column <= v).sum()) for v in known)]
        for column, known in zip(x.T, values, strict=True)
    ]
    offsets = np.cumsum([0, *(len(known) for known in values)])
    return np.concatenate(values), np.concatenate(through).astype(np.int32), offsets


def column_tails(
    x: Floats,
    values: Floats,
    through: Counts,
    offsets: Offsets,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    for j in range(x.shape[1]):
        known = values[offsets[j] : offsets[j + 1]]
        each = np.diff(through[offsets[j] + j : offsets[j + 1] + j + 1])
        n = each.sum()
        for r in range(start, stop):
            at_or_below = int(each[known <= x[r, j]].sum())
            at_or_above = int(each[known >= x[r, j]].sum())
            out[r, j] = -math.log(max(1, min(at_or_below, at_or_above)) / n)


def tail_scores(
    x: Floats,
    values: Floats,
    through: Counts,
    offsets: Offsets,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    tails = np.zeros(x.shape)
    column_tails(x, values, through, offsets, tails, start, stop)
    out[start:stop] = tails[start:stop].sum(axis=1)
