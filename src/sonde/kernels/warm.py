"""Compiles kernels before somebody waits for them."""

from __future__ import annotations

import hashlib
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from . import compiling
from ._folders import Folders, below
from ._jit import FOLDERS, config
from ._kept import not_kept
from .entries import ENTRIES, TUPLES

_DTYPES = {
    "f": "float64",
    "g": "float32",
    "i": "int64",
    "n": "int32",
    "u": "uint64",
    "b": "boolean",
}
_SCALARS = {"int": "int64", "float": "float64", "bool": "boolean"}


@dataclass(frozen=True)
class Warmed:
    """What warming one family took.

    ``compiled`` names the kernels that were compiled, those called by others included; it is empty
    where all were kept from an earlier time.
    """

    family: str
    n_kernels: int
    compiled: tuple[str, ...]
    seconds: float


def families(names: Iterable[str] = ()) -> tuple[str, ...]:
    """The families of this name, all without names; they are called as their files.

    Raises
    ------
    ValueError : there is no such family.
    """
    wanted = set(names)
    unknown = sorted(wanted - ENTRIES.keys())
    if unknown:
        raise ValueError(f"no kernel family called {unknown[0]!r}; there are: {', '.join(ENTRIES)}")
    return tuple(family for family in ENTRIES if not wanted or family in wanted)


def is_warm(family: str, folders: Folders = FOLDERS) -> bool:
    """True when every kernel of the family was compiled on a machine like this one, and kept."""
    if config.DISABLE_JIT:
        return True
    return any(_mark(folder, family).exists() for folder in (folders.kept, *folders.ready))


def warm(family: str) -> Warmed:
    """Have every kernel of the family compiled, kept, and loaded into this process.

    Threads and processes may warm the same family at once: each kernel is compiled by one of them
    while the others wait.
    """
    started = time.perf_counter()
    compiled: list[str] = []
    module = import_module(f"{__package__}.{family}")
    if not config.DISABLE_JIT:
        with compiling.listening(compiled.append):
            for kernel, calls in ENTRIES[family].items():
                for call in calls:
                    getattr(module, kernel).compile(argument_types(call, module))
        if not not_kept:
            _make(_mark(FOLDERS.kept, family))
    seconds = time.perf_counter() - started
    return Warmed(family, len(ENTRIES[family]), tuple(compiled), seconds)


def warm_each(names: Sequence[str], n_processes: int) -> Iterator[Warmed]:
    """``warm`` for several families, as they are done; this process loads them only if it is alone.

    A compiler holds the interpreter's lock, so that processes help where threads don't.
    """
    if n_processes == 1 or len(names) < 2:
        yield from map(warm, names)
        return
    # Long files first, as far as that tells: the last one to finish is then a short one.
    ordered = sorted(names, key=lambda name: -_file(name).stat().st_size)
    context = get_context("spawn")
    with ProcessPoolExecutor(min(n_processes, len(names)), mp_context=context) as pool:
        try:
            for done in as_completed([pool.submit(warm, name) for name in ordered]):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def tidy(folders: Folders = FOLDERS) -> None:
    """Remove code that was compiled from other texts than those that lie here now."""
    if not folders.kept.is_dir():
        return
    for folder in folders.kept.iterdir():
        file = _file(folder.name.rpartition("-")[0])
        if not file.is_file() or below(file) != folder.name:
            shutil.rmtree(folder, ignore_errors=True)  # somebody else may be at it too


def argument_types(call: str, module: Any = None) -> tuple[Any, ...]:
    """numba's types of the arguments of a call as ``entries`` writes it.

    >>> argument_types("f2r (f1 i1) int")
    (Array(float64, 2, 'C', True, aligned=True), ..., int64)
    """
    outer: list[Any] = []
    inside: list[Any] | None = None
    for word in call.replace("(", " ( ").replace(")", " ) ").split():
        if word == "(":
            inside = []
        elif word == ")":
            outer.append(_tuple(inside or [], None))
            inside = None
        else:
            (outer if inside is None else inside).append(_type(word, module))
    return tuple(outer)


def _type(word: str, module: Any) -> Any:
    from numba import types

    if word in TUPLES:
        return _tuple(argument_types(TUPLES[word]), getattr(module, word, None))
    if word in _SCALARS:
        return getattr(types, _SCALARS[word])
    dtype = getattr(types, _DTYPES[word[0]])
    return types.Array(dtype, int(word[1]), "C", readonly=word.endswith("r"))


def _tuple(items: Iterable[Any], named: Any) -> Any:
    from numba import types

    return types.BaseTuple.from_types(tuple(items), named)


def _mark(folder: Path, family: str) -> Path:
    # Named after what is warmed, too: the table may have grown since.
    asked = hashlib.sha256(repr((ENTRIES[family], TUPLES)).encode()).hexdigest()[:8]
    return folder / below(_file(family)) / f"{_machine()}-{asked}.warm"


def _make(mark: Path) -> None:
    # Where no mark can be made, the family is not called warm; that costs a look, no more.
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _file(family: str) -> Path:
    return Path(__file__).with_name(f"{family}.py")


@cache
def _machine() -> str:
    # Code is kept for one processor and one version of Python; another one compiles its own.
    from numba.core.registry import cpu_target

    processor = cpu_target.target_context.codegen().magic_tuple()
    text = f"{processor} {sys.implementation.cache_tag}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
