"""JSON lines and JSON documents to frames."""

from __future__ import annotations

import re

import polars as pl

from ..inputs.sources import Source
from .encodings import text_of
from .json_cells import frame_of_rows
from .json_documents import rows_of_document, rows_of_lines
from .loaded import Text, refuse_no_rows
from .text_numbers import numbers_from_text

_MANY = 1 << 16  # bytes from which on the quick way pays
_LOOKED_AT = 1000
_HEAD = 1 << 20
_MANY_KEYS = 2000
_KEY = re.compile(rb'"([^"\\]*)"\s*:')


def read_json(source: Source) -> Text:
    """The frame in JSON lines (one object or array per line) or in one JSON document.

    A document is an array of objects, of arrays or of numbers, an object of columns, or
    ``{"columns": {…}}`` or ``{"rows": [[…]], "names": […]}`` as the service takes them. Columns
    stand in the order in which their keys first appear; a missing key and ``null`` are missing,
    so is NaN; objects within objects become columns ``a.b``.

    Raises
    ------
    InvalidInput : no JSON, a key given twice, columns of different lengths, or objects deeper
        than that; the message names the line or the row.
    """
    with source.start() as stream:
        data = source.read(stream)
    notes: list[str] = []
    frame = _quick(data) if len(data) > _MANY else None
    if frame is None:
        text, notes = text_of(data, source.name)
        rows = rows_of_document(text, source.name)
        frame = frame_of_rows(
            rows_of_lines(text, source.name) if rows is None else rows, source.name
        )
    refuse_no_rows(frame, source.name)
    frame, more, mixed = numbers_from_text(frame, source.name)
    return Text(frame, notes + more, mixed)


def _quick(data: bytes) -> pl.DataFrame | None:
    """Lines of flat objects, read by Polars; None where that would lose or bend anything."""
    if not data.lstrip().startswith(b"{") or b"\n" not in data or b'" :' in data:
        return None
    # Looking at all lines for their types takes six times as long as reading them, so first the
    # types of the beginning: Polars refuses what does not fit them, but for keys that come later.
    for looked_at in (_LOOKED_AT, None):
        # Polars takes hours over keys that differ from line to line.
        if len(set(_KEY.findall(data if looked_at is None else data[:_HEAD]))) > _MANY_KEYS:
            return None
        try:
            frame = pl.read_ndjson(data, infer_schema_length=looked_at)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
            continue
        plain = all(t in (pl.Int64, pl.Float64, pl.String, pl.Boolean) for t in frame.dtypes)
        if plain and _has_all(data, frame):
            return frame
    return None  # the careful way says what is wrong, and where


def _has_all(data: bytes, frame: pl.DataFrame) -> bool:
    """True when each mention of a key has its cell: none is unknown, and none is given twice."""
    mentions = 0
    for column in frame.iter_columns():
        key = b'"' + column.name.encode() + b'":'
        mentioned = data.count(key)
        mentions += mentioned
        if mentioned != len(column) - column.null_count():
            nulls = len(re.findall(re.escape(key) + rb"\s*null", data))
            if mentioned - nulls != len(column) - column.null_count():
                return False
    return mentions == data.count(b'":')
