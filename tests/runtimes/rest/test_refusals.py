"""Every kind of refusal is one shape: problem+json with a code, a request id and what to do."""

from __future__ import annotations

import json
import socket
from typing import Any

import httpx
import pytest

from sonde.wire import media as m
from tests.runtimes.rest.data import TABLE
from tests.runtimes.rest.running import Running
from tests.runtimes.rest.test_models import refused

DETECT = "/api/v1/detect"
ROWS = TABLE.tolist()
NONSENSE = {
    "cut off": (b'{"rows": [[1, 2', 400),
    "no text": (b'{"rows": \xff}', 400),
    "nothing": (b"", 400),
    "spaces": (b"  \n", 400),
    "a key twice": (b'{"rows": [[1]], "rows": [[2]]}', 400),
    "half a character": (b'{"rows": [["\\ud800"]]}', 400),
    "a number": (b"7", 422),
    "text": (b'"rows"', 422),
    "null": (b"null", 422),
    "no data": (b"{}", 422),
}


@pytest.mark.parametrize("name", NONSENSE)
@pytest.mark.parametrize("path", [DETECT, "/api/v1/models", "/api/v1/models/pump/predict"])
def test_a_body_that_is_none_is_refused(http: httpx.Client, path: str, name: str) -> None:
    content, status = NONSENSE[name]
    reply = http.post(path, content=content, headers={"content-type": m.JSON})
    problem = reply.json()
    assert reply.status_code == status, problem
    assert problem["code"] == ("malformed" if status == 400 else "invalid_input")


@pytest.mark.parametrize("media", [m.CSV, m.PARQUET, m.ARROW, m.ARROW_FILE])
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"PAR1", b"ARROW1\x00\x00"])
def test_a_damaged_table_is_refused(http: httpx.Client, media: str, content: bytes) -> None:
    reply = http.post(DETECT, content=content, headers={"content-type": media})
    assert reply.status_code in (400, 422), reply.text
    assert reply.json()["code"] in ("malformed", "invalid_input", "too_short")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_what_is_not_packed_as_it_says_is_refused(http: httpx.Client, encoding: str) -> None:
    for path in (DETECT, "/api/v1/models/pump/predict", "/predict"):
        reply = http.post(
            path,
            content=b'{"rows": [[1, 2, 3]]}',
            headers={"content-type": m.JSON, "content-encoding": encoding},
        )
        assert (reply.status_code, reply.json()["code"]) == (400, "malformed"), path


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-type": "application/xml"}, 415, "unsupported"),
        ({"content-type": "application/json; charset=utf-16"}, 415, "unsupported"),
        ({"content-type": m.JSON, "content-encoding": "br"}, 415, "unsupported"),
        ({"content-type": m.JSON, "content-encoding": "gzip, gzip"}, 415, "unsupported"),
        ({"content-type": m.JSON, "accept": "application/xml"}, 406, "not_acceptable"),
        ({"content-type": m.JSON, "accept": "nonsense"}, 400, "malformed"),
        ({"content-type": m.JSON, "accept": "text/csv;q=7"}, 400, "malformed"),
    ],
)
@pytest.mark.parametrize("path", [DETECT, "/api/v1/models/pump/predict"])
def test_formats_that_are_not_read_or_given_are_named(
    http: httpx.Client, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    body = json.dumps({"rows": [[1, 2, 3]]}).encode()
    problem = refused(http.post(path, content=body, headers=headers), status, code)
    if status in (406, 415):
        assert "json" in problem["message"].lower() or "gzip" in problem["message"]


@pytest.mark.parametrize(
    ("options", "pointer", "said"),
    [
        ({"contaminaton": 0.1}, "/contaminaton", "contamination"),
        ({"contamination": "much"}, "/contamination", "a number"),
        ({"contamination": 0}, "/contamination", "0"),
        ({"false_alarms": "some"}, "/false_alarms", "day"),
        ({"false_alarms": "2/day"}, None, "time"),
        ({"missing": "perhaps"}, "/missing", "linear"),
        ({"kind": "tree"}, "/kind", "series"),
        ({"columns": ["c9"]}, None, "c9"),
        ({"fit_rows": 1}, "/fit_rows", "2"),
        ({"fit_rows": 1.5}, "/fit_rows", "whole"),
        ({"online": "yes"}, "/online", "true or false"),
        ({"labels": [0, 1]}, "/labels", "80 rows"),
        ({"labels": "c9"}, None, "c9"),
        ({"random_state": True}, "/random_state", "whole"),
        ({"n_jobs": 0}, "/n_jobs", "threads"),
        ({"parameters": {"n": 1}}, "/parameters", "auto"),
        ({"detector": "ecod", "parameters": {"x": {"y": 1}}}, "/parameters/x", "a list"),
        ({"detector": "ecod", "algorithm": "hbos"}, "/algorithm", "twice"),
        ({"detector": 7}, "/detector", "text"),
        ({"time": 7}, "/time", "list"),
        ({"time": ["2024-01-01"]}, "/time", "80 rows"),
        ({"id": "c9"}, None, "c9"),
        ({"names": ["a"]}, "/names", "3 cells"),
        ({"names": ["a", "a", "b"]}, "/names", "more than once"),
        ({"columns": {"a": [1]}}, "/columns", "one of them"),
    ],
)
def test_an_option_is_refused_by_its_place_with_a_remedy(
    http: httpx.Client, options: dict[str, Any], pointer: str | None, said: str
) -> None:
    reply = http.post(DETECT, json={"rows": ROWS, **options})
    problem = reply.json()
    assert reply.status_code == 422 or problem["code"] == "not_found", problem
    assert said in problem["message"]
    if pointer is not None:
        assert [one["pointer"] for one in problem["errors"]] == [pointer]


def test_the_cell_at_fault_is_pointed_at(http: httpx.Client) -> None:
    rows = [list(row) for row in ROWS]
    rows[3][1] = "high"
    for body, pointer in (
        ({"rows": rows}, "/rows/3/1"),
        ({"rows": rows, "names": ["a", "b", "c"]}, "/rows/3/1"),
        (
            {"columns": {"a": [row[0] for row in rows], "b/x": [r[1] for r in rows]}},
            "/columns/b~1x/3",
        ),
        ({"records": [{"a": row[0], "b": row[1]} for row in rows]}, "/records/3/b"),
        ({"data": rows}, "/data/3/1"),
        ({"rows": [*ROWS, [1, 2]]}, "/rows/80"),
        ({"columns": {"a": [1, 2], "b": [1]}}, "/columns/b"),
        ({"rows": [[[1]]]}, "/rows/0/0"),
        ({"series": [[1, "x"]]}, "/series/0/1"),
    ):
        problem = refused(http.post(DETECT, json=body), 422, "invalid_input")
        assert [one["pointer"] for one in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", DETECT, {"POST"}),
        ("DELETE", "/api/v1/models", {"GET", "HEAD", "POST"}),
        ("POST", "/api/v1/models/pump", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("GET", "/api/v1/models/pump/predict", {"POST"}),
        ("HEAD", "/predict", {"POST"}),
        ("PATCH", "/api/v1/models/pump/versions", {"GET", "HEAD", "POST"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("OPTIONS", DETECT, {"POST"}),
        ("TRACE", "/api/v1/models/pump/aliases/a", {"PUT", "DELETE"}),
    ],
)
def test_another_method_is_told_which_there_are(
    http: httpx.Client, method: str, path: str, allowed: set[str]
) -> None:
    reply = http.request(method, path)
    if method == "HEAD":
        assert (reply.status_code, reply.content) == (405, b"")
    else:
        refused(reply, 405, "method_not_allowed")
    assert set(reply.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1", "/api/v1/detect/", "/api/v2/detect", "/health/x"]
)
def test_what_is_not_there_is_404(http: httpx.Client, path: str) -> None:
    refused(http.get(path), 404, "not_found")


def test_the_root_leads_to_the_documentation(http: httpx.Client) -> None:
    reply = http.get("/")
    assert reply.status_code == 302
    assert str(reply.next_request.url) == str(http.base_url.join("/docs"))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "path",
    ["/health", "/docs", "/openapi.json", "/api/v1/models", "/api/v1/models/pump/versions/1",
     "/api/v1/models/pump/versions/1/artifact"],
)  # fmt: skip
def test_where_get_is_answered_head_is_too_without_a_body(http: httpx.Client, path: str) -> None:
    whole, head = http.get(path), http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == whole.headers[name]


def test_a_long_path_is_not_echoed_whole(http: httpx.Client) -> None:
    for method, path in (
        ("GET", "/no/" + "x" * 3000),
        ("GET", f"/api/v1/models/{'y' * 3000}/predict"),
    ):
        problem = http.request(method, path).json()
        assert problem["status"] in (404, 405)
        assert len(problem["message"]) < 160
        assert path[:50] in problem["message"]


def test_refusals_point_to_addresses_and_not_to_commands(http: httpx.Client) -> None:
    absent = http.post("/api/v1/models/qqqqqq/predict", json={"rows": ROWS})
    problem = refused(absent, 404, "not_found")
    assert "GET /api/v1/models lists" in problem["message"]
    assert http.get("/api/v1/models").status_code == 200
    unknown = [{"rows": ROWS, "detector": name} for name in ("zzz", "standard_scaler", "pipeline")]
    for body in (*unknown, {"requests": unknown}):
        told = http.post(DETECT, json=body).text
        assert "ecod" in told
        assert "sonde " not in told
    message = http.post(DETECT, json=unknown[0]).json()["message"]
    assert "scaler" not in message.partition("transformers:")[0]
    assert "scaler" not in http.post(DETECT, json=unknown[2]).json()["message"]


@pytest.mark.parametrize("name", ["detector", "algorithm", "model"])
def test_the_pointer_goes_by_the_name_that_the_body_used(http: httpx.Client, name: str) -> None:
    problem = http.post(DETECT, json={"rows": ROWS, name: "ecodd"}).json()
    assert "did you mean 'ecod'" in problem["message"]
    assert [one["pointer"] for one in problem["errors"]] == [f"/{name}"]
    beside = http.post(DETECT, json={"rows": ROWS, name: "hbos", "n_bins": -1}).json()
    assert [one["pointer"] for one in beside["errors"]] == ["/n_bins"]
    query = http.post(f"{DETECT}?{name}=ecodd", json={"rows": ROWS}).json()
    assert (query["errors"], query["facts"]["field"]) == ([], name)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"columns": {"rate": [1.5], "load": [2.5]}}, "/columns"),
        ({"records": [{"rate": 1, "load": 2}]}, "/records"),
        ({"rows": [[1, 2]], "names": ["rate", "load"]}, "/rows"),
    ],
)
def test_columns_that_are_missing_are_a_mismatch_that_names_them(
    http: httpx.Client, body: dict[str, Any], pointer: str
) -> None:
    problem = refused(http.post("/api/v1/models/pump/predict", json=body), 422, "schema_mismatch")
    assert problem["facts"]["missing"] == ["heat"]
    assert "'heat'" in problem["message"]
    assert [one["pointer"] for one in problem["errors"]] == [pointer]


def test_a_path_of_odd_letters_is_a_refusal_like_others(http: httpx.Client) -> None:
    for name in ("%00", "%2e%2e%2fkeys", "a%2Fb", "%ff%fe", "x" * 3000, "m.sonde", "%E2%80%AE"):
        for path in (f"/api/v1/models/{name}", f"/api/v1/models/{name}/versions/1"):
            reply = http.get(path)
            assert reply.status_code in (404, 422), (path[:60], reply.text)
            assert len(reply.content) < 4000
        reply = http.post(f"/api/v1/models/{name}/predict", json={"rows": [[1, 2, 3]]})
        assert reply.status_code in (403, 404, 422), (name[:60], reply.text)
        assert reply.headers["content-type"] == m.PROBLEM


def test_the_callers_request_id_is_echoed_and_an_unfit_one_is_replaced(http: httpx.Client) -> None:
    kept = http.get("/api/v1/models/none", headers={"x-request-id": "line-4:77"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "line-4:77"
    for unfit in ("a b", "<x>", "y" * 129, ""):
        made = http.get("/health", headers={"x-request-id": unfit}).headers["x-request-id"]
        assert made != unfit
        assert len(made) == 20


def test_a_field_of_the_query_is_given_once(http: httpx.Client) -> None:
    for path in (DETECT, "/api/v1/models/pump/predict"):
        reply = http.post(f"{path}?version=1&version=2", json={"rows": ROWS})
        assert "twice" in refused(reply, 422, "invalid_input")["message"]
    refused(http.get("/api/v1/models?limit=1&limit=2"), 422, "invalid_input")


def test_a_vast_query_is_refused(http: httpx.Client) -> None:
    reply = http.post(DETECT, params={"x": "y" * 20_000}, json={"rows": ROWS})
    refused(reply, 413, "too_large")
    many = "&".join(f"a{i}=1" for i in range(400))
    refused(http.post(f"{DETECT}?{many}", json={"rows": ROWS}), 400, "malformed")


def test_nobody_reads_the_body_of_a_path_that_is_not_there(http: httpx.Client) -> None:
    refused(http.post("/nothing", content=b"x" * 100_000), 404, "not_found")


def test_a_caller_who_hangs_up_costs_no_error(service: Running, http: httpx.Client) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    for _ in range(3):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /api/v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\n\r\n{"
            )
    assert http.get("/health").status_code == 200
    assert "Traceback" not in service.said()
    assert '"level":"error"' not in service.said()


def test_health_and_readiness_are_told(http: httpx.Client) -> None:
    health = http.get("/health")
    assert health.json()["status"] == "healthy"
    assert health.json()["model_loaded"] is True
    ready = http.get("/ready").json()
    assert ready["status"] == "ready"
    assert set(ready["parts"].values()) == {"ready"}
    assert "rate" not in " ".join(health.headers).lower()
    assert http.head("/health").status_code == 200
    assert http.get("/docs").headers["content-type"].startswith("text/html")
    metrics = http.get("/metrics")
    assert "sonde_requests_total" in metrics.text
    assert 'endpoint="/ready"' in metrics.text
