"""JSON bodies of nothing but numbers, to an array without an object for each number."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import numpy as np
import simdjson
from numpy.typing import NDArray

from .limits import Limits, too_many

Floats = NDArray[np.float64]

_LARGE = 8 << 10  # bytes from which on the vectorised parser is ahead
_KEPT = 4 << 20  # a parser keeps some fifteen times the longest text it has seen
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
        try:
            document = parser.parse(data)
        except RuntimeError:  # an error's traceback may still hold the last document
            parser = simdjson.Parser()
            document = parser.parse(data)
        if not isinstance(document, simdjson.Object):
            return None
        return _of_document(document, data, limits)
    # Nothing else: RuntimeError for a number or a depth beyond its own, ValueError for no JSON,
    # TypeError for a cell that is no number.
    except (RuntimeError, ValueError, TypeError) as refused:
        if isinstance(refused, ValueError) and hasattr(refused, "facts"):
            raise
        return None
    finally:
        document = None
        if len(data) <= _KEPT:
            _local.parser = parser


def _of_document(document: Any, data: bytes, limits: Limits) -> Numbers | None:
    keys = list(document.keys())
    if len(set(keys)) < len(keys) or ("rows" in keys) == ("columns" in keys):
        return None
    form = "rows" if "rows" in keys else "columns"
    given, others = document[form], {}
    for key in keys:
        if key != form:
            other = document[key]
            if isinstance(other, simdjson.Object):
                return None
            others[key] = other.as_list() if isinstance(other, simdjson.Array) else other
    names: Any = others.pop("names", None)
    written = [*keys, *(names if isinstance(names, list) else ()), *others.values()]
    n_lists = sum(isinstance(other, list) for other in others.values()) + (names is not None)
    if form == "rows":
        if not isinstance(given, simdjson.Array) or not _are_names(names):
            return None
        values, n_inner = _from_rows(given, limits), len(given)
    else:
        if not isinstance(given, simdjson.Object) or names is not None:
            return None
        names = list(given.keys())
        written += names
        values, n_inner = _from_columns(given, names, limits), len(names) - 1
    if values is None or (names is not None and len(names) != values.shape[1]):
        return None
    # The buffer of an array flattens what lies in it: each bracket must be that of a row.
    in_text = sum(text.count("[") for text in written if isinstance(text, str))
    if _count(data, b"[") != 1 + n_inner + n_lists + in_text:
        return None
    return Numbers(values, None if names is None else tuple(names), form, others)


def _from_rows(rows: Any, limits: Limits) -> Floats | None:
    n_rows = len(rows)
    if n_rows > limits.rows:
        raise too_many("rows", n_rows, limits.rows)
    first = rows[0] if n_rows else None
    if not isinstance(first, simdjson.Array) or len(first) == 0:
        return None
    width = len(first)
    limits.check(n_rows, width)
    if any(len(row) != width for row in rows):
        return None
    flat = np.frombuffer(rows.as_buffer(of_type="d"), dtype=np.float64)
    return flat.reshape(n_rows, width) if flat.size == n_rows * width else None


def _from_columns(columns: Any, names: list[str], limits: Limits) -> Floats | None:
    if not names or len(set(names)) < len(names):
        return None
    first = columns[names[0]]
    n_rows = len(first) if isinstance(first, simdjson.Array) else 0
    limits.check(n_rows, len(names))
    values = np.empty((n_rows, len(names)))
    for j, column in enumerate(columns.values()):
        if not isinstance(column, simdjson.Array) or len(column) != n_rows or n_rows == 0:
            return None
        cells = np.frombuffer(column.as_buffer(of_type="d"), dtype=np.float64)
        if cells.size != n_rows:
            return None
        values[:, j] = cells
    return values


def _are_names(names: Any) -> bool:
    if names is None:
        return True
    is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return is_list and len(set(names)) == len(names)


def _refuse_many(data: bytes, limits: Limits) -> None:
    """Raise TooLarge for more cells than may come, before a parser takes memory for each."""
    if len(data) > 2 * limits.points and _count(data, b",") > limits.points + 4 * limits.rows:
        raise too_many("points", _count(data, b","), limits.points)


def _count(data: bytes, mark: bytes) -> int:
    # bytes.count looks at one byte at a time.
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == mark[0]))
