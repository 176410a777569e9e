"""A file that is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..errors import InvalidInput


class Download:
    """Bytes on their way to ``path``; ``keep`` puts them there, leaving without it drops them.

    Raises
    ------
    InvalidInput : the folder is not there or can't be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = hashlib.sha256()
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        except OSError as refused:
            raise _not_written(path, refused) from None
        self._part = Path(name)
        self._stream = os.fdopen(handle, "wb")

    def write(self, piece: bytes) -> None:
        self._seen.update(piece)
        try:
            self._stream.write(piece)
        except OSError as refused:
            raise _not_written(self._path, refused) from None

    def keep(self, digest: str | None) -> bool:
        """Put what was written in place; False where it is not what ``digest`` says."""
        if digest is not None and self._seen.hexdigest() != digest.lower():
            return False
        try:
            self._stream.close()
            self._part.replace(self._path)
        except OSError as refused:
            raise _not_written(self._path, refused) from None
        return True

    def __enter__(self) -> Download:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk refuses again what it refused before
            self._stream.close()
        self._part.unlink(missing_ok=True)


def _not_written(path: Path, refused: OSError) -> InvalidInput:
    return InvalidInput(
        f"{path} can't be written: {refused.strerror or refused}; name another place",
        path=str(path),
    )
