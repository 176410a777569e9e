"""JSON text to rows, with the place of what is wrong in it."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from ...errors import InvalidInput
from ..quoting import quoted, shortened

Row = dict[str, Any]
_KINDS = {dict: "an object", list: "a list", type(None): "null"}
_WHERE_ROWS_ARE = ("rows", "columns")


class _Twice(ValueError):
    """An object that gives a key twice."""


def rows_of_lines(text: str, source: str) -> list[Row]:
    """One row per line that is not blank.

    Raises
    ------
    InvalidInput : a line that is no JSON, or no object or array; names the line, from 1 on.
    """
    rows: list[Row] = []
    first: Any = None
    # Not splitlines: JSON text may hold the other marks that Unicode calls line ends.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = _parsed(line)
        except ValueError as fault:
            raise InvalidInput(
                f"{source}, line {number}: {_reason(fault)}: {quoted(line.strip())}; correct or "
                "drop the line",
                source=source,
                line=number,
            ) from None
        first = found if first is None else first
        place = f"{source}, line {number}"
        _refuse_other_kind(found, first, place, source)
        rows.append(_row(found, place, source))
    return rows


def rows_of_document(text: str, source: str) -> list[Row] | None:
    """The rows of one JSON document; None where the text is rather one document per line.

    Raises
    ------
    InvalidInput : no JSON, or JSON that holds no table; says where or why.
    """
    first, _, rest = text.lstrip().partition("\n")
    if rest.strip() and _is_whole(first):
        return None
    try:
        found = _parsed(text)
    except ValueError as fault:
        if isinstance(fault, _Twice):
            place = source
        else:
            where = fault if isinstance(fault, json.JSONDecodeError) else None
            place = f"{source}, line {where.lineno}, character {where.colno}" if where else source
        raise InvalidInput(
            f"{place}: {_reason(fault)}; correct the file or write it again", source=source
        ) from None
    return _rows(found, source)


def _rows(found: Any, source: str) -> list[Row]:
    if isinstance(found, list):
        first = next((item for item in found if item is not None), None)
        for i, item in enumerate(found):
            _refuse_other_kind(item, first, f"{source}, row {i}", source)
        return [_row(item, f"{source}, row {i}", source) for i, item in enumerate(found)]
    if "rows" in found and set(found) <= {"rows", "names"}:
        return _named_rows(found["rows"], found.get("names"), source)
    columns = found["columns"] if set(found) == {"columns"} else found
    if isinstance(columns, dict) and columns and all(isinstance(c, list) for c in columns.values()):
        return _from_columns(columns, source)
    if isinstance(columns, dict) and all(not isinstance(c, list) for c in columns.values()):
        return [_row(columns, f"{source}, row 0", source)]
    raise InvalidInput(
        f"{source} is a JSON object that holds no table; it needs a list of rows, or an object "
        'with one list per column such as {"a": [1, 2], "b": [3, 4]}',
        source=source,
    )


def _named_rows(rows: Any, names: Any, source: str) -> list[Row]:
    if not isinstance(rows, list) or not (names is None or isinstance(names, list)):
        raise InvalidInput(f'{source}: "rows" must be a list of rows, "names" one of names')
    if names is None:
        return _rows(rows, source)
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            raise InvalidInput(
                f"{source}, row {i}: {quoted(row)} does not have the {len(names)} cells that "
                '"names" announces; correct one of them',
                source=source,
                row=i,
            )
    if len(set(map(str, names))) < len(names):
        raise InvalidInput(f'{source}: "names" gives a name twice; names must differ')
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def _from_columns(columns: dict[str, list[Any]], source: str) -> list[Row]:
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{shortened(k)} {n}" for k, n in list(lengths.items())[:12])
        raise InvalidInput(
            f"{source}: the columns have different lengths: {shown}; fill them up with null",
            source=source,
            lengths=lengths,
        )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _refuse_other_kind(found: Any, first: Any, place: str, source: str) -> None:
    """Raise InvalidInput for a row that is written in another way than the first.

    A list amid objects would become columns of its own, and the row one of missing values.
    """
    if isinstance(found, str) or isinstance(first, str):
        return  # refused for what it is
    if isinstance(found, dict) == isinstance(first, dict) and (
        isinstance(found, list) == isinstance(first, list)
    ):
        if not isinstance(found, list) or len(found) == len(first):
            return
        what = f"has {len(found)} cells where the first row has {len(first)}"
    else:
        kinds = [_KINDS.get(type(one), "a number") for one in (found, first)]
        what = f"is {kinds[0]}, and the first row is {kinds[1]}"
    raise InvalidInput(
        f"{place}: {quoted(found)} {what}; write all rows in one way, or drop this one",
        source=source,
    )


def _row(found: Any, place: str, source: str) -> Row:
    if isinstance(found, dict):
        return found
    if isinstance(found, list):
        return {f"c{j}": cell for j, cell in enumerate(found)}
    if found is None or isinstance(found, int | float):
        return {"c0": found}
    raise InvalidInput(
        f"{place}: {quoted(found)} is no row; a row is an object, a list or a number",
        source=source,
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("objects lie within each other too deeply to be a table") from None


def _is_whole(line: str) -> bool:
    try:
        found = json.loads(line)
    except RecursionError:
        return False
    except ValueError as fault:
        # A faulty first line of many is still a line, when it closes what it opens.
        ends = {"{": "}", "[": "]"}
        cut = isinstance(fault, json.JSONDecodeError) and fault.pos >= len(line.rstrip()) - 1
        return not cut and len(line) > 1 and line.rstrip().endswith(ends.get(line[:1], "\n"))
    return isinstance(found, dict | list)


def _object(pairs: list[tuple[str, Any]]) -> Row:
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, n in counts.items() if n > 1)
        raise _Twice(f"the key {quoted(twice)} is given twice")
    return made


def _reason(fault: ValueError) -> str:
    if isinstance(fault, json.JSONDecodeError):
        return f"this is no JSON ({fault.msg})"
    if "integer string conversion" in str(fault):  # Python's guard against endless digits
        return "a number has more digits than any number needs"
    return str(fault)
