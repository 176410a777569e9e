"""The arrays of a model file, read without trusting their headers."""

from __future__ import annotations

import io
import math
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

ENDING = ".npy"
MOST_DIMENSIONS = 8


def unpacked(payload: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an npz archive by name, in C order; any error means that it is damaged."""
    with ZipFile(io.BytesIO(payload)) as archive:
        infos = archive.infolist()
        if any(info.compress_type != ZIP_STORED for info in infos):
            raise ValueError("compressed arrays")
        refuse_overlap(infos, len(payload))
        if len({info.filename for info in infos}) != len(infos):
            raise ValueError("two arrays of the same name")
        return {
            info.filename.removesuffix(ENDING): _array(info.filename, archive.read(info))
            for info in infos
        }


def refuse_overlap(infos: list[ZipInfo], size: int) -> None:
    """Raise ValueError where stored parts claim more bytes, all together, than the archive has."""
    if sum(max(info.file_size, info.compress_size) for info in infos) > size:
        raise ValueError("parts that overlap")


def _array(name: str, content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
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
    flat = np.frombuffer(content, dtype, offset=start)
    # A copy of its own: one that may be written to, aligned, in the order that kernels expect.
    return np.array(flat.reshape(shape, order="F" if by_columns else "C"), order="C")
