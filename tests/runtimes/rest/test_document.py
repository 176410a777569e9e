"""The OpenAPI document says what the service does: each route, and what comes of any request."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

import sonde
from sonde.runtimes.rest.parts import Parts
from sonde.runtimes.rest.service import service as application
from sonde.serving.computers import Computers
from sonde.settings import read_settings
from sonde.telemetry.metrics import Metrics
from sonde.wire import media as m
from tests import campaigns
from tests.runtimes.rest.data import FRAME, TABLE
from tests.runtimes.rest.running import Running
from tests.runtimes.rest.stored import store

USUAL = {"content-type", "content-length", "date", "connection", "transfer-encoding"}


def no_undocumented_header(_: Any, response: Any, case: Any) -> None:
    """Each header of an answer is one that the document names."""
    raw = case.operation.definition.raw["responses"][str(response.status_code)]
    known = {name.lower() for name in raw.get("headers", {})} | USUAL
    assert not response.headers.keys() - known, (response.status_code, response.headers)


CHECKS = [
    no_undocumented_header,
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]  # fmt: skip
N_REQUESTS = 20_000 if campaigns.FULL else 1_000
SEED = 20_261_121
for _kind in (m.MODEL, m.ARROW, m.ARROW_FILE, m.PARQUET):
    schemathesis.serializer.alias(_kind, "application/octet-stream")
METHODS = {"get", "post", "put", "patch", "delete"}
# Answered, and no part of the interface for programs.
ASIDE = {("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json")}
# Models that requests ask about; the last is deleted by some of them.
NAMES = ("fuzz-a", "fuzz-b", "fuzz-c")
# Bodies have the most to say; what is the same at each time need not be asked often.
SHARES = {
    "detect": 4.0, "train": 2.0, "predict": 4.0, "ownPredict": 4.0, "health": 0.1, "ready": 0.1,
    "metrics": 0.1, "deleteModel": 0.5, "deleteVersion": 0.5, "dropAlias": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = http.get("/openapi.json").json()
    return told


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_every_method_of_every_path_is_answered_if_and_only_if_it_is_described(
    document: dict[str, Any], http: httpx.Client
) -> None:
    described = operations(document).keys()
    for path in document["paths"]:
        place = path.format(name="absent", version="1", alias="a")
        for method in METHODS:
            reply = http.request(method, place)
            is_there = reply.status_code != 405
            assert is_there == ((method.upper(), path) in described), (method, path)


def test_every_route_of_the_application_is_described(
    document: dict[str, Any], tmp_path: Path
) -> None:
    assert routes(tmp_path) == operations(document).keys() | ASIDE


def routes(home: Path) -> set[tuple[str, str]]:
    """Methods and paths of the application itself."""
    computers = Computers(0, waiting=0, seconds=1)
    parts = Parts(read_settings(home=home), Metrics(True), is_open=True, computers=computers)
    app: Any = application(parts)._app
    found = set()
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        for one in [route] if inner is None else inner.routes:
            found |= {(method, one.path) for method in one.methods - {"HEAD"}}
    parts.close()
    return found


def test_names_are_different_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = Counter(one["operationId"] for one in operations(document).values())
    assert set(names.values()) == {1}
    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_problem_of_the_document_has_a_title(document: dict[str, Any]) -> None:
    for (method, path), operation in operations(document).items():
        statuses = {int(status) for status in operation["responses"]}
        assert min(statuses) < 300, (method, path)
        for status in statuses:
            if status >= 400:
                content = operation["responses"][str(status)]["content"]
                assert m.PROBLEM in content or status == 503


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_no_request_surprises(document: dict[str, Any], service: Running) -> None:
    """Requests that fit the document, and requests that don't; each answer is one it promises."""
    home = service.home
    model = sonde.train(FRAME, model="ecod", evaluate=False).model
    store(home, **dict.fromkeys(NAMES, model))
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=service.url)
    found = [one.ok() for one in schema.get_all_operations()]
    total = sum(SHARES.get(name_of(one), 1.0) for one in found)
    sys.stdout.write(f"seed {SEED}\n")
    sent: Counter[str] = Counter()
    statuses: Counter[tuple[str, int]] = Counter()
    for operation in found:
        n = round(N_REQUESTS / total * SHARES.get(name_of(operation), 1.0))
        ask(operation, n, sent, statuses)
    sys.stdout.write(f"{sum(sent.values())} requests; answers: {sorted(statuses.items())}\n")
    assert sum(sent.values()) > 0.9 * N_REQUESTS
    # That requests reach what they ask for.
    for name in ("detect", "train", "predict", "ownPredict", "showVersion", "moveAlias", "card"):
        assert any(statuses[name, status] for status in (200, 201)), name
    assert "Traceback" not in service.said()


def name_of(operation: Any) -> str:
    name: str = operation.definition.raw["operationId"]
    return name


def ask(operation: Any, n: int, sent: Counter[str], statuses: Counter[tuple[str, int]]) -> None:
    """Send ``n`` requests, half of them with something wrong where that can be, and check them."""
    raw, name = operation.definition.raw, name_of(operation)
    can_be_wrong = "requestBody" in raw or any(
        one["in"] != "path" for one in raw.get("parameters", ())
    )
    modes = list(GenerationMode) if can_be_wrong else [GenerationMode.POSITIVE]
    for mode in modes:

        @seed(SEED)
        @settings(
            max_examples=max(n // len(modes), 1), deadline=None, database=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(
            case=operation.as_strategy(generation_mode=mode),
            named=st.sampled_from([None, *NAMES]),
            is_sound=st.booleans(),
        )
        def each(case: Any, named: str | None, is_sound: bool) -> None:
            place(case, named)
            if is_sound and "requestBody" in raw and name != "uploadVersion":
                case.body = sound(name, case.body if isinstance(case.body, dict) else {})
                case.media_type, case.query = m.JSON, {}
            sent[name] += 1
            response = case.call(timeout=60)
            statuses[name, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        each()


def place(case: Any, named: str | None) -> None:
    """Let the path lead to a model that is there."""
    path = case.path_parameters
    if named is None or not path or (case.method == "DELETE" and named != NAMES[-1]):
        return
    path["name"] = named
    if "version" in path:
        path["version"] = "1"
    if "alias" in path:
        path["alias"] = "live"


def sound(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The same options beside data that can be used."""
    if name == "moveAlias":
        return {"version": 1}
    if name == "changeModel":
        return {"description": "fuzzed"}
    if name == "ownPredict":
        return {"features": TABLE[:9].tolist()}
    beside = ("rows", "columns", "records", "series", "names", "time", "id", "requests", "source")
    options = {key: value for key, value in body.items() if key not in beside}
    if name == "predict":
        options = {key: value for key, value in options.items() if key == "key"}
    named = {"name": NAMES[0]} if name == "train" else {}
    return options | named | {"rows": TABLE.tolist()}
