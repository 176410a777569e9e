"""CSV in blocks: parsed while the next one is read, so that the text is never held whole."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import IO

import polars as pl

from ..errors import InvalidInput
from .csv_dialect import NULLS, Dialect, sniff
from .csv_faults import explain, uneven_row
from .line_blocks import (
    LONGEST_LINE,
    first_line_end,
    line_blocks,
    too_long,
    without_blank_lines,
)
from .quoting import quoted
from .sources import Source
from .text_numbers import Mixed, numbers_from_text

# Four megabytes and three workers read 5M × 5 floats fastest on two cores, at 1.2 times the
# memory of the frame; a mapped file would count the text as well.
_BLOCK = 4 << 20
_WORKERS = 3
_HEAD = 1 << 16
_SAMPLE = 1 << 20
_READINGS = 3  # after that many restarts for integers that became floats, all become floats


@dataclass(frozen=True, eq=False)
class Text:
    """What a text file held: a frame, and what had to be decided on the way.

    ``mixed`` names the columns that are mostly numbers but not wholly, with the first cell
    that is none.
    """

    frame: pl.DataFrame
    notes: list[str] = field(default_factory=list)
    mixed: dict[str, Mixed] = field(default_factory=dict)


def read_csv(source: Source) -> Text:
    """The frame in ``source``: numeric columns as numbers, everything else as text.

    Missing are empty cells and ``csv_dialect.NULLS``; blank lines are skipped in files of
    several columns and missing values in files of one.

    Raises
    ------
    InvalidInput : no rows, or rows of different lengths; the message names the row.
    """
    source = _eight_bits(source)
    encoding, head = _decoded_head(source)
    dialect = sniff(head)
    try:
        frame = _parsed(source, dialect, encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
        dialect = sniff(_head(source).decode(encoding))
        frame = _parsed(source, dialect, encoding)
    if frame.is_empty():
        raise InvalidInput(
            f"{source.name} has a header and no rows; there is nothing to look at",
            source=source.name,
        )
    frame, notes, mixed = numbers_from_text(frame, source.name)
    if encoding == "latin-1":
        notes.insert(0, f"{source.name} is not UTF-8; its text was read as Latin-1")
    if dialect.repeated:
        names = ", ".join(quoted(name) for name in dialect.repeated)
        notes.append(f"the header repeats {names}; later ones got a number")
    return Text(frame, notes, mixed)


def _head(source: Source) -> bytes:
    """The first whole lines; all of a short file."""
    with source.start() as stream:
        pieces = [source.read(stream, _HEAD)]
        while pieces[-1] and b"\n" not in pieces[-1] and b"\r" not in pieces[-1]:
            if len(pieces) * _HEAD > LONGEST_LINE:
                raise too_long(source)
            pieces.append(source.read(stream, _HEAD))
        head = b"".join(pieces)
        if source.read(stream, 1):
            head = head[: max(head.rfind(b"\n"), head.rfind(b"\r")) + 1] or head
    return head


def _eight_bits(source: Source) -> Source:
    """UTF-16, as spreadsheets export it, becomes UTF-8; anything else stays as it is."""
    with source.start() as stream:
        if not source.read(stream, 2).startswith((b"\xff\xfe", b"\xfe\xff")):
            return source
    with source.start() as stream:
        text = source.read(stream).decode("utf-16", "replace").encode()
    return replace(source, start=lambda: io.BytesIO(text))


def _decoded_head(source: Source) -> tuple[str, str]:
    head = _head(source)
    if b"\x00" in head:
        raise InvalidInput(
            f"{source.name} is neither CSV nor Parquet: it holds bytes that no text has; "
            "export it as CSV or Parquet",
            source=source.name,
        )
    try:
        text, encoding = head.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = head.decode("latin-1"), "latin-1"
    if not text.strip():
        raise InvalidInput(f"{source.name} holds only blank lines", source=source.name)
    return encoding, text.lstrip("\r\n")


def _parsed(source: Source, dialect: Dialect, encoding: str) -> pl.DataFrame:
    """All blocks under one schema; read again when a later block does not fit it."""
    schema = _schema(source, dialect, encoding)
    for reading in range(len(dialect.names) + _READINGS):
        if reading == _READINGS:
            schema = {name: pl.Float64() if t.is_integer() else t for name, t in schema.items()}
        outcome = _read_blocks(source, dialect, encoding, schema)
        if isinstance(outcome, pl.DataFrame):
            return outcome
        schema = outcome
    raise AssertionError("every restart widens a column, so there are fewer than columns + 3")


def _schema(source: Source, dialect: Dialect, encoding: str) -> dict[str, pl.DataType]:
    """Types from the first megabyte; what is empty there is text until it is known better."""
    with source.start() as stream:
        sample = next(_blocks(source, stream, dialect, encoding, _SAMPLE), b"")
    try:
        types = pl.read_csv(
            sample,
            has_header=False,
            separator=dialect.delimiter,
            eol_char=dialect.end_of_line,
            decimal_comma=dialect.decimal_comma,
            null_values=list(NULLS),
            infer_schema_length=None,
        ).dtypes
    except pl.exceptions.PolarsError:
        types = []
    if len(types) != len(dialect.names):
        # Something is wrong in the sample; the reading proper says what and where.
        return dict.fromkeys(dialect.names, pl.String())
    return {
        name: pl.Float64() if isinstance(t, pl.Int128 | pl.UInt64) else t
        for name, t in zip(dialect.names, types, strict=True)
    }


def _read_blocks(
    source: Source, dialect: Dialect, encoding: str, schema: dict[str, pl.DataType]
) -> pl.DataFrame | dict[str, pl.DataType]:
    """The frame, or the schema under which the block that did not fit would have."""
    parts: list[pl.DataFrame] = []
    waiting: deque[tuple[bytes, Future[pl.DataFrame]]] = deque()
    rows = 0

    def finish() -> dict[str, pl.DataType] | None:
        nonlocal rows
        block, future = waiting.popleft()
        try:
            part = future.result()
            if part.width > 1 and part.to_series(-1).null_count():
                # Polars makes nulls of blank lines, and fills short rows with them at the end.
                tidy = without_blank_lines(block, dialect.end_of_line.encode())
                part = part if tidy is block else _parse(tidy, dialect, schema)
                uneven_row(tidy, dialect, source.name, rows)
        except pl.exceptions.PolarsError:
            if len(schema) > 1:
                block = without_blank_lines(block, dialect.end_of_line.encode())
            return explain(block, dialect, schema, source.name, rows)
        parts.append(part)
        rows += part.height
        return None

    with source.start() as stream, ThreadPoolExecutor(_WORKERS) as workers:
        for block in _blocks(source, stream, dialect, encoding, _BLOCK):
            waiting.append((block, workers.submit(_parse, block, dialect, schema)))
            if len(waiting) > _WORKERS and (wider := finish()) is not None:
                return wider
        while waiting:
            if (wider := finish()) is not None:
                return wider
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)


def _parse(block: bytes, dialect: Dialect, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.read_csv(
        block,
        has_header=False,
        schema=schema,
        separator=dialect.delimiter,
        eol_char=dialect.end_of_line,
        decimal_comma=dialect.decimal_comma,
        null_values=list(NULLS),
    )


def _blocks(
    source: Source, stream: IO[bytes], dialect: Dialect, encoding: str, size: int
) -> Iterator[bytes]:
    """The rows, without the header, as UTF-8."""
    end = dialect.end_of_line.encode()
    has_begun = False
    for block in line_blocks(source, stream, end, size):
        if not has_begun:
            block = block.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
            has_begun = bool(block)
            if dialect.has_header:
                block = block[first_line_end(block, end) :]
        if encoding == "latin-1":
            block = block.decode("latin-1").encode()
        if block.startswith((b"\r", b"\n")):
            # Polars counts the columns of a first line, so a block must not begin with a blank one.
            rows = block.lstrip(b"\r\n")
            blank = block[: len(block) - len(rows)].count(end)
            block = rows if len(dialect.names) > 1 else (b"NA" + end) * blank + rows
        if block:
            yield block
