"""Kernels of the models that a service has: compiled before it is ready, the others behind it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ...errors import NotFound, SondeError
from ...serving.computers import Computers
from ...telemetry.logs import Log

_JOB = "sonde.runtimes.rest.work:compile_kernels"
_LONGEST_S = 900.0  # all kernels take about one minute of a processor
# A tenth of what others get where all are busy. Measured on two busy cores: the median of predict
# stayed at 6 ms, p99 rose from 9.5 to 12.6 ms; with 19, compiling never ended.
_BEHIND = 10
_SHARED = "tails"  # every detector's scores become probabilities


class Warming:
    """Has kernels compiled in a process of its own, since a compiler leaves a process no time.

    ``lacking`` says what the models served still wait for; None where nothing.
    """

    def __init__(self, log: Log) -> None:
        self.lacking: str | None = None
        self._log = log
        self._process: Computers | None = None
        self._is_closing = False
        self._lock = threading.Lock()

    def start(self, estimators: Iterable[str], then: Callable[[], None]) -> None:
        """Load the kernels of these estimators, then call ``then``, then see to all other kernels.

        Where all are compiled already, ``then`` has been called when this returns; else a thread
        does it.
        """
        from ...kernels import warm as kernels

        needed = families_of(estimators)
        cold = [family for family in kernels.families() if not kernels.is_warm(family)]
        first = [family for family in needed if family in cold]
        if first:
            self.lacking = f"compiling, once on this machine: {', '.join(first)}"
            self._log.info("kernels of models are compiled", families=first)
        else:
            self._load(needed)
            then()
        if cold:
            rest = [family for family in cold if family not in needed]
            threading.Thread(
                target=self._compile,
                args=(first, needed, rest, then),
                name="sonde-warming",
                daemon=True,
            ).start()

    def close(self) -> None:
        """Stop compiling; what is not compiled yet is when it is first used."""
        with self._lock:
            self._is_closing = True
            process = self._process
        if process is not None:
            process.close()

    # --- in a thread of its own --------------------------------------------------------------

    def _compile(
        self, first: list[str], needed: list[str], rest: list[str], then: Callable[[], None]
    ) -> None:
        with self._lock:
            if self._is_closing:
                return
            self._process = Computers(1, waiting=1, seconds=_LONGEST_S)
        try:
            if first:
                self._ask(first, behind=False)
                self._load(needed)
                then()
                self.lacking = None
            if rest:
                self._ask(rest, behind=True)
                self._log.info("all kernels are compiled")
        finally:
            self.lacking = None
            self._process.close()

    def _ask(self, families: list[str], *, behind: bool) -> None:
        process = self._process
        assert process is not None
        try:
            process.run(_JOB, json.dumps({"families": families, "behind": behind}).encode())
        except SondeError as error:
            # Nothing is lost but time: whoever uses such a kernel first compiles it.
            if not self._is_closing:
                self._log.error("kernels were not compiled", families=families, why=str(error))

    @staticmethod
    def _load(families: list[str]) -> None:
        from ...kernels import warm as kernels

        for family in families:
            kernels.warm(family)


def families_of(estimators: Iterable[str]) -> list[str]:
    """The kernel families that these estimators call, sorted; unknown ones call none."""
    from ...learn.catalogue import find

    found: set[str] = set()
    for name in estimators:
        try:
            found.update(find(name).kernels, [_SHARED])
        except NotFound:  # of another version of Sonde, which says so when it is asked for
            continue
    return sorted(found)


def compile_in_order(families: Iterable[str], *, behind: bool) -> None:
    """In the process that compiles: one family after the other, ``behind`` all other work."""
    from ...kernels.warm import warm

    if behind:
        os.nice(_BEHIND)
        # Linux weighs sessions first and the processes in each then, and this has one of its own.
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(_BEHIND))
    for family in families:
        warm(family)
