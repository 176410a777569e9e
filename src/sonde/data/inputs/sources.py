"""Where the bytes of an input come from: a path, a URL, a pipe or an open file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from ...errors import InvalidInput
from .compression import BEGIN
from .folders import parts_of
from .paths import is_url, local_path, open_refused, split_member
from .pipes import all_of, all_of_pipe, device, is_null, name_of, standard_input
from .unpacking import Held, Source, source_of

__all__ = ["STANDARD_INPUT", "Source", "open_source"]

STANDARD_INPUT = "-"


def open_source(
    given: str | Path | IO[Any],
    *,
    most_unpacked: int | None = None,
    most_bytes: int | None = None,
) -> Source:
    """What ``given`` names or holds.

    Parameters
    ----------
    given : a path (``~`` is the home folder; ``archive.zip::inner.csv`` names a file in an
        archive), a URL (``file://``, ``s3://`` and others), a folder of Parquet files, ``"-"`` for
        standard input, or an open file (binary or text). What is no local file is read to its
        end, once, into memory.
    most_unpacked : bytes that a packed source may unpack to; 200 times its size when left out,
        and at least 256 MiB.
    most_bytes : bytes that are read from a pipe, an open file or a URL; a quarter of the free
        memory when left out, and no more than 2 GiB of a pipe.

    Raises
    ------
    NotFound : no such file, or no such file in the archive.
    InvalidInput : another folder, a device, an empty, unreadable or twice packed file, an archive
        of several files, or more than the limits allow.
    MissingExtra : a URL whose library is not installed.
    """
    if isinstance(given, str | Path) and str(given) != STANDARD_INPUT:
        if is_url(str(given)):
            from .remote import fetch  # fsspec is an extra, and slow to import

            fetched = fetch(str(given), most_bytes)
            return _of_bytes(fetched.name, fetched.content, fetched.member, most_unpacked)
        return _of_path(given, most_unpacked, most_bytes)
    stream = standard_input() if isinstance(given, str | Path) else given
    name = "standard input" if isinstance(given, str | Path) else name_of(stream)
    return _of_bytes(name, all_of(stream, name, most_bytes), None, most_unpacked)


def _of_path(given: str | Path, most_unpacked: int | None, most_bytes: int | None) -> Source:
    named, member = split_member(str(given))
    name = named if isinstance(given, str) else str(Path(named))
    try:
        path = local_path(named)
        if path.is_dir():
            return _of_folder(path, name)
        if path.is_fifo():
            return _of_bytes(name, all_of_pipe(path, most_bytes), member, most_unpacked)
        if path.exists() and not path.is_file() and not is_null(path.stat()):
            raise device(name)
        with path.open("rb") as stream:
            begin = stream.read(BEGIN)
            size = os.fstat(stream.fileno()).st_size
    except (OSError, ValueError, RuntimeError) as refused:
        if isinstance(refused, InvalidInput):
            raise
        raise open_refused(refused, named) from None
    return source_of(Held(name, path, size, begin, member, most_unpacked))


def _of_folder(folder: Path, name: str) -> Source:
    parts = parts_of(folder)
    size = sum(part.path.stat().st_size for part in parts)
    return Source(name, size, None, lambda: parts[0].path.open("rb"), parts=parts)


def _of_bytes(name: str, data: bytes, member: str | None, most_unpacked: int | None) -> Source:
    return source_of(Held(name, data, len(data), data[:BEGIN], member, most_unpacked))
