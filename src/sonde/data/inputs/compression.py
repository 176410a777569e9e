"""Packed bytes: which way they are packed, and a stream of what is in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
import zlib
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from ...errors import InvalidInput

BEGIN = 512  # bytes that tell what a file is: a tar says so only at byte 257
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\x00": "xz"}
_BZIP2_BODIES = (b"1AY&SY", b"\x17rE8P\x90")  # of a block, and of the end of an empty file
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHER_PACKERS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"LZIP\x01": "a file packed with lzip",
    b"\x04\x22\x4d\x18": "a file packed with lz4",
    b"\x1f\x9d": "a file packed with compress",
    b"\xff\x06\x00\x00sNaPpY": "a file packed with snappy",
}


def compression_of(begin: bytes) -> str | None:
    """How a file that begins so is compressed: gzip, zstd, bzip2, xz, zip or not at all.

    >>> compression_of(b"BZh91AY&SY"), compression_of(b"BZh,rate")
    ('bzip2', None)
    """
    for magic, kind in _MAGIC.items():
        if begin.startswith(magic):
            return kind
    if begin[1:4] == b"*M\x18" and 0x50 <= begin[0] <= 0x5F:
        return "zstd"  # a frame to be skipped, which parallel packers put first
    if begin.startswith(b"BZh") and begin[3:4] in b"123456789":
        # A column may be called so; what was cut off after four bytes is a damaged file.
        return "bzip2" if any(body.startswith(begin[4:10]) for body in _BZIP2_BODIES) else None
    return "zip" if begin.startswith(_ZIP) else None


def refuse_other_packers(begin: bytes, name: str) -> None:
    """Raise InvalidInput for archives and compressions that are not unpacked here."""
    what = next((w for magic, w in _OTHER_PACKERS.items() if begin.startswith(magic)), None)
    if begin[257:262] == b"ustar":
        what = "a tar archive"
    if what is not None:
        raise InvalidInput(
            f"{name} is {what}; unpack it, and name the file that came out of it", source=name
        )


def unpacked(packed: Path | IO[bytes], kind: str) -> IO[bytes]:
    """A stream of what ``packed`` holds."""
    if kind == "zstd":
        return cast(IO[bytes], _zstd().open(packed))
    openers: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
    return cast(IO[bytes], openers[kind](packed))


def unpacked_within(packed: IO[bytes], kind: str) -> IO[bytes]:
    """What ``unpacked`` gives, which closes ``packed`` too when it is closed."""
    return cast(IO[bytes], _Within(unpacked(packed, kind), packed))


class _Within(io.BufferedReader):
    def __init__(self, stream: Any, packed: IO[bytes]) -> None:
        super().__init__(stream)
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()


def broken_by(kind: str | None) -> tuple[type[Exception], ...]:
    """What reading raises when the bytes are damaged, cut off or out of reach."""
    if kind is None:
        return (OSError,)
    # A password or an unknown method inside a zip is met when the member is opened.
    known = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
    return (*known, _zstd().ZstdError) if "zstd" in kind else known


def _zstd() -> Any:
    # Part of Python from 3.14 on.
    return import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
