"""The first rows of a text under one delimiter, and what stands before and between them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, replace

from .csv_cells import is_data, is_null

_ROWS_LOOKED_AT = 60
_MARKS = ("#", "%", "//")
_LONGEST_PREAMBLE = 50
_SINGLE = re.compile(r"(?:^|[,;\t| ])'[^'\n]*'(?=[,;\t| \r]|$)", re.MULTILINE)


@dataclass(frozen=True)
class Cut:
    """Rows of cells, and after how many lines each of them ends; the table begins at ``start``."""

    delimiter: str
    quote: str
    has_escapes: bool
    cells: list[list[str]]
    lines: list[int]
    start: int = 0

    def from_row(self, start: int) -> Cut:
        return replace(self, start=start)


def rows_of(text: str, delimiter: str, quote: str = '"') -> Cut:
    """The first rows of ``text``; a backslash before a quote counts where only that cuts evenly.

    >>> rows_of("a b\\n1   2\\n", " ").cells
    [['a', 'b'], ['1', '2']]
    """
    plain = _rows(text, delimiter, quote, None)
    if "\\" + quote not in text:
        return Cut(delimiter, quote, False, *plain)
    escaped = _rows(text, delimiter, quote, "\\")
    if _unevenness(escaped[0]) < _unevenness(plain[0]):
        return Cut(delimiter, quote, True, *escaped)
    return Cut(delimiter, quote, False, *plain)


def _unevenness(rows: list[list[str]]) -> int:
    return len({len(row) for row in rows}) * 1000 + any("\n" in c for row in rows for c in row)


def _rows(
    text: str, delimiter: str, quote: str, escape: str | None
) -> tuple[list[list[str]], list[int]]:
    source: object = io.StringIO(text)
    if delimiter == " ":
        source = (blank_line(line) for line in io.StringIO(text))
    reader = csv.reader(
        source,  # type: ignore[arg-type]
        delimiter=delimiter,
        quotechar=quote,
        escapechar=escape,
        skipinitialspace=delimiter == " ",
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(reader.line_num)
            if len(rows) == _ROWS_LOOKED_AT:
                break
    except csv.Error:  # a field beyond the module's limit: not this delimiter
        pass
    return (rows, lines) if rows else ([[""]], [1])


def blank_line(line: str) -> str:
    """``line`` with tabs as blanks and without blanks around it, for cells between blanks."""
    return line.replace("\t", " ").strip() + "\n"


def quote_mark(text: str) -> str:
    """``'`` where cells stand between those and no ``"`` is in sight, else ``"``."""
    if '"' in text or "'" not in text:
        return '"'
    lines = sum(1 for line in text.split("\n") if line.strip())
    return "'" if len(_SINGLE.findall(text)) >= max(lines - 1, 1) else '"'


def table_start(rows: list[list[str]]) -> int:
    """Which row the table begins with; those before it are fewer cells of something else."""
    width = len(rows[-1])
    start = len(rows)
    while start and len(rows[start - 1]) == width:
        start -= 1
    if width < 2 or not 0 < start <= _LONGEST_PREAMBLE or len(rows) - start < 3:
        return 0
    before = rows[:start]
    if any(len(row) >= width for row in before):
        return 0
    # A short row of numbers is a damaged row, and a short row of words above data a header.
    if any(len(row) > 1 and all(map(_is_data, row)) for row in before):
        return 0
    is_header = not any(map(_is_data, rows[start]))
    return start if is_header or (len(rows[start - 1]) == 1 and width > 2) else 0


def _is_data(cell: str) -> bool:
    return is_data(cell.strip(), False) and not is_null(cell.strip())


def comment_mark(text: str) -> str:
    """What comment lines begin with, or nothing.

    >>> comment_mark("# by hand\\na,b\\n1,2\\n"), comment_mark("colour\\n#fff\\n#000\\n")
    ('#', '')
    """
    lines = [line.lstrip("\ufeff \t") for line in text.split("\n")]
    lines = [line for line in lines if line.strip()]
    for mark in _MARKS:
        marked = [line.startswith(mark) for line in lines]
        n = sum(marked)
        leading = marked.index(False) if False in marked else len(marked)
        # Colours and tags begin so too: comments stand above the rows, or are few among them.
        if n and n < len(lines) and (n == leading or 2 * (n - leading) < len(lines) - leading):
            return mark
    return ""


def without_comments(text: str, mark: str) -> tuple[str, str]:
    """``text`` without its comment lines, and the last comment above the first row."""
    kept: list[str] = []
    above = ""
    within = False
    for line in text.split("\n"):
        if not within and line.lstrip("\ufeff \t").startswith(mark):
            above = line.lstrip("\ufeff \t") if not any(k.strip() for k in kept) else above
            continue
        within ^= line.count('"') % 2 == 1
        kept.append(line)
    return "\n".join(kept), above
