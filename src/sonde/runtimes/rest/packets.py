"""A JSON head and bytes behind it: what travels between a worker and its computing processes."""

from __future__ import annotations

import json
from typing import Any

_LENGTH = 8


def packed(head: dict[str, Any], *bodies: bytes) -> bytes:
    """One message.

    >>> unpacked_packet(packed({"a": 1}, b"xy", b""))
    ({'a': 1}, [b'xy', b''])
    """
    text = json.dumps([head, [len(body) for body in bodies]]).encode()
    return b"".join([len(text).to_bytes(_LENGTH, "big"), text, *bodies])


def unpacked_packet(packet: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Head and bodies of a message that ``packed`` made."""
    at = _LENGTH + int.from_bytes(packet[:_LENGTH], "big")
    head, lengths = json.loads(packet[_LENGTH:at])
    bodies = []
    for length in lengths:
        bodies.append(packet[at : at + length])
        at += length
    return head, bodies
