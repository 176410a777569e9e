"""The outermost layer: who asks, how often, under which id; every failure becomes a problem."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...errors import SondeError, TooMany, Unauthenticated, Unavailable
from ...security.addresses import address_of
from ...security.rates import RateState, headers
from ...telemetry.traces import request_attributes
from ...wire.problems import problem
from .replies import Reply, problem_reply, send_reply
from .requests import BUSY_S, STATE, Gone, Receive, Request, Scope, Send
from .statuses import OWN_PREDICT, retry_after, status_of

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from .parts import Parts

Handler = Callable[[Request], Awaitable[Reply]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
# Who watches over the service asks without a key, and is not turned away when it is full.
OPEN_PATHS = frozenset({"/health", "/ready", "/ping"})
_PREFIX, _SUFFIX = "/api/v1/models/", "/predict"
# What the attributes of a span call what is known of a request.
_TRACED = {
    "algorithm": "ml.algorithm",
    "rows": "ml.data_size",
    "anomalies": "ml.anomalies_detected",
    "model": "dataset.name",
}
BROKEN = "something is wrong in the service; its log says what"


class Edge:
    """Takes every request, answers the hot one itself and hands the others to ``app``."""

    def __init__(self, parts: Parts, predict: Handler, app: App) -> None:
        self._parts = parts
        self._predict = predict
        self._app = app
        self._places = parts.places
        self._ids = itertools.count()
        self._id_prefix = os.urandom(6).hex()

    @property
    def active(self) -> int:
        """Requests that are worked on: their bodies have come, their answers have not begun."""
        return self._places.working

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = self._request(scope, receive)
        span = self._span(request) if self._parts.tracer.is_on else None
        self._places.working += 1
        request.has_place = True
        status = 499  # where the caller hung up
        failure: Exception | None = None
        try:
            try:
                status = await self._answered(request, send)
            except Gone:
                return
            except SondeError as error:
                failure = error
                status = await self._refused(request, error, send)
            except asyncio.CancelledError:  # the time to finish is over
                closing = Unavailable("the service is closing; ask again", retry_after_s=BUSY_S)
                status = await self._refused(request, closing, send)
            except Exception as error:
                failure = error
                self._parts.log.exception("request failed", request_id=request.id, exc_info=error)
                broken = SondeError(BROKEN)
                status = await self._refused(request, broken, send)
        finally:
            self._leave(request)
            self._tell(request, status)
            if span is not None:
                about = request.about
                told = {_TRACED[name]: about[name] for name in _TRACED.keys() & about.keys()}
                self._parts.tracer.finish(span, status, request.route, failure, told)

    # --- one request -------------------------------------------------------------------------

    def _span(self, request: Request) -> Span | None:
        scope = request.scope
        host, port = scope.get("server") or ("", None)
        return self._parts.tracer.start(
            request.method,
            request.header(b"traceparent"),
            request_attributes(request.method, scope.get("scheme", "http"), host, port),
            request.header(b"tracestate"),
        )

    def _request(self, scope: Scope, receive: Receive) -> Request:
        named = dict(scope["headers"])
        given = named.get(b"x-request-id")
        if given is not None and _ID.fullmatch(given):
            request_id = given.decode("ascii")
        else:
            request_id = f"{self._id_prefix}{next(self._ids):08x}"
        client = scope.get("client")
        forwarded = named.get(b"x-forwarded-for")
        address = address_of(
            client[0] if client else None,
            forwarded.decode("latin-1") if forwarded is not None else None,
            self._parts.proxies,
        )
        request = Request(
            id=request_id,
            method=scope["method"],
            path=scope["path"],
            scope=scope,
            receive=receive,
            headers=named,
            address=address,
            started=time.perf_counter(),
        )
        request.extra.append((b"x-request-id", request_id.encode("ascii")))
        scope[STATE] = request
        return request

    async def _answered(self, request: Request, send: Send) -> int:
        path = request.path
        if path in OPEN_PATHS:
            return await self._routed(request, send)
        if self._places.working > self._places.most:
            raise Unavailable(
                f"{self._places.most} requests are being answered already "
                "(SONDE_SERVER__CONCURRENCY); ask again in a moment",
                retry_after_s=BUSY_S,
                setting="SONDE_SERVER__CONCURRENCY",
            )
        if self._parts.keys is not None:
            await self._identify(request)
        if self._parts.rates is not None:
            await self._count(request)
        if request.method == "POST" and path.endswith(_SUFFIX) and path.startswith(_PREFIX):
            request.route = "/api/v1/models/{name}/predict"
            reply = await self._predict(request)
            self._leave(request)
            await send_reply(reply, request, send)
            return reply.status
        return await self._routed(request, send)

    async def _routed(self, request: Request, send: Send) -> int:
        status = 500

        async def with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                self._leave(request)
                status = message["status"]
                message["headers"] = [*message["headers"], *request.extra]
            await send(message)

        await self._app(request.scope, request.receive, with_headers)
        return status

    def _leave(self, request: Request) -> None:
        """Make room for another; a caller who reads slowly takes no place."""
        if request.has_place:
            request.has_place = False
            self._places.working -= 1

    # --- who and how often -------------------------------------------------------------------

    async def _identify(self, request: Request) -> None:
        keys, rates = self._parts.keys, self._parts.rates
        if keys is None:
            return
        text = _key_text(request)
        if text is None:
            raise Unauthenticated(
                "this service wants a key: send it as 'Authorization: Bearer KEY' or 'X-API-Key'"
            )
        request.key = keys.known(text)
        if request.key is not None:
            return
        # Only now: a good key is not shut out for another's wrong one from the same address.
        if rates is not None:
            rates.refuse_failing(request.address)
        try:
            request.key = await self._parts.aside(True, keys.check, text)
        except Unauthenticated:
            if rates is not None:
                await self._parts.aside(self._parts.is_counted_afar, rates.failed, request.address)
            raise

    async def _count(self, request: Request) -> None:
        rates = self._parts.rates
        if rates is None:
            return
        key = None if request.key is None else request.key.id
        try:
            state = await self._parts.aside(
                self._parts.is_counted_afar, rates.check, key, request.address
            )
        except TooMany as error:
            wait = float(error.facts["retry_after_s"])
            _tell_rate(request, RateState(int(error.facts["limit"]), 0, wait))
            raise
        if state is not None:
            _tell_rate(request, state)

    # --- the end -----------------------------------------------------------------------------

    async def _refused(self, request: Request, error: SondeError, send: Send) -> int:
        status = status_of(error, request.path)
        wait = retry_after(error, status)
        body = problem(error, status, request_id=request.id, instance=request.path)
        reply = problem_reply(body, status, wait, is_flat=request.path == OWN_PREDICT)
        request.about.setdefault("error", error.code)
        if status == 408:  # the rest of the body may never come
            request.extra.append((b"connection", b"close"))
        try:
            await send_reply(reply, request, send)
        except RuntimeError:  # the answer had begun already: all that is left is to end it
            self._parts.log.warning("answer broken off", request_id=request.id)
        return status

    def _tell(self, request: Request, status: int) -> None:
        seconds = time.perf_counter() - request.started
        self._parts.metrics.request(request.method, request.route, status, seconds)
        self._parts.tell_request(request, status, seconds)


def _tell_rate(request: Request, state: RateState) -> None:
    for name, value in headers(state).items():
        request.extra.append((name.lower().encode("ascii"), value.encode("ascii")))


def _key_text(request: Request) -> str | None:
    bearer = request.headers.get(b"authorization")
    if bearer is not None and bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    plain = request.headers.get(b"x-api-key")
    return None if plain is None else plain.strip().decode("latin-1")
