"""A computing process, seen by the one who started it."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import suppress
from multiprocessing import Pipe

from .jobs import DONE, REFUSED, JobFailed, command, unpacked

HANG_UP_S = 1.0  # an idle process that was hung up on ends in milliseconds


class Process:
    """One child and the connection to it; used by one thread alone."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.start_s = 0.0
        self._connection, theirs = Pipe()
        with theirs:
            try:
                # A session of its own: what a terminal sends to all that run in it is not for this
                # one. Standard output is the program's, so what a job prints goes to its errors.
                self._child = subprocess.Popen(
                    command(theirs.fileno()),
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=2,
                    start_new_session=True,
                )
            except OSError:
                self._connection.close()
                raise

    def send(self, name: str, payload: bytes) -> None:
        self._connection.send_bytes(name.encode())
        self._connection.send_bytes(payload)

    def has_answered(self, seconds: float) -> bool:
        """Whether something came within that time: an answer, or the end."""
        return self._connection.poll(max(seconds, 0.0))

    def answer(self) -> bytes | Exception:
        kind, body = self._connection.recv_bytes(), self._connection.recv_bytes()
        if kind == DONE:
            return body
        if kind == REFUSED:
            return unpacked(body)
        return JobFailed(**json.loads(body))

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def exit_code(self) -> int | None:
        """As ``Popen.returncode``, for a process that is about to end."""
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(HANG_UP_S)
        return self._child.returncode

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    def close(self) -> None:
        """Hang up and wait for the end, which is forced where it does not come."""
        self._connection.close()
        if self.exit_code() is None:
            self.kill()
