"""CSV in blocks: parsed while the next one is read, so that the text is never held whole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from ...errors import InvalidInput
from ..inputs.sources import Source
from ..quoting import quoted
from .csv_blocks import in_utf8, rewritten, row_blocks, without_padding
from .csv_cells import NULLS
from .csv_dialect import Dialect, says_one_column, sniff
from .csv_faults import explain, uneven_row
from .csv_parse import Parsed, parse_block
from .encodings import UTF8_MARK, encoding_of, notes_on, refuse_broken_utf8
from .line_blocks import LONGEST_LINE, refuse_wide, too_long, without_blank_lines
from .loaded import Text
from .repeated_headers import without_repeated_headers
from .text_numbers import numbers_from_text

__all__ = ["Text", "read_csv"]

Schema = dict[str, pl.DataType]

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
    csv = opened(source)
    try:
        frame = _parsed(csv)
    except UnicodeDecodeError as fault:
        csv = in_other_letters(csv, fault)
        frame = _parsed(csv)
    if frame.is_empty():
        raise InvalidInput(
            f"{source.name} has a header and no rows; there is nothing to look at; check what "
            "wrote it",
            source=source.name,
        )
    dialect = csv.dialect
    frame, again = without_repeated_headers(frame, dialect.has_header)
    end = dialect.nameless_end
    if end is not None and frame[end].null_count() == frame.height:
        frame = frame.drop(end)
    frame, notes, mixed = numbers_from_text(frame, source.name, decimal_comma=dialect.decimal_comma)
    notes = [*notes_on(csv.encoding, source.name), *dialect.notes, *again, *notes]
    if dialect.repeated:
        names = ", ".join(quoted(name) for name in dialect.repeated)
        notes.append(f"the header repeats {names}; later ones got a number")
    if frame.dtypes == [pl.String] and not mixed:
        cell = frame.to_series().drop_nulls().first()
        notes += says_one_column(str(cell), frame.columns[0], source.name)
    return Text(frame, notes, mixed)


@dataclass(frozen=True, eq=False)
class Csv:
    """A text file of which is known how it is written.

    ``encoding`` is that of the file, ``codec`` that of ``source``, which may hold it rewritten.
    """

    source: Source
    dialect: Dialect
    encoding: str
    codec: str


def opened(source: Source) -> Csv:
    """How ``source`` is written, by its beginning.

    Raises
    ------
    InvalidInput : no text.
    """
    return _opened(*_encoded(source, _head(source)))


def in_other_letters(csv: Csv, fault: UnicodeDecodeError) -> Csv:
    """The same file when a later block has letters that the beginning lacked."""
    encoding, source = _encoded(csv.source, fault.object)
    return _opened("latin-1" if encoding == "utf-8" else encoding, source)


def _opened(encoding: str, source: Source) -> Csv:
    codec = encoding if encoding in _BY_THE_BYTE else "utf-8"
    head = without_padding(_head(source)).decode(
        "utf-8-sig" if codec == "utf-8" else codec, "replace"
    )
    dialect = sniff(head.lstrip("\r\n"))
    if dialect.is_odd:
        source, dialect = rewritten(source, dialect, codec)
        codec = "utf-8"
    return Csv(source, dialect, encoding, codec)


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
    refuse_wide(head, source)
    return head


def _encoded(source: Source, piece: bytes) -> tuple[str, Source]:
    """The encoding that ``piece`` is in, and the source, in UTF-8 where lines need that.

    Raises
    ------
    InvalidInput : no text at all.
    """
    refuse_broken_utf8(piece, _head(source).startswith(UTF8_MARK), source.name)
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
        raise InvalidInput(
            f"{source.name} holds only blank lines; check what wrote it", source=source.name
        )
    return encoding, source


class Wider(Exception):
    """A block did not fit the schema, and would have fitted ``schema``."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema


def widened(schema: Schema, readings: int) -> Schema:
    """``schema`` after so many new beginnings: integers that become floats one by one end here."""
    if readings < _READINGS:
        return schema
    return {name: pl.Float64() if t.is_integer() else t for name, t in schema.items()}


def schema_of(csv: Csv) -> Schema:
    """Types from the first megabyte; what is empty there is text until it is known better."""
    dialect = csv.dialect
    with csv.source.start() as stream:
        sample = next(row_blocks(csv.source, stream, dialect, csv.codec, _SAMPLE), b"")
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


def parsed_blocks(csv: Csv, schema: Schema) -> Iterator[tuple[pl.DataFrame, int]]:
    """The rows block by block under one schema, and the bytes of text each was.

    Raises
    ------
    Wider : a block that does not fit the schema.
    InvalidInput : rows of different lengths; the message names the row.
    """
    dialect, end = csv.dialect, csv.dialect.end_of_line.encode()
    waiting: deque[tuple[bytes, Future[Parsed]]] = deque()
    rows = 0
    has_words = False

    def finished() -> tuple[pl.DataFrame, int]:
        nonlocal rows, has_words
        block, future = waiting.popleft()
        try:
            part, words = future.result()
            has_words = has_words or words
            if part.width > 1 and part.to_series(-1).null_count():
                # Polars makes nulls of blank lines, and fills short rows with them at the end.
                tidy = without_blank_lines(block, end)
                if tidy is not block:
                    part = parse_block(tidy, dialect, schema, has_words).frame
                uneven_row(tidy, dialect, csv.source.name, rows)
        except pl.exceptions.PolarsError:
            tidy = without_blank_lines(block, end) if len(schema) > 1 else block
            raise Wider(explain(tidy, dialect, schema, csv.source.name, rows)) from None
        rows += part.height
        return part, len(block)

    with csv.source.start() as stream, ThreadPoolExecutor(_WORKERS) as workers:
        for block in row_blocks(csv.source, stream, dialect, csv.codec, _BLOCK):
            future = workers.submit(parse_block, block, dialect, schema, has_words)
            waiting.append((block, future))
            if len(waiting) > _WORKERS:
                yield finished()
        while waiting:
            yield finished()


def _parsed(csv: Csv) -> pl.DataFrame:
    """All blocks under one schema; read again when a later block does not fit it."""
    schema = schema_of(csv)
    for reading in range(len(csv.dialect.names) + _READINGS):
        schema = widened(schema, reading)
        try:
            parts = [frame for frame, _ in parsed_blocks(csv, schema)]
        except Wider as wider:
            schema = wider.schema
            continue
        return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    raise AssertionError("every restart widens a column, so there are fewer than columns + 3")
