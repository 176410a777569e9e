"""Where compiled code is kept, and where else it may lie ready."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numba
import platformdirs

VARIABLE = "NUMBA_CACHE_DIR"  # read by numba; named in what people are told
_IMPORT = re.compile(r"^\s*from \.(\w+) import ", re.MULTILINE)


@dataclass(frozen=True)
class Folders:
    """The folders of one installation.

    ``kept`` is read and written. ``ready`` are only read: who installed the package, or built the
    image, may have filled them. ``is_lasting``: False where ``kept`` serves this process alone.
    """

    kept: Path
    ready: tuple[Path, ...] = ()
    is_lasting: bool = True


def folders(given: str, package: Path) -> Folders:
    """Where the code of this installation is kept: in the first of these that can be written.

    1. the folder ``given``, which NUMBA_CACHE_DIR names, where there is one; else ``__pycache__``
       in ``package``;
    2. the user's cache folder;
    3. a folder of this user's own among the temporary files.

    Those passed over because they can't be written are read where they hold code.
    """
    # Outside the package, two installations of one version keep apart: their numba, of the same
    # version, may stand on another LLVM.
    name = f"kernels-{hashlib.sha256(str(package).encode()).hexdigest()[:12]}"
    first = Path(given).absolute() / name if given else package / "__pycache__" / "compiled"
    passed: list[Path] = []
    for folder in (first, Path(platformdirs.user_cache_dir("sonde")) / name):
        if _can_write(folder):
            return Folders(folder, _there(passed))
        passed.append(folder)
    above, is_lasting = _own_temporary_folder()
    return Folders(above / name, _there(passed), is_lasting)


@cache
def below(file: Path) -> str:
    """The folder of one file of kernels, named after its text and that of what it takes in.

    numba notices a change in a kernel's own file, but not in the flags of ``_jit.py`` nor in a
    kernel that it calls from another file; with a folder per text a stale hit is impossible, and
    a change compiles anew only what it concerns.
    """
    texts = {file: file.read_bytes()}
    new = [file]
    while new:
        path = new.pop()
        for name in _IMPORT.findall(texts[path].decode()):
            taken = path.parent / f"{name}.py"
            if taken not in texts and taken.is_file():
                texts[taken] = taken.read_bytes()
                # What stands behind the flags decides where code lies, not what it is.
                new += [taken] if name != "_jit" else []
    text = b"".join(texts[path] for path in sorted(texts)) + numba.__version__.encode()
    return f"{file.stem}-{hashlib.sha256(text).hexdigest()[:16]}"


def _there(passed: list[Path]) -> tuple[Path, ...]:
    return tuple(folder for folder in passed if folder.is_dir())


def _can_write(folder: Path) -> bool:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _own_temporary_folder() -> tuple[Path, bool]:
    # Compiled code is loaded from here, so the folder must be nobody else's to write: anybody can
    # make one of that name before us.
    if hasattr(os, "getuid"):
        folder = Path(tempfile.gettempdir()) / f"sonde-{os.getuid()}"
        with suppress(OSError):
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
            is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if is_ours and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return folder, True
    return Path(tempfile.mkdtemp(prefix="sonde-")), False
