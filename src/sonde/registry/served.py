"""Models of the registry as they are served: kept in memory, aliases followed."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..core import ModelRef
from ..errors import BadArtifact, NotFound
from ..learn import Estimator
from .files import FileModels, refused_path
from .records import VersionRecord

if TYPE_CHECKING:
    from .queries import Pointed
    from .versions import Registry

log = logging.getLogger(__name__)

RETRY_S = 10.0  # between two tries to load a version that can't be loaded


@dataclass
class _Known:
    """What a reference stands for; ``used`` is when it was last asked for, as a turn's number."""

    answer: tuple[Estimator, str]
    record: VersionRecord
    used: int


@dataclass
class _Load:
    """A model that one thread loads while others wait for it."""

    done: threading.Event = field(default_factory=threading.Event)
    model: Estimator | None = None
    error: BaseException | None = None


class RegistryModels:
    """A source of models for the predictor: names, versions and aliases of the registry.

    A reference that was asked for once is answered from memory. ``follow`` starts a thread that
    reads again what all of them stand for; a new version is loaded before it takes the place of
    the old one, and while the database is away the last answers go on.

    Parameters
    ----------
    registry : the registry, or what gives it when it is first needed.
    models_mb : megabytes of models kept, by file size; those asked for least recently go first.
    files : models by their path, or None where paths are not to be opened.
    """

    def __init__(
        self,
        registry: Registry | Callable[[], Registry],
        models_mb: int = 1024,
        files: FileModels | None = None,
    ) -> None:
        self._open = registry if callable(registry) else lambda: registry
        self._most = models_mb * 2**20
        self._files = files
        self._known: dict[ModelRef, _Known] = {}
        self._models: dict[str, tuple[Estimator, int]] = {}  # digest → model and bytes of its file
        self._loading: dict[str, _Load] = {}
        self._failed: dict[str, tuple[float, str]] = {}  # digest → when to try again, and why
        self._cold: set[ModelRef] = set()  # to be warmed, and not loaded yet
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._follower: threading.Thread | None = None
        self._problem: str | None = None

    # --- asking ------------------------------------------------------------------------------

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        """The model for this reference, and the number of its version.

        Raises
        ------
        NotFound : no such model, version or alias.
        Unavailable : the registry is away and this reference was not asked for before.
        BadArtifact : the stored model may not be used; the message says why.
        Forbidden : a path, where none are opened.
        """
        known = self.known(ref, key)
        if known is not None:
            return known
        if ref.is_file:
            if self._files is None:
                raise refused_path(ref.name)
            return self._files.resolve(ref, key)
        return self._learn(ref, self._open().version(ref.name, ref.version, ref.alias)).answer

    def known(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str] | None:
        """What ``resolve`` would answer from memory, at once; None where it would have to load."""
        known = self._known.get(ref)
        if known is None:
            return None
        known.used = next(self._turns)
        return known.answer

    def in_use(self) -> list[VersionRecord]:
        """The versions that are answered from memory, each once."""
        known = {one.record.digest + str(one.record): one.record for one in self._all().values()}
        return sorted(known.values(), key=lambda record: (record.model, record.version))

    @property
    def problem(self) -> str | None:
        """What went wrong when aliases were last read again; None for nothing."""
        return self._problem

    @property
    def is_ready(self) -> bool:
        """True when everything that ``warm`` was asked for has been loaded."""
        return not self._cold

    # --- keeping up --------------------------------------------------------------------------

    def warm(self, refs: Iterable[ModelRef]) -> None:
        """Load these before anybody asks; raises what ``resolve`` raises for the first that fails.

        ``is_ready`` is False until all are loaded; a follower tries again at each turn.
        """
        refs = [ref for ref in refs if not ref.is_file]
        with self._lock:
            self._cold.update(ref for ref in refs if ref not in self._known)
        for ref in refs:
            self.resolve(ref, None)

    def follow(self, poll_s: float) -> None:
        """Read again, every ``poll_s`` seconds, what all references in use stand for."""
        with self._lock:
            if self._follower is not None:
                return
            self._stopping.clear()
            self._follower = threading.Thread(
                target=self._follow, args=(poll_s,), name="sonde-aliases", daemon=True
            )
            self._follower.start()

    def stop(self) -> None:
        """End the thread that ``follow`` started; answers from memory go on."""
        self._stopping.set()
        follower = self._follower
        if follower is not None:
            follower.join()
            self._follower = None

    def refresh(self) -> None:
        """Read once what all references in use stand for, and load what is new.

        A version that can't be loaded leaves the old one in its place; ``problem`` then says why,
        and it is tried again after some seconds.

        Raises
        ------
        Unavailable : the registry is away; nothing has changed.
        """
        known = self._all()
        refs = known.keys() | set(self._cold)
        pointed = self._open().pointed_at(refs) if refs else {}
        problems = []
        for ref in refs:
            now, before = pointed.get(ref), known.get(ref)
            if now is None:
                self._forget(ref)
                if ref in self._cold:
                    problems.append(f"{ref} is not in the registry")
            elif before is None or (before.record.version, before.record.digest) != now:
                problems += self._follow_to(ref, now)
        self._problem = "; ".join(problems) or None

    def _follow_to(self, ref: ModelRef, now: Pointed) -> list[str]:
        """Let ``ref`` stand for what it points at now; why not, where that fails."""
        until, why = self._failed.get(now.digest, (0.0, ""))
        if until > time.monotonic():
            return [why]
        registry = self._open()
        try:
            self._learn(ref, registry.version(ref.name, str(now.number)))
        except NotFound as gone:
            return [str(gone)]  # deleted in between, or its bytes are lost
        except BadArtifact as error:
            log.error("%s stays where it was: %s", ref, error)
            self._failed[now.digest] = time.monotonic() + RETRY_S, str(error)
            return [str(error)]
        return []

    def _follow(self, poll_s: float) -> None:
        while not self._stopping.wait(poll_s):
            try:
                self.refresh()
            except Exception as error:  # the thread must live: the next turn may go well
                if self._problem is None:
                    log.warning("aliases can't be read again, the last answers go on: %s", error)
                self._problem = str(error)

    # --- the models in memory ----------------------------------------------------------------

    def _all(self) -> dict[ModelRef, _Known]:
        with self._lock:
            return dict(self._known)

    def _forget(self, ref: ModelRef) -> None:
        with self._lock:
            self._known.pop(ref, None)
            self._drop_unnamed()

    def _learn(self, ref: ModelRef, record: VersionRecord) -> _Known:
        """Load the version where it is not in memory, then let ``ref`` stand for it."""
        model = self._model(record)
        with self._lock:
            before = self._known.get(ref)
            # One that nobody has asked for since keeps its place in the line.
            used = next(self._turns) if before is None else before.used
            known = self._known[ref] = _Known((model, str(record.version)), record, used)
            self._models[record.digest] = (model, record.size)
            self._failed.pop(record.digest, None)
            self._cold.discard(ref)
            self._make_room(ref)
            self._drop_unnamed()
        return known

    def _model(self, record: VersionRecord) -> Estimator:
        with self._lock:
            kept = self._models.get(record.digest)
            if kept is not None:
                return kept[0]
            load = self._loading.get(record.digest)
            is_mine = load is None
            if load is None:
                load = self._loading[record.digest] = _Load()
        if is_mine:
            try:
                load.model = self._open().load(record)
            except BaseException as error:
                load.error = error
            with self._lock:
                del self._loading[record.digest]
            load.done.set()
        load.done.wait()
        if load.error is not None:
            raise load.error
        assert load.model is not None
        return load.model

    def _make_room(self, newest: ModelRef) -> None:
        """Forget references, least recently asked for first, until what is left fits."""
        while sum(size for _, size in self._models.values()) > self._most:
            others = [ref for ref in self._known if ref != newest]
            if not others:
                return  # one alone is kept whatever its size
            del self._known[min(others, key=lambda ref: self._known[ref].used)]
            self._drop_unnamed()

    def _drop_unnamed(self) -> None:
        named = {known.record.digest for known in self._known.values()}
        for digest in self._models.keys() - named:
            del self._models[digest]
