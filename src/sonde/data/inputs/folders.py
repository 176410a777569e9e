"""A folder as one input: Parquet files, with what the names of their folders say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from ...errors import InvalidInput
from ..quoting import shortened

_PARQUET = b"PAR1"
_SHOWN = 5
_NULL = "__HIVE_DEFAULT_PARTITION__"  # how Hive, Spark and Arrow write a missing key
# Tables whose log says which of the Parquet files count; reading all would bring back deleted rows.
_LOGS = {"_delta_log": "a Delta table", ".hoodie": "a Hudi table"}


@dataclass(frozen=True)
class Part:
    """One file of a folder, and what its path says of all its rows (None: missing)."""

    path: Path
    keys: dict[str, str | None]


def parts_of(folder: Path) -> tuple[Part, ...]:
    """The Parquet files in a folder and those below it, ``part-10`` after ``part-2``.

    A folder called ``year=2024`` says that ``year`` is 2024 in all rows below it. Names that begin
    with ``_`` or ``.`` are marks of the writer and left out.

    Raises
    ------
    InvalidInput : no files, or other files than Parquet; the message says what is there.
    """
    for mark, what in _LOGS.items():
        if (folder / mark).is_dir():
            raise InvalidInput(
                f"{folder} is {what}, whose log says which of its files count; export it as "
                "Parquet, and name that",
                source=str(folder),
            )
    parts: list[Part] = []
    for path in _files_below(folder):
        if not _is_parquet(path):
            raise _other_folder(folder)
        parts.append(Part(path, _keys(path.relative_to(folder))))
    if not parts:
        raise _other_folder(folder)
    _refuse_uneven_keys(parts, folder)
    return tuple(parts)


def natural_order(path: str | Path) -> list[str | int]:
    """Sorts names as people do: numbers in them by their value.

    >>> sorted(["day-10", "day-9"], key=natural_order)
    ['day-9', 'day-10']
    """
    pieces = re.split(r"([0-9]+)", str(path))
    return [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)]


def _files_below(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder, onerror=_refuse_closed):
        folders[:] = sorted((f for f in folders if not f.startswith(("_", "."))), key=natural_order)
        for link in (Path(where) / f for f in folders if (Path(where) / f).is_symlink()):
            raise InvalidInput(
                f"{link} is a link to another folder, which is not followed; name that folder, or "
                "copy it here",
                source=str(link),
            )
        for name in sorted(names, key=natural_order):
            if not name.startswith(("_", ".")):
                yield Path(where) / name


def _refuse_closed(refused: OSError) -> None:
    raise InvalidInput(
        f"{refused.filename} may not be read by this user; change its permissions or copy it",
        source=str(refused.filename),
    ) from None


def _is_parquet(path: Path) -> bool:
    if not path.is_file():
        return False  # a pipe or a device would not answer
    try:
        with path.open("rb") as stream:
            return stream.read(4) == _PARQUET
    except OSError as refused:
        raise InvalidInput(
            f"{path} cannot be read ({refused.strerror}); change its permissions or copy it",
            source=str(path),
        ) from None


def _keys(path: Path) -> dict[str, str | None]:
    pairs = [part.partition("=") for part in path.parts[:-1] if "=" in part]
    return {unquote(k): None if v == _NULL else unquote(v) for k, _, v in pairs}


def _refuse_uneven_keys(parts: list[Part], folder: Path) -> None:
    first = parts[0]
    for part in parts:
        if set(part.keys) != set(first.keys):
            raise InvalidInput(
                f"{folder}: {part.path.relative_to(folder)} and {first.path.relative_to(folder)} "
                "lie under folders of different keys; give both the same, or read them one by one",
                source=str(folder),
            )


def _other_folder(folder: Path) -> InvalidInput:
    files: list[Path] = []
    folders: list[Path] = []
    for entry in sorted(folder.iterdir(), key=natural_order):
        if not entry.name.startswith("."):
            (folders if entry.is_dir() else files).append(entry)
    if not files and not folders:
        return InvalidInput(
            f"{folder} is a folder with nothing in it; name one with files", source=str(folder)
        )
    shown = [shortened(entry.name) for entry in (files + folders)[:_SHOWN]]
    more = len(files) + len(folders) - len(shown)
    what = ", ".join(shown) + (f" and {more} more" if more else "")
    ending = next((entry.suffix for entry in files if entry.suffix), "")
    pattern = f"{folder}/*{ending}" if files else f"{folder}/*/*"
    return InvalidInput(
        f"{folder} is a folder ({what}), and not one of Parquet files alone; name a file in it, "
        f"or several with a pattern: '{pattern}'",
        source=str(folder),
    )
