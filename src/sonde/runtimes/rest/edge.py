"""The outermost layer: who asks, how often, under which id; every failure becomes a problem."""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...errors import SondeError, TooMany, Unauthenticated, Unavailable
from ...security.addresses import address_of
from ...security.rates import RateState, headers
from ...telemetry.traces import prediction_attributes, request_attributes
from .refusals import refusal
from .replies import Reply, send_reply
from .requests import BUSY_S, STATE, Gone, Receive, Request, Scope, Send

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from ...security.keys import Key, Keys
    from .parts import Parts

Handler = Callable[[Request], Awaitable[Reply]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RouteAt = Callable[[Scope], str | None]

_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
# Who watches over the service asks without a key, and is not turned away when it is full.
OPEN_PATHS = frozenset({"/health", "/ready", "/ping"})
MOST_DOUBTED = 16
_PREFIX, _SUFFIX = "/api/v1/models/", "/predict"
_LIMIT, _REMAINING, _RESET = (
    name.lower().encode("ascii") for name in headers(RateState(0, 0, 0.0))
)
BROKEN = "something is wrong in the service; its log says what"


class Edge:
    """Takes every request, answers the hot one itself and hands the others to ``app``.

    ``route_at`` gives the template that a request's path fits, for those that ``app`` never saw.
    """

    def __init__(self, parts: Parts, predict: Handler, app: App, route_at: RouteAt) -> None:
        self._parts = parts
        self._predict = predict
        self._app = app
        self._route_at = route_at
        self._places = parts.places
        self._one_look = asyncio.Lock()
        self._doubted = 0
        self._ids = itertools.count()
        self._id_prefix = os.urandom(6).hex()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = self._request(scope, receive)
        span = self._span(request) if self._parts.is_tracing else None
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
                about = prediction_attributes(request.about)
                self._parts.tracer.finish(span, status, request.route, failure, about)

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
        parts = self._parts
        if parts.keys is not None:
            text = _key_text(request)
            request.key = parts.keys.known(text)
            if request.key is None:
                request.key = await self._looked_up(request, text)
        if parts.rates is not None:
            await self._count(request)
        if request.method == "POST" and path.endswith(_SUFFIX) and path.startswith(_PREFIX):
            request.route = "/api/v1/models/{name}/predict"
            reply = await self._predict(request)
            self._leave(request)
            await send_reply(reply, request, send)
            return reply.status
        return await self._routed(request, send)

    async def _routed(self, request: Request, send: Send) -> int:
        status, scope = 500, request.scope
        if request.method == "HEAD":  # as GET, without the body, which the server leaves out
            scope = {**scope, "method": "GET"}

        async def with_headers(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                self._leave(request)
                status = message["status"]
                message["headers"] = [*message["headers"], *request.extra]
            await send(message)

        await self._app(scope, request.receive, with_headers)
        return status

    def _leave(self, request: Request) -> None:
        """Make room for another; a caller who reads slowly takes no place."""
        if request.has_place:
            request.has_place = False
            self._places.working -= 1

    # --- who and how often -------------------------------------------------------------------

    async def _looked_up(self, request: Request, text: str) -> Key:
        """The key with this text, which this process has not seen before."""
        parts = self._parts
        assert parts.keys is not None
        if parts.rates is None:
            return await parts.aside(True, parts.keys.check, text)
        try:
            parts.rates.refuse_failing(request.address)
        except TooMany as wait:
            return await self._doubted_key(parts.keys, text, wait)
        try:
            return await parts.aside(True, parts.keys.check, text)
        except Unauthenticated:
            await parts.aside(parts.is_counted_afar, parts.rates.failed, request.address)
            raise

    async def _doubted_key(self, keys: Keys, text: str, wait: TooMany) -> Key:
        """The key from an address that gave many wrong ones, where it is a good one all the same.

        One look at a time and few in line, so that guesses cost the database little; who sends a
        wrong key hears no more than that he has to wait.
        """
        if self._doubted >= MOST_DOUBTED:
            raise wait
        self._doubted += 1
        try:
            async with self._one_look:
                return await self._parts.aside(True, keys.check, text)
        except Unauthenticated:
            raise wait from None
        finally:
            self._doubted -= 1

    async def _count(self, request: Request) -> None:
        parts = self._parts
        assert parts.rates is not None
        key = None if request.key is None else request.key.id
        try:
            if parts.is_counted_afar:
                state = await parts.aside(True, parts.rates.check, key, request.address)
            else:
                state = parts.rates.check(key, request.address)
        except TooMany as error:
            wait = float(error.facts["retry_after_s"])
            _tell_rate(request, RateState(int(error.facts["limit"]), 0, wait))
            raise
        if state is not None:
            _tell_rate(request, state)

    # --- the end -----------------------------------------------------------------------------

    async def _refused(self, request: Request, error: SondeError, send: Send) -> int:
        reply = refusal(request, error)
        try:
            await send_reply(reply, request, send)
        except RuntimeError:  # the answer had begun already: all that is left is to end it
            self._parts.log.warning("answer broken off", request_id=request.id)
        return reply.status

    def _tell(self, request: Request, status: int) -> None:
        seconds = time.perf_counter() - request.started
        if request.route is None:  # refused before anybody looked where it was to go
            request.route = self._route_at(request.scope)
        self._parts.metrics.request(request.method, request.route, status, seconds)
        if self._parts.is_logging:
            self._parts.tell_request(request, status, seconds)


def _tell_rate(request: Request, state: RateState) -> None:
    request.extra += (
        (_LIMIT, b"%d" % state.limit),
        (_REMAINING, b"%d" % state.remaining),
        (_RESET, b"%d" % math.ceil(state.reset_s)),
    )


def _key_text(request: Request) -> str:
    bearer = request.headers.get(b"authorization")
    if bearer is not None and bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    plain = request.headers.get(b"x-api-key")
    if plain is None:
        raise Unauthenticated(
            "this service wants a key: send it as 'Authorization: Bearer KEY' or 'X-API-Key'"
        )
    return plain.strip().decode("latin-1")
