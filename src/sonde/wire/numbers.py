"""JSON bodies of nothing but numbers, to an array without an object for each number."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import numpy as np
import simdjson
from numpy.typing import NDArray

from ..errors import TooLarge
from .limits import Limits, too_many

Floats = NDArray[np.float64]

_LARGE = 8 << 10  # bytes from which on the vectorised parser is ahead
_KEPT = 4 << 20  # a parser keeps some fifteen times the longest text it has seen
_HEAD = 64
_local = threading.local()


class Numbers(msgspec.Struct, frozen=True, eq=False):
    """(n, d) values under names, or none; and the other members, plain values."""

    values: Floats
    names: tuple[str, ...] | None
    form: str
    others: dict[str, Any]


class _Small(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[list[float]] | None = None
    columns: dict[str, list[float]] | None = None
    names: list[str] | None = None
    key: str | None = None


_small = msgspec.json.Decoder(_Small)


def numbers_of(data: bytes, limits: Limits) -> Numbers | None:
    """The numbers in ``{"rows": [[…]]}`` or ``{"columns": {…: […]}}``.

    None for all else, also for what is wrong: whoever reads it with care says what and where.

    Raises
    ------
    TooLarge : more rows, columns or cells than may come.
    """
    if len(data) < _LARGE:
        return _of_small(data, limits)
    return _of_large(data, limits)


def _of_small(data: bytes, limits: Limits) -> Numbers | None:
    try:
        found = _small.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    names, key = found.names, found.key
    n_strings = 1 + (names is not None) + (key is not None) + len(names or ()) + (key is not None)
    if found.rows is not None and found.columns is None:
        form, columns = "rows", None
        try:
            values = np.array(found.rows, dtype=np.float64)
        except ValueError:  # rows of different lengths
            return None
    elif found.columns is not None and found.rows is None and names is None:
        form, columns = "columns", tuple(found.columns)
        n_strings += len(columns)
        try:
            values = np.ascontiguousarray(
                np.array(list(found.columns.values()), dtype=np.float64).T
            )
        except ValueError:
            return None
    else:
        return None
    # A key that is given twice has more strings than were found; so has one written in escapes.
    if values.ndim != 2 or values.size == 0 or data.count(b'"') != 2 * n_strings:
        return None
    if names is not None:
        if len(names) != values.shape[1] or len(set(names)) != len(names):
            return None
        columns = tuple(names)
    limits.check(*values.shape)
    return Numbers(values, columns, form, {} if key is None else {"key": key})


def _of_large(data: bytes, limits: Limits) -> Numbers | None:
    _refuse_many(data, limits)
    parser = getattr(_local, "parser", None)
    if parser is None or len(data) > _KEPT:
        parser = simdjson.Parser()
    try:
        by_column = _columns_apart(data) if b'"columns"' in data[:_HEAD] else None
        if by_column is not None:
            return _from_columns(parser, *by_column, limits)
        document = _parsed(parser, data)
        return _from_rows(document, data, limits)
    except TooLarge:
        raise
    # RuntimeError for a number or a depth beyond the parser's own, ValueError for no JSON,
    # TypeError for a cell that is no number; KeyError: neither rows nor columns.
    except (RuntimeError, ValueError, TypeError, KeyError):
        return None
    finally:
        if len(data) <= _KEPT:
            _local.parser = parser


def _parsed(parser: Any, data: bytes) -> Any:
    try:
        return parser.parse(data)
    except RuntimeError:  # an error's traceback may still hold what it parsed last
        return simdjson.Parser().parse(data)


def _from_rows(document: Any, data: bytes, limits: Limits) -> Numbers | None:
    """``{"rows": [[…]]}``; other members may be there."""
    if not isinstance(document, simdjson.Object):
        return None
    keys = list(document.keys())
    if len(set(keys)) < len(keys) or "columns" in keys:
        return None
    others: dict[str, Any] = {}
    for key in keys:
        member = document[key]
        if isinstance(member, simdjson.Object):
            return None
        if key != "rows":
            others[key] = member.as_list() if isinstance(member, simdjson.Array) else member
    names = others.pop("names", None)
    values = _matrix(document["rows"], limits)
    if values is None or not _are_names(names, values.shape[1]):
        return None
    # The buffer of an array flattens what lies in it: each bracket must be that of a row.
    lists = [other for other in (names, *others.values()) if isinstance(other, list)]
    texts = [one for one in (*keys, *(names or ()), *others.values()) if isinstance(one, str)]
    n_brackets = 1 + len(values) + len(lists) + sum(text.count("[") for text in texts)
    if _count(data, b"[") != n_brackets:
        return None
    return Numbers(values, None if names is None else tuple(names), "rows", others)


def _columns_apart(data: bytes) -> tuple[bytes, bytes] | None:
    """The text with each list in it emptied, and a list of those lists; None where they nest.

    A parser finds the members of an object one after the other, a thousand columns in a million
    steps; those of a list stand side by side.
    """
    codes = np.frombuffer(data, dtype=np.uint8)
    opened, closed = np.flatnonzero(codes == 0x5B), np.flatnonzero(codes == 0x5D)
    if len(opened) != len(closed) or len(opened) == 0:
        return None
    if not ((opened < closed).all() and (closed[:-1] < opened[1:]).all()):
        return None
    starts, stops = opened.tolist(), closed.tolist()
    lists = [data[start : stop + 1] for start, stop in zip(starts, stops, strict=True)]
    between = [data[: starts[0] + 1]]
    between += [data[a : b + 1] for a, b in zip(stops, starts[1:], strict=False)]
    return b"".join([*between, data[stops[-1] :]]), b"[" + b",".join(lists) + b"]"


def _from_columns(parser: Any, frame: bytes, lists: bytes, limits: Limits) -> Numbers | None:
    """``{"columns": {…: […]}}`` with nothing beside but plain values."""
    if b"\\" in frame:  # half a character may be written in escapes
        return None
    pairs = json.loads(frame, object_pairs_hook=list)
    others = dict(pairs)
    columns = others.pop("columns")
    names = tuple(name for name, cells in columns if cells == [])
    is_plain = not any(isinstance(other, list) for other in others.values())
    if not is_plain or len(pairs) != len(others) + 1 or "rows" in others or "names" in others:
        return None
    document = _parsed(parser, lists)
    if not _are_names(list(names), len(document)) or len(names) != len(columns):
        return None
    values = _matrix(document, limits, across=True)
    return None if values is None else Numbers(values, names, "columns", others)


def _matrix(rows: Any, limits: Limits, *, across: bool = False) -> Floats | None:
    """(n, d) of a list of n lists of d numbers, or (d, n) of it; None for any other list."""
    n_rows = len(rows)
    first = rows[0] if n_rows else None
    if not isinstance(first, simdjson.Array) or len(first) == 0:
        return None
    width = len(first)
    limits.check(*((width, n_rows) if across else (n_rows, width)))
    if any(len(row) != width for row in rows):
        return None
    flat = np.frombuffer(rows.as_buffer(of_type="d"), dtype=np.float64)
    if flat.size != n_rows * width:
        return None
    matrix = flat.reshape(n_rows, width)
    return np.ascontiguousarray(matrix.T) if across else matrix


def _are_names(names: Any, n: int) -> bool:
    if names is None:
        return True
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return is_list and len(names) == n == len(set(names))


def _refuse_many(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for more cells than may come, before a parser takes memory for each."""
    if len(data) > 2 * limits.points and _count(data, b",") > limits.points + 4 * limits.rows:
        raise too_many("points", _count(data, b","), limits.points)


def _count(data: bytes, mark: bytes) -> int:
    # bytes.count looks at one byte at a time.
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == mark[0]))
