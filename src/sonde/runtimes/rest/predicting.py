"""``POST /api/v1/models/{name}/predict``: the hot path."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from ...core import Container, ModelRef, Prediction, PredictionRequest
from ...data.policy import refuse_flaws
from ...data.quoting import quoted, shortened
from ...errors import InvalidInput, SondeError, TimeLimit, Unavailable
from ...learn.per_series import PerSeries
from ...telemetry.logs import is_debug
from ...telemetry.predictions import PredictionLog
from ...wire import media as kinds
from ...wire.answers import prediction_body
from ...wire.arrow_numbers import numbers_of_arrow
from ...wire.bodies import Body, parse, parse_quickly, parse_with_care
from ...wire.problems import pointed
from ...wire.reading import container_of, reading_of, usable_share
from ...wire.unpack import unpacked
from .replies import JSON, Reply
from .requests import Request

if TYPE_CHECKING:
    from ...data import Reading
    from ...learn import Detector, Estimator
    from .parts import Parts, Ready

# Decoding more than this would keep others waiting for milliseconds.
ASIDE_BYTES, ASIDE_ARROW = 128 * 1024, 1 << 20
INLINE_S, INLINE_ROWS = 1e-3, 5000
_PREFIX, _SUFFIX = len("/api/v1/models/"), len("/predict")
_PLAIN = frozenset({"version", "alias", "key"})
_OPTIONS = _PLAIN | {"time", "id"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which model, as what the answer is wanted, and what is peculiar to the path.

    ``most_cells`` may come at once there; ``is_own`` is true of ``POST /predict``.
    """

    ref: ModelRef
    accept: str
    key: str | None = None
    most_cells: int | None = None
    is_own: bool = False


@dataclass(slots=True)
class Question:
    """A decoded request: what to ask the predictor, and how to speak of its rows.

    ``usable`` is the share of the cells that hold a number.
    """

    request: PredictionRequest
    reading: Reading | None
    n_rows: int
    usable: float = 1.0


class Predicting:
    """Decode, ask, encode."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = PredictionLog()
        self._is_told = parts.is_logging or parts.is_tracing

    async def answer(self, request: Request) -> Reply:
        """The reply to one request for a stored model."""
        self._parts.allow(request, "predict")
        name = request.path[_PREFIX:-_SUFFIX]
        accept = kinds.negotiate(request.header(b"accept"))
        if not request.scope.get("query_string"):
            asked = Asked(ModelRef(name), accept)
        else:
            fields = _fields(request)
            ref = ModelRef(name, fields.get("version"), fields.get("alias"))
            asked = Asked(ref, accept, fields.get("key"))
        data = await self._parts.bodies.read(request)
        return await self.judged(request, asked, data)

    async def judged(self, request: Request, asked: Asked, data: bytes) -> Reply:
        """The reply about the rows in ``data``."""
        parts = self._parts
        try:
            known = parts.at_hand(asked.ref, asked.key)
            if known is None:
                known = await parts.model_for(asked.ref, asked.key)
            question, body = self._at_once(request, asked, data, known.model)
            if question is None:
                question = await parts.decoding(
                    self._question, request, asked, data, known.model, body
                )
            if asked.most_cells is not None:
                _refuse_cells(question, asked.most_cells)
            expected_s = known.cost.seconds_for(question.n_rows)
            started = time.perf_counter()
            if expected_s <= INLINE_S:
                prediction = parts.predictor.predict(question.request, known.answer)
            else:
                prediction = await self._slowly(question, known, expected_s)
            words = request, asked, known.model, question, prediction, started
            if question.n_rows <= INLINE_ROWS and asked.accept == kinds.JSON:
                return self._encoded(*words)
            return await parts.decoding(self._encoded, *words)
        except SondeError as error:
            parts.metrics.prediction_failed()
            self._log.failed(request.id, str(asked.ref), None, request.seconds(), error)
            raise

    # --- steps -------------------------------------------------------------------------------

    def _at_once(
        self, request: Request, asked: Asked, data: bytes, model: Detector
    ) -> tuple[Question | None, Body | bool]:
        """A body of nothing but numbers that takes no time to decode, as a question.

        Else None; and beside it what was found of the body, or whether it was looked at in vain.
        """
        headers, is_json = request.headers, True
        media = headers.get(b"content-type")
        if media != JSON:
            kind = kinds.of_content_type(request.header(b"content-type"))
            is_json = kind == kinds.JSON
            if not is_json and kind != kinds.ARROW:
                return None, False
        if len(data) > (ASIDE_BYTES if is_json else ASIDE_ARROW) or b"content-encoding" in headers:
            return None, False
        limits = self._parts.limits
        body = parse_quickly(data, limits) if is_json else numbers_of_arrow(data, limits)
        if body is None:
            return None, is_json
        is_plain = not request.scope.get("query_string") or request.query().keys() <= _PLAIN
        rows = container_of(body, model.schema_) if is_plain else None
        if rows is None:
            return None, body if is_json else False
        key = body.options.get("key", asked.key)
        question = PredictionRequest(asked.ref, rows, key, request.id, candidate=False)
        return Question(question, None, len(rows.values)), body

    def _question(
        self, request: Request, asked: Asked, data: bytes, model: Detector, found: Body | bool
    ) -> Question:
        body = self._body(request, data, is_small=found) if isinstance(found, bool) else found
        body = _with_names(body, request.query())
        key = asked.key
        if body.options:
            options = dict(body.options)
            given = options.pop("key", None)
            key = key if given is None else str(given)
            if options:
                unknown = next(iter(options))
                raise InvalidInput(
                    f"the body has an unknown field {unknown!r}; data are rows, columns or "
                    "series, beside them may be names, time, id and key",
                    pointer=f"/{unknown}",
                )
        try:
            return self._taken(asked.ref, body, model, key, request.id)
        except SondeError as error:
            raise pointed(error, body, model.schema_.channels) from None

    def _body(self, request: Request, data: bytes, *, is_small: bool) -> Body:
        """The body, which was looked at already for nothing but numbers where it is small JSON."""
        limits = self._parts.limits
        if is_small:
            return parse_with_care(data, limits)
        plain = unpacked(
            data,
            request.header(b"content-encoding"),
            self._parts.settings.limits.unpacked_mb * 2**20,
        )
        return parse(plain, kinds.of_content_type(request.header(b"content-type")), limits)

    def _taken(
        self, ref: ModelRef, body: Body, model: Estimator, key: str | None, request_id: str
    ) -> Question:
        data: Container | None = container_of(body, model.schema_)
        reading, usable = None, 1.0
        if data is None:
            reading = reading_of(body, schema=model.schema_)
            refuse_flaws(model.policy_.missing, reading)
            data = reading.data
            usable = usable_share(data)
        asked = PredictionRequest(ref, data, key, request_id, candidate=False)
        return Question(asked, reading, len(data.values), usable)

    async def _slowly(self, question: Question, known: Ready, expected_s: float) -> Prediction:
        limit = self._parts.settings.limits.seconds
        if expected_s > limit:
            raise _too_slow(limit, f"{question.n_rows:,} rows would take about {expected_s:.0f} s")
        if known.cost.pays and self._parts.batcher is not None:
            try:
                async with asyncio.timeout(limit):
                    return await self._parts.batcher.predict(question.request)
            except TimeoutError:
                raise _too_slow(limit, f"{question.n_rows:,} rows took longer") from None
        begun = self._parts.threads.submit(
            self._parts.predictor.predict, question.request, known.answer
        )
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
        asked: Asked,
        model: Detector,
        question: Question,
        prediction: Prediction,
        started: float,
    ) -> Reply:
        reading, output = question.reading, prediction.output
        if reading is not None:
            output = reading.answered(output)
            prediction = replace(prediction, output=output)
        seconds = time.perf_counter() - started
        n_rows, n_anomalies = len(output.scores), len(output.anomalies)
        name = (model.detector if isinstance(model, PerSeries) else model).name
        self._parts.metrics.inference(name, prediction.model, n_rows, n_anomalies, seconds)
        self._parts.tell_quality(prediction.model, question.usable)
        if self._is_told:
            request.about.update(
                model=prediction.model,
                version=prediction.version,
                algorithm=name,
                rows=n_rows,
                anomalies=n_anomalies,
                quality=question.usable,
            )
        if is_debug():
            self._log.completed(
                request.id,
                f"{prediction.model}:{prediction.version}",
                question.request.data.values.shape,
                seconds,
                n_rows,
            )
        body = prediction_body(
            prediction,
            algorithm=name,
            seconds=seconds,
            reading=reading,
            media=asked.accept,
            is_own=asked.is_own,
        )
        return Reply(body, 200, JSON if asked.accept == kinds.JSON else asked.accept.encode())


def _fields(request: Request) -> dict[str, str]:
    """The query's fields, of which none is unknown."""
    fields = request.query()
    if not fields.keys() <= _OPTIONS:
        unknown = next(iter(fields.keys() - _OPTIONS))
        raise InvalidInput(
            f"the query has an unknown field {quoted(unknown)}; there are version, alias, key, "
            "time and id",
            field=shortened(unknown),
        )
    if "version" in fields and "alias" in fields:
        raise InvalidInput("the query names a version and an alias; give one of them")
    return fields


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
