"""``sonde health``: whether a service answers, and what it lacks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from .run import sonde


@contextmanager
def answering(status: int, body: bytes, then: tuple[int, bytes] | None = None) -> Iterator[str]:
    answers = [(status, body)]

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/ready"
            status, body = answers[-1]
            if then is not None:
                answers.append(then)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_ready_service_is_fine() -> None:
    with answering(200, b'{"status": "ready", "parts": {}}') as url:
        ran = sonde("health", url)
    assert (ran.code, ran.out) == (0, f"{url} is ready.\n")


def test_waits_until_it_is_ready_and_no_longer() -> None:
    with answering(503, b'{"missing": {}}', then=(200, b"{}")) as url:
        assert sonde("health", url).code == 1
    with answering(503, b'{"missing": {}}', then=(200, b"{}")) as url:
        assert sonde("health", url, "--wait", "60").code == 0
    with answering(503, b'{"missing": {}}') as url:
        assert sonde("health", url, "--wait", "0.3").code == 1


def test_what_is_missing_is_said() -> None:
    body = {"status": "not ready", "missing": {"database": "does not answer"}}
    with answering(503, json.dumps(body).encode()) as url:
        ran = sonde("health", url)
        told = sonde("health", url, "--json")
    assert ran.code == told.code == 1
    assert "database: does not answer" in ran.out
    assert json.loads(told.out) == body


def test_another_server_is_no_service() -> None:
    with answering(200, b"<html>") as url:
        assert "no Sonde service" in sonde("health", url, "--json").out
    assert "does not answer" in sonde("health", "http://127.0.0.1:1").out


@pytest.mark.parametrize(
    "url", ["plant", "ftp://h", "http://", "http://u:GEHEIM@h", "http://u:GEHEIM@[::1"]
)
def test_other_addresses_are_refused_without_being_repeated(url: str) -> None:
    ran = sonde("health", url)
    assert ran.code == 2
    assert "GEHEIM" not in ran.out + ran.err
