"""Spans of requests for OpenTelemetry: drawn first, made only for those that are drawn."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from ..errors import need

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from .spans import Spans

Value = str | int | float | bool

METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}
)


class Tracer:
    """Traces a share of the requests; does nothing without an endpoint.

    Parameters
    ----------
    endpoint : where spans go, OTLP over HTTP: ``http://collector:4318/v1/traces``. Headers that a
        collector asks for are read by the exporter from ``OTEL_EXPORTER_OTLP_HEADERS``.
    share : share of the requests that are traced; a request that comes with a ``traceparent`` is
        traced when its caller is.

    ``start`` gives None for a request that is not traced, and all else takes None. Sending is
    done by a thread: a collector that is slow or away costs spans, never a request.

    Examples
    --------
    >>> tracer = Tracer(None)
    >>> span = tracer.start("GET")
    >>> tracer.finish(span, 200)
    >>> span is None
    True
    """

    def __init__(
        self, endpoint: str | None, share: float = 0.01, service_name: str = "sonde"
    ) -> None:
        self._share = share
        self._spans: Spans | None = None
        if endpoint is not None:
            need("opentelemetry.sdk.trace", extra="traces", purpose="traces")
            from .spans import Spans

            self._spans = Spans(endpoint, service_name)

    @property
    def is_on(self) -> bool:
        return self._spans is not None

    def start(
        self,
        name: str,
        traceparent: str | None = None,
        attributes: Mapping[str, Value] | None = None,
        tracestate: str | None = None,
    ) -> Span | None:
        """The span of a request, or None for one that is not traced.

        Parameters
        ----------
        traceparent, tracestate : W3C headers of the request; malformed ones count as absent.
        """
        spans = self._spans
        if spans is None:
            return None
        if traceparent is None:
            if random.random() >= self._share:
                return None
            return spans.request(name, None, attributes)
        if traceparent.endswith("-00"):  # the caller's trace is not recorded, so this is not
            return None
        parent = spans.parent(traceparent, tracestate)
        if parent is None and random.random() >= self._share:
            return None
        return spans.request(name, parent, attributes)

    def finish(
        self,
        span: Span | None,
        status: int,
        route: str | None = None,
        error: BaseException | None = None,
        attributes: Mapping[str, Value] | None = None,
    ) -> None:
        """End a request's span; from 500 on it is marked as failed.

        Parameters
        ----------
        route : the template of the route; it becomes part of the span's name.
        error : what went wrong, if anything.
        """
        if span is not None and self._spans is not None:
            self._spans.finish(span, status, route, error, attributes)

    @contextmanager
    def part(
        self, span: Span | None, name: str, attributes: Mapping[str, Value] | None = None
    ) -> Iterator[Span | None]:
        """A part of a request as a span below its own."""
        if span is None or self._spans is None:
            yield None
            return
        with self._spans.part(span, name, attributes) as below:
            yield below

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what waits, for at most ``timeout_s``."""
        if self._spans is None:
            return
        spans, self._spans = self._spans, None
        # The SDK itself waits up to half a minute for a collector that does not answer.
        closing = Thread(target=spans.close, name="sonde-traces-close", daemon=True)
        closing.start()
        closing.join(timeout_s)


def request_attributes(
    method: str, scheme: str, address: str, port: int | None
) -> dict[str, Value]:
    """What is known of a request when it comes in, by OpenTelemetry's names.

    >>> request_attributes("BREW", "http", "10.0.0.5", 8000)["http.request.method"]
    '_OTHER'
    """
    told: dict[str, Value] = {
        "http.request.method": method if method in METHODS else "_OTHER",
        "url.scheme": scheme,
        "server.address": address,
    }
    if port is not None:
        told["server.port"] = port
    return told


# What the service knows of a request, and what a span calls it.
_TOLD = {
    "algorithm": "ml.algorithm",
    "rows": "ml.data_size",
    "anomalies": "ml.anomalies_detected",
    "model": "dataset.name",
    "quality": "data.quality_score",
}


def prediction_attributes(about: Mapping[str, Value]) -> dict[str, Value]:
    """What a request was about, as far as it is known.

    >>> prediction_attributes({"algorithm": "hbos", "rows": 3, "version": "7"})
    {'ml.algorithm': 'hbos', 'ml.data_size': 3}
    """
    return {_TOLD[name]: value for name, value in about.items() if name in _TOLD}
