"""The description at the end of a Parquet file, looked through before a reader believes it."""

from __future__ import annotations

from typing import IO

_MAGIC = b"PAR1"
_STRUCT, _LIST, _SET, _MAP = 12, 9, 10, 11
_DEEPEST = 32
_Path = tuple[int, ...]
# Fields of FileMetaData in Parquet's own description: num_rows, and num_rows of row_groups.
_ROWS, _ROWS_OF_GROUP = (3,), (4, 3)
_FIXED = {1: 0, 2: 0, 3: 1, 7: 8, 13: 16}  # true, false, byte, double, uuid


def is_sound(stream: IO[bytes]) -> bool:
    """False where the footer of a Parquet file does not add up.

    A reader takes memory for as many entries as a list says it has, and ends its process when
    there is not as much; a list of more entries than bytes is a lie.

    Source
    ------
    Apache Thrift, "Thrift compact protocol": field headers, varints, lists, sets and maps.
    """
    return _walked(stream) is not None


def rows_stated(stream: IO[bytes]) -> int:
    """How many rows a sound file has: what it says of itself, or its row groups together.

    A reader decodes the groups whatever the file says of itself; the larger of both counts.
    """
    walked = _walked(stream)
    return 0 if walked is None else max(walked.n_rows, walked.n_grouped)


def _walked(stream: IO[bytes]) -> _Walk | None:
    end = stream.seek(0, 2)
    if end < 12:
        return None
    stream.seek(end - 8)
    tail = stream.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > end - 12:
        return None
    stream.seek(end - 8 - length)
    walk = _Walk(stream.read(length))
    try:
        walk.struct(0, ())
    except (IndexError, ValueError):
        return None
    return walk


class _Walk:
    """Passes over values of the compact protocol; ValueError or IndexError where they end early."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.n_rows = self.n_grouped = 0

    def struct(self, depth: int, path: _Path) -> None:
        """``path`` are the numbers of the fields that lead here; lists count for nothing."""
        if depth > _DEEPEST:
            raise ValueError("too deep")
        field = 0
        while header := self._byte():
            # The number of a field that is far from the one before stands by itself.
            field = field + (header >> 4) if header >> 4 else _signed(self._varint())
            self._value(header & 15, depth, (*path, field), in_struct=True)

    def _value(self, kind: int, depth: int, path: _Path, *, in_struct: bool) -> None:
        if kind in (1, 2):
            self._skip(0 if in_struct else 1)  # as a field the type itself says which
        elif kind in _FIXED:
            self._skip(_FIXED[kind])
        elif kind in (4, 5, 6):
            number = self._varint()
            if path == _ROWS:
                self.n_rows = _signed(number)
            elif path == _ROWS_OF_GROUP:
                self.n_grouped += max(_signed(number), 0)
        elif kind == 8:
            self._skip(self._varint())
        elif kind in (_LIST, _SET):
            self._list(depth, path)
        elif kind == _MAP:
            self._map(depth, path)
        elif kind == _STRUCT:
            self.struct(depth + 1, path)
        else:
            raise ValueError("no such type")

    def _list(self, depth: int, path: _Path) -> None:
        header = self._byte()
        n = header >> 4
        n = self._varint() if n == 15 else n
        self._refuse_many(n)
        for _ in range(n):
            self._value(header & 15, depth + 1, path, in_struct=False)

    def _map(self, depth: int, path: _Path) -> None:
        n = self._varint()
        self._refuse_many(n)
        kinds = self._byte() if n else 0
        for _ in range(n):
            self._value(kinds >> 4, depth + 1, path, in_struct=False)
            self._value(kinds & 15, depth + 1, path, in_struct=False)

    def _refuse_many(self, n: int) -> None:
        if n > len(self.data) - self.at:
            raise ValueError("more entries than bytes")

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _varint(self) -> int:
        number, shift = 0, 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7
            if shift > 63:
                raise ValueError("a number too long")

    def _skip(self, n: int) -> None:
        if n > len(self.data) - self.at:
            raise ValueError("cut off")
        self.at += n


def _signed(number: int) -> int:
    """Zigzag: 0, 1, 2, 3 stand for 0, −1, 1, −2."""
    return (number >> 1) ^ -(number & 1)
