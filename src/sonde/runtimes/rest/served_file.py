"""The model file that the service was started with."""

from __future__ import annotations

import threading
from pathlib import Path

from ...core import ModelRef
from ...errors import SondeError
from ...learn import Estimator
from ...registry import FileModels
from ...registry.files import look_at, refused_path
from ...security import Keyring
from ...telemetry.logs import log

Answer = tuple[Estimator, str]


class ServedFile(FileModels):
    """One file, and no other that a caller may name.

    Where the file changes it is read again; while what lies there can't be used, the model that
    was read last goes on and ``problem`` says why.
    """

    def __init__(self, ref: ModelRef, keyring: Keyring, max_bytes: int) -> None:
        self._log = log("sonde.service")
        super().__init__(keyring, max_bytes, self._log.warning)
        self.ref = ref
        self.problem: str | None = None
        self._kept: tuple[tuple[int, int] | None, Answer] | None = None
        self._reading = threading.Lock()

    def at_hand(self, ref: ModelRef) -> Answer | None:
        """The model where it is in memory as the file has it now."""
        kept = self._kept
        if ref != self.ref or kept is None:
            return None
        return kept[1] if kept[0] == look_at(Path(ref.name)) else None

    def resolve(self, ref: ModelRef, key: str | None) -> Answer:
        """The model; its version goes by ``file``."""
        if ref != self.ref:
            raise refused_path(ref.name)
        with self._reading:
            known = self.at_hand(ref)
            return self._read(key) if known is None else known

    def _read(self, key: str | None) -> Answer:
        seen = look_at(Path(self.ref.name))
        try:
            answer = super().resolve(self.ref, key)
        except SondeError as error:
            self.problem = str(error)
            if self._kept is None:
                raise
            self._log.error("the model file can't be used, the last model goes on", why=str(error))
            answer = self._kept[1]
        else:
            self.problem = None
        self._kept = (seen, answer)
        return answer
