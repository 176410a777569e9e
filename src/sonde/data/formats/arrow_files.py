"""Arrow to frames: the file format, which Feather 2 is too, and the stream format."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any

import polars as pl

from ...errors import InvalidInput
from ..inputs.sources import Source
from .loaded import Text, refuse_no_rows

FILE_MAGIC = b"ARROW1"
STREAM_MAGIC = b"\xff\xff\xff\xff"  # before the length of every message since Arrow 0.15
# A damaged file may trip the reader's own checks, which end in a panic.
_REFUSALS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


def read_arrow(source: Source) -> Text:
    """The frame in an Arrow file or Feather 2 file, its buffers compressed or not.

    Raises
    ------
    InvalidInput : damaged or cut off, or without columns or rows.
    """
    return _read(source, pl.read_ipc, "Arrow file")


def read_arrow_stream(source: Source) -> Text:
    """The frame in an Arrow stream, which has no index at its end.

    Raises
    ------
    As ``read_arrow``.
    """
    return _read(source, pl.read_ipc_stream, "Arrow stream")


def _read(source: Source, reader: Callable[[IO[bytes]], Any], what: str) -> Text:
    with source.start() as stream:
        held = stream if source.compression is None else io.BytesIO(source.read(stream))
        try:
            frame: pl.DataFrame = reader(held)
        except _REFUSALS as refused:
            raise InvalidInput(
                f"{source.name} is a damaged or cut off {what}, or uses a part of the format that "
                "is not read here; copy or write it again, or save it as Parquet",
                source=source.name,
            ) from refused
    return Text(refuse_no_rows(frame, source.name))
