"""A connection on which everything together has one deadline."""

from __future__ import annotations

import io
import socket
import time
from typing import IO, Any


class Deadline:
    """Seconds that are left of ``seconds``, from now on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than 0.

        Raises
        ------
        TimeoutError : none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class DeadlinedSocket:
    """As much of a socket as ``http.client`` uses.

    A socket's own timeout starts again with each byte, so that a server which sends one now and
    then holds its reader for ever; here each wait is as long as what is left of the whole.
    """

    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(self._deadline.left())
        self._inner.sendall(data)

    def makefile(self, mode: str) -> IO[bytes]:
        return io.BufferedReader(_Received(self._inner, self._deadline))

    def close(self) -> None:
        """Nothing: ``http.client`` closes before the body is read; whoever connected closes."""


class _Received(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(self._deadline.left())
        return self._inner.recv_into(buffer)
