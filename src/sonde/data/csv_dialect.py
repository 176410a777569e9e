"""How a text file is written: its delimiter, its header, its decimal sign."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from ..core.containers import default_names

NULLS = ("", "NA", "N/A", "na", "n/a", "NaN", "nan", "null", "NULL", "None", "-", "?")
_DELIMITERS = ",;\t|"
_ROWS_LOOKED_AT = 60
_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?")
_WORDS = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
# Dates begin with a number and a separator; a header hardly ever does.
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{8}T\d{4,6}Z?")


@dataclass(frozen=True)
class Dialect:
    """What is needed to cut text into cells.

    ``names`` has one name per column; ``repeated`` lists names that the header gives twice.
    """

    delimiter: str
    end_of_line: str
    decimal_comma: bool
    has_header: bool
    names: tuple[str, ...]
    repeated: tuple[str, ...]


def sniff(text: str) -> Dialect:
    """The dialect of a file that begins with ``text`` (whole lines, at least one).

    >>> sniff("ts;rate\\n2024-01-01;1,5\\n").decimal_comma
    True
    >>> sniff("1.5,2\\n2.5,3\\n").names
    ('c0', 'c1')
    """
    end = "\n" if "\n" in text else "\r"
    if end == "\r":
        text = text.replace("\r", "\n")
    delimiter, rows = _delimiter(text)
    decimal_comma = delimiter != "," and _has_decimal_commas(rows[1:] or rows)
    has_header = _first_is_header(rows, decimal_comma)
    first = [cell.strip() for cell in rows[0]]
    if not has_header:
        return Dialect(delimiter, end, decimal_comma, False, default_names(len(first)), ())
    names, repeated = _different(first)
    return Dialect(delimiter, end, decimal_comma, True, names, repeated)


def is_number(cell: str, decimal_comma: bool) -> bool:
    """True for what a numeric column may hold, missing cells aside."""
    pattern = _COMMA if decimal_comma else _POINT
    return pattern.fullmatch(cell) is not None or cell.lower() in _WORDS


def _delimiter(text: str) -> tuple[str, list[list[str]]]:
    best, found = (-1.0, 0.0), (",", [[""]])
    for delimiter in _DELIMITERS:
        rows = _rows(text, delimiter)
        width = len(rows[0])
        if width < 2 and best[0] >= 0:
            continue
        alike = sum(len(row) == width for row in rows) / len(rows)
        # With decimal commas both "," and ";" may cut evenly; only the right one leaves numbers.
        cells = [cell.strip() for row in rows[1:] or rows for cell in row]
        comma = delimiter != ","
        read = sum(_reads(cell, comma) for cell in cells) / max(len(cells), 1)
        score = (alike + read if width > 1 else 0.0, read)
        if score > best:
            best, found = score, (delimiter, rows)
    return found


def _reads(cell: str, decimal_comma: bool) -> bool:
    if cell in NULLS or _DATE.fullmatch(cell) or is_number(cell, False):
        return True
    return decimal_comma and is_number(cell, True)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) == _ROWS_LOOKED_AT:
                break
    except csv.Error:  # a field beyond the module's limit: not this delimiter
        return rows or [[""]]
    return rows or [[""]]


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    commas = sum("," in cell and _COMMA.fullmatch(cell) is not None for cell in cells)
    points = sum("." in cell and _POINT.fullmatch(cell) is not None for cell in cells)
    return commas > points


def _first_is_header(rows: list[list[str]], decimal_comma: bool) -> bool:
    """False when the first row's cells are of the same type as those below them."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if not rest:
        return not all(_is_data(cell, decimal_comma) for cell in first)
    alike = False
    for i, cell in enumerate(first):
        below = [row[i].strip() for row in rest if len(row) > i]
        below = [value for value in below if value not in NULLS]
        if not below or not all(_is_data(value, decimal_comma) for value in below):
            continue
        if cell not in NULLS and not _is_data(cell, decimal_comma):
            return True
        alike = alike or cell not in NULLS
    return not alike


def _is_data(cell: str, decimal_comma: bool) -> bool:
    return is_number(cell, decimal_comma) or _DATE.fullmatch(cell) is not None


def _different(header: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names: dict[str, None] = {}
    repeated: dict[str, None] = {}
    for i, cell in enumerate(header):
        name = base = cell or f"Unnamed: {i}"
        number = 2
        while name in names:
            name, number = f"{base}_{number}", number + 1
        if name != base:
            repeated[base] = None
        names[name] = None
    return tuple(names), tuple(repeated)
