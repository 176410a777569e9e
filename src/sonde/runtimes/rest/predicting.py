"""``POST /api/v1/models/{name}/predict``: the hot path."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from ...core import Container, ModelRef, Prediction, PredictionRequest
from ...data.policy import refuse_flaws
from ...errors import InvalidInput, SondeError, TimeLimit, Unavailable
from ...learn.per_series import PerSeries
from ...telemetry.predictions import PredictionLog
from ...wire import media as kinds
from ...wire.answers import prediction_body
from ...wire.bodies import Body, parse, parse_quickly
from ...wire.problems import pointed
from ...wire.reading import container_of, reading_of
from ...wire.unpack import unpacked
from .replies import Reply
from .requests import Request

if TYPE_CHECKING:
    from ...data import Reading
    from ...learn import Detector, Estimator
    from ...serving.measure import Cost
    from .parts import Parts

# Decoding more than this would keep others waiting for milliseconds.
ASIDE_BYTES = 128 * 1024
INLINE_S, INLINE_ROWS = 1e-3, 5000
_PREFIX, _SUFFIX = len("/api/v1/models/"), len("/predict")
_OPTIONS = frozenset({"version", "alias", "key", "time", "id"})


@dataclass(slots=True)
class Question:
    """A decoded request: what to ask the predictor, and how to speak of its rows."""

    request: PredictionRequest
    reading: Reading | None
    n_rows: int


class Predicting:
    """Decode, ask, encode."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = PredictionLog()

    async def answer(self, request: Request) -> Reply:
        """The reply to one request for a stored model."""
        self._parts.allow(request, "predict")
        name = request.path[_PREFIX:-_SUFFIX]
        fields = request.query()
        if not fields.keys() <= _OPTIONS:
            unknown = next(iter(fields.keys() - _OPTIONS))
            raise InvalidInput(
                f"the query has an unknown field {unknown!r}; there are version, alias, key, time "
                "and id",
                field=unknown,
            )
        if "version" in fields and "alias" in fields:
            raise InvalidInput("the query names a version and an alias; give one of them")
        ref = ModelRef(name, fields.get("version"), fields.get("alias"))
        accept = kinds.negotiate(request.header(b"accept"))
        data = await self._parts.bodies.read(request)
        return await self.judged(request, ref, data, accept, fields.get("key"))

    async def judged(
        self,
        request: Request,
        ref: ModelRef,
        data: bytes,
        accept: str,
        key: str | None,
        most_cells: int | None = None,
    ) -> Reply:
        """The reply about the rows in ``data``."""
        try:
            return await self._judged(request, ref, data, accept, key, most_cells)
        except SondeError as error:
            self._parts.metrics.prediction_failed()
            self._log.failed(request.id, str(ref), None, request.seconds(), error)
            raise

    async def _judged(
        self,
        request: Request,
        ref: ModelRef,
        data: bytes,
        accept: str,
        key: str | None,
        most_cells: int | None,
    ) -> Reply:
        model, cost = await self._parts.model_for(ref, key)
        question = self._quick(request, ref, data, model, key)
        if question is None:
            question = await self._parts.decoding(self._question, request, ref, data, model, key)
        if most_cells is not None:
            _refuse_cells(question, most_cells)
        expected_s = cost.seconds_for(question.n_rows)
        started = time.perf_counter()
        if expected_s <= INLINE_S:
            prediction = self._parts.predictor.predict(question.request)
        else:
            prediction = await self._slowly(question, cost, expected_s)
        if question.n_rows <= INLINE_ROWS and accept == kinds.JSON:
            return self._encoded(request, model, question, prediction, accept, started)
        return await self._parts.decoding(
            self._encoded, request, model, question, prediction, accept, started
        )

    # --- steps -------------------------------------------------------------------------------

    def _quick(
        self, request: Request, ref: ModelRef, data: bytes, model: Detector, key: str | None
    ) -> Question | None:
        """A small body of nothing but numbers, decoded at once; None for all that takes longer."""
        if len(data) > ASIDE_BYTES or request.header(b"content-encoding") is not None:
            return None
        if kinds.of_content_type(request.header(b"content-type")) != kinds.JSON:
            return None
        if request.scope.get("query_string") and request.query().keys() & {"time", "id"}:
            return None
        body = parse_quickly(data, self._parts.limits)
        rows = None if body is None else container_of(body, model.schema_)
        if body is None or rows is None:
            return None
        key = body.options.get("key", key)
        asked = PredictionRequest(ref, rows, key, request.id, candidate=False)
        return Question(asked, None, len(rows.values))

    def _question(
        self, request: Request, ref: ModelRef, data: bytes, model: Detector, key: str | None
    ) -> Question:
        limits = self._parts.limits
        plain = unpacked(
            data,
            request.header(b"content-encoding"),
            self._parts.settings.limits.unpacked_mb * 2**20,
        )
        body = parse(plain, kinds.of_content_type(request.header(b"content-type")), limits)
        body = _with_names(body, request.query())
        if body.options:
            given = body.options.pop("key", None)
            key = key if given is None else str(given)
            if body.options:
                unknown = next(iter(body.options))
                raise InvalidInput(
                    f"the body has an unknown field {unknown!r}; data are rows, columns or "
                    "series, beside them may be names, time, id and key",
                    pointer=f"/{unknown}",
                )
        try:
            return self._taken(ref, body, model, key, request.id)
        except SondeError as error:
            raise pointed(error, body, model.schema_.channels) from None

    def _taken(
        self, ref: ModelRef, body: Body, model: Estimator, key: str | None, request_id: str
    ) -> Question:
        data: Container | None = container_of(body, model.schema_)
        reading = None
        if data is None:
            reading = reading_of(body, schema=model.schema_)
            refuse_flaws(model.policy_.missing, reading)
            data = reading.data
        asked = PredictionRequest(ref, data, key, request_id, candidate=False)
        return Question(asked, reading, len(data.values))

    async def _slowly(self, question: Question, cost: Cost, expected_s: float) -> Prediction:
        limit = self._parts.settings.limits.seconds
        if expected_s > limit:
            raise _too_slow(limit, f"{question.n_rows:,} rows would take about {expected_s:.0f} s")
        if cost.pays and self._parts.batcher is not None:
            try:
                async with asyncio.timeout(limit):
                    return await self._parts.batcher.predict(question.request)
            except TimeoutError:
                raise _too_slow(limit, f"{question.n_rows:,} rows took longer") from None
        begun = self._parts.threads.submit(self._parts.predictor.predict, question.request)
        try:
            async with asyncio.timeout(limit):
                answer: Prediction = await asyncio.shield(asyncio.wrap_future(begun))
                return answer
        except TimeoutError:
            if begun.cancel():
                raise Unavailable(
                    f"others' predictions took all of the {limit:g} s that this one could wait; "
                    "ask again in a moment (SONDE_SERVER__THREADS)",
                    retry_after_s=1.0,
                    setting="SONDE_SERVER__THREADS",
                ) from None
            raise _too_slow(limit, f"{question.n_rows:,} rows took longer") from None
        except asyncio.CancelledError:
            begun.cancel()
            raise

    def _encoded(
        self,
        request: Request,
        model: Detector,
        question: Question,
        prediction: Prediction,
        accept: str,
        started: float,
    ) -> Reply:
        reading = question.reading
        if reading is not None:
            prediction = replace(prediction, output=reading.answered(prediction.output))
        seconds = time.perf_counter() - started
        output = prediction.output
        name = (model.detector if isinstance(model, PerSeries) else model).name
        self._parts.metrics.inference(
            name, prediction.model, len(output), len(output.anomalies), seconds
        )
        request.about.update(
            model=prediction.model,
            version=prediction.version,
            algorithm=name,
            rows=len(output),
            anomalies=len(output.anomalies),
        )
        self._log.completed(
            request.id,
            f"{prediction.model}:{prediction.version}",
            question.request.data.values.shape,
            seconds,
            len(output),
        )
        body = prediction_body(
            prediction, algorithm=name, seconds=seconds, reading=reading, media=accept
        )
        return Reply(body, 200, accept.encode("ascii"))


def _with_names(body: Body, fields: dict[str, str]) -> Body:
    """The columns of time and id that the query names, for bodies that can't."""
    for name in ("time", "id"):
        if name in fields:
            if getattr(body, name) is not None:
                raise InvalidInput(f"{name} is given in the body and in the query; give it once")
            body = msgspec.structs.replace(body, **{name: fields[name]})
    return body


def _refuse_cells(question: Question, most: int) -> None:
    n_cells = question.request.data.values.size
    if n_cells > most:
        raise InvalidInput(
            f"there are {n_cells:,} cells, and {most:,} may come at once here; send fewer, or send "
            "them to /api/v1/models/NAME/predict",
            limit=most,
            got=n_cells,
        )


def _too_slow(limit: float, what: str) -> TimeLimit:
    return TimeLimit(
        f"{what}, and a request may take {limit:g} s (SONDE_LIMITS__SECONDS); send fewer rows at "
        "a time",
        limit=limit,
        setting="SONDE_LIMITS__SECONDS",
    )
