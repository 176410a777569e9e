"""Standard streams that are closed, full, or whose reader went away."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from ..errors import Unavailable


def prepare() -> None:
    """Give a stream that the caller closed a place, and every stream a way to show any text.

    Without it the next file opened would take the number of the closed stream, and what is
    printed would land in that file.
    """
    # Standard output is opened for reading, so that a result that can't be printed is an error.
    flags = (os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)
    for number, (name, flag) in enumerate(zip(("stdin", "stdout", "stderr"), flags, strict=True)):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flag)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
            setattr(sys, name, io.TextIOWrapper(_buffered(raw, number), encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that can't show a character gets a question mark, not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _buffered(raw: io.FileIO, number: int) -> Any:
    return io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)


def give_up(stream: IO[str]) -> None:
    """Send what the stream still holds, and all that follows, nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


@contextmanager
def printing() -> Iterator[None]:
    """Within the block a result is printed; Unavailable where standard output takes none."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        give_up(sys.stdout)
        raise Unavailable(
            f"the result can't be written to standard output: {error.strerror}"
        ) from None
