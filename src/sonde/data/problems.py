"""Sentences on cells and rows that a reader of the result should know about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .quoting import quoted

Floats = NDArray[np.float64]
_NAMED = 5  # with more columns than that affected, they are counted instead of named


def cell_problems(values: Floats, names: Sequence[str]) -> list[str]:
    """Missing and infinite cells per column; ``values`` is (n_rows, n_columns) in input order."""
    # A sum is finite only where every cell is, up to overflow, which the exact count settles.
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):
            return []
    missing = _counted(values, names, np.isnan, "missing")
    return missing + _counted(values, names, np.isinf, "infinite")


def order_problems(time: NDArray[np.int64], codes: NDArray[np.int64]) -> list[str]:
    """Rows that are earlier than the row before them of the same series."""
    order = np.argsort(codes, kind="stable") if codes.any() else slice(None)
    late = (np.diff(time[order]) < 0) & (np.diff(codes[order]) == 0)
    count = int(late.sum())
    if count == 0:
        return []
    position = np.flatnonzero(late) + 1
    rows = position if isinstance(order, slice) else order[position]
    are = "row is" if count == 1 else "rows are"
    first = int(rows.min())
    return [f"{count} {are} out of time order (row {first} first); rows were sorted by time"]


def _counted(
    values: Floats, names: Sequence[str], test: Callable[[Floats], NDArray[np.bool_]], what: str
) -> list[str]:
    sentences: list[str] = []
    counts: dict[str, int] = {}
    for j, name in enumerate(names):
        found = test(values[:, j])
        count = int(np.count_nonzero(found))
        if count:
            counts[name] = count
            first = int(np.argmax(found))
            are = "value" if count == 1 else "values"
            sentences.append(f"column {quoted(name)} has {count} {what} {are} (row {first} first)")
    if len(sentences) <= _NAMED:
        return sentences
    worst = max(counts, key=lambda name: counts[name])
    total = sum(counts.values())
    return [
        f"{len(counts)} columns have {what} values, {total} in all, most in {quoted(worst)} "
        f"({counts[worst]})"
    ]
