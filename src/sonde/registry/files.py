"""Models that lie in files, by their path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..core import ModelRef
from ..learn import Estimator
from ..security import Keyring
from .artifact import load_artifact


@dataclass
class FileModels:
    """The simplest source of models: a reference's name is the path of a file.

    ``tell`` hears the notice of a file whose signature is not trusted. A model is read once.
    """

    keyring: Keyring
    max_bytes: int
    tell: Callable[[str], None]
    _known: dict[str, Estimator] = field(default_factory=dict)

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        """The model and the version it goes by."""
        if ref.name not in self._known:
            loaded = load_artifact(Path(ref.name), self.keyring, self.max_bytes)
            if loaded.notice is not None:
                self.tell(loaded.notice)
            self._known[ref.name] = loaded.model
        return self._known[ref.name], "file"
