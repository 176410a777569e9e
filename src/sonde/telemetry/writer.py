"""Writes lines in the background, so that a stream that is slow, full or gone costs no request."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import IO, Any

# Lines wait this long for others, so that a busy service makes 50 writes a second, not 5,000.
GATHER_S = 0.02
# What a pipe takes in one piece (POSIX, PIPE_BUF on Linux): workers that share one do not mix
# their lines unless a single line is longer.
PIECE = 4096
MOST_LINES = 10_000
# How long a stream that takes nothing is asked again before its lines are given up.
PATIENCE_S = 2.0


class Writer:
    """Takes lines and writes them from a thread of its own.

    Parameters
    ----------
    stream : where lines go; None, for a process without one, loses them all.
    told : the line that says how many lines were lost, written once writing works again.
    most : lines that may wait; more are lost and counted.

    Nothing here raises and nothing waits, except ``flush`` and ``close`` up to their limit.
    """

    def __init__(
        self, stream: IO[Any] | None, told: Callable[[int], bytes], most: int = MOST_LINES
    ) -> None:
        self._stream = stream
        # A descriptor of our own: when somebody closes theirs its number is given to the next
        # file or connection that is opened, and lines would end up in there.
        self._descriptor = _own_descriptor(stream)
        self._told = told
        self._most = most
        self._waiting: deque[bytes | Event] = deque()
        self._lost = 0
        self._lost_in_all = 0
        self._counting = Lock()
        self._awake = Event()
        self._hurry = Event()
        self._is_closing = False
        self._thread = Thread(target=self._run, name="sonde-log", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """Lines that were never written."""
        return self._lost_in_all

    def put(self, line: bytes) -> None:
        """Have ``line`` (with its end) written soon."""
        if len(self._waiting) >= self._most or self._is_closing:
            self._lose(1)
            return
        self._waiting.append(line)
        if not self._awake.is_set():
            self._awake.set()

    def flush(self, timeout_s: float) -> bool:
        """True once everything put so far was tried; False when that took too long."""
        done = Event()
        self._waiting.append(done)
        self._hurry.set()
        self._awake.set()
        return done.wait(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Write what waits, as far as the time allows, and end the thread."""
        self._is_closing = True
        self.flush(timeout_s)

    def _run(self) -> None:
        while True:
            self._awake.wait()
            self._hurry.wait(GATHER_S)
            self._hurry.clear()
            # Cleared before the lines are taken: one that comes later wakes us again.
            self._awake.clear()
            self._write_all()
            if self._is_closing and not self._waiting:
                if self._descriptor is not None:
                    with suppress(OSError):
                        os.close(self._descriptor)
                return

    def _write_all(self) -> None:
        piece: list[bytes] = []
        size = 0
        while self._waiting:
            item = self._waiting.popleft()
            ends = isinstance(item, Event) or size + len(item) > PIECE
            if piece and ends:
                self._write(piece)
                piece, size = [], 0
            if isinstance(item, Event):
                item.set()
            else:
                piece.append(item)
                size += len(item)
        if piece:
            self._write(piece)

    def _write(self, lines: list[bytes]) -> None:
        try:
            self._send(b"".join(lines))
        except Exception:  # whatever a stream does, the service goes on
            self._lose(len(lines))
            return
        if self._lost:
            with self._counting:
                lost, self._lost = self._lost, 0
            try:
                self._send(self._told(lost))
            except Exception:  # as above; the number is told with the next line that goes through
                with self._counting:
                    self._lost += lost

    def _send(self, data: bytes) -> None:
        if self._descriptor is None:
            if self._stream is None:
                raise OSError("no stream")
            self._stream.write(data.decode())
            self._stream.flush()
            return
        rest = memoryview(data)
        until = time.monotonic() + PATIENCE_S
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another program made the terminal or pipe non-blocking
                if time.monotonic() > until:
                    raise
                time.sleep(GATHER_S)

    def _lose(self, n_lines: int) -> None:
        with self._counting:
            self._lost += n_lines
            self._lost_in_all += n_lines


def _own_descriptor(stream: IO[Any] | None) -> int | None:
    """A copy of the stream's descriptor; None for a stream that has none."""
    if stream is None:
        return None
    try:
        stream.flush()
        return os.dup(stream.fileno())
    except (OSError, ValueError):
        return None
