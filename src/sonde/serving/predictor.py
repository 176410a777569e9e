"""Resolve, check, score, decide, tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from ..core import ModelRef, Prediction, PredictionRequest
from ..errors import InvalidInput, SondeError
from ..learn import Detector, Estimator, decide

log = logging.getLogger(__name__)


class ModelSource(Protocol):
    """Where models come from: files, a registry, a dict in a test."""

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        """The model for this reference and this user, and the version it goes by."""
        ...


Observer = Callable[[PredictionRequest, Prediction], None]


class Predictor:
    """Answers for stored models. Synchronous, because the work is.

    ``observers`` hear of every answer; one that fails is logged and costs the caller nothing.
    """

    def __init__(self, models: ModelSource, observers: Sequence[Observer] = ()) -> None:
        self._models = models
        self._observers = tuple(observers)

    def predict_many(self, requests: Sequence[PredictionRequest]) -> list[Prediction | SondeError]:
        """One answer per request, in order; a failure is an error in its place."""
        answers: list[Prediction | SondeError] = []
        for request in requests:
            try:
                answers.append(self._answer(request))
            except SondeError as error:
                answers.append(error)
        return answers

    def predict(self, request: PredictionRequest) -> Prediction:
        """The answer to one request; raises what ``predict_many`` would put in its place."""
        (answer,) = self.predict_many([request])
        if isinstance(answer, SondeError):
            raise answer
        return answer

    def _answer(self, request: PredictionRequest) -> Prediction:
        started = time.perf_counter()
        model, version = self._models.resolve(request.model, request.key)
        if not isinstance(model, Detector):
            raise InvalidInput(f"{request.model} is no detector but {model.name}")
        prediction = Prediction(
            model=str(request.model),
            version=version,
            variant=None,
            output=decide(model, request.data, core=request.core, candidate=request.candidate),
            request_id=request.request_id,
            seconds=time.perf_counter() - started,
        )
        self._tell(request, prediction)
        return prediction

    def _tell(self, request: PredictionRequest, prediction: Prediction) -> None:
        for observer in self._observers:
            try:
                observer(request, prediction)
            except Exception:  # a broken monitor must not cost the caller an answer
                log.exception("observer %r failed", observer)
