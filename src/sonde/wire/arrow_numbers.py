"""Arrow streams of nothing but float64 columns, to an array without a library between.

A library makes an object for each column, which for hundreds of columns costs far more than the
numbers do.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import TooLarge
from .arrow_messages import BATCH, SCHEMA, Flat, Message, count_of, messages, root_of, text_of
from .body import Body
from .limits import Limits

Floats = NDArray[np.float64]

_FLOATING, _DOUBLE, _LITTLE = 3, 2, 0  # of the enumerations in Schema.fbs
_KEPT = 32  # schemas: callers send the same one again and again, and following one takes long
_LONGEST_SCHEMA = 128 << 10
_MOST_COLUMNS, _MOST_BATCHES = 2000, 64  # a caller must not keep others waiting


def numbers_of_arrow(data: bytes, limits: Limits) -> Body | None:
    """The numbers in an Arrow stream whose columns are all of float64, finite and not packed.

    None for all else, also for what is damaged: whoever reads it with care says what and where.

    Raises
    ------
    TooLarge : more rows, columns or cells than may come.

    Source
    ------
    Apache Arrow, "Arrow Columnar Format", and its schemas Message.fbs and Schema.fbs.

    Examples
    --------
    >>> import polars as pl
    >>> stream = pl.DataFrame({"a": [1.5, 2.5]}).write_ipc_stream(None).getvalue()
    >>> body = numbers_of_arrow(stream, Limits())
    >>> body.values.tolist(), body.names
    ([[1.5], [2.5]], ('a',))
    """
    try:
        found = _found(data, limits)
    except TooLarge:
        raise
    except (struct.error, IndexError, ValueError, OverflowError):
        return None
    if found is None:
        return None
    names, values = found
    if not np.isfinite(values).all():
        return None
    return Body(values, names, form="frame")


def _found(data: bytes, limits: Limits) -> tuple[tuple[str, ...], Floats] | None:
    names: tuple[str, ...] | None = None
    parts: list[Floats] = []
    n_rows = 0
    for i, message in enumerate(messages(data)):
        if i == 0:
            names = _names_of(message)
            if names is None:
                return None
            continue
        if names is None or message.kind != BATCH or len(parts) == _MOST_BATCHES:
            return None
        n_rows += max(message.header.long(0), 0)
        limits.check(n_rows, len(names))
        part = _values(message, len(names))
        if part is None:
            return None
        parts.append(part)
    if names is None or n_rows == 0:
        return None
    return names, parts[0] if len(parts) == 1 else np.concatenate(parts)


def _names_of(message: Message) -> tuple[str, ...] | None:
    if message.kind != SCHEMA or len(message.text) > _LONGEST_SCHEMA:
        return None
    return _plain_names(bytes(message.text))


@lru_cache(_KEPT)
def _plain_names(text: bytes) -> tuple[str, ...] | None:
    """The names of the columns in a schema's message; None where one is not of float64 alone."""
    try:
        schema = root_of(text).child(2)
        fields = None if schema is None else schema.child(1)
        n = count_of(fields)
        if schema is None or fields is None or not 1 <= n <= _MOST_COLUMNS:
            return None
        if schema.short(0) != _LITTLE:
            return None
        columns = [fields.entry(i) for i in range(n)]
        if not all(map(_is_double, columns)):
            return None
        names = tuple(text_of(column.child(0)) for column in columns)
    except (struct.error, IndexError, ValueError):
        return None
    return names if len(set(names)) == n else None


def _is_double(column: Flat) -> bool:
    kind = column.child(3)
    is_floating = column.byte(2) == _FLOATING and kind is not None and kind.short(0) == _DOUBLE
    # A dictionary, or words that make another type of it.
    is_plain = column.place(4) is None and count_of(column.child(6)) == 0
    return is_floating and is_plain and count_of(column.child(5)) == 0


def _values(message: Message, n_columns: int) -> Floats | None:
    """(n_rows, n_columns) of a batch; None where it is packed, cut off or lacks a value."""
    batch, body = message.header, message.body
    n_rows = batch.long(0)
    nodes, buffers = _pairs(batch.child(1)), _pairs(batch.child(2))
    if n_rows < 0 or len(body) < message.n_body or batch.place(3) is not None:
        return None
    if len(nodes) != n_columns or len(buffers) != 2 * n_columns:
        return None
    if (nodes[:, 0] != n_rows).any() or nodes[:, 1].any():
        return None
    if n_rows == 0:
        return np.empty((0, n_columns))
    starts, lengths = buffers[1::2].T  # between them what says which values are missing
    size = 8 * n_rows
    # Each bound by itself: a sum of two numbers that a caller chose may run over.
    if starts.min() < 0 or starts.max() > len(body) - size or lengths.min() < size:
        return None
    across = _across(body, starts, n_rows)
    return np.ascontiguousarray(across.T, dtype=np.float64)


def _across(body: memoryview, starts: NDArray[np.int64], n_rows: int) -> Floats:
    """(n_columns, n_rows): the columns that begin at ``starts``, each of them within ``body``."""
    first = int(starts[0])
    step = int(starts[1]) - first if len(starts) > 1 else 8 * n_rows
    if step >= 8 * n_rows and (np.diff(starts) == step).all():
        shape, strides = (len(starts), n_rows), (step, 8)
        return np.ndarray(shape, dtype="<f8", buffer=body, offset=first, strides=strides)
    return np.stack([np.frombuffer(body, "<f8", n_rows, start) for start in starts.tolist()])


def _pairs(vector: Flat | None) -> NDArray[np.int64]:
    """(n, 2) of a vector of two 64-bit integers each."""
    n = count_of(vector, 16)
    if vector is None or n == 0:
        return np.empty((0, 2), dtype=np.int64)
    return np.frombuffer(vector.data, "<i8", 2 * n, vector.at + 4).reshape(n, 2)
