"""Bodies of requests: bytes, files and streams, in pieces."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

PIECE = 1 << 16


class Upload(Protocol):
    """What a request carries.

    ``size`` is in bytes, None where only the end will tell; ``can_begin_again`` says whether
    ``pieces`` can be asked for (once more).
    """

    @property
    def size(self) -> int | None: ...
    @property
    def can_begin_again(self) -> bool: ...
    def pieces(self) -> Iterator[bytes]: ...


class HeldBytes:
    """Bytes in memory."""

    can_begin_again = True

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def pieces(self) -> Iterator[bytes]:
        yield self.data


class FileUpload:
    """A file, opened anew by each attempt; packed with gzip on the way where ``is_packed``."""

    can_begin_again = True

    def __init__(self, path: Path, *, is_packed: bool) -> None:
        self._path = path
        self._is_packed = is_packed
        self.size = None if is_packed else path.stat().st_size

    def pieces(self) -> Iterator[bytes]:
        with self._path.open("rb") as stream:
            # What is appended to the file meanwhile stays out: the length has been announced.
            pieces = _pieces(stream, self.size)
            yield from _packed(pieces) if self._is_packed else pieces


class StreamUpload:
    """An open binary file from where it stands, which begins again only where it can be rewound.

    ``begin`` are bytes that were read from it already.
    """

    size = None

    def __init__(self, stream: IO[bytes], begin: bytes, place: int | None) -> None:
        self._stream = stream
        self._begin = begin
        self._place = place
        self._is_started = False

    @property
    def can_begin_again(self) -> bool:
        return self._place is not None or not self._is_started

    def pieces(self) -> Iterator[bytes]:
        if self._is_started and self._place is not None:
            self._stream.seek(self._place)
        self._is_started = True
        if self._begin:
            yield self._begin
        yield from _pieces(self._stream, None)


def place_of(stream: IO[bytes]) -> int | None:
    """Where ``stream`` stands, None where it cannot go back there."""
    try:
        return stream.tell() if stream.seekable() else None
    except (OSError, AttributeError):
        return None


def _pieces(stream: IO[bytes], most: int | None) -> Iterator[bytes]:
    left = most
    while left is None or left > 0:
        piece = stream.read(PIECE if left is None else min(PIECE, left))
        if not piece:
            return
        left = None if left is None else left - len(piece)
        yield piece


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # Level 1 packs text about as fast as it is read; higher levels gain little and take long.
    packer = zlib.compressobj(level=1, wbits=31)
    for piece in pieces:
        if out := packer.compress(piece):
            yield out
    yield packer.flush()


def is_regular(path: Path) -> bool:
    """True for a file that can be opened twice with the same content."""
    return path.is_file() and os.access(path, os.R_OK)
