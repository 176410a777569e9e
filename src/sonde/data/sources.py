"""Bytes to read: a path, standard input or an open file, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from ..errors import InvalidInput, NotFound

STANDARD_INPUT = "-"
# The content decides, not the name: exports are often compressed without saying so.
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)
# Text packs five to fifty times; what unpacks to far more than it weighs is rather a trap.
_FREELY = 256 << 20
_MOST_TIMES = 200
_CHUNK = 1 << 20
_WAIT_S = 5.0  # for somebody to write to a pipe


@dataclass(frozen=True)
class Source:
    """Something that can be read from its beginning any number of times.

    ``start()`` opens it, decompressed; ``size`` counts the bytes as stored, ``most_unpacked``
    those that a compressed source may unpack to.
    """

    name: str
    size: int
    compression: str | None
    start: Callable[[], IO[bytes]]
    most_unpacked: int = _FREELY

    def read(self, stream: IO[bytes], n: int = -1) -> bytes:
        """``stream.read(n)``, with a sentence instead of the decompressor's complaint."""
        try:
            if self.compression is None or n >= 0:
                got = stream.read(n)
                self._check_size(stream)
                return got
            parts: list[bytes] = []
            while part := stream.read(_CHUNK):
                parts.append(part)
                self._check_size(stream)
            return b"".join(parts)
        except _BROKEN as broken:
            raise self._broken(broken) from None

    def read_into(self, stream: IO[bytes], buffer: bytearray) -> int:
        """Fill ``buffer`` from its start; how many bytes came, 0 at the end."""
        try:
            got = cast(io.BufferedIOBase, stream).readinto(buffer)
            self._check_size(stream)
            return got
        except _BROKEN as broken:
            raise self._broken(broken) from None

    def _check_size(self, stream: IO[bytes]) -> None:
        if self.compression is not None and stream.tell() > self.most_unpacked:
            raise self.too_much()

    def too_much(self) -> InvalidInput:
        """The refusal of what unpacks to more than it may."""
        return InvalidInput(
            f"{self.name} unpacks to more than {self.most_unpacked >> 20} megabytes from "
            f"{self.size:,} bytes; unpack it first if that is meant, and read the unpacked file",
            source=self.name,
            most_unpacked=self.most_unpacked,
        )

    def _broken(self, broken: Exception) -> InvalidInput:
        if self.compression is None:
            return InvalidInput(
                f"{self.name} cannot be read ({broken}); check the disk or network it is on",
                source=self.name,
            )
        return InvalidInput(
            f"{self.name} is a damaged or cut off {self.compression} file; copy or download it "
            "again",
            source=self.name,
        )


def open_source(given: str | Path | IO[Any], *, most_unpacked: int | None = None) -> Source:
    """What ``given`` names or holds.

    Parameters
    ----------
    given : a path, ``"-"`` for standard input, or an open file (binary or text). A pipe and an
        open file are read to their end, once, into memory.
    most_unpacked : bytes that a compressed source may unpack to; 200 times its size when left
        out, and at least 256 MiB.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : a folder, a device, an empty or unreadable file.
    """
    if isinstance(given, str | Path) and str(given) != STANDARD_INPUT:
        if str(given) == "":
            raise InvalidInput("the path is empty; name a file, or - for standard input")
        return _from_path(Path(given), most_unpacked)
    stream = sys.stdin.buffer if isinstance(given, str | Path) else given
    name = "standard input" if stream is sys.stdin.buffer else _name_of(stream)
    _refuse_endless(stream, name)
    content = stream.read()
    data = content.encode() if isinstance(content, str) else bytes(content)
    return _from_bytes(name, data, most_unpacked)


def _name_of(stream: Any) -> str:
    name = getattr(stream, "name", None)
    return Path(name).name if isinstance(name, str) else "file object"


def _refuse_endless(stream: Any, name: str) -> None:
    """Raise InvalidInput for /dev/zero and its like; a terminal ends, and so does /dev/null."""
    try:
        number = stream.fileno()
        kind = os.fstat(number)
    except (AttributeError, OSError, ValueError):
        return
    if stat.S_ISCHR(kind.st_mode) and not os.isatty(number) and not _is_null(kind):
        raise _device(name)


def _is_null(kind: os.stat_result) -> bool:
    null = Path(os.devnull).stat()
    return (kind.st_dev, kind.st_ino) == (null.st_dev, null.st_ino)


def _device(name: str) -> InvalidInput:
    return InvalidInput(f"{name} is a device, not a file or a pipe; name a file", source=name)


def _refuse_no_file(path: Path) -> None:
    """Raise InvalidInput for folders and devices; a missing file is left to ``open``."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; name a file in it", source=str(path))
    if path.exists() and not path.is_file() and not _is_null(path.stat()):
        raise _device(str(path))


def _from_path(path: Path, most_unpacked: int | None) -> Source:
    name = str(path)
    try:
        if path.is_fifo():
            return _from_bytes(name, _all_of_pipe(path), most_unpacked)
        _refuse_no_file(path)
        with path.open("rb") as stream:
            magic = stream.read(8)
            size = os.fstat(stream.fileno()).st_size
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {name}; check the name and the folder", source=name
        ) from None
    except PermissionError:
        raise InvalidInput(
            f"{name} may not be read by this user; change its permissions or copy it", source=name
        ) from None
    except InvalidInput:
        raise
    except (OSError, ValueError) as refused:
        raise InvalidInput(f"{name} cannot be opened: {refused}", source=name) from None
    if not magic:
        raise InvalidInput(f"{name} is empty; there is nothing to read", source=name)
    return _source(name, size, magic, path, most_unpacked)


def _all_of_pipe(path: Path) -> bytes:
    """All that comes out of a pipe, which can be read only once.

    Opened without waiting: a pipe that nobody writes to would never open. No bytes and no error
    mean that there is no writer, an error that there is one with nothing to say yet.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(number, "rb", buffering=0) as stream:
        patience = time.monotonic() + _WAIT_S
        while (first := stream.read(_CHUNK)) == b"":
            if time.monotonic() > patience:
                raise InvalidInput(
                    f"{path} is a pipe that nothing writes to; start the writer first, or pass its "
                    "output as standard input (-)",
                    source=str(path),
                )
            time.sleep(0.02)
        os.set_blocking(number, True)
        return (first or b"") + stream.readall()


def _from_bytes(name: str, data: bytes, most_unpacked: int | None) -> Source:
    if not data:
        raise InvalidInput(f"{name} is empty; there is nothing to read", source=name)
    return _source(name, len(data), data[:8], data, most_unpacked)


def _source(
    name: str, size: int, magic: bytes, held: Path | bytes, most_unpacked: int | None
) -> Source:
    compression = next((kind for mark, kind in _MAGIC.items() if magic.startswith(mark)), None)
    most = max(_FREELY, _MOST_TIMES * size) if most_unpacked is None else most_unpacked
    if compression != "zstd":
        return Source(name, size, compression, lambda: _opened(held, compression), most)
    text = _zstd(held, name)
    source = Source(name, size, compression, lambda: io.BytesIO(text), most)
    if len(text) > most:
        raise source.too_much()
    return source


def _opened(held: Path | bytes, compression: str | None) -> IO[bytes]:
    # A path goes to the decompressor as a path: it closes what it opened, not what it was given.
    target: Any = held if isinstance(held, Path) else io.BytesIO(held)
    if compression is None:
        return held.open("rb") if isinstance(held, Path) else io.BytesIO(held)
    openers: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    return cast(IO[bytes], openers[compression](target))


def _zstd(held: Path | bytes, name: str) -> bytes:
    # Python reads zstd from 3.14 on; Polars always does, but only as lines of text: one column
    # whose separator and quote never occur.
    import polars as pl

    try:
        lines = pl.read_csv(
            held,
            has_header=False,
            schema={"line": pl.String},
            separator="\x1f",
            quote_char=None,
        )
    except (pl.exceptions.PolarsError, OSError):
        raise InvalidInput(
            f"{name} is a damaged or cut off zstd file (or does not hold UTF-8 text); copy or "
            "download it again",
            source=name,
        ) from None
    text: str = lines["line"].fill_null("").str.join("\n").item()
    return text.encode()
