"""Resolve, check, score, decide, tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from ..core import Detection, ModelRef, Prediction, PredictionRequest
from ..errors import InvalidInput, SondeError
from ..learn import Detector, Estimator, decide
from .joined import joined

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
        if len(requests) > 1 and all(one.model == requests[0].model for one in requests):
            return self._together(requests)
        answers: list[Prediction | SondeError] = []
        for request in requests:
            try:
                answers.append(self._answer(request))
            except SondeError as error:
                answers.append(error)
        return answers

    def predict(
        self, request: PredictionRequest, known: tuple[Detector, str] | None = None
    ) -> Prediction:
        """The answer to one request; raises what ``predict_many`` would put in its place.

        ``known`` are the model and its version, for who resolved them already.
        """
        return self._answer(request, known)

    def _answer(
        self, request: PredictionRequest, known: tuple[Detector, str] | None = None
    ) -> Prediction:
        started = time.perf_counter()
        model, version = self._detector(request) if known is None else known
        output = decide(model, request.data, core=request.core, candidate=request.candidate)
        return self._told(request, version, output, time.perf_counter() - started)

    def _together(self, requests: Sequence[PredictionRequest]) -> list[Prediction | SondeError]:
        """Requests for one model, scored in one call where its rows stand alone."""
        started = time.perf_counter()
        # One may have another variant than the other; each group has one model and version.
        groups: dict[tuple[int, str], tuple[Detector, list[int]]] = {}
        answers: list[Prediction | SondeError | None] = [None] * len(requests)
        for i, request in enumerate(requests):
            try:
                model, version = self._detector(request)
            except SondeError as error:
                answers[i] = error
                continue
            groups.setdefault((id(model), version), (model, []))[1].append(i)
        for (_, version), (model, places) in groups.items():
            outputs = joined(model, [requests[i] for i in places])
            seconds = (time.perf_counter() - started) / len(requests)
            for i, output in zip(places, outputs, strict=True):
                answers[i] = (
                    output
                    if isinstance(output, SondeError)
                    else self._told(requests[i], version, output, seconds)
                )
        return [answer for answer in answers if answer is not None]

    def _detector(self, request: PredictionRequest) -> tuple[Detector, str]:
        model, version = self._models.resolve(request.model, request.key)
        if not isinstance(model, Detector):
            raise InvalidInput(f"{request.model} is no detector but {model.name}")
        return model, version

    def _told(
        self, request: PredictionRequest, version: str, output: Detection, seconds: float
    ) -> Prediction:
        prediction = Prediction(
            model=request.model.name,
            version=version,
            variant=None,
            output=output,
            request_id=request.request_id,
            seconds=seconds,
        )
        for observer in self._observers:
            self._tell(observer, request, prediction)
        return prediction

    def _tell(self, observer: Observer, request: PredictionRequest, prediction: Prediction) -> None:
        try:
            observer(request, prediction)
        except Exception:  # a broken monitor must not cost the caller an answer
            log.exception("observer %r failed", observer)
