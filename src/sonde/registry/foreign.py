"""Files of other libraries that people take for models of ours, told apart by their first bytes."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import PurePath
from typing import Any
from zipfile import BadZipFile, ZipFile

_PICKLE_ENDINGS = {".pkl", ".pickle", ".joblib", ".pt", ".pth"}
_PICKLE_STARTS = tuple(b"\x80" + bytes([protocol]) for protocol in (2, 3, 4, 5))
_ENOUGH = 64  # bytes that tell what was compressed; no more is unpacked

# Anything with ``decompress(data, max_length)``.
_COMPRESSED: dict[bytes, Callable[[], Any]] = {
    b"\x78": zlib.decompressobj,
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ": lzma.LZMADecompressor,
    b"\x5d\x00\x00": lzma.LZMADecompressor,
}


def is_pickle(data: bytes, name: str) -> bool:
    """True for what pickle, joblib or PyTorch wrote: opening it would run what it says.

    >>> is_pickle(bytes.fromhex("80049500"), "model.sonde"), is_pickle(b"a,b", "data.csv")
    (True, False)
    """
    start = _unpacked_start(data)
    if start.startswith(_PICKLE_STARTS) or _holds_a_pickle(data):
        return True
    return PurePath(name).suffix.lower() in _PICKLE_ENDINGS


def library_of(data: bytes, name: str) -> str | None:
    """The name of a format of other models that ``data`` seems to be; None for no idea."""
    members = _members(data)
    if "schema.json" in members:
        return "skops"
    if PurePath(name).suffix.lower() == ".onnx":
        return "ONNX"
    return None


def _unpacked_start(data: bytes) -> bytes:
    for magic, make in _COMPRESSED.items():
        if data.startswith(magic):
            try:
                return bytes(make().decompress(data[:65_536], _ENOUGH))
            except (OSError, EOFError, lzma.LZMAError, zlib.error):
                return b""
    return data[:_ENOUGH]


def _holds_a_pickle(data: bytes) -> bool:
    return any(PurePath(member).suffix == ".pkl" for member in _members(data))


def _members(data: bytes) -> set[str]:
    if not data.startswith(b"PK"):
        return set()
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            return set(archive.namelist())
    except (BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        return set()
