"""NumPy files to frames: one array, or several side by side."""

from __future__ import annotations

import math
import tokenize
import warnings
import zipfile
import zlib
from typing import IO, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...core.containers import default_names
from ...errors import InvalidInput, NotFound
from ..inputs.sources import Source
from ..quoting import quoted
from .array_columns import columns_of, refuse_array
from .loaded import Text, refuse_no_rows

_LONGEST_HEADER = 1 << 16  # of text that is evaluated; structured arrays of many fields need some
_MOST_AXES = 32  # of an array of NumPy before 2.0
_ENDING = ".npy"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError)


def read_npy(source: Source) -> Text:
    """The columns of the array in an ``.npy`` file, named ``c0, c1, …``; fields keep their names.

    Raises
    ------
    InvalidInput : damaged, cut off, or an array that is no table; the message says why.
    """
    with source.start() as stream:
        size = source.size if source.compression is None else None
        array = _array(source, stream, size, source.name)
        names = default_names(array.shape[1] if array.ndim == 2 else 1)
        return Text(
            refuse_no_rows(pl.DataFrame(columns_of(array, names, source.name)), source.name)
        )


def read_npz(source: Source) -> Text:
    """The arrays of an ``.npz`` file side by side; only ``source.member`` where that is named.

    A flat array ``x`` becomes the column ``x``, a matrix ``X`` the columns ``X_0, X_1, …``; a
    matrix alone is named ``c0, c1, …``.

    Raises
    ------
    NotFound : no array of that name.
    InvalidInput : damaged, or arrays of different lengths.
    """
    arrays = _members(source)
    if source.member is not None:
        arrays = {source.member: _chosen(arrays, source)}
    if not arrays:
        raise InvalidInput(
            f"{source.name} holds no array; there is nothing to look at; check what wrote it"
        )
    for name, array in arrays.items():
        refuse_array(array, f"{source.name}, array {quoted(name)}")
    _refuse_lengths(arrays, source.name)
    columns: list[pl.Series] = []
    matrices = [name for name, array in arrays.items() if array.ndim == 2]
    for name, array in arrays.items():
        names = [name]
        if array.ndim == 2:
            width = array.shape[1]
            names = [f"{name}_{j}" for j in range(width)]
            if len(matrices) == 1 and (
                len(arrays) == 1 or not set(default_names(width)) & set(arrays)
            ):
                names = list(default_names(width))
        elif len(arrays) == 1:
            names = list(default_names(1))
        columns += columns_of(array, names, f"{source.name}, array {quoted(name)}")
    return Text(refuse_no_rows(pl.DataFrame(columns), source.name))


def _chosen(arrays: dict[str, NDArray[Any]], source: Source) -> NDArray[Any]:
    name = str(source.member).removesuffix(_ENDING)
    if name not in arrays:
        raise NotFound(
            f"{source.name} has no array {quoted(name)}; it has {', '.join(map(quoted, arrays))}",
            source=source.name,
            member=name,
        )
    return arrays[name]


def _members(source: Source) -> dict[str, NDArray[Any]]:
    wanted = None if source.member is None else source.member.removesuffix(_ENDING) + _ENDING
    arrays: dict[str, NDArray[Any]] = {}
    left = source.most_unpacked
    try:
        with source.start() as stream, zipfile.ZipFile(stream) as archive:
            entries = [e for e in archive.infolist() if e.filename.endswith(_ENDING)]
            for entry in entries:
                name = entry.filename.removesuffix(_ENDING)
                if wanted is not None and entry.filename != wanted:
                    arrays[name] = np.empty(0)
                    continue
                left -= entry.file_size
                if left < 0:
                    raise source.too_much()
                with archive.open(entry) as packed:
                    arrays[name] = _array(source, packed, entry.file_size, f"{source.name}::{name}")
    except InvalidInput:
        raise
    except (*_BROKEN, ValueError, RuntimeError, NotImplementedError):
        raise _damaged(source.name) from None
    return arrays


def _refuse_lengths(arrays: dict[str, NDArray[Any]], source: str) -> None:
    if len({len(array) for array in arrays.values()}) > 1:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:12])
        raise InvalidInput(
            f"{source} holds arrays of different lengths: {shapes}; choose one with "
            f"{source}::{next(iter(arrays))}",
            source=source,
        )


def _array(source: Source, stream: IO[bytes], size: int | None, name: str) -> NDArray[Any]:
    """The array that ``stream`` holds; ``size`` are its bytes where they are known."""
    try:
        shape, by_columns, dtype = _header(stream)
        n = math.prod(shape) * dtype.itemsize
        begin = stream.tell()
    except (*_BROKEN, ValueError, TypeError, SyntaxError, tokenize.TokenError):
        raise _damaged(name) from None
    if dtype.hasobject:
        raise InvalidInput(
            f"{name} holds Python objects, and opening those can run code, which is not done here; "
            "make it numbers or text before it is saved",
            source=source.name,
        )
    if min(shape, default=0) < 0 or (size is not None and n > size - begin):
        raise _damaged(name)
    if len(shape) > _MOST_AXES:
        raise _damaged(name)
    if n > source.most_unpacked and source.compression is not None:
        raise source.too_much()  # before memory is taken for it
    order: Any = "F" if by_columns else "C"
    if source.compression is None and n and hasattr(stream, "fileno") and _is_plain(stream):
        return np.memmap(stream, dtype, "r", begin, shape, order)
    held = source.read(stream, n) if n else b""
    if len(held) != n:
        raise _damaged(name)
    return np.frombuffer(held, dtype, math.prod(shape)).reshape(shape, order=order)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    with warnings.catch_warnings():
        # That the file is of Python 2 is nothing to be told of.
        warnings.simplefilter("ignore", UserWarning)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream, _LONGEST_HEADER)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(stream, _LONGEST_HEADER)
    raise ValueError(f"version {version}")


def _is_plain(stream: IO[bytes]) -> bool:
    try:
        stream.fileno()
    except OSError:
        return False
    return True


def _damaged(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is a damaged or cut off NumPy file; copy it or save it again", source=name
    )
