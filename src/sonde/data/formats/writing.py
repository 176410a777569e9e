"""Frames to files, in the format that the ending of the name says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from ...errors import InvalidInput
from ..quoting import shortened

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
        raise refused_write(where, refused) from None


def refused_write(path: Path, refused: Exception) -> InvalidInput:
    """The sentence for what the system or a format said against writing ``path``."""
    return InvalidInput(f"{path} cannot be written: {_reason(refused)}", path=str(path))


def _reason(refused: Exception) -> str:
    said = getattr(refused, "strerror", None) or next(iter(str(refused).splitlines()), "")
    if "No space left" in said:  # Polars wraps what the system says, each writer its own way
        return "no space left on device; free some, or write somewhere else"
    if isinstance(refused, OSError):
        return f"{said or type(refused).__name__}; check the folder and its permissions"
    return f"{shortened(said)}; choose another format or other columns"
