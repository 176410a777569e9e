"""Folders that Sonde writes to: its data, its keys, compiled kernels, temporary files."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..security import Keyring
from ..security.signing import Signature
from ..settings import Settings
from .finding import Finding

if TYPE_CHECKING:
    from ..kernels._folders import Folders

MEGABYTE = 2**20
LEAST_FREE_MB = 100


def home(settings: Settings) -> list[Finding]:
    """The data folder: there and writable, or possible to make."""
    trouble = why_unwritable(settings.home)
    if trouble is not None:
        remedy = "point SONDE_HOME to a folder that can be written"
        return [Finding("folders", "data folder", "wrong", f"{settings.home}: {trouble}", remedy)]
    made = "" if settings.home.is_dir() else " (made at first need)"
    return [Finding("folders", "data folder", "fine", f"{settings.home}{made}")]


def signing_key(settings: Settings) -> list[Finding]:
    """The key that models are signed with: readable, a key, and nobody else's to read."""
    folder = settings.home / "keys"
    path = folder / "signing.key"
    if not path.parent.is_dir() or not os.path.lexists(path):
        return [Finding("folders", "signing key", "fine", "none yet (made at first need)")]
    # Asking whether anything is trusted reads every key; a damaged one is refused with a sentence.
    Keyring(folder).trusts(Signature("", ""))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        found = f"{path} can be read by other users"
        return [Finding("folders", "signing key", "wrong", found, f"chmod 600 {path}")]
    return [Finding("folders", "signing key", "fine", str(path))]


def kernel_cache(folders: Folders | None = None) -> list[Finding]:
    """Where compiled kernels are kept, and which are there."""
    from ..kernels import _jit
    from ..kernels import warm as kernels

    name = "compiled kernels"
    folders = _jit.FOLDERS if folders is None else folders
    trouble = why_unwritable(folders.kept)
    if trouble is not None:
        remedy = "make it writable, or every start compiles anew, which takes seconds"
        return [Finding("folders", name, "wrong", f"{folders.kept}: {trouble}", remedy)]
    if not folders.is_lasting:
        found = f"kept in {folders.kept} for this run only"
        remedy = "make Sonde's package folder or the user's cache folder writable"
        return [Finding("folders", name, "wrong", found, remedy)]
    families = kernels.families()
    cold = [family for family in families if not kernels.is_warm(family, folders)]
    state = f"warm, all {len(families)} families"
    if cold:
        state = f"{len(cold)} of {len(families)} families cold: a first use compiles (sonde warm)"
    return [Finding("folders", name, "fine", f"{state} ({folders.kept})")]


def temporary_files() -> list[Finding]:
    """Room in the folder for temporary files."""
    folder = Path(tempfile.gettempdir())
    free = shutil.disk_usage(folder).free // MEGABYTE
    found = f"{free:,} MB free in {folder}"
    if free < LEAST_FREE_MB:
        remedy = f"free {LEAST_FREE_MB} MB there, or point TMPDIR elsewhere"
        return [Finding("folders", "temporary files", "wrong", found, remedy)]
    return [Finding("folders", "temporary files", "fine", found)]


def why_unwritable(folder: Path) -> str | None:
    """Why nothing can be written in ``folder``; None where it can, or where it can be made.

    Where the folder is there a file is written and removed, because permissions do not tell of a
    full or read-only disk; where it is not, nothing is made.
    """
    if folder.is_dir():
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"x")
        except OSError as error:
            return f"can't be written ({error.strerror})"
        return None
    if os.path.lexists(folder):
        return "is no folder"
    nearest = next(above for above in folder.absolute().parents if os.path.lexists(above))
    if not nearest.is_dir():
        return f"can't be made, {nearest} is no folder"
    return None if os.access(nearest, os.W_OK) else f"can't be made, {nearest} can't be written"
