"""What a detector says of rows, and which rows are judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Scores, and what the method expected where it expects something.

    Parameters
    ----------
    scores : (n_rows,) float64, larger is stranger, finite or NaN.
    expected : (n_rows, n_columns) float64 or None.
    unit : (n_rows, n_columns) or (n_columns,) float64 or None: by how much a value must leave its
        expectation to raise the score by one; with the threshold it makes the band.
    notes : what the policy for missing values did, as sentences.
    """

    scores: Floats
    expected: Floats | None = None
    unit: Floats | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """Rows ``start:stop`` of some data, judged with one part of the calibration."""

    number: int
    series: str | None
    start: int
    stop: int


def stacked(judged: list[Judgement], n_columns: int) -> Judgement:
    """The judgements of several series, end to end."""

    def rows(values: Floats | None, like: Judgement) -> Floats:
        n = len(like.scores)
        if values is None:
            return np.full((n, n_columns), np.nan)
        return np.broadcast_to(values, (n, n_columns))

    scores = np.concatenate([j.scores for j in judged])
    if all(j.expected is None for j in judged):
        return Judgement(scores)
    return Judgement(
        scores,
        np.concatenate([rows(j.expected, j) for j in judged]),
        np.concatenate([rows(j.unit, j) for j in judged]),
    )


def scattered(
    values: Floats | None, keep: NDArray[np.bool_], rows: NDArray[np.int64], n: int
) -> Any:
    if values is None:
        return None
    out = np.full((n, *values.shape[1:]), np.nan)
    out[rows] = values[keep]
    return out
