"""Secrets that lie in files of the data folder, made at first need."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import InvalidInput, Unavailable

PEPPER_BYTES = 32
LEAST_PEPPER = 16  # characters of one that a person sets


def pepper_of(given: str | None, home: Path) -> bytes:
    """The secret mixed into stored keys: ``given``, else that of ``home/keys/pepper``.

    The file is made at first need, readable by its owner only; of two processes that start
    together both get the same. Machines that share a database must be given the same pepper.

    Raises
    ------
    InvalidInput : the setting is too short, or the file holds something else.
    Unavailable : the file can't be read or written.
    """
    if given is not None:
        if len(given) < LEAST_PEPPER:
            raise InvalidInput(
                f"setting SONDE_KEYS__PEPPER: it has {len(given)} characters and needs "
                f"{LEAST_PEPPER} or more; `openssl rand -hex 32` makes a good one",
                setting="SONDE_KEYS__PEPPER",
            )
        return given.encode()
    path = home / "keys" / "pepper"
    text = text_of(path)
    if text is None:
        write_once(path, os.urandom(PEPPER_BYTES).hex())
        text = text_of(path)
    try:
        pepper = bytes.fromhex(text or "")
    except ValueError:
        pepper = b""
    if len(pepper) != PEPPER_BYTES:
        raise InvalidInput(
            f"{path} does not hold a pepper, {2 * PEPPER_BYTES} hexadecimal digits; bring back the "
            "file that was there, or move it away: then a new one is made and all keys are void",
            path=str(path),
        )
    return pepper


def text_of(path: Path) -> str | None:
    """The text of a secret file without the spaces around it, None where there is no such file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(
            f"{path} can't be read: {error.strerror}; change its permissions so that only this "
            "user may read it",
            path=str(path),
        ) from None


def write_once(path: Path, text: str) -> None:
    """Write a secret for its owner only, unless another process was first."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        half = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # A link is made whole or not at all, and never over what is there.
            os.link(half, path)
        except FileExistsError:
            pass
        finally:
            half.unlink()
    except OSError as error:
        raise Unavailable(
            f"{path} can't be written: {error.strerror}; point SONDE_HOME to a folder that can be "
            "written",
            path=str(path),
        ) from None
