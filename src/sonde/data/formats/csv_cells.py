"""What a cell of text is: missing, a number, a date, or a word."""

from __future__ import annotations

import re

NULLS = (
    "",
    "NA",
    "N/A",
    "na",
    "n/a",
    "#N/A",
    "#NA",
    "<NA>",
    "NaN",
    "nan",
    "NAN",
    "NaT",
    "null",
    "NULL",
    "Null",
    "None",
    "none",
    "NONE",
    "nil",
    "-",
    "--",
    ".",
    "?",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NUM!",
    "#NAME?",
)
_SET = frozenset(NULLS)
_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?")
_WORDS = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
# Dates begin with a number and a separator; a header hardly ever does.
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{8}T\d{4,6}Z?")


def is_null(cell: str) -> bool:
    """True for what stands for a missing value.

    >>> is_null("n/a"), is_null("0")
    (True, False)
    """
    return cell in _SET


def is_number(cell: str, decimal_comma: bool) -> bool:
    """True for what a numeric column may hold, missing cells aside."""
    pattern = _COMMA if decimal_comma else _POINT
    return pattern.fullmatch(cell) is not None or cell.lower() in _WORDS


def is_data(cell: str, decimal_comma: bool) -> bool:
    """True for numbers and dates, which headers hardly are."""
    return is_number(cell, decimal_comma) or _DATE.fullmatch(cell) is not None


def reads(cell: str, decimal_comma: bool) -> bool:
    """True for numbers with either decimal sign, dates and what is missing."""
    if cell in _SET or is_data(cell, False):
        return True
    return decimal_comma and is_number(cell, True)
