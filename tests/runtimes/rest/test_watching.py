"""What the service tells of itself: log lines, metrics, traces; and what it never tells."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

import sonde
from sonde.security.key_text import new_key_text
from tests.runtimes.rest.data import FRAME, JSON
from tests.runtimes.rest.processes import until
from tests.runtimes.rest.running import Running, running, started
from tests.runtimes.rest.stored import keys_of, store

PREDICT = "/api/v1/models/own/predict"
PEPPER = "pepper-that-nobody-may-read"
PROMISED = {
    "sonde_requests_total": "counter",
    "sonde_request_duration_seconds": "histogram",
    "sonde_anomalies_detected_total": "counter",
    "sonde_model_inference_seconds": "histogram",
    "sonde_active_models": "gauge",
    "sonde_data_quality_score": "gauge",
    "sonde_dependency_up": "gauge",
    "predictions_total": "counter",
    "prediction_duration_seconds": "histogram",
    "prediction_errors_total": "counter",
}


class Collector:
    """Takes spans as OpenTelemetry's collector does, OTLP over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        outer = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.take(
                    self.rfile.read(int(self.headers["content-length"])),
                    self.headers.get("content-encoding"),
                )
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, data: bytes, packed: str | None) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        sent = ExportTraceServiceRequest.FromString(
            gzip.decompress(data) if packed == "gzip" else data
        )
        for resource in sent.resource_spans:
            for attribute in resource.resource.attributes:
                if attribute.key == "service.name":
                    self.services.add(attribute.value.string_value)
            for scope in resource.scope_spans:
                self.spans += scope.spans


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.proto", reason="traces need their extra")
    one = Collector()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture(scope="module")
def key() -> str:
    return new_key_text().text


@pytest.fixture(scope="module")
def watched(
    collector: Collector, key: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("watched")
    store(home, own=sonde.train(FRAME, model="ecod", evaluate=False).model)
    with running(
        home,
        KEYS__FIRST=key,
        KEYS__PEPPER=PEPPER,
        TRACES__ENDPOINT=collector.url,
        TRACES__SHARE="1",
        METRICS__COMPATIBILITY_NAMES="true",
        LOG__LEVEL="debug",
        REDIS__URL="redis://someone:hidden-password@127.0.0.1:1/0",
    ) as one:
        yield one


@pytest.fixture(scope="module")
def http(watched: Running, key: str) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=watched.url, headers=headers, timeout=60) as client:
        yield client


def lines(one: Running) -> list[dict[str, Any]]:
    """The log, of which every line is an object."""
    return [json.loads(line) for line in one.said().splitlines() if line.strip()]


def test_a_line_of_the_log_a_header_and_an_error_name_one_request(
    watched: Running, http: httpx.Client
) -> None:
    fine = http.post(PREDICT, json=JSON["rows"])
    wrong = http.post(PREDICT, json={"rows": [["x", 1, 2]]}, headers={"x-request-id": "order-7"})
    nowhere = http.get("/nowhere")
    denied = httpx.get(f"{watched.url}/api/v1/models")
    assert fine.json()["request_id"] == fine.headers["x-request-id"]
    assert wrong.headers["x-request-id"] == "order-7"
    for answer in (wrong, nowhere, denied):
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["content-type"] == "application/problem+json"
    wanted = {one.headers["x-request-id"]: one for one in (fine, wrong, nowhere, denied)}

    def all_there() -> dict[str, dict[str, Any]] | None:
        found = {
            one["request_id"]: one
            for one in lines(watched)
            if one["event"] == "request" and one["request_id"] in wanted
        }
        return found if len(found) == len(wanted) else None

    told = until(all_there, 10)
    for name, answer in wanted.items():
        assert told[name]["status"] == answer.status_code
        assert {"timestamp", "level", "method", "route", "seconds"} <= told[name].keys()
    assert told[fine.headers["x-request-id"]]["model"] == "own"
    assert told[denied.headers["x-request-id"]]["error"] == "unauthenticated"


def test_a_port_for_metrics_has_all_of_them_before_anybody_asks(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with started(tmp_path / "home", SERVER__METRICS_PORT=str(port)) as one:
        place = f"http://127.0.0.1:{port}/metrics"
        told = until(lambda: "sonde_dependency_up{" in (text := httpx.get(place).text) and text)
        assert 'sonde_dependency_up{dependency="database"} 1.0' in told
        assert "sonde_active_models 0.0" in told
        assert httpx.get(f"{one.url}/metrics").status_code == 404
        first, second, *_ = lines(one)
        assert first["event"].startswith("Serving at http://127.0.0.1:")
        assert second["event"].startswith("No key is asked for")


def test_a_refusal_before_the_route_is_known_is_counted_under_it(
    watched: Running, http: httpx.Client
) -> None:
    places = {
        ("POST", PREDICT): "/api/v1/models/{name}/predict",
        ("GET", "/api/v1/models/own/versions/1"): "/api/v1/models/{name}/versions/{version}",
        ("GET", "/metrics"): "/metrics",
        ("GET", "/nowhere"): "unmatched",
    }
    asked = {}
    for (method, path), route in places.items():
        reply = httpx.request(method, f"{watched.url}{path}")
        assert reply.status_code == 401
        asked[reply.headers["x-request-id"]] = route
    refused = http.put("/api/v1/detect")
    assert refused.status_code == 405
    asked[refused.headers["x-request-id"]] = "/api/v1/detect"

    def logged() -> dict[str, str] | None:
        found = {
            one["request_id"]: one["route"]
            for one in lines(watched)
            if one.get("request_id") in asked and one["event"] == "request"
        }
        return found if len(found) == len(asked) else None

    assert until(logged, 10) == asked
    told = http.get("/metrics").text
    for (method, _), route in places.items():
        labels = f'endpoint="{route}",method="{method}",status="401"'
        assert f"sonde_requests_total{{{labels}}}" in told


def test_the_share_of_usable_cells_is_told_of_each_data_set(http: httpx.Client) -> None:
    whole = FRAME.to_dict(as_series=False)
    holes = whole | {"rate": [None] * 20 + whole["rate"][20:]}
    for name in ("trained", "own", "request"):
        for columns, share in ((holes, 1 - 20 / 240), (whole, 1.0)):
            body: dict[str, Any] = {"columns": columns, "missing": "auto"}
            if name == "own":
                del body["missing"]
            if name == "trained":
                body |= {"name": name, "model": "ecod", "evaluate": False}
            path = {"trained": "/api/v1/models", "own": PREDICT}.get(name, "/api/v1/detect")
            reply = http.post(path, json=body)
            assert reply.status_code < 300, reply.text
            samples = text_string_to_metric_families(http.get("/metrics").text)
            found = {
                one.labels["dataset"]: one.value
                for family in samples
                for one in family.samples
                if one.name == "sonde_data_quality_score"
            }
            assert found[name] == pytest.approx(share), name


def test_metrics_are_valid_and_have_the_promised_names(http: httpx.Client) -> None:
    assert http.post(PREDICT, json=JSON["rows"]).status_code == 200
    assert http.post("/api/v1/detect", json=JSON["rows"]).status_code == 200
    assert http.get("/ready").status_code == 200
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = {one.name: one for one in text_string_to_metric_families(answer.text)}
    for name, kind in PROMISED.items():
        family = found[name.removesuffix("_total")]
        assert family.type == kind, name
        assert family.documentation
    for name in ("own", "request"):
        inferences = found["sonde_model_inference_seconds"].samples
        assert inferences, name
    up = {one.labels["dependency"]: one.value for one in found["sonde_dependency_up"].samples}
    assert {"database", "blobs", "kernels", "models"} <= up.keys()
    assert up["database"] == 1.0


def test_spans_arrive_at_the_collector_and_continue_the_callers(
    collector: Collector, http: httpx.Client
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    caller = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert http.post(PREDICT, json=JSON["rows"], headers=caller).status_code == 200

    def arrived() -> Any:
        return [one for one in collector.spans if one.trace_id.hex() == trace]

    (span,) = until(arrived, 30)
    assert span.parent_span_id.hex() == "b7ad6b7169203331"
    about = {one.key: one.value for one in span.attributes}
    assert about["http.route"].string_value == "/api/v1/models/{name}/predict"
    assert about["http.response.status_code"].int_value == 200
    assert about["ml.data_size"].int_value == len(FRAME)
    assert about["ml.algorithm"].string_value == "ecod"
    assert about["dataset.name"].string_value == "own"
    assert about["ml.anomalies_detected"].int_value >= 0
    assert about["data.quality_score"].double_value == 1.0
    assert "sonde" in collector.services


def test_no_key_password_or_payload_is_ever_told(
    watched: Running, collector: Collector, http: httpx.Client, key: str
) -> None:
    payload = "a-payload-that-is-nobodys-business"
    number = 8_675_309.25
    wrong = new_key_text().text
    secrets = [key, wrong, PEPPER, "hidden-password", payload, str(number), "query-secret"]
    for where in (PREDICT, "/api/v1/detect", "/api/v1/models", "/predict", "/nowhere"):
        http.post(where, json={"rows": [[payload, number]], "name": "x y"})
        http.post(where, json={"columns": {"rate": [number], "text": [payload]}})
        http.post(where, content=f"{payload},{number}", headers={"content-type": "text/csv"})
        http.post(where, content=f'{{"rows": [[{number}, "{payload}'.encode())
        http.post(f"{where}?password=query-secret&key={wrong}", json={})
    for headers in (
        {"authorization": f"Bearer {wrong}"},
        {"authorization": f"Basic {key}"},
        {"x-api-key": key[:-3]},
        {"cookie": f"session={wrong}", "x-request-id": f"{payload} {wrong}"},
    ):
        httpx.post(f"{watched.url}{PREDICT}", headers=headers, json={"rows": [[number]]})
    with keys_of(watched.home) as keys:
        assert keys.any_exist()
    until(lambda: sum(one["event"] == "request" for one in lines(watched)) > 30, 10)
    said = watched.said()
    http.get("/ready")
    told = http.get("/metrics").text + http.get("/ready").text + repr(collector.spans)
    for secret in secrets:
        assert secret not in said, secret
        assert secret not in told, secret
