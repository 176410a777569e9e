"""Files to frames; what a file is, its content decides."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import polars as pl

from ...errors import InvalidInput
from ..inputs.sources import Source, open_source
from .archives import read_arff, read_ts
from .arrow_files import read_arrow, read_arrow_stream
from .csv_files import read_csv
from .file_kinds import FileKind, kind_of_file
from .json_lines import read_json
from .loaded import Text
from .numpy_files import read_npy, read_npz
from .parquet_files import read_parquet
from .workbooks import read_workbook

BEGIN = 1 << 16  # a preamble of comments may come before what tells .ts and .arff from CSV


def load(source: str | Path | IO[Any]) -> tuple[Text, str]:
    """What ``read_frame`` reads, with the notes made on the way, and the name of the source."""
    opened = open_source(source)
    with opened.start() as stream:
        begin = opened.read(stream, BEGIN)
    if not begin:
        raise InvalidInput(
            f"{opened.name} is empty; there is nothing to read; check what wrote it",
            source=opened.name,
        )
    return _READERS[kind_of_file(begin, opened.name)](opened), opened.name


def read_frame(source: str | Path | IO[Any]) -> tuple[pl.DataFrame, str]:
    """The frame in a file, and what to call the file.

    Parameters
    ----------
    source : a path, ``"-"`` for standard input, or an open file; CSV and its like, JSON lines,
        JSON, Parquet, Arrow, Feather, ``.npy``, ``.npz``, ``.ts``, ``.arff`` or a workbook, plain
        or packed. ``name.npz::array`` and ``book.xlsx::Sheet`` choose a part.

    Returns
    -------
    The frame (numbers as numbers, missing as null, everything else as text) and its name.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : empty, damaged, of a kind that is not read, rows of different lengths, or a
        column of numbers with other text in it; the message names the row and the column.
    """
    text, name = load(source)
    for column, mixed in text.mixed.items():
        raise mixed.error(name, column)
    return text.frame, name


def _read_zip(source: Source) -> Text:
    """What comes as a zip and is one file to whoever uses it."""
    try:
        with source.start() as stream, zipfile.ZipFile(stream) as archive:
            is_arrays = all(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        raise InvalidInput(
            f"{source.name} is a damaged or cut off zip file; copy or download it again",
            source=source.name,
        ) from None
    return read_npz(source) if is_arrays else read_workbook(source)


_READERS: dict[FileKind, Callable[[Source], Text]] = {
    "csv": read_csv,
    "json": read_json,
    "parquet": read_parquet,
    "arrow": read_arrow,
    "arrow stream": read_arrow_stream,
    "npy": read_npy,
    "zip": _read_zip,
    "old workbook": read_workbook,
    "ts": read_ts,
    "arff": read_arff,
}
