"""Text in pieces that end where a line ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from .sources import Source


def line_blocks(source: Source, stream: IO[bytes], end: bytes, size: int) -> Iterator[bytes]:
    """The bytes of ``stream`` in pieces of about ``size``, cut after line ends.

    A line end between quotes does not count. Blank lines at the end of the file are dropped,
    and a missing line end there is added.
    """
    buffer = bytearray(size)
    view = memoryview(buffer)
    rest = b""
    while n := source.read_into(stream, buffer):
        cut = _cut(rest, buffer, n, end)
        if cut == 0:
            rest += view[:n]
            continue
        yield b"".join((rest, view[:cut]))
        rest = bytes(view[cut:n])
    rest = rest.rstrip(b"\r\n")
    if rest:
        yield rest + end


def without_blank_lines(block: bytes, end: bytes) -> bytes:
    """``block`` itself when it has none, or when quotes make a line end mean something else."""
    if b'"' in block or not (block.startswith((end, b"\r" + end)) or _has_blank(block, end)):
        return block
    lines = [line for line in block.split(end) if line.strip(b"\r")]
    return end.join(lines) + end if lines else b""


def first_line_end(block: bytes, end: bytes) -> int:
    """Just after the first line end outside quotes; all of ``block`` when there is none."""
    cut = block.find(end)
    while cut >= 0 and block.count(b'"', 0, cut) % 2:
        cut = block.find(end, cut + 1)
    return cut + 1 if cut >= 0 else len(block)


def _has_blank(block: bytes, end: bytes) -> bool:
    return end + end in block or end + b"\r" + end in block


def _cut(rest: bytes, buffer: bytearray, n: int, end: bytes) -> int:
    """Where the last finished line before any blank ones ends in ``buffer``; 0 for nowhere."""
    stop = buffer.rfind(end, 0, n)
    if buffer.find(b'"', 0, n) >= 0 or b'"' in rest:
        # A line end after an odd number of quotes is inside a quoted cell.
        quotes = rest.count(b'"') + buffer.count(b'"', 0, max(stop, 0))
        while stop >= 0 and quotes % 2:
            before = buffer.rfind(end, 0, stop)
            quotes -= buffer.count(b'"', max(before, 0), stop)
            stop = before
    if stop < 0:
        return 0
    # Blank lines stay with the next piece: at the end of the file they are no rows.
    last = stop
    while last > 0 and buffer[last - 1] in b"\r\n":
        last -= 1
    return buffer.find(end, last, n) + 1 if last > 0 else 0
