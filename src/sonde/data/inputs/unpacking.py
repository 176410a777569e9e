"""Stored bytes as a stream of what is packed in them, within limits."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ...errors import InvalidInput
from .compression import (
    BEGIN,
    broken_by,
    compression_of,
    refuse_other_packers,
    unpacked,
    unpacked_within,
)
from .folders import Part
from .zips import chosen, is_one_document, members_of, open_member

# Text packs five to fifty times; what unpacks to far more than it weighs is rather a trap.
_FREELY = 256 << 20
_MOST_TIMES = 200
_CHUNK = 1 << 20
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Source:
    """Something that can be read from its beginning any number of times.

    ``start()`` opens it, unpacked; ``size`` counts the bytes as stored, ``most_unpacked`` those
    that a packed source may unpack to.

    Parameters
    ----------
    member : what stood after ``::`` in the path and is still to be chosen: an array of a .npz, a
        sheet of a workbook. The file in an archive is chosen already, and part of ``name``.
    path : the file itself where it is a plain one on a disk, so that it can be mapped; what
        replaces ``start`` has to replace this too.
    parts : the files of a folder of Parquet; ``start`` opens the first.
    """

    name: str
    size: int
    compression: str | None
    start: Callable[[], IO[bytes]]
    most_unpacked: int = _FREELY
    member: str | None = None
    path: Path | None = None
    parts: tuple[Part, ...] = ()

    def read(self, stream: IO[bytes], n: int = -1) -> bytes:
        """``stream.read(n)``, with a sentence instead of the decompressor's complaint."""
        try:
            if self.compression is None or n >= 0:
                got = stream.read(n)
                self._check_size(stream)
                return got
            held = io.BytesIO()
            while part := stream.read(_CHUNK):
                held.write(part)
                self._check_size(stream)
            return held.getvalue()
        except broken_by(self.compression) as broken:
            raise self._broken(broken) from None

    def read_into(self, stream: IO[bytes], buffer: bytearray) -> int:
        """Fill ``buffer`` from its start; how many bytes came, 0 at the end."""
        try:
            got = cast(io.BufferedIOBase, stream).readinto(buffer)
            self._check_size(stream)
            return got
        except broken_by(self.compression) as broken:
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


@dataclass(frozen=True)
class Held:
    """Stored bytes, before anything is unpacked."""

    name: str
    content: Path | bytes
    size: int
    begin: bytes
    member: str | None
    most_unpacked: int | None

    def open(self) -> IO[bytes]:
        content = self.content
        return content.open("rb") if isinstance(content, Path) else io.BytesIO(content)

    def most(self, size: int) -> int:
        """What ``size`` packed bytes of it may unpack to."""
        if self.most_unpacked is not None:
            return self.most_unpacked
        return max(_FREELY, _MOST_TIMES * size)


def source_of(held: Held) -> Source:
    """What stored bytes hold, unpacked.

    Raises
    ------
    NotFound, InvalidInput : as ``sources.open_source``.
    """
    if not held.begin:
        raise InvalidInput(
            f"{held.name} is empty; there is nothing to read; check what wrote it", source=held.name
        )
    refuse_other_packers(held.begin, held.name)
    compression = compression_of(held.begin)
    if compression == "zip":
        return _zipped(held)
    if compression is None:
        _refuse_member(held, held.begin)
        return _plain(held)
    # A path goes to the decompressor as a path: it closes what it opened, not what it was given.
    path = held.content if isinstance(held.content, Path) else None
    source = _packed(
        held, compression, held.size, lambda: unpacked(path or held.open(), compression)
    )
    if source.compression is not None:
        _refuse_member(held, _begin(source))
    return source


def _refuse_member(held: Held, begin: bytes) -> None:
    if held.member is not None and not begin.startswith(_OLD_WORKBOOK):
        raise InvalidInput(
            f"{held.name} is one table, and has no parts to choose from; leave out "
            f"'::{held.member}'",
            source=held.name,
            member=held.member,
        )


def _plain(held: Held) -> Source:
    path = held.content if isinstance(held.content, Path) else None
    return Source(held.name, held.size, None, held.open, member=held.member, path=path)


def _packed(held: Held, kind: str, size: int, start: Callable[[], IO[bytes]]) -> Source:
    """Packed in ``kind``; InvalidInput when what comes out is packed again."""
    source = Source(held.name, held.size, kind, start, held.most(size), held.member)
    begin = _begin(source)
    refuse_other_packers(begin, held.name)
    again = compression_of(begin)
    if again == "zip" and kind != "zip":
        with source.start() as stream:
            content = source.read(stream)
        if is_one_document(members_of(content, held.name)):
            return _plain(Held(held.name, content, held.size, begin, held.member, None))
    if again is not None:
        raise InvalidInput(
            f"{held.name} is packed twice ({again} within {kind}); unpack it once, and name the "
            "file that came out of it",
            source=held.name,
        )
    return source


def _begin(source: Source) -> bytes:
    with source.start() as stream:
        return source.read(stream, BEGIN)


def _zipped(held: Held) -> Source:
    members = members_of(held.content, held.name)
    if is_one_document(members):
        return _plain(held)
    member = chosen(members, held.member, held.name)
    content = held.content
    name = held.name if held.member is None else f"{held.name}::{held.member}"

    def start() -> IO[bytes]:
        return open_member(content, member, name)

    inside = Held(name, content, held.size, b"", None, held.most(member.compress_size))
    stored = Source(name, held.size, "zip", start, inside.most(0))
    if member.file_size > stored.most_unpacked:
        raise stored.too_much()
    if member.file_size == 0:
        raise InvalidInput(
            f"{name}: {member.filename} in it is empty; check what packed it", source=name
        )
    inner = compression_of(_begin(stored))
    if inner is None or inner == "zip":
        return _packed(inside, "zip", 0, start)
    return _packed(inside, f"{inner}-in-zip", 0, lambda: unpacked_within(start(), inner))
