"""Times in columns whose cells are all of one length, as programs write them: without a parser."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

_BLOCK = 1 << 16  # cells at a time, which stay in the processor's cache
_ZERO = ord("0")
# Where the digits of year, month, day, hour, minute and second begin; a fraction begins at 20.
_FIELDS = ((0, 4), (5, 2), (8, 2), (11, 2), (14, 2), (17, 2))
_MARKS = {4: b"-", 7: b"-", 10: b" T", 13: b":", 16: b":", 19: b"."}
_DAY_NS = 86_400 * 10**9
_LONGEST = 29
_BEFORE = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])


def fixed_times(column: pl.Series) -> Integers | None:
    """(n,) nanoseconds since 1970 of cells such as ``2024-01-31 12:00:00.5``; None for others.

    All cells must be filled, have the length of the first and be written like it: a day, or a day
    and hours, minutes and, as far as they go, seconds and a fraction, perhaps with a Z. Years
    1680 to 2260, which nanoseconds can hold.
    """
    if column.null_count() or column.is_empty():
        return None
    first = str(column[0])
    width = len(first.removesuffix("Z"))
    if width not in (10, 16, 19, *range(21, _LONGEST + 1)) or not first.isascii():
        return None
    if (column.str.len_bytes() != len(first)).any():
        return None
    cells = np.frombuffer(column.str.join("").item().encode(), dtype=np.uint8)
    cells = cells.reshape(len(column), len(first))
    out = np.empty(len(column), dtype=np.int64)
    for start in range(0, len(column), _BLOCK):
        block = _nanoseconds(cells[start : start + _BLOCK], first, width)
        if block is None:
            return None
        out[start : start + _BLOCK] = block
    return out


def _nanoseconds(cells: Bytes, first: str, width: int) -> Integers | None:
    columns = np.ascontiguousarray(cells.T)
    for at, marks in _MARKS.items():
        if at < width and (
            first[at].encode() not in marks or (columns[at] != ord(first[at])).any()
        ):
            return None
    if len(first) > width and (columns[-1] != ord("Z")).any():
        return None
    parts = [_number(columns, at, n) for at, n in _FIELDS if at + n <= width]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    year, month, day = known[:3]
    if (year < 1680).any() or (year > 2260).any() or (month < 1).any() or (month > 12).any():
        return None
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    length = np.append(np.diff(_BEFORE), 31)[month - 1] + (leap & (month == 2))
    if (day < 1).any() or (day > length).any():
        return None
    past = year - 1
    days = 365 * past + past // 4 - past // 100 + past // 400 - 719_162
    days += _BEFORE[month - 1] + (leap & (month > 2)) + day - 1
    ns = days * _DAY_NS
    for part, most, unit in zip(known[3:], (23, 59, 59), (3600, 60, 1), strict=False):
        if (part > most).any():
            return None
        ns += part * (unit * 10**9)
    if width > 20:
        fraction = _number(columns, 20, width - 20)
        if fraction is None:
            return None
        ns += fraction * 10 ** (9 - (width - 20))
    return ns


def _number(columns: Bytes, at: int, n: int) -> Integers | None:
    """The number whose ``n`` digits begin at ``at``; None where a byte is no digit."""
    value = np.zeros(columns.shape[1], dtype=np.int64)
    for row in columns[at : at + n]:
        digit = row - np.uint8(_ZERO)  # what is below the zero wraps round to above nine
        if (digit > 9).any():
            return None
        value = value * 10 + digit
    return value
