"""Frames written one after the other into one file, which appears when the last is written."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from tempfile import mkdtemp, mkstemp
from types import TracebackType
from typing import IO, Self

import polars as pl

from .writing import check_ending, refused_write


def _free_name(path: Path) -> Path:
    """A new empty file beside ``path``; the name of no other file."""
    try:
        number, name = mkstemp(prefix=".sonde-", suffix=path.suffix, dir=path.absolute().parent)
        os.close(number)
    except OSError as refused:
        raise refused_write(path, refused) from None
    return Path(name)


class PartWriter(ABC):
    """Takes frames with the same columns; the file is whole or not there.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with part_writer(Path(folder) / "scores.csv") as out:
    ...         out.write(pl.DataFrame({"row": [0, 1]}))
    ...         out.write(pl.DataFrame({"row": [2]}))
    ...     (Path(folder) / "scores.csv").read_text().split()
    ['row', '0', '1', '2']
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = _free_name(path)
        self._n_parts = 0

    def write(self, frame: pl.DataFrame) -> None:
        """Add rows.

        Raises
        ------
        InvalidInput : the folder can't be written to, or the disk is full.
        """
        try:
            self._add(frame)
        except (OSError, pl.exceptions.PolarsError) as refused:
            raise refused_write(self._path, refused) from None
        self._n_parts += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            self._end(keep=kind is None)
            if kind is None and self._n_parts:
                self._unfinished.replace(self._path)
        except (OSError, pl.exceptions.PolarsError) as refused:
            raise refused_write(self._path, refused) from None
        finally:
            self._unfinished.unlink(missing_ok=True)

    @abstractmethod
    def _add(self, frame: pl.DataFrame) -> None: ...

    @abstractmethod
    def _end(self, *, keep: bool) -> None: ...


class _Lines(PartWriter):
    """Text formats: each part's lines are put after those of the last."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file: IO[bytes] | None = None

    def _open(self) -> IO[bytes]:
        if self._file is None:
            self._file = self._unfinished.open("wb")
        return self._file

    def _end(self, *, keep: bool) -> None:
        if self._file is not None:
            self._file.close()


class _CSV(_Lines):
    def _add(self, frame: pl.DataFrame) -> None:
        frame.write_csv(self._open(), include_header=self._n_parts == 0)


class _JSONLines(_Lines):
    def _add(self, frame: pl.DataFrame) -> None:
        frame.write_ndjson(self._open())


class _JSON(_Lines):
    def _add(self, frame: pl.DataFrame) -> None:
        text = frame.write_json().strip()[1:-1]
        self._open().write(("," if self._n_parts else "[").encode() + text.encode())

    def _end(self, *, keep: bool) -> None:
        if self._file is not None:
            self._file.write(b"]")
        super()._end(keep=keep)


class _Parquet(PartWriter):
    """Each part a file of its own, put together in a stream at the end."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._folder: Path | None = None

    def _add(self, frame: pl.DataFrame) -> None:
        if self._folder is None:
            self._folder = Path(mkdtemp(prefix=".sonde-", dir=self._path.parent))
        frame.write_parquet(self._folder / f"{self._n_parts:08d}.parquet")

    def _end(self, *, keep: bool) -> None:
        if self._folder is None:
            return
        try:
            if keep:
                pl.scan_parquet(sorted(self._folder.iterdir())).sink_parquet(self._unfinished)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)


_WRITERS: dict[str, type[PartWriter]] = {
    ".csv": _CSV,
    ".parquet": _Parquet,
    ".jsonl": _JSONLines,
    ".json": _JSON,
}


def part_writer(path: str | Path) -> PartWriter:
    """A writer in the format that the ending of ``path`` names.

    Raises
    ------
    InvalidInput : an unknown ending.
    """
    check_ending(path)
    return _WRITERS[Path(path).suffix.lower()](Path(path))
