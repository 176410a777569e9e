"""Spans as OpenTelemetry's SDK makes and sends them; imported only where traces are on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.span import TraceState

from ..errors import InvalidInput
from .secrets import masked

Value = str | int | float | bool

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_LONGEST_STATE = 512
_LONGEST_VALUE = 1024
# Spans that may wait for the collector, about 2 kB each; more are dropped.
_WAITING = 2048
_EXPORT_S = 5.0
_NOTHING = Context()
_FAILED = Status(StatusCode.ERROR)


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


class Spans:
    """Makes spans and has them sent to ``endpoint`` by a thread."""

    def __init__(self, endpoint: str, service_name: str) -> None:
        if not _is_address(endpoint):
            raise InvalidInput(
                f"{masked(endpoint)!r} is no address of a collector; write it like "
                "http://collector:4318/v1/traces",
                setting="SONDE_TRACES__ENDPOINT",
            )
        # Drawn already. Nothing is registered for the end of the process: whoever ends the
        # service calls `close`, which waits less.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource({"service.name": service_name, "service.version": version("sonde")}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=_WAITING))
        self._tracer = self._provider.get_tracer("sonde")

    def parent(self, traceparent: str, tracestate: str | None) -> Context | None:
        """The caller's span by its W3C headers; None where they are malformed."""
        found = _TRACEPARENT.fullmatch(traceparent)
        if found is None:
            return None
        form, trace, span, flags, more = found.groups()
        trace_id, span_id = int(trace, 16), int(span, 16)
        if form == "ff" or (form == "00" and more) or not (trace_id and span_id):
            return None
        state = None
        if tracestate is not None and len(tracestate) <= _LONGEST_STATE:
            state = TraceState.from_header([tracestate])
        sampled = TraceFlags(int(flags, 16) & TraceFlags.SAMPLED)
        remote = SpanContext(trace_id, span_id, True, sampled, state)
        return set_span_in_context(NonRecordingSpan(remote), _NOTHING)

    def request(
        self, name: str, parent: Context | None, attributes: Mapping[str, Value] | None
    ) -> Span | None:
        """A request's span; None below a span that is not recorded."""
        if parent is not None and not _flags(parent).sampled:
            return None
        given = None if attributes is None else _bounded(attributes)
        context = _NOTHING if parent is None else parent
        return self._tracer.start_span(name, context, SpanKind.SERVER, given)

    def finish(
        self,
        span: Span,
        status: int,
        route: str | None,
        error: BaseException | None,
        attributes: Mapping[str, Value] | None,
    ) -> None:
        given: dict[str, Value] = {"http.response.status_code": status}
        if route is not None:
            given["http.route"] = route
            span.update_name(f"{getattr(span, 'name', '')} {route}".lstrip())
        if error is not None:
            given["error.type"] = _kind(error)
            given["error.message"] = str(error)
        elif status >= 500:
            given["error.type"] = str(status)
        if attributes is not None:
            given.update(attributes)
        span.set_attributes(_bounded(given))
        if status >= 500:
            span.set_status(_FAILED)
        span.end()

    @contextmanager
    def part(self, span: Span, name: str, attributes: Mapping[str, Value] | None) -> Iterator[Span]:
        given = None if attributes is None else _bounded(attributes)
        context = set_span_in_context(span, _NOTHING)
        below = self._tracer.start_span(name, context, attributes=given)
        try:
            yield below
        except BaseException as error:
            below.set_attribute("error.type", _kind(error))
            below.set_status(_FAILED)
            raise
        finally:
            below.end()

    def close(self) -> None:
        """Send what waits; may take half a minute where the collector does not answer."""
        self._provider.shutdown()


def _flags(parent: Context) -> TraceFlags:
    return get_current_span(parent).get_span_context().trace_flags


def _kind(error: BaseException) -> str:
    """Our code for an error, or the name of its class."""
    return str(getattr(error, "code", type(error).__name__))


def _bounded(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Texts without secrets, valid and not too long: one bad value would lose its whole batch."""
    return {
        name: masked(value[:_LONGEST_VALUE].encode("utf-8", "replace").decode())
        if isinstance(value, str)
        else value
        for name, value in attributes.items()
    }
