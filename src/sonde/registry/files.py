"""Models that lie in files, by their path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..core import ModelRef
from ..errors import Forbidden
from ..learn import Estimator
from ..security import Keyring
from .artifact import load_artifact


@dataclass
class FileModels:
    """The simplest source of models: a reference's name is the path of a file.

    ``tell`` hears the notice of a file whose signature is not trusted. A file is
    read once, and again when it has changed.
    """

    keyring: Keyring
    max_bytes: int
    tell: Callable[[str], None]
    _known: dict[str, tuple[tuple[int, int], Estimator]] = field(default_factory=dict)

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        """The model and the version it goes by."""
        path = Path(ref.name)
        seen = look_at(path)  # before it is read: a file that changes meanwhile is read again
        known = self._known.get(ref.name)
        if known is None or seen is None or known[0] != seen:
            loaded = load_artifact(path, self.keyring, self.max_bytes)
            if loaded.notice is not None:
                self.tell(loaded.notice)
            known = (seen or (0, 0), loaded.model)
            self._known[ref.name] = known
        return known[1], "file"


def look_at(path: Path) -> tuple[int, int] | None:
    """When the file was written and its size; None where there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def refused_path(name: str) -> Forbidden:
    """The refusal of a path where only models of the registry are answered for."""
    return Forbidden(
        f"{name[:140]!r} is the path of a file, and only models of the registry are served here; "
        "import it: sonde models import FILE --name NAME",
        model=name[:140],
    )
