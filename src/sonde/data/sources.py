"""Bytes to read: a path, standard input or an open file, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
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


@dataclass(frozen=True)
class Source:
    """Something that can be read from its beginning any number of times.

    ``start()`` opens it, decompressed; ``size`` counts the bytes as stored.
    """

    name: str
    size: int
    compression: str | None
    start: Callable[[], IO[bytes]]

    def read(self, stream: IO[bytes], n: int = -1) -> bytes:
        """``stream.read(n)``, with a sentence instead of the decompressor's complaint."""
        try:
            return stream.read(n)
        except _BROKEN as broken:
            raise self._broken(broken) from None

    def read_into(self, stream: IO[bytes], buffer: bytearray) -> int:
        """Fill ``buffer`` from its start; how many bytes came, 0 at the end."""
        try:
            return int(cast(io.BufferedIOBase, stream).readinto(buffer))
        except _BROKEN as broken:
            raise self._broken(broken) from None

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


def open_source(given: str | Path | IO[Any]) -> Source:
    """What ``given`` names or holds.

    Parameters
    ----------
    given : a path, ``"-"`` for standard input, or an open file (binary or text), which is read
        to its end.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : a folder, an empty or unreadable file.
    """
    if isinstance(given, str | Path) and str(given) != STANDARD_INPUT:
        return _from_path(Path(given))
    stream = sys.stdin.buffer if isinstance(given, str | Path) else given
    name = "standard input" if stream is sys.stdin.buffer else _name_of(stream)
    content = stream.read()
    data = content.encode() if isinstance(content, str) else bytes(content)
    if not data:
        raise InvalidInput(f"{name} is empty; there is nothing to read", source=name)
    return _source(name, len(data), data[:8], data)


def _name_of(stream: Any) -> str:
    name = getattr(stream, "name", None)
    return Path(name).name if isinstance(name, str) else "file object"


def _from_path(path: Path) -> Source:
    name = str(path)
    if path.is_dir():
        raise InvalidInput(f"{name} is a folder; name a file in it", source=name)
    try:
        with path.open("rb") as stream:
            magic = stream.read(8)
        size = path.stat().st_size
    except FileNotFoundError:
        raise NotFound(
            f"there is no file {name}; check the name and the folder", source=name
        ) from None
    except PermissionError:
        raise InvalidInput(
            f"{name} may not be read by this user; change its permissions or copy it", source=name
        ) from None
    except (OSError, ValueError) as refused:
        raise InvalidInput(f"{name} cannot be opened: {refused}", source=name) from None
    if not magic:
        raise InvalidInput(f"{name} is empty; there is nothing to read", source=name)
    return _source(name, size, magic, path)


def _source(name: str, size: int, magic: bytes, held: Path | bytes) -> Source:
    compression = next((kind for mark, kind in _MAGIC.items() if magic.startswith(mark)), None)
    if compression == "zstd":
        text = _zstd(held, name)
        return Source(name, size, compression, lambda: io.BytesIO(text))
    return Source(name, size, compression, lambda: _opened(held, compression))


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
