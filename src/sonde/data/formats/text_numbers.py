"""Numbers that a reader took for text: blanks around them, other decimal signs, infinity."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ...errors import InvalidInput
from ..quoting import quoted, shortened
from .csv_cells import NULLS

_MOSTLY = 0.5  # from this share of numbers on, a column with other text in it is a mistake
_SAMPLE = 1000


@dataclass(frozen=True)
class Mixed:
    """The first cell of a column of numbers that is none: its row (0-based) and its text.

    ``numbers`` of the column's filled ``cells`` are numbers.
    """

    row: int
    cell: str
    numbers: int
    cells: int

    def error(self, source: str, column: str) -> InvalidInput:
        share = f"{self.numbers / self.cells:.0%}"
        while_ = (
            f"{self.numbers} of {self.cells} cells are"
            if share == "100%"
            else f"{share} of the column is"
        )
        return InvalidInput(
            f"{source}, row {self.row}, column {quoted(column)}: {quoted(self.cell)} is not a "
            "number, "
            f"while {while_}; correct it or empty the cell, or choose other columns",
            source=source,
            row=self.row,
            column=column,
            cell=shortened(self.cell),
        )


def numbers_from_text(
    frame: pl.DataFrame, source: str, *, decimal_comma: bool = False
) -> tuple[pl.DataFrame, list[str], dict[str, Mixed]]:
    """``frame`` with the text columns that hold only numbers as Float64.

    With ``decimal_comma``, as the file's other numbers are written, points that stand only before
    groups of three digits are those of thousands.

    Returns the frame, sentences about what was understood how, and the columns that are mostly
    numbers (at least half of their cells) but not wholly; those stay text.
    """
    notes: list[str] = []
    mixed: dict[str, Mixed] = {}
    changed: list[pl.Series] = []
    for column in frame.iter_columns():
        if column.dtype != pl.String:
            continue
        outcome = _numbers(column, notes, decimal_comma)
        if isinstance(outcome, Mixed):
            mixed[column.name] = outcome
        elif outcome is not None:
            changed.append(outcome)
    return frame.with_columns(changed), notes, mixed


def _numbers(column: pl.Series, notes: list[str], decimal_comma: bool) -> pl.Series | Mixed | None:
    filled = column.drop_nulls()
    if filled.is_empty():
        return column.cast(pl.Float64)
    step = max(1, filled.len() // _SAMPLE)
    sample = _best(_stripped(filled.gather_every(step)), decimal_comma)[1]
    if sample.null_count() > 0.8 * filled.len() / step:
        return None
    cells = _stripped(column)
    n = cells.len() - cells.null_count()
    if n == 0:
        return column.clear(len(column)).cast(pl.Float64)
    how, numbers = _best(cells, decimal_comma)
    read = n - (numbers.null_count() - cells.null_count())
    if read == n:
        if how:
            notes.append(f"column {quoted(column.name)}: {how}")
        return numbers
    if read < _MOSTLY * n:
        return None
    row = (numbers.is_null() & cells.is_not_null()).arg_true()[0]
    return Mixed(int(row), str(column[int(row)]), read, n)


def _stripped(cells: pl.Series) -> pl.Series:
    cells = cells.str.strip_chars()
    missing = cells.is_in(list(NULLS)).fill_null(False)
    return cells.set(missing, None) if missing.any() else cells


def _best(cells: pl.Series, decimal_comma: bool) -> tuple[str, pl.Series]:
    """The reading that leaves most numbers: plain, then decimal commas, then thousands."""
    best = ("", cells.cast(pl.Float64, strict=False))
    if decimal_comma:
        how, pattern, drop, point = _COMMAS[-1]
        pointed = cells.filter(cells.str.contains(".", literal=True).fill_null(False))
        if pointed.len() and pointed.str.contains(pattern).all():
            numbers = _read(cells, pattern, drop, point)
            if numbers.null_count() <= best[1].null_count():
                best = (how, numbers)
    if best[1].null_count() == cells.null_count():
        return best
    for how, pattern, drop, point in _COMMAS:
        numbers = _read(cells, pattern, drop, point)
        if numbers.null_count() < best[1].null_count():
            best = (how, numbers)
    return best


def _read(cells: pl.Series, pattern: str, drop: str, point: str) -> pl.Series:
    """The numbers in the cells that ``pattern`` fits, null elsewhere."""
    fits = cells.str.contains(pattern).fill_null(False)
    plain = cells.str.replace_all(drop, "", literal=True) if drop else cells
    plain = plain.str.replace(point, ".", literal=True) if point else plain
    return plain.cast(pl.Float64, strict=False).set(~fits, None)


# A way to read numbers with commas: what it is called, the cells it fits, the character to drop,
# the character that is the decimal sign. Whole numbers in groups of three are more often thousands
# than decimals of exactly three places, so that reading comes first; ties keep the earlier one.
_COMMAS = (
    ("commas read as thousands", r"^[+-]?([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d+)?$", ",", ""),
    ("commas read as decimal signs", r"^[+-]?\d*(,\d+)?([eE][+-]?\d+)?$", "", ","),
    ("points read as thousands", r"^[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)(,\d+)?$", ".", ","),
)
