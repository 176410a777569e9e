"""Why a block of CSV could not be read: which row, which column, which cell."""

from __future__ import annotations

import csv

import numpy as np
import polars as pl

from ...errors import InvalidInput
from ..quoting import quoted
from .csv_cells import NULLS
from .csv_dialect import Dialect


def explain(
    block: bytes,
    dialect: Dialect,
    schema: dict[str, pl.DataType],
    source: str,
    first_row: int,
) -> dict[str, pl.DataType]:
    """A wider schema under which ``block`` can be read.

    Raises
    ------
    UnicodeDecodeError : the text is not UTF-8.
    InvalidInput : the rows have different lengths, or quotes are not closed; names the row.
    """
    block.decode()
    uneven_row(block, dialect, source, first_row)
    try:
        text = pl.read_csv(
            block,
            has_header=False,
            schema=dict.fromkeys(schema, pl.String()),
            separator=dialect.delimiter,
            eol_char=dialect.end_of_line,
            null_values=list(NULLS),
        )
    except pl.exceptions.PolarsError:
        text = None
    wider = dict(schema) if text is None else {n: _wider(text[n], t) for n, t in schema.items()}
    if wider == schema:
        where = _unclosed_quote(block, dialect, first_row)
        raise InvalidInput(
            f"{source}, {where}: the text cannot be cut into cells; look for a quotation mark "
            "that is not closed",
            source=source,
        )
    return wider


def _wider(cells: pl.Series, dtype: pl.DataType) -> pl.DataType:
    if dtype == pl.String or not _loses(cells, dtype):
        return dtype
    return pl.String() if not dtype.is_integer() or _loses(cells, pl.Float64()) else pl.Float64()


def _loses(cells: pl.Series, dtype: pl.DataType) -> bool:
    if dtype == pl.Boolean:
        return not cells.drop_nulls().is_in(["true", "false", "True", "False"]).all()
    return cells.cast(dtype, strict=False).null_count() > cells.null_count()


def uneven_row(block: bytes, dialect: Dialect, source: str, first_row: int) -> None:
    """Raise InvalidInput for the first row that has more or fewer cells than the header."""
    end, delimiter, quote = (ord(c) for c in (dialect.end_of_line, dialect.delimiter, '"'))
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == end)
    cuts = np.flatnonzero(data == delimiter)
    quotes = np.flatnonzero(data == quote)
    if quotes.size:
        # Inside quotes is what has an odd number of quotes before it.
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        cuts = cuts[np.searchsorted(quotes, cuts) % 2 == 0]
    width = len(dialect.names)
    per_line = np.diff(np.searchsorted(cuts, ends), prepend=0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    for number in np.flatnonzero(per_line != width - 1):
        text = block[starts[number] : ends[number]].decode("utf-8", "replace").rstrip("\r")
        cells = _cells(text, dialect.delimiter)
        if len(cells) in (0, width):  # a blank line, or a quotation mark amid a cell
            continue
        row = first_row + int(number)
        of = "the header has" if dialect.has_header else "the first row has"
        got = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
        raise InvalidInput(
            f"{source}, row {row} has {got} where {of} {width}: {quoted(text)}; "
            "repair the row, or quote cells that hold the delimiter",
            source=source,
            row=row,
            cells=len(cells),
            expected=width,
        )


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        # A carriage return amid a line is text here, and a new line to the csv module.
        return next(csv.reader([line.rstrip("\r").replace("\r", " ")], delimiter=delimiter), [])
    except csv.Error:  # a cell beyond the module's limit
        return line.split(delimiter)


def _unclosed_quote(block: bytes, dialect: Dialect, first_row: int) -> str:
    lines = block.split(dialect.end_of_line.encode())
    odd = next((i for i, line in enumerate(lines) if line.count(b'"') % 2), 0)
    return f"row {first_row + odd}"
