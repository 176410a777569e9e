"""More than the service can do: it says so, loses nothing, and is itself again afterwards."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest

import sonde
from sonde.wire import media as m
from tests.runtimes.rest.data import FRAME, JSON, arrow
from tests.runtimes.rest.processes import below, commands, until
from tests.runtimes.rest.running import Running, running
from tests.runtimes.rest.stored import store

PREDICT = "/api/v1/models/own/predict"
MANY: dict[str, Any] = {
    "content": arrow(
        pl.DataFrame(np.random.default_rng(7).normal(size=(60_000, 3)), FRAME.columns)
    ),
    "headers": {"content-type": m.ARROW, "accept": m.ARROW},
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that takes four requests at once."""
    home = tmp_path_factory.mktemp("small")
    store(home, own=sonde.train(FRAME, model="isolation_forest", evaluate=False).model)
    settings = {"SERVER__CONCURRENCY": "4", "SERVER__THREADS": "1", "SERVER__WAITING": "1"}
    with running(home, LIMITS__BODY_SECONDS="4", **settings) as one:
        yield one


def test_what_is_too_much_is_told_to_come_back_and_nothing_is_lost(small: Running) -> None:
    answers: list[httpx.Response] = []
    lock = threading.Lock()

    def ask() -> None:
        with httpx.Client(base_url=small.url, timeout=60) as client:
            for _ in range(3):
                answer = client.post(PREDICT, **MANY)
                with lock:
                    answers.append(answer)

    with ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask) for _ in range(16)]
        # Who watches over the service is answered all the same.
        assert httpx.get(f"{small.url}/health", timeout=30).status_code == 200
        for one in asked:
            one.result()
    counts = Counter(answer.status_code for answer in answers)
    assert sum(counts.values()) == 48
    assert set(counts) == {200, 503}
    assert counts[200] >= 4
    for answer in answers:
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
            assert "SONDE_SERVER__CONCURRENCY" in answer.json()["detail"]
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
    # At once itself again: no place was lost.
    with ThreadPoolExecutor(4) as pool:
        again = [
            pool.submit(httpx.post, f"{small.url}{PREDICT}", **MANY, timeout=60) for _ in "1234"
        ]
        assert [one.result().status_code for one in again] == [200] * 4


def test_a_full_line_of_detections_is_told_when_to_come_back(small: Running) -> None:
    def ask() -> httpx.Response:
        return httpx.post(
            f"{small.url}/api/v1/detect?detector=isolation_forest", **MANY, timeout=60
        )

    with ThreadPoolExecutor(4) as pool:
        answers = [one.result() for one in [pool.submit(ask) for _ in range(4)]]
    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) == {200, 503}, counts
    assert counts[200] >= 1
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
    assert ask().status_code == 200


def test_slow_bodies_take_no_place_from_others(small: Running) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    slow = []
    for _ in range(4):
        slow.append(socket.create_connection((host, int(port)), timeout=60))
        slow[-1].sendall(head.encode() + b'content-length: 500\r\n\r\n{"rows": [[')
    time.sleep(1.5)
    # Bodies that come in time push out the one that stood still for longest.
    with httpx.Client(base_url=small.url, timeout=30) as client:
        for _ in range(20):
            assert client.post(PREDICT, json=JSON["rows"]).status_code == 200
    answers = [_answer(one) for one in slow]
    told = Counter(status for status, _ in answers)
    assert set(told) <= {408, 503}, answers
    assert told[408] >= 1
    limits = {408: b"SONDE_LIMITS__BODY_SECONDS", 503: b"SONDE_SERVER__CONCURRENCY"}
    assert all(limits[status] in body for status, body in answers)
    large = b'{"rows": [' + b",".join([b"[1.5,2.5,3.5]"] * 9000) + b"]}"
    kind = {"content-type": "application/json"}
    done = httpx.post(f"{small.url}{PREDICT}", content=large, headers=kind, timeout=60)
    assert done.status_code == 200  # a body in several pieces


def test_slow_readers_take_no_place_from_others(small: Running) -> None:
    host, port = small.url.removeprefix("http://").split(":")
    body = bytes(MANY["content"])
    head = f"POST {PREDICT} HTTP/1.1\r\nhost: x\r\ncontent-type: {m.ARROW}\r\n"
    head += f"content-length: {len(body)}\r\n\r\n"
    slow = []
    for _ in range(6):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((host, int(port)))
        one.sendall(head.encode() + body)
        assert one.recv(15) == b"HTTP/1.1 200 OK"
        slow.append(one)
    with httpx.Client(base_url=small.url, timeout=30) as client:
        for _ in range(20):
            assert client.post(PREDICT, json=JSON["rows"]).status_code == 200
    for one in slow:
        one.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory")
def test_a_worker_and_what_it_starts_stay_small(small: Running) -> None:
    with httpx.Client(base_url=small.url, timeout=60) as client:
        for kind in ("rows", "columns", "records"):
            assert client.post(PREDICT, json=JSON[kind]).status_code == 200
        assert client.post("/api/v1/detect", json=JSON["rows"]).status_code == 200
        body = {"name": "made", **JSON["columns"]}
        assert client.post("/api/v1/models", json=body).status_code == 201
        for path in ("/docs", "/metrics", "/ready", "/api/v1/models"):
            assert client.get(path).status_code == 200
        until(lambda: client.get("/ready").status_code == 200)
    pid = small.process.pid
    assert _pss_mb(pid) < 300
    for computer in commands(below(pid)):
        assert _pss_mb(computer) < 400
    # What only some detectors need is not carried about by the process that answers.
    maps = Path(f"/proc/{pid}/maps").read_text()
    for library in ("scipy/stats", "pandas", "pyarrow", "sklearn"):
        assert f"/{library}/" not in maps, library


def _answer(one: socket.socket) -> tuple[int, bytes]:
    """The answer to what was sent over this connection, which is closed."""
    with one, HTTPResponse(one) as answer:
        answer.begin()
        return answer.status, answer.read()


def _pss_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    assert found
    return int(found.group(1)) / 1024
