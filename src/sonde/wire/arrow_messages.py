"""The messages of Arrow's IPC format: what they announce, and words of our own in the schema."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

_FILE_MAGIC = b"ARROW1"
_CONTINUES = b"\xff\xff\xff\xff"
SCHEMA, DICTIONARY, BATCH = 1, 2, 3
_BLOCK = 24  # bytes: where a message of a file lies, and how long it is


class Message(NamedTuple):
    """A message: its kind, its header and what stands around that, and the body behind it.

    ``body`` is shorter than ``n_body`` where the data are cut off.
    """

    kind: int
    header: Flat
    text: memoryview
    body: memoryview
    n_body: int
    end: int


@dataclass(frozen=True)
class Announced:
    """What a stream or a file says of itself: rows, columns, and bytes once unpacked."""

    n_rows: int
    n_columns: int
    n_bytes: int


def announced(data: bytes) -> Announced | None:
    """What the messages in ``data`` say, before anything is decoded; None where they are damaged.

    Source
    ------
    Apache Arrow, "Arrow Columnar Format", sections on encapsulated messages, compression and the
    schemas Message.fbs and Schema.fbs.
    """
    n_rows, n_columns, n_bytes = 0, 0, 0
    try:
        for message in messages(data):
            header = message.header
            if message.kind == SCHEMA:
                n_columns = count_of(header.child(1))
            elif message.kind == BATCH:
                n_rows += max(0, header.long(0))
                n_bytes += _size(header, message.body)
            elif message.kind == DICTIONARY and (inner := header.child(1)) is not None:
                n_bytes += _size(inner, message.body)
    except (struct.error, IndexError, ValueError):
        return None
    return Announced(n_rows, n_columns, n_bytes)


def words_of(data: bytes) -> dict[str, str]:
    """The metadata of the schema in an Arrow stream or file; empty where there are none.

    >>> import polars as pl
    >>> stream = pl.DataFrame({"a": [1]}).write_ipc_stream(None).getvalue()
    >>> words_of(with_words(stream, {"sonde": "{}"}))
    {'sonde': '{}'}
    """
    try:
        first = next(messages(data))
        pairs = first.header.child(2) if first.kind == SCHEMA else None
        told = {}
        for i in range(count_of(pairs)):
            pair = pairs.entry(i)  # type: ignore[union-attr]
            told[text_of(pair.child(0))] = text_of(pair.child(1))
        return told
    except (struct.error, IndexError, ValueError, StopIteration):
        return {}


def with_words(stream: bytes, words: Mapping[str, str]) -> bytes:
    """An Arrow stream whose schema carries ``words`` as its metadata, in place of what it had.

    Polars writes none. In a flatbuffer every reference points ahead, so that a new message can
    stand before the old one and refer to the columns in it.
    """
    length = struct.unpack_from("<i", stream, 4)[0]
    old = stream[8 : 8 + length]
    first = next(messages(stream))
    fields = first.header.child(1)
    if first.kind != SCHEMA or fields is None:
        raise ValueError("not an Arrow stream")
    new = _message(words, fields.at - 8) + old
    return _CONTINUES + struct.pack("<i", len(new)) + new + stream[8 + length :]


def _message(words: Mapping[str, str], fields_at: int) -> bytes:
    """A schema message up to where the old one follows, its columns at ``fields_at`` in that."""
    # Tables of the message (a version, a type, a header) and the schema (columns, metadata), each
    # behind its list of where its fields lie.
    out = bytearray(struct.pack("<I", 16))  # the message's table
    out += struct.pack("<HHHHHxx", 10, 16, 4, 6, 8)
    out += struct.pack("<ihBxI", 12, 4, SCHEMA, 0)  # metadata version 5
    out += struct.pack("<xxxx")
    header_at = len(out) + 12
    struct.pack_into("<I", out, 24, header_at - 24)
    out += struct.pack("<HHHHHxx", 10, 12, 0, 4, 8)
    columns_field = header_at + 4
    out += struct.pack("<iII", 12, 0, 4)
    pairs = [(name.encode(), value.encode()) for name, value in words.items()]
    vector_at = len(out)
    out += struct.pack("<I", len(pairs)) + bytes(4 * len(pairs))
    for i, (name, value) in enumerate(pairs):
        out += bytes(-len(out) % 4)
        out += struct.pack("<HHHH", 8, 12, 4, 8)
        table_at = len(out)
        struct.pack_into("<I", out, vector_at + 4 + 4 * i, table_at - (vector_at + 4 + 4 * i))
        out += struct.pack("<iII", 8, 0, 0)
        for slot, text in ((table_at + 4, name), (table_at + 8, value)):
            out += bytes(-len(out) % 4)
            struct.pack_into("<I", out, slot, len(out) - slot)
            out += struct.pack("<I", len(text)) + text + b"\0"
    out += bytes(-len(out) % 8)
    struct.pack_into("<I", out, columns_field, len(out) + fields_at - columns_field)
    return bytes(out)


class Flat:
    """A table of a flatbuffer that begins at ``at``."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self._slots = at - struct.unpack_from("<i", data, at)[0]
        if self._slots < 0:
            raise ValueError("before the beginning")

    def place(self, field: int) -> int | None:
        """Where a field lies; None where it is left out."""
        size = struct.unpack_from("<H", self.data, self._slots)[0]
        if 4 + 2 * field >= size:
            return None
        offset = struct.unpack_from("<H", self.data, self._slots + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def long(self, field: int) -> int:
        place = self.place(field)
        return 0 if place is None else int(struct.unpack_from("<q", self.data, place)[0])

    def short(self, field: int) -> int:
        place = self.place(field)
        return 0 if place is None else int(struct.unpack_from("<h", self.data, place)[0])

    def byte(self, field: int) -> int:
        place = self.place(field)
        return 0 if place is None else self.data[place]

    def child(self, field: int) -> Flat | None:
        """What a field refers to: a table, a vector or a text."""
        place = self.place(field)
        return None if place is None else _Place(self.data, _follow(self.data, place))

    def entry(self, i: int) -> Flat:
        """The table that entry ``i`` of this vector refers to."""
        return Flat(self.data, _follow(self.data, self.at + 4 + 4 * i))


class _Place(Flat):
    """A place that may be a table; it is looked at as one only when asked for fields."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def place(self, field: int) -> int | None:
        return Flat(self.data, self.at).place(field)


def root_of(text: bytes) -> Flat:
    """The table that a flatbuffer is."""
    return Flat(text, _follow(text, 0))


def messages(data: bytes) -> Iterator[Message]:
    """Each message; of a file in the order of its index."""
    if not data.startswith(_FILE_MAGIC):
        at = 0
        # Without the mark too: readers take what Arrow wrote before 0.15.
        while at + 8 <= len(data):
            told = _message_at(data, at)
            if told is None:
                return
            yield told
            at = told.end
        return
    length = struct.unpack_from("<i", data, len(data) - 10)[0]
    start = len(data) - 10 - length
    footer = Flat(data, _follow(data, start))
    if length <= 0 or start < 0:
        raise ValueError("no index")
    schema = footer.child(1)
    if schema is not None:
        nothing = memoryview(b"")
        yield Message(SCHEMA, schema, nothing, nothing, 0, 0)
    for field in (2, 3):
        blocks = footer.child(field)
        for i in range(count_of(blocks, _BLOCK)):
            at = struct.unpack_from("<q", data, blocks.at + 4 + _BLOCK * i)[0]  # type: ignore[union-attr]
            told = _message_at(data, at)
            if told is not None:
                yield told


def _message_at(data: bytes, at: int) -> Message | None:
    """The message at ``at``; None for the last one, which says that there are no more."""
    if at < 0:
        raise ValueError("before the beginning")
    at += 4 if data[at : at + 4] == _CONTINUES else 0
    length = struct.unpack_from("<i", data, at)[0]
    if length <= 0:
        return None
    message = Flat(data, _follow(data, at + 4))
    header, n_body = message.child(2), message.long(3)
    if header is None or n_body < 0:
        raise ValueError("no message")
    start = at + 4 + length
    whole = memoryview(data)
    text, body = whole[at + 4 : start], whole[start : start + n_body]
    return Message(message.byte(1), header, text, body, n_body, start + n_body)


def _size(batch: Flat, body: memoryview) -> int:
    """Bytes of a batch once unpacked: a packed buffer says in its first eight how many."""
    buffers, is_packed = batch.child(2), batch.place(3) is not None
    if buffers is None:
        return 0
    n_bytes = 16 * count_of(buffers, 16)
    places = memoryview(batch.data)[buffers.at + 4 :][:n_bytes]
    if len(places) < n_bytes:
        raise ValueError("more buffers than bytes")
    total = 0
    for offset, length in struct.iter_unpack("<qq", places):
        if is_packed and length >= 8:
            length = max(length, struct.unpack_from("<q", body, offset)[0])
        if length > 0:
            total += length
    return total


def _follow(data: bytes, place: int) -> int:
    return place + int(struct.unpack_from("<I", data, place)[0])


def count_of(vector: Flat | None, size: int = 4) -> int:
    """How many entries of ``size`` bytes a vector has."""
    if vector is None:
        return 0
    n = int(struct.unpack_from("<I", vector.data, vector.at)[0])
    if n * size > len(vector.data):
        raise ValueError("more entries than bytes")
    return n


def text_of(place: Flat | None) -> str:
    if place is None:
        return ""
    n = int(struct.unpack_from("<I", place.data, place.at)[0])
    return place.data[place.at + 4 : place.at + 4 + n].decode()
