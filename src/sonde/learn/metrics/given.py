"""What ``evaluate`` is given, checked and in one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InvalidInput
from .events import Flags, between

Floats = NDArray[np.float64]


def rows_of_series(series: ArrayLike | None, n: int) -> dict[str, NDArray[np.int64]]:
    """The rows of each series, in the order in which they first appear."""
    if series is None:
        return {"": np.arange(n)}
    names = column(series, "series")
    if names.size != n:
        raise InvalidInput(f"{names.size} names of series for {n} scores")
    known, first, of = np.unique(names.astype(str), return_index=True, return_inverse=True)
    rows = np.split(np.argsort(of, kind="stable"), np.cumsum(np.bincount(of))[:-1])
    return {str(known[i]): rows[i] for i in np.argsort(first)}


def true_rows(labels: ArrayLike | Sequence[tuple[int, int]], n: int) -> Flags:
    """(n,) bool of labels for each row, or of pairs (first row, row after the last)."""
    given = np.asarray(labels)
    if given.ndim == 2 and given.shape[1] == 2 and n != given.shape[0]:
        starts, ends = given[:, 0].astype(np.int64), given[:, 1].astype(np.int64)
        if (starts < 0).any() or (ends > n).any() or (starts >= ends).any():
            raise InvalidInput(
                f"labels as pairs are (first row, row after the last) within 0 to {n}; "
                f"got {given[(starts < 0) | (ends > n) | (starts >= ends)][0].tolist()}"
            )
        return between(starts, ends, n)
    return zero_one(column(given, "labels"), n, "labels")


def zero_one(given: NDArray[Any], n: int, what: str) -> Flags:
    """(n,) bool of 0 and 1; ``what`` they are, for the refusal."""
    if given.size != n:
        raise InvalidInput(
            f"{given.size:,} {what} for {n:,} scores; there must be one for each row",
            expected=n,
            got=given.size,
        )
    if given.dtype != np.bool_ and not np.isin(given, (0, 1)).all():
        row = int(np.flatnonzero(~np.isin(given, (0, 1)))[0])
        raise InvalidInput(f"{what} are 0 or 1; row {row} is {given[row]}", row=row)
    return given.astype(np.bool_)


def column(given: ArrayLike, what: str) -> NDArray[Any]:
    """(n,) of whatever holds one value for each row."""
    array = np.asarray(given)
    if array.ndim != 1 or not array.size:
        raise InvalidInput(f"{what} must be one value for each row, got shape {array.shape}")
    return array


def first_column(values: ArrayLike, n: int) -> Floats:
    """(n,) float64: the values, or the first column of them."""
    array = np.asarray(values, np.float64)
    if array.shape[:1] != (n,) or array.ndim > 2:
        raise InvalidInput(f"values of shape {array.shape} for {n:,} scores")
    return array if array.ndim == 1 else array[:, 0]
