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


def repeated_moments(rows: NDArray[np.int64], within: str = "") -> str:
    """Rows, ascending, whose moment was there already."""
    many = f"{len(rows)} row{'s' * (len(rows) != 1)}"
    have = "has" if len(rows) == 1 else "have"
    where = ", ".join(map(str, rows[:_NAMED].tolist())) + (", …" if len(rows) > _NAMED else "")
    return (
        f"{many} {have} the time of an earlier row{within} (row {where}); the first row of each "
        "moment was kept, the others get no score"
    )


def series_problems(names: Sequence[str], said: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What was said of each of many series, as sentences that name the series.

    Equal sentences become one; of more than a few different ones the rest is counted.

    >>> series_problems(["a", "b", "c"], [["2 rows dropped"], [], ["2 rows dropped"]])
    ("2 rows dropped (series 'a', 'c')",)
    """
    who: dict[str, list[str]] = {}
    for name, sentences in zip(names, said, strict=True):
        for sentence in sentences:
            who.setdefault(sentence, []).append(name)
    told = [f"{sentence} (series {_named_few(found)})" for sentence, found in who.items()]
    if len(told) <= _NAMED:
        return tuple(told)
    others = {name for found in list(who.values())[_NAMED:] for name in found}
    return (*told[:_NAMED], f"{len(told) - _NAMED} more notes on {len(others)} series")


def _named_few(names: Sequence[str]) -> str:
    shown = ", ".join(map(quoted, names[:_NAMED]))
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"


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
