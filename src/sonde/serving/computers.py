"""Processes that compute, so that work which takes too long can be stopped.

A compiled kernel in a thread can't be: a thread ends when its work does. A process can be killed,
and one that runs out of memory or crashes takes nobody with it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import signal
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

from ..errors import TimeLimit, Unavailable
from .jobs import Job, named
from .process import Process

log = logging.getLogger(__name__)

SETTING = "SONDE_LIMITS__SECONDS"
GLANCE_S = 0.05  # how often a running job is asked whether somebody still wants it
IDLE_GLANCE_S = 1.0  # how often an idle process is asked whether it is still there
START_S = 120.0  # the first start ever compiles kernels


@dataclass(eq=False)
class _Work:
    """One job in line, or running."""

    name: str
    payload: bytes
    seconds: float
    answer: Future[bytes] = field(default_factory=Future)

    def settle(self, outcome: bytes | Exception) -> None:
        with suppress(InvalidStateError):  # nobody waits any more
            if isinstance(outcome, Exception):
                self.answer.set_exception(outcome)
            else:
                self.answer.set_result(outcome)


class Computers:
    """``n`` processes for jobs that must not run in this one. POSIX only.

    A job is a function of a module, ``bytes`` in and ``bytes`` out, given as ``"module:function"``
    or as itself. Jobs run in the order they came; each process runs one at a time.

    Parameters
    ----------
    n : processes.
    waiting : jobs that may stand in line while all processes are busy.
    seconds : how long a job may run; its process is killed then, and replaced.
    start : the job that each process runs first, to warm itself; its answer is left aside.
    start_payload : what that one is given.
    memory_mb : megabytes that a job may take beyond what a warm process has; None for no limit of
        ours. Linux only.

    Examples
    --------
    >>> with Computers(1, waiting=4, seconds=30) as computers:
    ...     computers.run("zlib:compress", b"a" * 99)[:2]
    b'x\\x9c'
    """

    def __init__(
        self,
        n: int,
        waiting: int,
        seconds: float,
        start: str | Job | None = None,
        *,
        start_payload: bytes = b"",
        memory_mb: int | None = None,
    ) -> None:
        self.n, self.waiting, self.seconds = n, waiting, seconds
        self._start = None if start is None else named(start)
        self._start_payload, self._memory_mb = start_payload, memory_mb
        self._line: deque[_Work] = deque()
        self._changed = threading.Condition()
        self._busy = self._ready = 0
        self._closing = False
        self._gone_by = math.inf
        self._usual_s = 1.0
        self._problem: str | None = None
        # Each process has a thread of its own, which alone starts, feeds and kills it: Linux ends
        # a child when the thread that started it ends.
        self._keepers = [
            threading.Thread(target=self._keep, name=f"sonde-computer-{i}", daemon=True)
            for i in range(n)
        ]
        for keeper in self._keepers:
            keeper.start()

    # --- for those who have work -------------------------------------------------------------

    async def submit(self, job: str | Job, payload: bytes, seconds: float | None = None) -> bytes:
        """The job's answer. Cancelled, it leaves the line, or its process is killed.

        Raises
        ------
        TimeLimit : it ran for ``seconds``.
        Unavailable : the line is full (facts: ``retry_after_s``), the process died, or the
            service is closing.
        JobFailed : it raised something that is none of our errors.
        SondeError : what the job raised itself, with its facts.
        """
        return await asyncio.wrap_future(self._put(job, payload, seconds).answer)

    def run(self, job: str | Job, payload: bytes, seconds: float | None = None) -> bytes:
        """As ``submit``, for those who may block."""
        answer = self._put(job, payload, seconds).answer
        try:
            return answer.result()
        finally:
            answer.cancel()  # an interrupt while waiting is a client that went away

    @property
    def n_busy(self) -> int:
        """Processes that work."""
        return self._busy

    @property
    def n_ready(self) -> int:
        """Processes that are warm, busy or not."""
        return self._ready

    @property
    def n_waiting(self) -> int:
        """Jobs in line that somebody still waits for."""
        with self._changed:
            return sum(not work.answer.done() for work in self._line)

    @property
    def problem(self) -> str | None:
        """Why the last process that was started did not become ready; None where it did."""
        return self._problem

    def close(self, seconds: float = 0.0) -> None:
        """Take no more work, finish what was accepted for up to ``seconds``, then kill."""
        with self._changed:
            self._closing = True
            self._gone_by = min(self._gone_by, time.monotonic() + seconds)
            self._changed.notify_all()
        for keeper in self._keepers:
            keeper.join()
        for work in self._line:
            work.settle(_closing())
        self._line.clear()

    def __enter__(self) -> Computers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _put(self, job: str | Job, payload: bytes, seconds: float | None) -> _Work:
        work = _Work(named(job), payload, self.seconds if seconds is None else seconds)
        with self._changed:
            if self._closing:
                raise _closing()
            if len(self._line) + self._busy >= self.n + self.waiting:
                self._line = deque(one for one in self._line if not one.answer.done())
            if len(self._line) + self._busy >= self.n + self.waiting:
                raise self._full()
            self._line.append(work)
            self._changed.notify()
        return work

    def _full(self) -> Unavailable:
        ahead = (len(self._line) + self._busy) / self.n
        return Unavailable(
            f"{self._busy} jobs are running and {len(self._line)} wait already, the most that may; "
            "ask again later",
            retry_after_s=max(1, math.ceil(min(ahead * self._usual_s, self.seconds))),
        )

    # --- what the thread of each process does ------------------------------------------------

    def _keep(self) -> None:
        process = self._started()
        while not self._is_over():
            work = self._next()
            if process is not None and not process.is_alive():
                process = self._replaced(process)
            if work is None:
                continue
            if process is None:
                process = self._started()  # somebody asks, so it is tried again
            began = time.monotonic()
            if process is None:
                self._settle(work, Unavailable(f"no process could start: {self._problem}"), 0.0)
                continue
            outcome = self._outcome(work, process)
            self._settle(work, outcome, time.monotonic() - began)
            if not process.is_alive():
                process = self._replaced(process)
        if process is not None:
            self._ended(process)

    def _next(self) -> _Work | None:
        """The next job that is still wanted; None where none came for a while."""
        with self._changed:
            if not self._line and not self._closing:
                self._changed.wait(IDLE_GLANCE_S)
            while self._line:
                work = self._line.popleft()
                if not work.answer.done():
                    self._busy += 1
                    return work
        return None

    def _is_over(self) -> bool:
        with self._changed:
            return self._closing and (not self._line or time.monotonic() >= self._gone_by)

    def _settle(self, work: _Work, outcome: bytes | Exception, took: float) -> None:
        # Free before the answer is told: who hears it may ask for the next job at once.
        with self._changed:
            self._busy -= 1
            self._usual_s += (took - self._usual_s) / 8
        work.settle(outcome)

    def _outcome(self, work: _Work, process: Process) -> bytes | Exception:
        """What the job answered, or why it did not."""
        began = time.monotonic()
        until, is_wanted = began + work.seconds, True
        try:
            process.send(work.name, work.payload)
            while not process.has_answered(min(GLANCE_S, until - time.monotonic())):
                now = time.monotonic()
                if is_wanted and work.answer.cancelled():
                    # A replacement takes as long: until then the job may as well finish. Else a
                    # caller who hangs up again and again would keep us starting processes.
                    until, is_wanted = min(until, now + process.start_s), False
                if now >= until or now >= self._gone_by:
                    process.kill()
                    return _closing() if now < until else _too_long(work.seconds)
            return process.answer()
        except (EOFError, OSError):
            died = _died(process.exit_code())
            process.kill()  # it may take its time to end, and is of no use any more
            return died
        except Exception as error:  # memory that an answer needs here, say: whoever asked hears it
            process.kill()  # it may be in the middle of a message
            return error

    # --- a process begins and ends -----------------------------------------------------------

    def _started(self) -> Process | None:
        """A warm process; None where it did not get so far, with the reason in ``problem``."""
        try:
            process = Process()
        except Exception as error:  # no more processes or files, say; it is tried again
            self._problem = f"{type(error).__name__}: {error}"
            log.error("a computing process did not start: %s", self._problem)
            return None
        outcome = self._warmed(process)
        if isinstance(outcome, Exception):
            self._problem = str(outcome)
            process.kill()
            process.close()
            if not self._closing:
                log.error("a computing process did not start: %s", outcome)
            return None
        self._problem = None
        with self._changed:
            self._ready += 1
        return process

    def _warmed(self, process: Process) -> bytes | Exception:
        settings = {"start": self._start, "memory_mb": self._memory_mb}
        try:
            process.send(json.dumps(settings), self._start_payload)
            while not process.has_answered(GLANCE_S):
                if self._is_over():
                    return _closing()
                if time.monotonic() >= process.began + START_S:
                    return _too_long(START_S)
            process.start_s = time.monotonic() - process.began
            return process.answer()
        except (EOFError, OSError):
            return _died(process.exit_code())

    def _replaced(self, process: Process) -> Process | None:
        log.warning("a computing process ended (%s); another one starts", process.exit_code())
        self._ended(process)
        return None if self._is_over() else self._started()

    def _ended(self, process: Process) -> None:
        with self._changed:
            self._ready -= 1
        process.close()


def _too_long(seconds: float) -> TimeLimit:
    return TimeLimit(
        f"the work took longer than the {seconds:g} s it may; send fewer rows, or raise {SETTING}",
        limit=seconds,
        setting=SETTING,
    )


def _died(code: int | None) -> Unavailable:
    how = "hung up" if code is None else f"ended with exit code {code}"
    if code is not None and code < 0:
        known = {one.value: one.name for one in signal.Signals}
        how = f"was ended by {known.get(-code, f'signal {-code}')}"
        if -code == signal.SIGKILL:
            how += ", as the system does where memory runs out"
    return Unavailable(
        f"the process that worked on this {how}; others are not affected. Send fewer rows, or try "
        "again",
        retry_after_s=1,
        exit_code=code,
    )


def _closing() -> Unavailable:
    return Unavailable("the service is closing; ask again, it may be back soon", retry_after_s=5)
