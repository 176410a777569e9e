"""How a text file is written: its delimiter, its header, its decimal sign, its comments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.containers import default_names
from ..quoting import quoted, shortened
from .csv_cells import is_data, is_null, is_number, reads
from .csv_rows import Cut, comment_mark, quote_mark, rows_of, table_start, without_comments

_DELIMITERS = ",;\t|"
# Tried where the usual ones cut nothing; what they leave must then mostly be numbers and dates.
_RARE = " ^~\x01\x1f:"
_SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?\r?", re.IGNORECASE)
_MOMENT = re.compile(
    r"(\S*\d[-/.]\S+[ T])?\d{1,2}:\d\d\S*( ?([ap]m|utc|[+-]\d\d:?\d\d))?", re.IGNORECASE
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")
_LONGEST_UNIT = 24
_LONGEST_MOMENT = 100


@dataclass(frozen=True)
class Dialect:
    """What is needed to cut text into cells.

    ``names`` has one name per column; ``repeated`` lists names that the header gives twice;
    ``nameless_end`` is a column behind a delimiter that ends every row.

    Once lines that begin with ``comment`` are gone, ``skip`` lines come before the header, and
    ``above`` rows (header, units) before the data. ``quote`` and ``has_escapes`` other than usual,
    and cells between runs of blanks, need rewriting before Polars can cut them.
    """

    delimiter: str
    end_of_line: str
    decimal_comma: bool
    has_header: bool
    names: tuple[str, ...]
    repeated: tuple[str, ...]
    comment: str = ""
    skip: int = 0
    above: int = 0
    quote: str = '"'
    has_escapes: bool = False
    nameless_end: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_odd(self) -> bool:
        """True when the text has to be rewritten before Polars can read it."""
        return self.delimiter == " " or self.quote != '"' or self.has_escapes


def sniff(text: str) -> Dialect:
    """The dialect of a file that begins with ``text`` (whole lines, at least one).

    >>> sniff("ts;rate\\n2024-01-01;1,5\\n").decimal_comma
    True
    >>> sniff("1.5,2\\n2.5,3\\n").names
    ('c0', 'c1')
    >>> sniff("# by hand\\nplant 7\\n\\nt,v\\n;degC\\n").comment
    '#'
    """
    end = "\n" if "\n" in text else "\r"
    if end == "\r":
        text = text.replace("\r", "\n")
    comment = comment_mark(text)
    found = _sniffed(text, comment, end)
    # A row that only begins like a comment has as many cells as the others.
    if comment and _has_rows(text, found):
        found = _sniffed(text, "", end)
    return found


def _sniffed(text: str, comment: str, end: str) -> Dialect:
    plain, header_comment = without_comments(text, comment) if comment else (text, "")
    plain = plain.lstrip("\r\n")
    said = _SEPARATOR_LINE.fullmatch(plain.partition("\n")[0])
    cut = _cut(plain, said.group(1) if said else None)
    rows = cut.cells[cut.start :]
    skip = cut.lines[cut.start - 1] if cut.start else 0
    notes = _skipped(cut.start - bool(said))
    decimal_comma = cut.delimiter != "," and _has_decimal_commas(rows[1:] or rows)
    has_header = _first_is_header(rows, decimal_comma)
    header = [cell.strip() for cell in rows[0]]
    above = int(has_header)
    if not has_header:
        named = _split_like(header_comment, comment, cut)
        has_header = len(named) == len(header)
        header = named if has_header else list(default_names(len(header)))
    nameless = _nameless(rows[above:], len(header))
    if nameless == "first" and above:
        header = ["", *header]
        notes.append("the header names one column less than the rows have; the first got none")
    names, repeated = different_names(header)
    if above and len(rows) > 2 and _are_units(rows[1], rows[2:], decimal_comma):
        units = ", ".join(
            f"{name} [{cell.strip()}]"
            for name, cell in zip(names, rows[1], strict=False)
            if cell.strip()
        )
        notes.append(f"the row below the header was read as units: {shortened(units)}")
        above = 2
    nameless_end = None
    if nameless == "last":
        nameless_end = f"Unnamed: {len(names)}"
        names = (*names, nameless_end)
    elif has_header and len(header) > 1 and header[-1] == "":
        nameless_end = names[-1]
    return Dialect(
        cut.delimiter,
        end,
        decimal_comma,
        has_header,
        names,
        repeated,
        comment,
        skip,
        above,
        cut.quote,
        cut.has_escapes,
        nameless_end,
        tuple(notes),
    )


def _skipped(lines: int) -> list[str]:
    if lines <= 0:
        return []
    return [
        f"{lines} line{'s' * (lines > 1)} before the table {'were' if lines > 1 else 'was'} skipped"
    ]


def _cut(text: str, told: str | None) -> Cut:
    """The cut that leaves rows of one length and cells that are numbers or dates."""
    quote = quote_mark(text)
    if told is not None:
        found = rows_of(text, told, quote)
        return found if len(found.cells) == 1 else found.from_row(1 + table_start(found.cells[1:]))
    best_score, best = (-1.0, 0.0), rows_of(text, ",", quote)
    for delimiter in _DELIMITERS + _RARE:
        if delimiter not in text.strip():
            if delimiter == ",":
                best_score = _score(best)
            continue
        made = rows_of(text, delimiter, quote)
        made = made.from_row(table_start(made.cells))
        width = len(made.cells[made.start])
        if (width < 2 and best_score[0] >= 0) or not _may_cut(made, best):
            continue
        score = _score(made)
        if score > best_score:
            best_score, best = score, made
    return best


def _may_cut(made: Cut, best: Cut) -> bool:
    """False for a rare delimiter that is more likely a part of what stands in the cells."""
    if made.delimiter not in _RARE:
        return True
    # Where every line, from the first on, is already cut alike, blanks stand within its cells.
    is_even = len(best.cells[0]) > 1 and len({len(row) for row in best.cells}) == 1
    if made.start and not best.start and is_even:
        return False
    rows = made.cells[made.start :]
    width = len(rows[-1]) if len(rows) < 3 else max(len(row) for row in rows[-3:])
    n_uneven = sum(len(row) != width for row in rows)
    if width < 2 or n_uneven > max(1, len(rows) // 5) or 2 * n_uneven >= len(rows):
        return False
    lone = [row[0].strip() for row in best.cells[best.start :] if len(row) == 1]
    is_lone = len(lone) == len(best.cells[best.start :])
    # A lone column of dates is cut by the blank before the hour, one of hours by its colons.
    if is_lone and all(map(_is_moment, lone[1:] or lone)):
        return False
    return (is_lone or made.delimiter == " ") and _score(made)[1] >= 0.5


def _is_moment(cell: str) -> bool:
    # A long cell is none, and would take the pattern hours.
    return len(cell) <= _LONGEST_MOMENT and _MOMENT.fullmatch(cell) is not None


def _score(cut: Cut) -> tuple[float, float]:
    rows = cut.cells[cut.start :]
    width = len(rows[0])
    alike = sum(len(row) == width for row in rows) / len(rows)
    if alike < 1:  # rows that end with a delimiter, or have a name less in the header
        alike = max(alike, sum(abs(len(row) - width) < 2 for row in rows) / len(rows) - 0.1)
    # With decimal commas both "," and ";" may cut evenly; only the right one leaves numbers.
    cells = [cell.strip() for row in rows[1:] or rows for cell in row]
    read = sum(reads(cell, cut.delimiter != ",") for cell in cells) / max(len(cells), 1)
    return (alike + read if width > 1 else 0.0, read)


def _split_like(comment_line: str, mark: str, cut: Cut) -> list[str]:
    """The names in a comment just above the data, such as ``# t v`` or ``%time,%idle``."""
    if not comment_line:
        return []
    text = comment_line.strip()
    bare = text.removeprefix(mark)
    if mark == "#" or bare[:1].isspace():
        text = bare.strip()
    cells = rows_of(text, cut.delimiter, cut.quote).cells
    return [cell.strip() for cell in cells[0]] if cells else []


def _has_rows(text: str, found: Dialect) -> bool:
    """True when a line taken for a comment, amid the rows, has the width of a row."""
    if len(found.names) < 2:
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    begun = False
    for line in lines:
        if not line.lstrip().startswith(found.comment):
            begun = True
        elif begun:
            cells = rows_of(line, found.delimiter, found.quote).cells
            if cells and len(cells[0]) == len(found.names):
                return True
    return False


def _nameless(rows: list[list[str]], width: int) -> str | None:
    """Which cell has no name, ``"first"`` or ``"last"``, where all rows have one too many."""
    wider = [row for row in rows if len(row) == width + 1]
    if len(wider) < 2 or len(wider) < len(rows):
        return None
    if all(row[-1].strip() == "" for row in wider):
        return "last"
    firsts = [row[0].strip() for row in wider]
    return "first" if len(set(firsts)) == len(firsts) and all(firsts) else None


def _has_decimal_commas(rows: list[list[str]]) -> bool:
    cells = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in cells if "," in cell and is_number(cell, True)]
    points = [cell for cell in cells if "." in cell and is_number(cell, False)]
    # 1.130 may be thousands, 1,5 can only be decimal: what is certain decides, then what is more.
    certain = [sum(_GROUPED.fullmatch(cell) is None for cell in some) for some in (commas, points)]
    return certain[0] > certain[1] or (certain[0] == certain[1] and len(commas) > len(points))


def _first_is_header(rows: list[list[str]], decimal_comma: bool) -> bool:
    """False when the first row's cells are of the same type as those below them."""
    first, rest = [cell.strip() for cell in rows[0]], rows[1:]
    if not rest:
        return not all(is_data(cell, decimal_comma) for cell in first)
    if len(rest) > 1 and _are_units(rest[0], rest[1:], decimal_comma):
        rest = rest[1:]
    alike = False
    for i, cell in enumerate(first):
        below = [row[i].strip() for row in rest if len(row) > i]
        below = [value for value in below if not is_null(value)]
        if not below or not all(is_data(value, decimal_comma) for value in below):
            continue
        if not is_null(cell) and not is_data(cell, decimal_comma):
            return True
        alike = alike or not is_null(cell)
    return not alike


def _are_units(row: list[str], rest: list[list[str]], decimal_comma: bool) -> bool:
    """True for a row of short words above columns that all hold numbers, such as °C and bar."""
    cells = [cell.strip() for cell in row]
    if len(cells) < 2 or any(len(cell) > _LONGEST_UNIT for cell in cells):
        return False
    if any(is_data(cell, decimal_comma) for cell in cells):
        return False
    n_units = 0
    for i, cell in enumerate(cells):
        below = [other[i].strip() for other in rest if len(other) > i]
        below = [value for value in below if not is_null(value)]
        if below and all(is_data(value, decimal_comma) for value in below):
            n_units += not is_null(cell)
        elif cell and below:  # a column of text: what stands here may be its first value
            return False
    return n_units > 0 and len(rest) > 1


def different_names(header: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One name per column, and the names that ``header`` gives more than once.

    >>> different_names(["a", "", "a"])
    (('a', 'Unnamed: 1', 'a_2'), ('a',))
    """
    names: dict[str, None] = {}
    repeated: dict[str, int] = {}  # with the next number to try: a name may come very often
    for i, cell in enumerate(header):
        name = base = cell or f"Unnamed: {i}"
        number = repeated.get(base, 2)
        while name in names:
            name, number = f"{base}_{number}", number + 1
        if name != base:
            repeated[base] = number
        names[name] = None
    return tuple(names), tuple(repeated)


def says_one_column(cell: str, name: str, source: str) -> list[str]:
    """A note for a lone column whose cells, such as ``cell``, rather hold several values."""
    numbers = re.findall(r"\d+(?:[.,]\d+)?", cell)
    if len(numbers) < 2 or _is_moment(cell) or is_data(cell.partition(" ")[0], False):
        return []
    return [
        f"{source} was read as one column of text, {quoted(name)}: no delimiter cuts its lines "
        "evenly"
    ]
