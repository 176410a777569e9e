"""The one place that chooses compiler flags and where compiled code is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numba

from ._folders import folders
from ._kept import KernelCache, once

config: Any = numba.config
P = ParamSpec("P")
R = TypeVar("R")

# Reordering is allowed, but NaN and infinity keep their meaning: plain
# fastmath=True would let the compiler delete every isnan() check.
SAFE_FASTMATH = {"reassoc", "contract", "arcp", "nsz", "afn"}

FOLDERS = folders(config.CACHE_DIR, Path(__file__).parent)


def _compile(function: Callable[P, R], fastmath: set[str] | bool) -> Callable[P, R]:
    compiled: Any = numba.njit(nogil=True, fastmath=fastmath)(function)
    # Without a compiler it is the function itself; without a file there is nothing to go by.
    if not config.DISABLE_JIT and Path(function.__code__.co_filename).is_file():
        compiled._cache = cache = KernelCache(function, FOLDERS)
        compiled.compile = once(compiled, cache)
    kernel: Callable[P, R] = compiled
    return kernel


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` once, keep the result on disk, and release the GIL while it runs."""
    return _compile(function, SAFE_FASTMATH)


def exact_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """As ``kernel``, in strict IEEE order: one row at a time gives the bits of all at once."""
    return _compile(function, False)
