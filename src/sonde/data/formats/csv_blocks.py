"""The rows of a text file, in UTF-8 and in pieces, without what is not a row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from ...errors import InvalidInput
from ..inputs.sources import Source
from .csv_dialect import Dialect
from .csv_rows import blank_line, without_comments
from .encodings import damaged_text
from .line_blocks import first_line_end, line_blocks

# Logs that were given their size beforehand, and fields of fixed width, are filled up with zeros.
_PADDING = re.compile(rb"\x00+(?=[\r\n]|\Z)|(?<=\n)\x00+")


def without_padding(block: bytes) -> bytes:
    """``block`` without zeros that only fill up a line or the file."""
    return _PADDING.sub(b"", block) if b"\x00" in block else block


def row_blocks(
    source: Source, stream: IO[bytes], dialect: Dialect, encoding: str, size: int
) -> Iterator[bytes]:
    """The rows, without the header and what comes before it, as UTF-8."""
    end = dialect.end_of_line.encode()
    has_begun = False
    for block in line_blocks(source, stream, end, size):
        block = without_padding(block)
        if dialect.comment:
            block = _without_comments(block, dialect, end)
        if not has_begun:
            block = block.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
            has_begun = bool(block)
            for _ in range(dialect.skip):
                block = block[block.find(end) + 1 :]
            for _ in range(dialect.above):
                block = block.lstrip(b"\r\n")
                block = block[first_line_end(block, end) :]
        if encoding != "utf-8":
            block = block.decode(encoding, "replace").encode()
        if block.startswith((b"\r", b"\n")):
            # Polars counts the columns of a first line, so a block must not begin with a blank one.
            rows = block.lstrip(b"\r\n")
            blank = block[: len(block) - len(rows)].count(end)
            block = rows if len(dialect.names) > 1 else (b"NA" + end) * blank + rows
        if block:
            yield block


def _without_comments(block: bytes, dialect: Dialect, end: bytes) -> bytes:
    mark = dialect.comment.encode()
    if mark not in block:
        return block
    text = block.decode("latin-1")  # any byte is a letter there, and comes back as it was
    if end == b"\r":
        text = text.replace("\r", "\n")
    kept = without_comments(text, dialect.comment)[0].encode("latin-1")
    return kept.replace(b"\n", b"\r") if end == b"\r" else kept


def rewritten(source: Source, dialect: Dialect, encoding: str) -> tuple[Source, Dialect]:
    """The same rows with the usual quotes and tabs between the cells, and their dialect.

    Raises
    ------
    InvalidInput : a cell of more characters than any cell has.
    """
    with source.start() as stream:
        data = source.read(stream)
    text = without_padding(data).decode(encoding, "replace").removeprefix("\ufeff").lstrip("\r\n")
    if dialect.end_of_line == "\r":
        text = text.replace("\r", "\n")
    if dialect.comment:
        text = without_comments(text, dialect.comment)[0].lstrip("\r\n")
    lines = io.StringIO(text.rstrip() + "\n")
    for _ in range(dialect.skip):
        lines.readline()
    is_blank = dialect.delimiter == " "
    reader = csv.reader(
        map(blank_line, lines) if is_blank else lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar="\\" if dialect.has_escapes else None,
        skipinitialspace=is_blank,
    )
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    above = dialect.above
    try:
        for row in reader:
            if not row:
                continue
            if above:
                above -= 1
                continue
            writer.writerow(row)
    except csv.Error as fault:
        raise InvalidInput(
            f"{source.name}, line {reader.line_num + dialect.skip}: the text cannot be cut into "
            f"cells ({fault}); look for a quotation mark that is not closed",
            source=source.name,
        ) from None
    plain = out.getvalue().encode()
    clean = replace(
        dialect,
        delimiter="\t",
        end_of_line="\n",
        comment="",
        skip=0,
        above=0,
        quote='"',
        has_escapes=False,
    )
    return _held(source, plain), clean


def in_utf8(source: Source, encoding: str) -> Source:
    """The same text in UTF-8, held in memory.

    Bytes that are no letters become question marks where the encoding was guessed.

    Raises
    ------
    InvalidInput : text that is UTF-16 or UTF-32 by its beginning and breaks their rules.
    """
    with source.start() as stream:
        data = source.read(stream)
    try:
        text = data.decode(encoding, "strict" if encoding.startswith("utf") else "replace")
    except UnicodeDecodeError:
        raise damaged_text(source.name, encoding) from None
    return _held(source, text.removeprefix("\ufeff").encode())


def _held(source: Source, data: bytes) -> Source:
    return replace(source, start=lambda: io.BytesIO(data), path=None, compression=None)
