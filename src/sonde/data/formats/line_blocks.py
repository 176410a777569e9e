"""Text in pieces that end where a line ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from ...errors import InvalidInput
from ..inputs.sources import Source

LONGEST_LINE = 64 << 20  # bytes; no cell that a person wrote comes near
_MOST_COLUMNS = 100_000


def line_blocks(source: Source, stream: IO[bytes], end: bytes, size: int) -> Iterator[bytes]:
    """The bytes of ``stream`` in pieces of about ``size``, cut after line ends.

    A line end between quotes does not count. Blank lines at the end of the file are dropped,
    and a missing line end there is added.

    Raises
    ------
    InvalidInput : a line of more than ``LONGEST_LINE`` bytes.
    """
    buffer = bytearray(size)
    view = memoryview(buffer)
    # What came before without an end, in parts, for joining each time would take the square.
    held: list[bytes] = []
    quotes = unfinished = 0
    while n := source.read_into(stream, buffer):
        # Finding none is ten times faster than counting none.
        seen = buffer.count(b'"', 0, n) if buffer.find(b'"', 0, n) >= 0 else 0
        cut = _cut(quotes, seen, buffer, n, end)
        if cut:
            yield b"".join((*held, view[:cut]))
            held = [bytes(view[cut:n])]
            quotes, unfinished = held[0].count(b'"'), n - cut
            continue
        held.append(bytes(view[:n]))
        is_blank = not (quotes or seen) and buffer.rfind(end, 0, n) >= 0
        unfinished = n - 1 - buffer.rfind(end, 0, n) if is_blank else unfinished + n
        quotes += seen
        if unfinished > LONGEST_LINE:
            raise too_long(source)
    rest = b"".join(held).rstrip(b"\r\n")
    if rest:
        yield rest + end


def refuse_wide(head: bytes, source: Source) -> None:
    """Raise InvalidInput where the first line of ``head`` has more cells than a table has columns.

    Nothing that is done for each column would come to an end.
    """
    line = head.partition(b"\n")[0]
    n = max(line.count(delimiter) for delimiter in (b",", b";", b"\t", b"|"))
    if n > _MOST_COLUMNS:
        raise InvalidInput(
            f"{source.name} has {n:,} cells in its first line, more than the {_MOST_COLUMNS:,} "
            "columns that are read; write the table with rows and columns exchanged",
            source=source.name,
        )


def too_long(source: Source) -> InvalidInput:
    """The refusal of a line that never seems to end."""
    return InvalidInput(
        f"{source.name} has a line of more than {LONGEST_LINE >> 20} megabytes; look for a "
        "quotation mark that is not closed, or for line ends that were lost",
        source=source.name,
    )


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


def _cut(held_quotes: int, seen_quotes: int, buffer: bytearray, n: int, end: bytes) -> int:
    """Where the last finished line before any blank ones ends in ``buffer``; 0 for nowhere."""
    stop = buffer.rfind(end, 0, n)
    if seen_quotes or held_quotes:
        # A line end after an odd number of quotes is inside a quoted cell.
        quotes = held_quotes + buffer.count(b'"', 0, max(stop, 0))
        while stop >= 0 and quotes % 2:
            before = buffer.rfind(end, 0, stop)
            quotes -= buffer.count(b'"', max(before, 0), stop)
            stop = before
    if stop < 0:
        return 0
    # Blank lines stay with the next piece: at the end of the file they are no rows.
    last = _before_blank(buffer, stop)
    return buffer.find(end, last, n) + 1 if last > 0 else 0


def _before_blank(buffer: bytearray, stop: int) -> int:
    """Where the line ends that stand just before ``stop`` begin."""
    look = 64
    while stop > 0:
        tail = buffer[max(0, stop - look) : stop]
        kept = len(tail.rstrip(b"\r\n"))
        stop -= len(tail) - kept
        if kept:
            break
        look *= 2
    return stop
