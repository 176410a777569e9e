"""The ``.arff`` format of Weka: attributes, then rows; or series, one per row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from ...errors import InvalidInput
from ..quoting import quoted

_NUMBERS = {"numeric", "real", "integer"}
_ATTRIBUTE = re.compile(
    r"""@attribute\s+(?P<name>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\S+?)(?:\s+(?P<type>.+)|(?P<set>\{.*))$""",
    re.IGNORECASE,
)
# What the archives call the points of a series: att0, att1, …
_POINT_NAME = re.compile(r"(att|attribute|t|ts|time|timestamp|timepoint)[_ ]?(\d+)", re.IGNORECASE)
_LEAST_POINTS = 8  # so many numbered columns and a class are rather a series than measurements
# Of either quotation mark the other is plain text within; the csv module knows one mark only.
_CELL = re.compile(r"""\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Attribute:
    """A column: ``kind`` is ``"number"``, ``"class"``, ``"text"`` or ``"series"``.

    ``classes`` are those that a nominal attribute lists.
    """

    name: str
    kind: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arff:
    """An ARFF file cut into cells: (n_rows) rows with one cell per attribute, None for missing."""

    attributes: tuple[Attribute, ...]
    rows: list[list[str | None]]

    @property
    def holds_series(self) -> bool:
        """True when each row is a series: relational, or numbered points and a class."""
        if any(a.kind == "series" for a in self.attributes):
            return True
        points = self.attributes[:-1]
        numbers = [_POINT_NAME.fullmatch(a.name) for a in points if a.kind == "number"]
        return (
            self.attributes[-1].kind == "class"
            and len(points) >= _LEAST_POINTS
            and len(numbers) == len(points)
            and _rise_by_one([int(m.group(2)) for m in numbers if m])
            and all(numbers)
        )


def _rise_by_one(numbers: list[int]) -> bool:
    return all(b == a + 1 for a, b in pairwise(numbers))


def parse_arff(text: str, source: str) -> Arff:
    """The attributes and cells of an ARFF file.

    Raises
    ------
    InvalidInput : no attributes or no ``@data``, sparse rows, an attribute of an unknown type, or
        rows with more or fewer cells than attributes; names the row.

    Source
    ------
    Weka's description of ARFF, "stable version": names and values in single or double quotes,
    ``?`` for missing, ``%`` before comments, weights ``{…}`` after a row (dropped).
    """
    lines = text.split("\n")
    attributes: list[Attribute] = []
    inner = False
    for number, line in enumerate(lines):
        line = line.strip()
        word = line.split(None, 1)[0].lower() if line else ""
        if word == "@data":
            break
        if word == "@end":
            inner = False
        elif word == "@attribute" and not inner:
            attribute = _attribute(line, number, source)
            inner = attribute.kind == "series"
            attributes.append(attribute)
        elif word and word[0] != "%" and word not in ("@relation", "@attribute"):
            raise InvalidInput(
                f"{source}, line {number + 1}: {quoted(line)} is neither an @attribute nor @data; "
                "repair the header",
                source=source,
                line=number + 1,
            )
    else:
        raise InvalidInput(f"{source} has no line @data; put it before the first row")
    if not attributes:
        raise InvalidInput(f"{source} has no @attribute before @data; name its columns there")
    body = lines[number + 1 :]
    if any(a.kind == "series" for a in attributes):
        # Channels stand between written line ends, which an unescaped "n" could not be told from.
        body = [line.replace("\\n", "\n") for line in body]
    rows = _rows(body, len(attributes), source)
    if not rows:
        raise InvalidInput(
            f"{source} has no rows after @data; there is nothing to look at; check what wrote it"
        )
    return Arff(tuple(attributes), rows)


def _attribute(line: str, number: int, source: str) -> Attribute:
    found = _ATTRIBUTE.match(line)
    if found is None:
        raise InvalidInput(
            f"{source}, line {number + 1}: {quoted(line)} names no type; write "
            "@attribute NAME numeric, string, date or {a,b}",
            source=source,
            line=number + 1,
        )
    name = _unquoted(found["name"])
    kind = (found["type"] or found["set"]).strip()
    if kind.startswith("{"):
        inside = kind[1 : kind.rfind("}")] if "}" in kind else kind[1:]
        return Attribute(name, "class", tuple(c or "" for c in _cells(inside)))
    first = kind.split()[0].lower()
    if first in _NUMBERS:
        return Attribute(name, "number")
    if first in ("string", "date"):
        return Attribute(name, "text")
    if first == "relational":
        return Attribute(name, "series")
    raise InvalidInput(
        f"{source}, line {number + 1}: {quoted(kind)} is no type that ARFF knows; write numeric, "
        "string, date or {a,b}",
        source=source,
        line=number + 1,
    )


def _rows(lines: list[str], width: int, source: str) -> list[list[str | None]]:
    rows: list[list[str | None]] = []
    for line in lines:
        line = line.strip()
        if not line or line[0] == "%":
            continue
        if line[0] == "{":
            raise InvalidInput(
                f"{source}, row {len(rows)}: {quoted(line)} is sparse, which is not read here; "
                "turn it into full rows with Weka's SparseToNonSparse",
                source=source,
                row=len(rows),
            )
        cells = _cells(line)
        if len(cells) == width + 1 and (cells[-1] or "").startswith("{"):
            cells.pop()  # the weight of the row
        if len(cells) != width:
            raise InvalidInput(
                f"{source}, row {len(rows)} has {len(cells)} cell{'s' * (len(cells) != 1)} where "
                f"{width} attributes are named: {quoted(line)}; repair the row, or quote cells "
                "that hold commas",
                source=source,
                row=len(rows),
            )
        rows.append(cells)
    return rows


def _cells(line: str) -> list[str | None]:
    if "'" not in line and '"' not in line:
        delimiter = "," if "," in line else "\t"
        plain = [cell.strip() for cell in line.split(delimiter)]
        return [None if cell == "?" else cell for cell in plain]
    cells = [found.group(1).strip() for found in _CELL.finditer(line)]
    if not line.rstrip().endswith(","):
        cells.pop()  # the empty one that ends at the end of the line
    return [None if cell == "?" else _unquoted(cell) for cell in cells]


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return _ESCAPE.sub(r"\1", text[1:-1])
    return text
