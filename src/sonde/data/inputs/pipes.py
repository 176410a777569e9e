"""What can be read only once: pipes, standard input, open files."""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from pathlib import Path
from typing import IO, Any

from ...errors import InvalidInput
from .memory import available_memory

_CHUNK = 1 << 20
_WAIT_S = 5.0  # for somebody to write to a pipe
# The text, the frame that is made of it and the numbers that are taken from it stand side by side.
_SHARE = 4
# A pipe may have no end, and gives some hundred megabytes in a second: who waits wants to be told.
_MOST_OF_PIPE = 2 << 30


def most_held() -> int:
    """Bytes that are read of what must be held whole: a quarter of the free memory."""
    return available_memory() // _SHARE


def most_of(stream: Any) -> int:
    """Bytes that are read of an open file; of a pipe no more than two gigabytes."""
    kind = _kind(stream)
    ends = kind is None or stat.S_ISREG(kind.st_mode)
    return most_held() if ends else min(most_held(), _MOST_OF_PIPE)


def standard_input() -> Any:
    """The bytes of standard input.

    Raises
    ------
    InvalidInput : this process has none.
    """
    if sys.stdin is None:
        raise InvalidInput("this process has no standard input; name a file")
    return sys.stdin.buffer


def name_of(stream: Any) -> str:
    """What to call an open file: the last part of its path where it has one."""
    name = getattr(stream, "name", None)
    return Path(name).name if isinstance(name, str) else "file object"


def all_of(stream: Any, name: str, most: int | None = None) -> bytes:
    """All that an open file gives from where it stands, text as UTF-8.

    Parameters
    ----------
    stream : binary or text; ``read(n)`` is asked of it until nothing comes.
    most : bytes; ``most_of(stream)`` when left out.

    Raises
    ------
    InvalidInput : more than ``most`` bytes, a device without an end, or nothing readable.
    """
    _refuse_endless(stream, name)
    most = most_of(stream) if most is None else most
    held = io.BytesIO()
    while part := _next(stream, name):
        held.write(part)
        if held.tell() > most:
            raise too_long(name, most)
    # BytesIO hands out what it holds; joining parts would take the memory twice.
    return held.getvalue()


def all_of_pipe(path: Path, most: int | None = None) -> bytes:
    """All that comes out of a named pipe.

    Opened without waiting: a pipe that nobody writes to would never open. No bytes and no error
    mean that there is no writer, an error that there is one with nothing to say yet.

    Raises
    ------
    InvalidInput : nobody writes to it for five seconds, or more than ``most`` bytes come.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(number, "rb", buffering=0) as stream:
        patience = time.monotonic() + _WAIT_S
        while (first := stream.read(_CHUNK)) == b"":
            if time.monotonic() > patience:
                raise InvalidInput(
                    f"{path} is a pipe that nothing writes to; start the writer first, or pass its "
                    "output as standard input (-)",
                    source=str(path),
                )
            time.sleep(0.02)
        os.set_blocking(number, True)
        most = most_of(stream) if most is None else most
        return all_of(_Rest(first or b"", stream), str(path), most)


class _Rest:
    """A stream of which a first piece was taken."""

    def __init__(self, first: bytes, stream: IO[bytes]) -> None:
        self._first = first
        self._stream = stream

    def read(self, n: int) -> bytes:
        first, self._first = self._first, b""
        return first or self._stream.read(n)


def too_long(name: str, most: int) -> InvalidInput:
    """The refusal of what does not fit into the memory that is given to it."""
    return InvalidInput(
        f"{name} gives more than {most >> 20:,} megabytes, as much as is held in memory; save it "
        "to a file and name the file",
        source=name,
        most_bytes=most,
    )


def is_null(kind: os.stat_result) -> bool:
    """True for the device that is always empty."""
    null = Path(os.devnull).stat()
    return (kind.st_dev, kind.st_ino) == (null.st_dev, null.st_ino)


def device(name: str) -> InvalidInput:
    """The refusal of /dev/zero and its like."""
    return InvalidInput(f"{name} is a device, not a file or a pipe; name a file", source=name)


def _refuse_endless(stream: Any, name: str) -> None:
    """Raise InvalidInput for devices; a terminal ends, and so does the empty device."""
    kind = _kind(stream)
    if kind is None or not stat.S_ISCHR(kind.st_mode):
        return
    if not os.isatty(stream.fileno()) and not is_null(kind):
        raise device(name)


def _kind(stream: Any) -> os.stat_result | None:
    """What the system says of an open file; None for what is one in Python only."""
    try:
        return os.fstat(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _next(stream: Any, name: str) -> bytes:
    try:
        content = stream.read(_CHUNK)
        if isinstance(content, str):
            return content.encode()
    except UnicodeError:
        raise InvalidInput(
            f"{name} holds text in another encoding than it was opened with; open it as bytes "
            '(open(path, "rb"))',
            source=name,
        ) from None
    except (OSError, ValueError) as refused:
        reason = getattr(refused, "strerror", None) or str(refused)
        raise InvalidInput(
            f"{name} cannot be read ({reason}); open it for reading, or name its path", source=name
        ) from None
    if not isinstance(content, bytes | bytearray | memoryview):
        raise InvalidInput(
            f"{name}: read() gives {type(content).__name__}, neither bytes nor text; pass a path "
            "or an open file",
            source=name,
        )
    return bytes(content)
