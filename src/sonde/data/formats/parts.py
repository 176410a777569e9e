"""An input in parts of consecutive rows, for what is larger than memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..inputs.paths import is_pattern
from ..inputs.sources import Source, open_source
from .file_kinds import FileKind, kind_of_file
from .files import BEGIN
from .parquet_files import plain

MOST_CELLS = 4_000_000  # of a part: 32 MB as numbers, several times that while they are judged
LEAST_ROWS = 64  # but never so few rows that nothing can be said of them
_SAMPLE_ROWS = 2_000


class TypesChanged(Exception):
    """A later part showed that a column is of a wider type: begin again."""


class Parts(ABC):
    """Something with rows that can be gone through any number of times, part by part.

    ``name`` is what messages call it; ``needed_mb`` about what reading it whole would take.
    """

    name: str
    needed_mb: int

    @abstractmethod
    def frames(self, wanted: Collection[str] | None = None) -> Iterator[tuple[pl.DataFrame, float]]:
        """Consecutive rows, and the share of the input that has come with them.

        ``wanted`` are the columns whose cells must be right; None for all.

        Raises
        ------
        TypesChanged : on the first time through, where a part is of other types than those
            before; never after ``survey``.
        InvalidInput : what ``read_frame`` refuses.
        """


def survey(
    parts: Parts,
    begin: Callable[[], Callable[[pl.DataFrame, float], None]],
    wanted: Collection[str] | None = None,
) -> None:
    """Go through all parts once, so that their types are settled.

    ``begin()`` gives who looks at each part; it is called again when all has to be begun again.
    """
    while True:
        look = begin()
        try:
            for frame, share in parts.frames(wanted):
                look(frame, share)
        except TypesChanged:
            continue
        return


def open_parts(given: Any) -> Parts | None:
    """``given`` in parts; None for what is not one file of a kind that can be read so.

    Raises
    ------
    NotFound, InvalidInput : as ``open_source`` and ``read_frame``.
    """
    if not isinstance(given, str | Path) or str(given) == "-":
        return None
    source = open_source(given)
    if source.parts or not source.size:
        return None
    with source.start() as stream:
        begin = source.read(stream, BEGIN)
    if not begin:
        return None
    return _parts_of(source, kind_of_file(begin, source.name))


def _parts_of(source: Source, kind: FileKind) -> Parts | None:
    if kind == "csv":
        from .csv_files import opened
        from .csv_parts import CsvParts

        return CsvParts(opened(source))
    if source.path is None:
        return None
    if kind == "npy":
        return _array_parts(source.name, source.path)
    if kind == "parquet":
        # The name is a name, whatever signs are in it.
        scan = pl.scan_parquet(source.path, glob=False, hive_partitioning=False)
        return _ScannedParts(source.name, scan)
    if kind == "arrow" and not is_pattern(str(source.path)):
        return _ScannedParts(source.name, pl.scan_ipc(source.path))
    return None


def memory_needed(n_rows: int, sample: pl.DataFrame) -> int:
    """Megabytes that reading and judging ``n_rows`` rows like those of ``sample`` takes, roughly.

    The frame, the numbers taken from it, and what is found out about each row.
    """
    frame = sample.estimated_size() / max(sample.height, 1)
    numbers = 8 * sum(dtype.is_numeric() for dtype in sample.dtypes)
    return int(n_rows * (1.3 * frame + 1.5 * numbers + 60)) >> 20


def rows_of_a_part(n_columns: int) -> int:
    """How many rows a part of so many columns has."""
    return max(LEAST_ROWS, MOST_CELLS // max(n_columns, 1))


class _ScannedParts(Parts):
    """Formats of which Polars reads a range of rows without the rest."""

    def __init__(self, name: str, scan: pl.LazyFrame) -> None:
        self.name = name
        self._scan = scan
        self._n_rows = int(scan.select(pl.len()).collect().item())
        sample = scan.head(_SAMPLE_ROWS).collect()
        self.needed_mb = memory_needed(self._n_rows, sample)
        self._rows = rows_of_a_part(sample.width)

    def frames(self, wanted: Collection[str] | None = None) -> Iterator[tuple[pl.DataFrame, float]]:
        for start in range(0, self._n_rows, self._rows):
            frame = self._scan.slice(start, self._rows).collect()
            frame = frame.with_columns(plain(column) for column in frame.iter_columns())
            yield frame, min(1.0, (start + self._rows) / self._n_rows)


def _array_parts(name: str, path: Path) -> Parts | None:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError):
        return None  # whoever reads it whole says what is wrong
    is_matrix = array.ndim in (1, 2) and array.dtype.kind in "fiub" and array.size > 0
    return _ArrayParts(name, array) if is_matrix else None


class _ArrayParts(Parts):
    """An array on the disk, of which only the rows asked for come into memory."""

    def __init__(self, name: str, array: Any) -> None:
        self.name = name
        self._array = array if array.ndim == 2 else array[:, np.newaxis]
        self.needed_mb = memory_needed(len(self._array), self._frame(0, _SAMPLE_ROWS))

    def _frame(self, start: int, stop: int) -> pl.DataFrame:
        rows = np.asarray(self._array[start:stop])
        return pl.DataFrame([pl.Series(f"c{j}", rows[:, j]) for j in range(rows.shape[1])])

    def frames(self, wanted: Collection[str] | None = None) -> Iterator[tuple[pl.DataFrame, float]]:
        n, step = len(self._array), rows_of_a_part(self._array.shape[1])
        for start in range(0, n, step):
            yield self._frame(start, start + step), min(1.0, (start + step) / n)
