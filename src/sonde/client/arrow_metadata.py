"""What is written beside the columns of an Arrow stream.

Polars reads the columns and drops the metadata of the schema; pyarrow is not installed with the
client. The layout is fixed by the Arrow columnar format (Message.fbs, Schema.fbs) and FlatBuffers.
"""

from __future__ import annotations

import struct

from ..errors import Malformed

_CONTINUES = b"\xff\xff\xff\xff"
_SCHEMA = 1  # MessageHeader.Schema
# Places of fields in their tables, by the order of their declaration.
_HEADER_TYPE, _HEADER, _METADATA = 1, 2, 2
_KEY, _VALUE = 0, 1


def schema_metadata(stream: bytes) -> dict[str, str]:
    """Keys and values of the schema that an Arrow IPC stream begins with.

    Raises
    ------
    Malformed : no Arrow stream, or a damaged one.
    """
    if len(stream) < 8 or stream[:4] != _CONTINUES:
        raise Malformed("no Arrow stream: it does not begin with a schema")
    try:
        (size,) = struct.unpack_from("<i", stream, 4)
        return _of_message(stream[8 : 8 + size])
    except (struct.error, UnicodeDecodeError, ValueError, IndexError):
        raise Malformed("the schema of the Arrow stream is damaged") from None


def _of_message(message: bytes) -> dict[str, str]:
    root = _uint(message, 0)
    kind = _field(message, root, _HEADER_TYPE)
    header = _field(message, root, _HEADER)
    if kind is None or header is None or message[kind] != _SCHEMA:
        raise ValueError("the first message is no schema")
    entries = _field(message, _follow(message, header), _METADATA)
    if entries is None:
        return {}
    first = _follow(message, entries)
    found = {}
    for i in range(min(_uint(message, first), len(message) // 4)):
        entry = _follow(message, first + 4 + 4 * i)
        found[_text(message, entry, _KEY)] = _text(message, entry, _VALUE)
    return found


def _field(message: bytes, table: int, which: int) -> int | None:
    """Where a field of the table at ``table`` lies; None where it is left out."""
    (back,) = struct.unpack_from("<i", message, table)
    places = table - back
    if places < 0:
        raise ValueError("a table without places")
    (length,) = struct.unpack_from("<H", message, places)
    slot = 4 + 2 * which
    if slot + 2 > length:
        return None
    (offset,) = struct.unpack_from("<H", message, places + slot)
    return table + offset if offset else None


def _text(message: bytes, table: int, which: int) -> str:
    place = _field(message, table, which)
    if place is None:
        return ""
    start = _follow(message, place)
    length = _uint(message, start)
    if start + 4 + length > len(message):
        raise ValueError("a text that ends after the message")
    return message[start + 4 : start + 4 + length].decode()


def _follow(message: bytes, place: int) -> int:
    return place + _uint(message, place)


def _uint(message: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", message, place)[0])
