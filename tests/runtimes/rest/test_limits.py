"""Every limit of ``settings.limits`` is kept, and named in the refusal of whoever passes it."""

from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from sonde.settings import LimitSettings
from sonde.wire import media as m
from tests.runtimes.rest.data import BINARY, RNG, zstd
from tests.runtimes.rest.running import Running, running
from tests.runtimes.rest.test_models import refused

DETECT = "/api/v1/detect"
SMALL = {
    "BODY_MB": "1", "UNPACKED_MB": "2", "ROWS": "3000", "COLUMNS": "40", "POINTS": "20000",
    "DEPTH": "8", "DATA_SETS": "3", "SECONDS": "4", "BODY_SECONDS": "1",
}  # fmt: skip
SEEN: set[str] = set()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    given = {f"LIMITS__{name}": value for name, value in SMALL.items()}
    with running(tmp_path_factory.mktemp("limits") / "home", **given) as one:
        rows = RNG.normal(size=(50, 2)).tolist()
        body = {"name": "pump", "model": "hbos", "rows": rows, "evaluate": False}
        assert httpx.post(f"{one.url}/api/v1/models", json=body, timeout=60).status_code == 201
        yield one


@pytest.fixture
def http(small: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=small.url, timeout=60) as client:
        yield client


def names_limit(reply: httpx.Response, limit: str, status: int, code: str) -> dict[str, Any]:
    """The problem, which must name the setting and its value."""
    problem = refused(reply, status, code)
    setting = f"SONDE_LIMITS__{limit}"
    assert setting in problem["message"]
    assert problem["facts"]["setting"] == setting
    SEEN.add(limit)
    return problem


@pytest.mark.parametrize("path", [DETECT, "/api/v1/models", "/api/v1/models/pump/predict"])
def test_a_long_body_is_refused_before_it_is_read(http: httpx.Client, path: str) -> None:
    body = b'{"rows": [[1]]' + b" " * (1 << 20) + b"}"
    names_limit(http.post(path, content=body), "BODY_MB", 413, "too_large")
    pieces = (body[at : at + 100_000] for at in range(0, len(body), 100_000))
    names_limit(http.post(path, content=pieces), "BODY_MB", 413, "too_large")


@pytest.mark.parametrize("path", [DETECT, "/api/v1/models", "/api/v1/models/pump/predict"])
def test_a_bomb_is_refused(http: httpx.Client, path: str) -> None:
    for packer, encoding in ((gzip.compress, "gzip"), (zstd, "zstd")):
        body = packer(b'{"rows": [[' + b"1," * (1 << 21) + b"1]]}")
        headers = {"content-type": m.JSON, "content-encoding": encoding}
        names_limit(http.post(path, content=body, headers=headers), "UNPACKED_MB", 413, "too_large")


@pytest.mark.parametrize("path", [DETECT, "/api/v1/models/pump/predict"])
@pytest.mark.parametrize(
    ("limit", "shape"), [("ROWS", (3001, 2)), ("COLUMNS", (3, 41)), ("POINTS", (2500, 9))]
)
def test_more_than_may_come_is_refused_in_every_format(
    http: httpx.Client, path: str, limit: str, shape: tuple[int, int]
) -> None:
    import polars as pl

    values = RNG.integers(0, 9, shape)
    bodies: list[tuple[bytes, str]] = [
        (json.dumps({"rows": values.tolist()}).encode(), m.JSON),
        (json.dumps({"rows": [[None, *row[1:]] for row in values.tolist()]}).encode(), m.JSON),
        (
            json.dumps(
                {"columns": {f"a{j}": values[:, j].tolist() for j in range(shape[1])}}
            ).encode(),
            m.JSON,
        ),
    ]
    frame = pl.DataFrame(values, [f"a{j}" for j in range(shape[1])])
    bodies += [(make(frame), media) for media, make in BINARY.items()]
    for content, media in bodies:
        reply = http.post(path, content=content, headers={"content-type": media})
        names_limit(reply, limit, 413, "too_large")


@pytest.mark.parametrize("path", [DETECT, "/api/v1/models/pump/predict"])
def test_a_deep_body_is_refused(http: httpx.Client, path: str) -> None:
    body = b'{"rows": ' + b"[" * 500 + b"1" + b"]" * 500 + b"}"
    reply = http.post(path, content=body, headers={"content-type": m.JSON})
    names_limit(reply, "DEPTH", 413, "too_large")


def test_more_data_sets_than_may_come_are_refused(http: httpx.Client) -> None:
    body = {"requests": [{"rows": [[1, 2], [3, 4]]}] * 4}
    names_limit(http.post(DETECT, json=body), "DATA_SETS", 413, "too_large")


def test_work_that_takes_too_long_is_stopped_and_others_go_on(http: httpx.Client) -> None:
    rows = RNG.normal(size=(3000, 2)).tolist()
    body = {
        "rows": rows, "detector": "isolation_forest",
        "parameters": {"n_estimators": 30_000, "max_samples": 3000},
    }  # fmt: skip
    started = time.monotonic()
    names_limit(http.post(DETECT, json=body), "SECONDS", 422, "time_limit")
    assert time.monotonic() - started < 20
    again = {"rows": rows[:50], "detector": "ecod"}
    for _ in range(200):  # another process has to start
        if http.post(DETECT, json=again).status_code == 200:
            return
        time.sleep(0.1)
    pytest.fail("the service does not compute any more")


def test_a_body_that_dribbles_is_refused(small: Running) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    for first in (b"", b'{"rows"'):
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(
                b"POST /api/v1/detect HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: 1000\r\n\r\n" + first
            )
            started, told = time.monotonic(), b""
            while b"SONDE_LIMITS__BODY_SECONDS" not in told:
                piece = line.recv(65536)
                assert piece, told
                told += piece
            assert 0.5 < time.monotonic() - started < 15
            assert b" 408 " in told.splitlines()[0]
            assert b'"slow_body"' in told
            assert line.recv(10) == b""
    SEEN.add("BODY_SECONDS")


def test_what_breaks_inside_is_told_to_the_log_and_not_to_the_caller(
    small: Running, http: httpx.Client
) -> None:
    with closing(sqlite3.connect(small.home / "sonde.db")) as database, database:
        database.execute("UPDATE versions SET lineage = 'no JSON at all'")
    reply = http.get("/api/v1/models/pump/versions/1")
    problem = refused(reply, 500, "error")
    assert "log" in problem["message"]
    assert "JSON" not in reply.text
    for _ in range(100):  # the log is written once the answer is on its way
        told = [line for line in small.said().splitlines() if problem["request_id"] in line]
        if any("JSONDecodeError" in line for line in told):
            break
        time.sleep(0.05)
    levels = {json.loads(line)["level"] for line in told if "JSONDecodeError" in line}
    assert levels == {"error"}, told


def test_every_limit_was_passed_once() -> None:
    """Runs last in this file; a new limit needs a test above."""
    assert {name.upper() for name in LimitSettings.model_fields} == SEEN == set(SMALL)
