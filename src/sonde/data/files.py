"""Files to frames and back; what a file is, its content decides."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import polars as pl

from ..errors import InvalidInput
from .csv_files import Text, read_csv
from .quoting import shortened
from .sources import Source, open_source

# How other kinds of files begin, so that the refusal can say what was met.
_NOT_READ = {
    b"ARROW1": "an Arrow file",
    b"\x93NUMPY": "a NumPy file",
    b"PK\x03\x04": "a zip archive or a workbook",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF",
    b"Obj\x01": "an Avro file",
    b"SQLite format 3": "an SQLite database",
    b"{": "JSON",
    b"[{": "JSON",
    b"[[": "JSON",
}


def load(source: str | Path | IO[Any]) -> tuple[Text, str]:
    """What ``read_frame`` reads, with the notes made on the way, and the name of the source."""
    opened = open_source(source)
    with opened.start() as stream:
        begin = opened.read(stream, 16)
    if not begin:
        raise InvalidInput(f"{opened.name} is empty; there is nothing to read", source=opened.name)
    return _reader(begin, opened.name)(opened), opened.name


def _reader(begin: bytes, name: str) -> Callable[[Source], Text]:
    if begin.startswith(b"PAR1"):
        return _read_parquet
    for magic, what in _NOT_READ.items():
        if begin.startswith(magic):
            raise InvalidInput(
                f"{name} is {what}, which cannot be read here; save it as CSV or Parquet",
                source=name,
            )
    return read_csv


def read_frame(source: str | Path | IO[Any]) -> tuple[pl.DataFrame, str]:
    """The frame in a file, and what to call the file.

    Parameters
    ----------
    source : a path, ``"-"`` for standard input, or an open file; CSV or Parquet, plain or
        compressed with gzip, zstd, bzip2 or xz.

    Returns
    -------
    The frame (numbers as numbers, missing as null, everything else as text) and its name.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : empty, damaged, rows of different lengths, or a column of numbers with other
        text in it; the message names the row and the column.
    """
    text, name = load(source)
    for column, mixed in text.mixed.items():
        raise mixed.error(name, column)
    return text.frame, name


def _read_parquet(source: Source) -> Text:
    with source.start() as stream:
        try:
            # Unpacked by us, which keeps to the limit, where it is compressed as a whole.
            packed = source.compression is not None
            frame = pl.read_parquet(io.BytesIO(source.read(stream)) if packed else stream)
        except (pl.exceptions.PolarsError, OSError) as refused:
            raise InvalidInput(
                f"{source.name} is a damaged or cut off Parquet file; copy or download it again",
                source=source.name,
            ) from refused
    if frame.width == 0:
        raise InvalidInput(
            f"{source.name} has no columns; there is nothing to look at", source=source.name
        )
    if frame.is_empty():
        raise InvalidInput(
            f"{source.name} has columns and no rows; there is nothing to look at",
            source=source.name,
        )
    return Text(frame)


_WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    ".csv": lambda frame, path: frame.write_csv(path),
    ".parquet": lambda frame, path: frame.write_parquet(path),
    ".jsonl": lambda frame, path: frame.write_ndjson(path),
    # Polars says nothing when a file it writes as JSON does not fit on the disk.
    ".json": lambda frame, path: path.write_text(frame.write_json(), encoding="utf-8"),
}


def check_ending(path: str | Path) -> None:
    """Raise InvalidInput unless ``write_frame`` knows the ending of ``path``.

    >>> check_ending("a.xlsx")
    Traceback (most recent call last):
    sonde.errors.InvalidInput: a.xlsx: cannot write '.xlsx'; use .csv, .parquet, .jsonl or .json
    """
    ending = Path(path).suffix
    if ending.lower() not in _WRITERS:
        known = list(_WRITERS)
        raise InvalidInput(
            f"{path}: cannot write {ending!r}; use {', '.join(known[:-1])} or {known[-1]}",
            path=str(path),
            ending=ending,
        )


def write_frame(frame: pl.DataFrame, path: str | Path) -> None:
    """Write ``frame`` in the format that the ending of ``path`` names.

    Raises
    ------
    InvalidInput : unknown ending, a folder that does not exist or may not be written, a full
        disk, or a frame that the format cannot hold.
    """
    check_ending(path)
    where = Path(path)
    try:
        _WRITERS[where.suffix.lower()](frame, where)
    except (OSError, pl.exceptions.PolarsError) as refused:
        raise InvalidInput(
            f"{path} cannot be written: {_reason(refused)}", path=str(path)
        ) from None


def _reason(refused: Exception) -> str:
    said = getattr(refused, "strerror", None) or next(iter(str(refused).splitlines()), "")
    if "No space left" in said:  # Polars wraps what the system says, each writer its own way
        return "no space left on device; free some, or write somewhere else"
    if isinstance(refused, OSError):
        return f"{said or type(refused).__name__}; check the folder and its permissions"
    return f"{shortened(said)}; choose another format or other columns"
