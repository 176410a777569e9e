"""The one place that chooses compiler flags and where compiled code is kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba
import platformdirs

config: Any = numba.config
P = ParamSpec("P")
R = TypeVar("R")

# Reordering is allowed, but NaN and infinity keep their meaning: plain
# fastmath=True would let the compiler delete every isnan() check.
SAFE_FASTMATH = {"reassoc", "contract", "arcp", "nsz", "afn"}


def _digest_of_kernels() -> str:
    """Names the exact text of every kernel file, this one included."""
    text = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    return hashlib.sha256(text + numba.__version__.encode()).hexdigest()[:16]


def _cache_folder() -> Path:
    """Beside the package; the user's cache folder where that can't be written (containers)."""
    own = Path(__file__).parent
    name = f"kernels-{_digest_of_kernels()}"
    if os.access(own, os.W_OK):
        return own / "__pycache__" / name
    user = Path(platformdirs.user_cache_dir("sonde"))
    nearest = next((p for p in (user, *user.parents) if p.exists()), Path("/"))
    if os.access(nearest, os.W_OK):
        return user / name
    # Compiled code is loaded from here, so the folder must be nobody else's to write.
    return Path(tempfile.mkdtemp(prefix="sonde-")) / name


# numba notices a change in a kernel's own file, but not in the flags above nor in a kernel
# it calls from another file; a folder per digest makes a stale hit impossible.
CACHE = _cache_folder()


def is_cold(files: tuple[str, ...] = ()) -> bool:
    """True when a kernel of these files was never compiled on this machine: the first use waits.

    Without files: when nothing was.
    """
    if not CACHE.is_dir():
        return True
    return any(not any(CACHE.rglob(f"{name}.*.nbc")) for name in files or ("*",))


def _compile(function: Callable[P, R], fastmath: set[str] | bool) -> Callable[P, R]:
    previous, config.CACHE_DIR = config.CACHE_DIR, str(CACHE)
    try:
        compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, fastmath=fastmath)(function)
    finally:
        config.CACHE_DIR = previous
    return compiled


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` once, keep the result on disk, and release the GIL while it runs."""
    return _compile(function, SAFE_FASTMATH)


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """As ``kernel``, in strict IEEE order: one row at a time gives the bits of all at once."""
    return _compile(function, False)
