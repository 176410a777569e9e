"""Answers that are kept: the same rows, asked of the same version, are not scored again."""

from __future__ import annotations

import hashlib
import itertools
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from ..core import Container, Detection, Panel, Prediction, PredictionRequest, Series
from ..core.schema import kind_of
from ..errors import SondeError
from ..learn import Detector, Estimator
from .predictor import ModelSource, Observer

log = logging.getLogger(__name__)

Key = tuple[int, bytes]
ENTRY_BYTES, ANOMALY_BYTES, COLUMN_BYTES = 1500, 450, 80  # of Python's objects, as measured


class Predicts(Protocol):
    """What is wrapped: a ``Predictor``."""

    def predict_many(
        self, requests: Sequence[PredictionRequest]
    ) -> list[Prediction | SondeError]: ...

    def predict(
        self, request: PredictionRequest, known: tuple[Detector, str] | None = None
    ) -> Prediction: ...


def fingerprint(request: PredictionRequest) -> bytes:
    """32 bytes of everything that an answer about these rows depends on, the model apart.

    SHA-256, because callers share the cache: whoever could find two inputs with one fingerprint
    would choose what another caller is told.

    >>> from sonde.core import ModelRef, Table
    >>> one, other = (PredictionRequest(ModelRef("m"), Table([[x]])) for x in (1.0, 2.0))
    >>> fingerprint(one) == fingerprint(one), fingerprint(one) == fingerprint(other)
    (True, False)
    """
    data = request.data
    digest = hashlib.sha256(
        repr((_about(data), request.core, request.candidate)).encode("utf-8", "surrogatepass")
    )
    # Containers hold C-ordered float64 and int64; their lengths are in what came before.
    digest.update(data.values.data)
    if isinstance(data, Panel):
        digest.update(data.offsets.data)
    if isinstance(data, Series | Panel) and data.time is not None:
        digest.update(data.time.data)
    return digest.digest()


def _about(data: Container) -> tuple[object, ...]:
    about = (kind_of(data), data.values.dtype.str, data.values.shape, data.channels)
    if isinstance(data, Series):
        return (*about, data.first, data.time is None)
    if isinstance(data, Panel):
        return (*about, data.ids, data.time is None)
    return about


@dataclass(frozen=True, slots=True)
class _Kept:
    prediction: Prediction
    n_bytes: int
    until: float


class Answers:
    """Predictions by key: the least recently asked goes first. Safe to use from many threads.

    Parameters
    ----------
    entries : answers kept at most.
    seconds : how long each is kept.
    mb : megabytes of all together at most, estimated.
    clock : seconds that only rise.
    """

    def __init__(
        self, entries: int, seconds: float, mb: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._seconds, self._clock = entries, seconds, clock
        self._most_bytes = int(mb * 2**20)
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = Lock()
        self.n_bytes = self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Prediction | None:
        """What was kept, or None; counted as a hit or a miss."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and self._clock() >= kept.until:
                self._drop(key)
                kept = None
            if kept is None:
                self.misses += 1
                return None
            self._kept.move_to_end(key)
            self.hits += 1
            return kept.prediction

    def put(self, key: Key, prediction: Prediction) -> None:
        """Keep a copy that nobody can write to; not where it alone is more than fits."""
        prediction = replace(prediction, output=_copied(prediction.output))
        kept = _Kept(prediction, _size(prediction.output), self._clock() + self._seconds)
        if kept.n_bytes > self._most_bytes or self._most < 1:
            return
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = kept
            self.n_bytes += kept.n_bytes
            while len(self._kept) > self._most or self.n_bytes > self._most_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        self.n_bytes -= self._kept.pop(key).n_bytes


class CachedPredictor:
    """A predictor that remembers.

    A model is known by the object that ``models`` resolves to, so that a version loaded anew, a
    file written again and an alias moved elsewhere never get another's answers. Failures are not
    kept.

    Parameters
    ----------
    predictor : who is asked what is not known yet.
    models : the source of models that ``predictor`` uses.
    entries, seconds, mb : as for ``Answers``.
    observers : hear of answers that were kept; ``predictor`` tells its own of the others.
    """

    def __init__(
        self,
        predictor: Predicts,
        models: ModelSource,
        *,
        entries: int,
        seconds: float,
        mb: float,
        observers: Sequence[Observer] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._predictor, self._models = predictor, models
        self._observers = tuple(observers)
        self.answers = Answers(entries, seconds, mb, clock)
        self._numbers: WeakKeyDictionary[Estimator, int] = WeakKeyDictionary()
        self._next_number = itertools.count()
        self._lock = Lock()

    def predict_many(self, requests: Sequence[PredictionRequest]) -> list[Prediction | SondeError]:
        """One answer per request, in order; a failure is an error in its place."""
        answers: list[Prediction | SondeError | None] = [None] * len(requests)
        unknown: list[tuple[int, Key, str]] = []
        for i, request in enumerate(requests):
            started = time.perf_counter()
            try:
                key, version = self._key(request)
            except SondeError as error:
                answers[i] = error
                continue
            kept = self.answers.get(key)
            if kept is None:
                unknown.append((i, key, version))
            else:
                answers[i] = self._again(request, kept, started)
        new = self._predictor.predict_many([requests[i] for i, _, _ in unknown]) if unknown else []
        for (i, key, version), answer in zip(unknown, new, strict=True):
            answers[i] = answer
            # Where an alias moved in between, the answer is of another version than the key.
            if isinstance(answer, Prediction) and answer.version == version:
                self.answers.put(key, answer)
        return [answer for answer in answers if answer is not None]

    def predict(
        self, request: PredictionRequest, known: tuple[Detector, str] | None = None
    ) -> Prediction:
        """The answer to one request; raises what ``predict_many`` would put in its place.

        ``known`` are the model and its version, for who resolved them already.
        """
        started = time.perf_counter()
        key, version = self._key(request, known)
        kept = self.answers.get(key)
        if kept is not None:
            return self._again(request, kept, started)
        answer = self._predictor.predict(request, known)
        if answer.version == version:  # else an alias moved in between
            self.answers.put(key, answer)
        return answer

    def _key(
        self, request: PredictionRequest, known: tuple[Estimator, str] | None = None
    ) -> tuple[Key, str]:
        model, version = known or self._models.resolve(request.model, request.key)
        number = self._numbers.get(model)
        if number is None:
            with self._lock:
                number = self._numbers.setdefault(model, next(self._next_number))
        return (number, fingerprint(request)), version

    def _again(self, request: PredictionRequest, kept: Prediction, started: float) -> Prediction:
        """A kept answer as the answer to this request."""
        output = replace(
            kept.output,
            anomalies=list(kept.output.anomalies),
            problems=list(kept.output.problems),
            chosen=dict(kept.output.chosen),
        )
        prediction = replace(
            kept,
            model=request.model.name,
            output=output,
            request_id=request.request_id,
            seconds=time.perf_counter() - started,
        )
        for observer in self._observers:
            try:
                observer(request, prediction)
            except Exception:  # as in Predictor: a broken monitor costs the caller nothing
                log.exception("observer %r failed", observer)
        return prediction


def _copied(output: Detection) -> Detection:
    """The same answer in arrays of its own, read-only: it may be a view of a whole batch's."""

    def own(values: Any) -> Any:
        if values is None:
            return None
        copy = values.copy()
        copy.flags.writeable = False
        return copy

    return replace(
        output,
        scores=own(output.scores),
        is_anomaly=own(output.is_anomaly),
        probability=own(output.probability),
        expected=own(output.expected),
        lower=own(output.lower),
        upper=own(output.upper),
        anomalies=list(output.anomalies),
        problems=list(output.problems),
        chosen=dict(output.chosen),
    )


def _size(output: Detection) -> int:
    """Bytes that keeping it takes, about."""
    arrays = (
        output.scores,
        output.is_anomaly,
        output.probability,
        output.expected,
        output.lower,
        output.upper,
    )
    told = [*output.anomalies, *([] if output.candidate is None else [output.candidate])]
    return (
        ENTRY_BYTES
        + sum(array.nbytes for array in arrays if array is not None)
        + sum(ANOMALY_BYTES + COLUMN_BYTES * len(anomaly.columns) for anomaly in told)
        + sum(len(problem) for problem in output.problems)
    )
