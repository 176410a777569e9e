"""CSV in blocks: parsed while the next one is read, so that the text is never held whole."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from ...errors import InvalidInput
from ..inputs.sources import Source
from ..quoting import quoted
from .csv_blocks import in_utf8, rewritten, row_blocks, without_padding
from .csv_cells import NULLS
from .csv_dialect import Dialect, says_one_column, sniff
from .csv_faults import explain, uneven_row
from .csv_parse import Parsed, parse_block
from .encodings import encoding_of, notes_on
from .line_blocks import LONGEST_LINE, too_long, without_blank_lines
from .loaded import Text
from .repeated_headers import without_repeated_headers
from .text_numbers import numbers_from_text

__all__ = ["Text", "read_csv"]

# Four megabytes and three workers read 5M × 5 floats fastest on two cores, at 1.2 times the
# memory of the frame; a mapped file would count the text as well.
_BLOCK = 4 << 20
_WORKERS = 3
_HEAD = 1 << 16
_SAMPLE = 1 << 20
_READINGS = 3  # after that many restarts for integers that became floats, all become floats
_BY_THE_BYTE = ("utf-8", "latin-1", "cp1252", "cp1251")  # a line end is one byte in these
_CONTROLS = bytes([*range(1, 7), *range(14, 27), 127])
_MOST_CONTROLS = 0.02


def read_csv(source: Source) -> Text:
    """The frame in ``source``: numeric columns as numbers, everything else as text.

    Missing are empty cells and ``csv_cells.NULLS``; blank lines are skipped in files of several
    columns and missing values in files of one. Lines before the header, comments, units below the
    header and headers that come again are left out, with a note.

    Raises
    ------
    InvalidInput : no text, no rows, or rows of different lengths; the message names the row.
    """
    encoding, source = _encoded(source, _head(source))
    try:
        frame, dialect = _read(source, encoding)
    except UnicodeDecodeError as fault:
        # The block that is not UTF-8 has the letters that the beginning lacked.
        encoding, source = _encoded(source, fault.object)
        encoding = "latin-1" if encoding == "utf-8" else encoding
        frame, dialect = _read(source, encoding)
    if frame.is_empty():
        raise InvalidInput(
            f"{source.name} has a header and no rows; there is nothing to look at",
            source=source.name,
        )
    frame, again = without_repeated_headers(frame, dialect.has_header)
    end = dialect.nameless_end
    if end is not None and frame[end].null_count() == frame.height:
        frame = frame.drop(end)
    frame, notes, mixed = numbers_from_text(frame, source.name)
    notes = [*notes_on(encoding, source.name), *dialect.notes, *again, *notes]
    if dialect.repeated:
        names = ", ".join(quoted(name) for name in dialect.repeated)
        notes.append(f"the header repeats {names}; later ones got a number")
    if frame.dtypes == [pl.String] and not mixed:
        cell = frame.to_series().drop_nulls().first()
        notes += says_one_column(str(cell), frame.columns[0], source.name)
    return Text(frame, notes, mixed)


def _read(source: Source, encoding: str) -> tuple[pl.DataFrame, Dialect]:
    codec = encoding if encoding in _BY_THE_BYTE else "utf-8"
    head = without_padding(_head(source)).decode(
        "utf-8-sig" if codec == "utf-8" else codec, "replace"
    )
    dialect = sniff(head.lstrip("\r\n"))
    if dialect.is_odd:
        source, dialect = rewritten(source, dialect, codec)
        codec = "utf-8"
    return _parsed(source, dialect, codec), dialect


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


def _encoded(source: Source, piece: bytes) -> tuple[str, Source]:
    """The encoding that ``piece`` is in, and the source, in UTF-8 where lines need that.

    Raises
    ------
    InvalidInput : no text at all.
    """
    encoding = encoding_of(piece)
    if encoding in ("utf-8", "utf-8-sig"):
        encoding = "utf-8"
    elif encoding not in _BY_THE_BYTE:
        source = in_utf8(source, encoding)
        piece = _head(source)
    plain = without_padding(piece)
    controls = len(plain) - len(plain.translate(None, _CONTROLS))
    if b"\x00" in plain or controls > _MOST_CONTROLS * len(plain):
        raise InvalidInput(
            f"{source.name} is neither CSV nor Parquet nor any other file that is known here: it "
            "holds bytes that no text has; export it as CSV or Parquet",
            source=source.name,
        )
    if not plain.removeprefix(b"\xef\xbb\xbf").strip():
        raise InvalidInput(f"{source.name} holds only blank lines", source=source.name)
    return encoding, source


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
        sample = next(row_blocks(source, stream, dialect, encoding, _SAMPLE), b"")
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
    waiting: deque[tuple[bytes, Future[Parsed]]] = deque()
    rows = 0
    has_words = False

    def finish() -> dict[str, pl.DataType] | None:
        nonlocal rows, has_words
        block, future = waiting.popleft()
        try:
            part, words = future.result()
            has_words = has_words or words
            if part.width > 1 and part.to_series(-1).null_count():
                # Polars makes nulls of blank lines, and fills short rows with them at the end.
                tidy = without_blank_lines(block, dialect.end_of_line.encode())
                if tidy is not block:
                    part = parse_block(tidy, dialect, schema, has_words).frame
                uneven_row(tidy, dialect, source.name, rows)
        except pl.exceptions.PolarsError:
            if len(schema) > 1:
                block = without_blank_lines(block, dialect.end_of_line.encode())
            return explain(block, dialect, schema, source.name, rows)
        parts.append(part)
        rows += part.height
        return None

    with source.start() as stream, ThreadPoolExecutor(_WORKERS) as workers:
        for block in row_blocks(source, stream, dialect, encoding, _BLOCK):
            future = workers.submit(parse_block, block, dialect, schema, has_words)
            waiting.append((block, future))
            if len(waiting) > _WORKERS and (wider := finish()) is not None:
                return wider
        while waiting:
            if (wider := finish()) is not None:
                return wider
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
