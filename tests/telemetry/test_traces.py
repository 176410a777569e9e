"""Spans as a collector receives them, over real HTTP."""

from __future__ import annotations

import gzip
import logging
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
from opentelemetry.exporter.otlp.common import http as exporting
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import TracerProvider

from sonde.errors import InvalidInput, TooShort
from sonde.telemetry.traces import (
    Tracer,
    prediction_attributes,
    request_attributes,
)

# The exporter's threads outlive a test whose collector is away, and would write into the next.
logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
logging.getLogger("opentelemetry").propagate = False
# So would their waits, drawn from the random numbers that another test is drawing its own from.
exporting.random = random.Random(0)  # type: ignore[assignment,attr-defined]

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
NO_WAIT_S = 8  # however busy the machine; an export that is waited for takes 10 s and more
PARENT = f"00-{TRACE}-{SPAN}-01"


class Collector:
    """Takes spans over HTTP; ``hangs`` makes it take them and never answer."""

    def __init__(self, status: int = 200, hangs: bool = False) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []
        self.end = Event()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                if hangs:
                    collector.end.wait(60)
                collector.take(self.path, body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def take(self, path: str, body: bytes) -> None:
        assert path == "/v1/traces"
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {item.key: item.value.string_value for item in group.resource.attributes}
            self.resources.append(told)
            for scope in group.scope_spans:
                self.spans.extend(scope.spans)

    def close(self) -> None:
        self.end.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def told(span: Any) -> dict[str, Any]:
    return {
        item.key: getattr(item.value, item.value.WhichOneof("value")) for item in span.attributes
    }


def test_a_request_arrives_with_the_names_of_the_conventions(collector: Collector) -> None:
    tracer = Tracer(collector.endpoint, share=1.0, service_name="plant")
    span = tracer.start("POST", None, request_attributes("POST", "http", "10.0.0.5", 8000))
    assert span is not None
    tracer.finish(
        span,
        200,
        route="/api/v1/detect",
        attributes=prediction_attributes(
            {"algorithm": "isolation_forest", "rows": 100, "anomalies": 3, "model": "pump"}
        ),
    )
    tracer.close(10)
    (got,) = collector.spans
    assert (got.name, got.kind, got.status.code) == ("POST /api/v1/detect", 2, 0)  # 2: server
    assert got.parent_span_id == b""
    assert got.end_time_unix_nano >= got.start_time_unix_nano > 0
    assert told(got) == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "server.address": "10.0.0.5",
        "server.port": 8000,
        "http.response.status_code": 200,
        "http.route": "/api/v1/detect",
        "ml.algorithm": "isolation_forest",
        "ml.data_size": 100,
        "ml.anomalies_detected": 3,
        "dataset.name": "pump",
    }
    assert collector.resources[0]["service.name"] == "plant"
    assert collector.resources[0]["service.version"]


def test_a_failure_says_what_it_was_and_no_secret(collector: Collector) -> None:
    tracer = Tracer(collector.endpoint, share=1.0)
    too_short = TooShort("need 8 rows of postgresql://a:hunter2@b")
    tracer.finish(tracer.start("POST"), 422, error=too_short)
    tracer.finish(tracer.start("POST"), 500, error=ZeroDivisionError("x" * 10_000 + "\ud800"))
    tracer.finish(tracer.start("POST"), 503)
    tracer.close(10)
    refused, broke, away = sorted(
        collector.spans, key=lambda span: told(span)["http.response.status_code"]
    )
    # A caller's fault is no failure of the service.
    assert (refused.status.code, told(refused)["error.type"]) == (0, "too_short")
    assert told(refused)["error.message"] == "need 8 rows of postgresql://a:•••@b"
    assert (broke.status.code, told(broke)["error.type"]) == (2, "ZeroDivisionError")
    assert len(told(broke)["error.message"]) == 1024
    assert (away.status.code, told(away)["error.type"]) == (2, "503")


def test_a_trace_goes_on_from_the_caller_to_what_is_called(collector: Collector) -> None:
    tracer = Tracer(collector.endpoint, share=0.0)
    span = tracer.start("POST", PARENT, tracestate="vendor=1")
    assert span is not None, "traced because the caller is, whatever the share"
    with tracer.part(span, "score", {"ml.algorithm": "hbos"}):
        pass
    with pytest.raises(ZeroDivisionError), tracer.part(span, "write"):
        raise ZeroDivisionError
    tracer.finish(span, 200)
    tracer.close(10)
    by_name = {got.name: got for got in collector.spans}
    request = by_name["POST"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE, SPAN)
    assert request.trace_state == "vendor=1"
    for name, status in (("score", 0), ("write", 2)):
        assert by_name[name].trace_id.hex() == TRACE
        assert by_name[name].parent_span_id == request.span_id
        assert by_name[name].status.code == status
    assert told(by_name["write"])["error.type"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    "header", [f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-02", f"01-{TRACE}-{SPAN}-00-more"]
)
def test_a_caller_that_is_not_traced_is_followed_in_that(collector: Collector, header: str) -> None:
    tracer = Tracer(collector.endpoint, share=1.0)
    assert tracer.start("POST", header) is None
    tracer.close()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        PARENT.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        PARENT * 10_000,
    ],
)
def test_a_malformed_header_counts_as_none(collector: Collector, header: str) -> None:
    drawn, never = Tracer(collector.endpoint, share=1.0), Tracer(collector.endpoint, share=0.0)
    assert never.start("POST", header) is None
    span = drawn.start("POST", header, tracestate="=,=" * 1000)
    drawn.finish(span, 200)
    drawn.close(10)
    never.close()
    (got,) = collector.spans
    assert got.parent_span_id == b""
    assert got.trace_id.hex() != TRACE


def test_about_the_share_is_traced(collector: Collector) -> None:
    tracer = Tracer(collector.endpoint, share=0.1)
    n_drawn = sum(tracer.start("GET") is not None for _ in range(5000))
    tracer.close()
    assert 380 < n_drawn < 630  # five standard deviations around 500


def test_switched_off_it_does_nothing() -> None:
    tracer = Tracer(None, share=1.0)
    assert not tracer.is_on
    span = tracer.start("GET", PARENT)
    assert span is None
    with tracer.part(span, "score") as part:
        assert part is None
    tracer.finish(span, 200, error=ValueError())
    tracer.close()


@pytest.mark.parametrize("endpoint", ["collector:4318", "ftp://collector/v1", "http://"])
def test_an_address_that_is_none_is_refused_at_start(endpoint: str) -> None:
    with pytest.raises(InvalidInput, match="http://collector:4318/v1/traces"):
        Tracer(endpoint)


def slowest_of(tracer: Tracer, n: int) -> float:
    slowest = 0.0
    for _ in range(n):
        started = time.perf_counter()
        tracer.finish(tracer.start("GET"), 200)
        slowest = max(slowest, time.perf_counter() - started)
    return slowest


def test_a_collector_that_is_away_delays_and_breaks_nothing() -> None:
    tracer = Tracer("http://127.0.0.1:9/v1/traces", share=1.0)
    assert slowest_of(tracer, 3000) < NO_WAIT_S  # more than may wait
    started = time.perf_counter()
    tracer.close(0.2)
    assert time.perf_counter() - started < NO_WAIT_S
    assert tracer.start("GET") is None


def test_a_collector_that_never_answers_delays_and_breaks_nothing() -> None:
    silent = Collector(hangs=True)
    tracer = Tracer(silent.endpoint, share=1.0)
    assert slowest_of(tracer, 3000) < NO_WAIT_S
    started = time.perf_counter()
    tracer.close(0.2)
    assert time.perf_counter() - started < NO_WAIT_S
    silent.close()


def test_a_collector_that_refuses_breaks_nothing() -> None:
    refusing = Collector(status=401)
    tracer = Tracer(refusing.endpoint, share=1.0)
    assert slowest_of(tracer, 10) < NO_WAIT_S
    tracer.close(10)
    refusing.close()


def test_a_span_that_ends_after_the_service_closed_harms_nobody(collector: Collector) -> None:
    tracer = Tracer(collector.endpoint, share=1.0)
    span = tracer.start("GET")
    tracer.close(10)
    tracer.finish(span, 200)
    with tracer.part(span, "score") as part:
        assert part is None


def test_a_process_ends_at_once_although_the_collector_is_away() -> None:
    script = (
        "from sonde.telemetry import Tracer\n"
        "tracer = Tracer('http://127.0.0.1:9/v1/traces', share=1.0)\n"
        "tracer.finish(tracer.start('GET'), 200)\n"
        "tracer.close(0.1)\n"
    )
    started = time.perf_counter()
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 0
    assert time.perf_counter() - started < NO_WAIT_S


def test_the_process_keeps_its_own_provider() -> None:
    from opentelemetry import trace

    Tracer("http://127.0.0.1:9/v1/traces").close(0.1)
    assert not isinstance(trace.get_tracer_provider(), TracerProvider)
