"""One block of CSV to a frame, under a schema."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from .csv_cells import NULLS
from .csv_dialect import Dialect

_LONGEST_NULL = max(map(len, NULLS))


class Parsed(NamedTuple):
    """The rows of a block, and whether words such as NA stand among its numbers."""

    frame: pl.DataFrame
    has_words: bool


def parse_block(
    block: bytes, dialect: Dialect, schema: dict[str, pl.DataType], has_words: bool
) -> Parsed:
    """The rows of ``block``; missing are empty cells, NaN and ``csv_cells.NULLS``.

    Parameters
    ----------
    has_words : True where earlier blocks had words among their numbers; spares the attempt
        without.

    Raises
    ------
    polars.exceptions.PolarsError : the block does not fit the schema.
    """
    # Comparing each cell with a list of words takes as long as reading the numbers (1.9 times the
    # whole, 1M × 5 floats), and most files have none, which numbers that can be read prove.
    if not has_words:
        try:
            return Parsed(_without_words(_read(block, dialect, schema, None)), False)
        except pl.exceptions.PolarsError:
            pass
    return Parsed(_read(block, dialect, schema, list(NULLS)), True)


def _read(
    block: bytes, dialect: Dialect, schema: dict[str, pl.DataType], nulls: list[str] | None
) -> pl.DataFrame:
    return pl.read_csv(
        block,
        has_header=False,
        schema=schema,
        separator=dialect.delimiter,
        eol_char=dialect.end_of_line,
        decimal_comma=dialect.decimal_comma,
        null_values=nulls,
    )


def _without_words(frame: pl.DataFrame) -> pl.DataFrame:
    """Null for NaN, and for the words that stand for a missing value in columns of text."""
    changed: list[pl.Series] = []
    for column in frame.iter_columns():
        if column.dtype.is_float() and column.is_nan().any():
            changed.append(column.fill_nan(None))
        elif column.dtype == pl.String and _has_short(column):
            missing = column.is_in(NULLS).fill_null(False)
            if missing.any():
                changed.append(column.set(missing, None))
    return frame.with_columns(changed) if changed else frame


def _has_short(column: pl.Series) -> bool:
    shortest = column.str.len_bytes().min()
    return isinstance(shortest, int) and shortest <= _LONGEST_NULL
