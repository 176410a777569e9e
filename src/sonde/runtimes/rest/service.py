"""The service as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache, partial

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request as TheirRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from ... import __version__
from ...data.quoting import shortened
from ...errors import NotFound, SondeError
from .computing import Computing
from .contracts.own_predict import OwnPredict
from .edge import BROKEN, Edge, Handler
from .invalid import not_valid
from .models import router, upload
from .openapi import docs_page, document
from .operating import Operating
from .parts import Parts
from .predicting import Predicting
from .refusals import refusal
from .replies import Reply, json_reply
from .requests import STATE, Scope
from .requests import Request as Ours

Endpoint = Callable[[TheirRequest], Awaitable[Response]]


def service(parts: Parts) -> Edge:
    """The application: everything built, nothing started before the server starts it."""
    settings = parts.settings
    predicting = Predicting(parts)
    operating = Operating(parts)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        await parts.aside(True, parts.start)
        parts.log.info("service started", version=__version__, open=parts.keys is None)
        looking = asyncio.create_task(operating.look_on())
        try:
            yield
        finally:
            operating.is_closing = True
            looking.cancel()
            operating.close()
            parts.log.info("service stopping")
            # Not in one of its own threads, for which it waits; those who still wait hear of it.
            await asyncio.to_thread(parts.close)

    app = FastAPI(
        title="Sonde",
        version=__version__,
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    computing = Computing(parts)

    async def uploaded(request: Ours) -> Reply:
        return await upload(parts, request)

    # Aside and once: it names every detector, for which all of them are imported.
    described_once = lru_cache(1)(lambda: json_reply(document(settings)))
    shown_once = lru_cache(1)(
        lambda: Reply(docs_page(document(settings)), media=b"text/html; charset=utf-8")
    )

    async def described(_: Ours) -> Reply:
        return await parts.aside(True, described_once)

    async def shown(_: Ours) -> Reply:
        return await parts.aside(True, shown_once)

    async def begun(_: Ours) -> Reply:
        # Relative, so that it holds behind a proxy that puts a path before ours.
        return Reply(b"", 302, headers=[(b"location", b"docs")])

    own = OwnPredict(parts, predicting, parts.served)
    for path, method, handler in (
        ("/", "GET", begun),
        ("/health", "GET", operating.health),
        ("/ready", "GET", operating.ready),
        ("/metrics", "GET", operating.metrics),
        ("/docs", "GET", shown),
        ("/openapi.json", "GET", described),
        ("/predict", "POST", own.answer),
        ("/api/v1/detect", "POST", computing.detect),
        ("/api/v1/models", "POST", computing.train),
        ("/api/v1/models/{name}/predict", "POST", predicting.answer),
        ("/api/v1/models/{name}/versions", "POST", uploaded),
    ):
        if path == "/metrics" and (
            not settings.metrics.enabled or settings.server.metrics_port is not None
        ):
            continue
        app.add_route(path, _endpoint(path, handler), methods=[method])
    models = router(parts)
    app.include_router(models)
    routes = [*app.routes, *models.routes]
    _translate_errors(app, routes)
    return Edge(parts, predicting.answer, app, partial(_route_at, routes))


def _endpoint(route: str, handler: Handler) -> Endpoint:
    async def answer(request: TheirRequest) -> Response:
        ours: Ours = request.scope[STATE]
        ours.route = route
        reply = await handler(ours)
        headers = {name.decode(): value.decode() for name, value in reply.headers}
        headers["content-type"] = reply.media.decode()
        return Response(reply.body, reply.status, headers=headers)

    return answer


def _translate_errors(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Every failure below as the same problem document; what the edge answers is left to it."""

    async def refused(request: TheirRequest, error: Exception) -> Response:
        return _problem(request, error if isinstance(error, SondeError) else SondeError(str(error)))

    async def unfit(request: TheirRequest, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _problem(request, not_valid(error.errors()))

    async def http_error(request: TheirRequest, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        ours: Ours = request.scope[STATE]
        place = shortened(ours.path)
        if error.status_code == 404:
            return _problem(
                request, NotFound(f"there is nothing at {place}; GET /docs shows what there is")
            )
        methods = ", ".join(_methods_at(routes, request.scope))
        wrong = SondeError(
            f"{ours.method} is not answered at {place}; there are {methods}", allowed=methods
        )
        wrong.code = "method_not_allowed"  # type: ignore[misc]
        return _problem(request, wrong, error.status_code, {"Allow": methods})

    async def broken(request: TheirRequest, error: Exception) -> Response:
        # The error goes on to the edge, which writes it into the log.
        return _problem(request, SondeError(BROKEN))

    app.add_exception_handler(SondeError, refused)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, broken)


def _methods_at(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """Every method that is answered at a request's path."""
    found: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] != Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _route_at(routes: Sequence[BaseRoute], scope: Scope) -> str | None:
    """The template that a request's path fits; None where nothing is there."""
    for route in routes:
        path: str | None = getattr(route, "path", None)  # a router has none
        if path is not None and route.matches(scope)[0] != Match.NONE:
            return path
    return None


def _problem(
    request: TheirRequest,
    error: SondeError,
    status: int | None = None,
    more: dict[str, str] | None = None,
) -> Response:
    reply = refusal(request.scope[STATE], error, status)
    headers = {name.decode(): value.decode() for name, value in reply.headers} | (more or {})
    headers["content-type"] = reply.media.decode()
    return Response(reply.body, reply.status, headers=headers)
