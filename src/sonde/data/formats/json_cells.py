"""Rows of JSON to columns of one type each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import polars as pl

from ...errors import InvalidInput
from ..quoting import quoted

_FITS = 1 << 63


def frame_of_rows(rows: list[dict[str, Any]], source: str) -> pl.DataFrame:
    """One column per key, in the order in which the keys first appear.

    Numbers stay numbers, booleans booleans; a column of several types becomes text, and so does
    a list. What is missing, null or NaN is null.

    Raises
    ------
    InvalidInput : objects within objects within objects, or two columns of one name.
    """
    columns: dict[str, list[Any]] = {}
    for i, row in enumerate(rows):
        for name, cell in _flat(row, i, source):
            column = columns.setdefault(name, [])
            if len(column) > i:
                raise InvalidInput(
                    f"{source}, row {i}: {quoted(name)} is a key and also a key within an object; "
                    "rename one of them",
                    source=source,
                    row=i,
                    column=name,
                )
            column.extend([None] * (i - len(column)))
            column.append(cell)
    n = len(rows)
    return pl.DataFrame(
        [_column(name, cells + [None] * (n - len(cells))) for name, cells in columns.items()]
    )


def _flat(row: dict[str, Any], number: int, source: str) -> Iterator[tuple[str, Any]]:
    for key, cell in row.items():
        if not isinstance(cell, dict):
            yield key, cell
            continue
        for inner, value in cell.items():
            if isinstance(value, dict):
                raise InvalidInput(
                    f"{source}, row {number}: key {quoted(f'{key}.{inner}')} holds an object "
                    "within an object; write such data in columns of their own",
                    source=source,
                    row=number,
                    column=f"{key}.{inner}",
                )
            yield f"{key}.{inner}", value


def _column(name: str, cells: list[Any]) -> pl.Series:
    kinds = {type(cell) for cell in cells} - {type(None)}
    if not kinds:
        return pl.Series(name, [None] * len(cells), dtype=pl.Float64)
    if kinds == {bool}:
        return pl.Series(name, cells, dtype=pl.Boolean)
    if kinds == {int} and all(cell is None or -_FITS <= cell < _FITS for cell in cells):
        return pl.Series(name, cells, dtype=pl.Int64)
    if kinds <= {int, float}:
        return pl.Series(name, [_float(cell) for cell in cells], dtype=pl.Float64)
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _float(cell: float | None) -> float | None:
    if cell is None or math.isnan(cell) if not isinstance(cell, int) else False:
        return None
    try:
        return float(cell)  # type: ignore[arg-type]
    except OverflowError:
        return math.copysign(math.inf, cell)  # type: ignore[arg-type]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
