"""The arrays of a model file, read without trusting their headers."""

from __future__ import annotations

import io
import math
import struct
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

ENDING = ".npy"
MOST_DIMENSIONS = 8
_MOST_HEADER = 1 << 17  # bytes of an array's header; numpy itself takes fewer
_LOCAL = struct.Struct("<4s22xHH")  # what stands before each part: mark, length of name, of extras
_ENCRYPTED = 0x1


def unpacked(payload: memoryview) -> dict[str, NDArray[Any]]:
    """The arrays of an npz archive by name, in C order; any error means that it is damaged.

    ``payload`` was compared with its checksum before: the archive's own ones are left alone.
    """
    with ZipFile(io.BufferedReader(_Bytes(payload))) as archive:
        infos = archive.infolist()
        if any(info.compress_type != ZIP_STORED for info in infos):
            raise ValueError("compressed arrays")
        refuse_overlap(infos, len(payload))
        if len({info.filename for info in infos}) != len(infos):
            raise ValueError("two arrays of the same name")
        return {
            info.filename.removesuffix(ENDING): _array(info.filename, part_of(payload, info))
            for info in infos
        }


def refuse_overlap(infos: list[ZipInfo], size: int) -> None:
    """Raise ValueError where stored parts claim more bytes, all together, than the archive has."""
    if sum(max(info.file_size, info.compress_size) for info in infos) > size:
        raise ValueError("parts that overlap")


def part_of(archive: memoryview, info: ZipInfo) -> memoryview:
    """A stored part where it lies: neither copied nor compared with a checksum.

    Raises
    ------
    ValueError, struct.error : it lies outside of the archive, or is no stored part.
    """
    mark, name, extra = _LOCAL.unpack_from(archive, info.header_offset)
    start = info.header_offset + _LOCAL.size + name + extra
    is_plain = mark == b"PK\3\4" and not info.flag_bits & _ENCRYPTED
    if not is_plain or info.file_size != info.compress_size:
        raise ValueError(f"{info.filename} is no stored part")
    if start + info.file_size > len(archive):
        raise ValueError(f"{info.filename} lies outside of the archive")
    return archive[start : start + info.file_size]


def _array(name: str, content: memoryview) -> NDArray[Any]:
    stream = io.BytesIO(content[:_MOST_HEADER])
    version = npy.read_magic(stream)
    if version == (1, 0):
        shape, by_columns, dtype = npy.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, by_columns, dtype = npy.read_array_header_2_0(stream)
    else:
        raise ValueError(f"{name} has version {version} of its format")
    if dtype.kind not in "fiU" or not dtype.isnative or dtype.itemsize == 0:
        raise ValueError(f"{name} holds {dtype}; only numbers and text are read, never a pickle")
    start = stream.tell()
    # Before anything is allocated: a header may claim more than there is memory for.
    is_small = len(shape) <= MOST_DIMENSIONS and min(shape, default=0) >= 0
    if not is_small or math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError(f"{name} has other bytes than its shape {shape} needs")
    # A copy of its own: one that may be written to, aligned, in the order that kernels expect. As
    # bytes, because numbers that are not aligned are copied one by one.
    flat = np.empty(math.prod(shape), dtype)
    flat.view(np.uint8)[:] = np.frombuffer(content, np.uint8, offset=start)
    return np.asarray(flat.reshape(shape, order="F" if by_columns else "C"), order="C")


class _Bytes(io.RawIOBase):
    """Bytes as a file to read, without the copy that BytesIO makes of a view."""

    def __init__(self, content: memoryview) -> None:
        self._content, self._at = content, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._content[self._at : self._at + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._content)}[whence]
        if start + offset < 0:
            raise OSError(22, "before the beginning")
        self._at = start + offset
        return self._at
