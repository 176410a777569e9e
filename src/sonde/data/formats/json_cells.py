"""Rows of JSON to columns of one type each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import polars as pl

from ...errors import InvalidInput
from ..quoting import quoted

_FITS = 1 << 63
# A small file of keys that differ from row to row would take all memory as a table.
_MANY_CELLS = 5_000_000
_MOST_EMPTY = 50


def frame_of_rows(rows: list[dict[str, Any]], source: str) -> pl.DataFrame:
    """One column per key, in the order in which the keys first appear.

    Numbers stay numbers, booleans booleans; a column of several types becomes text, and so does
    a list. What is missing, null or NaN is null.

    Raises
    ------
    InvalidInput : objects within objects within objects, two columns of one name, or a table of
        hardly anything but missing cells.
    """
    columns: dict[str, list[Any]] = {}
    n_cells = 0
    for i, row in enumerate(rows):
        n_cells += len(row)
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
        _refuse_sparse(len(columns), i + 1, n_cells, source)
    n = len(rows)
    _refuse_sparse(len(columns), n, n_cells, source)
    # A dict, not a list: Polars gives another name to a nameless column.
    return pl.DataFrame(
        {name: _column(name, cells + [None] * (n - len(cells))) for name, cells in columns.items()}
    )


def _refuse_sparse(width: int, height: int, n_cells: int, source: str) -> None:
    """Raise InvalidInput where nearly all of a large table would be missing."""
    if width * height > _MANY_CELLS and width * height > _MOST_EMPTY * n_cells:
        raise InvalidInput(
            f"{source} has {n_cells:,} cells under {width:,} different keys in {height:,} rows, so "
            "nearly every cell of the table would be missing; write the names as values of one "
            "key, and the numbers under another",
            source=source,
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
        return math.inf if cell > 0 else -math.inf  # type: ignore[operator]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)
