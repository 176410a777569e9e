"""Compiled code on disk: a kernel is compiled once per machine, whatever compiles it at once.

numba's own cache numbers the files of a function's specialisations and keeps the numbers in an
index; two processes that compile two specialisations at once take the same number, and the index
then leads to the other's code, for good. Here each specialisation has an index and a file of its
own, named after it, and files are put in place whole: whoever writes last writes the same.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    UserProvidedCacheLocator,
)
from numba.core.compiler_lock import global_compiler_lock

from . import compiling
from ._folders import VARIABLE, Folders, below

log = logging.getLogger(__name__)

LONGEST_S = 60.0  # that another process is waited for; the slowest kernel takes a tenth of it
GLANCE_S = 0.02


class _Locator(UserProvidedCacheLocator):  # type: ignore[misc]
    """Leaves the choice of the folder to the cache, and the disk alone."""

    def __init__(self, function: Any, file: str) -> None:
        self._py_file = file
        self._lineno = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        return ""

    @classmethod
    def from_function(cls, function: Any, file: str) -> _Locator:
        return cls(function, file)


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Locator,)


class KernelCache(FunctionCache):  # type: ignore[misc]
    """The compiled specialisations of one kernel; takes the place of numba's cache."""

    _impl_class = _Implementation

    def __init__(self, function: Any, folders: Folders) -> None:
        super().__init__(function)
        self._stamp = self._impl.locator.get_source_stamp()
        # The one that is written first.
        own = below(Path(function.__code__.co_filename))
        self._places = [one / own for one in (folders.kept, *folders.ready)]
        self._cache_path = str(self._places[0])
        self.kernel = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}"

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled specialisation; None where none is kept, or what is kept can't be read."""
        target_context.refresh()
        key = self._index_key(sig, target_context.codegen())
        for place in self._places:
            file = self._file(place, key)
            try:
                data = file.load(key)
                if data is not None:
                    return self._impl.rebuild(target_context, data)
            # A file that a full disk or a lost one left broken raises anything; what is compiled
            # anew takes its place.
            except Exception as error:
                log.warning("%s is compiled again: what was kept is broken: %s", self.kernel, error)
                if place == self._places[0]:
                    self._discard(file)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a specialisation; where that fails it works all the same, and a warning says so."""
        if not self._impl.check_cachable(data):
            return
        key = self._index_key(sig, data.codegen)
        try:
            self._places[0].mkdir(parents=True, exist_ok=True)
            self._file(self._places[0], key).save(key, self._impl.reduce(data))
        except OSError as error:
            _not_kept(self.kernel, self._places[0], error)

    @contextmanager
    def turn(self, sig: Any, target_context: Any) -> Iterator[None]:
        """This process's turn to compile; one that compiles the same already is waited for."""
        target_context.refresh()
        key = self._index_key(sig, target_context.codegen())
        if self._is_kept(key):
            yield
            return
        with _alone(self._places[0] / f"{self._base(key)}.lock"):
            if not self._is_kept(key):
                compiling.tell(self.kernel)
            yield

    def _is_kept(self, key: Any) -> bool:
        return any((place / f"{self._base(key)}.nbi").exists() for place in self._places)

    def _file(self, place: Path, key: Any) -> Any:
        return IndexDataCacheFile(str(place), self._base(key), self._stamp)

    def _base(self, key: Any) -> str:
        named = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return f"{self._impl.filename_base}.{named}"

    def _discard(self, file: Any) -> None:
        try:
            file.flush()
        except OSError as error:
            _not_kept(self.kernel, self._places[0], error)


def once(dispatcher: Any, cache: KernelCache) -> Callable[[Any], Any]:
    """``dispatcher.compile``, in turn with other threads and processes."""
    compile_anyway = dispatcher.compile

    def compile_once(sig: Any) -> Any:
        # numba's lock first, as numba itself takes it: two threads never wait for each other.
        with global_compiler_lock:
            if sig in dispatcher.overloads:
                return compile_anyway(sig)
            with cache.turn(sig, dispatcher.targetctx):
                return compile_anyway(sig)

    return compile_once


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """In turn with other processes, while the system lets us; nothing is wrong where it does not.

    A lock saves work that is done twice; what is kept is whole without it. The system lets go of
    it when a process ends, however it ends.
    """
    try:
        import fcntl

        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except (ImportError, OSError):  # Windows has no such lock; a folder that can't be written none
        yield
        return
    try:
        until = time.monotonic() + LONGEST_S
        while time.monotonic() < until:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(GLANCE_S)
            except OSError:  # a network's file system may have no locks
                break
        yield
    finally:
        path.unlink(missing_ok=True)
        # Not by closing alone: a process forked meanwhile has it open too.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


not_kept: list[str] = []  # the kernels that this process compiled and could not keep


def _not_kept(kernel: str, folder: Path, error: OSError) -> None:
    not_kept.append(kernel)
    if len(not_kept) == 1:  # one warning is enough
        warnings.warn(
            f"compiled kernels can't be kept in {folder} ({error.strerror}), so that each process "
            f"compiles them anew; make room there, or name another folder by {VARIABLE}",
            RuntimeWarning,
            stacklevel=2,
        )
