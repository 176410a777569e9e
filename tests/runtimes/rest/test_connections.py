"""What one caller may hold up: connections, heads, bodies, answers that nobody reads."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
import uvicorn

from sonde.runtimes.rest import connections
from sonde.runtimes.rest.connections import Connection, most_connections
from tests.runtimes.rest.processes import until

ASK = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """``/large`` answers with 32 MB, ``/slow`` after a while, all else with a word.

    ``/names`` reads the body, and answers with the names of the headers; ``/echo`` answers with
    the body.
    """
    if scope["path"] == "/echo":
        said, message = b"", {"more_body": True}
        while message.get("more_body"):
            message = await receive()
            said += message.get("body", b"")
        headers = [(b"content-length", str(len(said)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": said})
        return
    if scope["path"] == "/names":
        while (await receive()).get("more_body"):
            pass
        names = b",".join(name for name, _ in scope["headers"])
        headers = [(b"content-length", str(len(names)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": names})
        return
    if scope["path"] == "/slow":
        await asyncio.sleep(1.5)
    size = 32 << 20 if scope["path"] == "/large" else 4
    headers = [(b"content-length", str(size).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"x" * size})


@contextmanager
def served(most: int = 1024) -> Iterator[int]:
    http: Any = partial(Connection, most=most)
    config = uvicorn.Config(
        app, port=0, http=http, loop="uvloop", lifespan="off", log_config=None, ws="none"
    )
    server = uvicorn.Server(config)
    running = threading.Thread(target=server.run)
    running.start()
    try:
        until(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        running.join()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bounds, sooner."""
    monkeypatch.setattr(connections, "HEAD_S", 0.5)
    monkeypatch.setattr(connections, "GLANCE_S", 0.7)


def connect(port: int, said: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.sendall(said)
    return made


def ends(one: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    found = b""
    try:
        while more := one.recv(1 << 20):
            found += more
    except ConnectionResetError:
        pass
    one.close()
    return found


def heard(one: socket.socket, last: bytes = b"xxxx") -> bytes:
    """What comes until it ends with ``last``: head and body may come apart."""
    found = b""
    while not found.endswith(last):
        more = one.recv(9999)
        assert more, f"hung up after {found!r}"
        found += more
    return found


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("said", [b"", b"GET / HT", ASK[:-2], ASK + b"GET /"])
def test_a_head_that_does_not_come_ends_the_connection(said: bytes) -> None:
    with served() as port:
        began = time.monotonic()
        answer = ends(connect(port, said))
        assert 0.4 < time.monotonic() - began < 10
        assert answer.endswith(b"xxxx") == said.startswith(ASK)


@pytest.mark.usefixtures("quick")
def test_a_head_in_pieces_is_read_and_a_slow_answer_waited_for() -> None:
    with served() as port, connect(port) as one:
        for byte in ASK:
            one.sendall(bytes([byte]))
        heard(one)
        one.sendall(ASK.replace(b"/ ", b"/slow "))  # longer than a head may take
        heard(one)
        time.sleep(1)  # idle is no head either
        one.sendall(ASK)
        heard(one)


@pytest.mark.usefixtures("quick")
def test_a_reader_who_stops_is_let_go_and_a_slow_one_is_not() -> None:
    with served() as port:
        stuck = connect(port, ASK.replace(b"/ ", b"/large "))
        stuck.recv(1)
        time.sleep(2)
        assert len(ends(stuck)) < 32 << 20

        slow, got = connect(port, ASK.replace(b"/ ", b"/large ")), 0
        for _ in range(15):
            got += len(slow.recv(1 << 20))
            time.sleep(0.1)  # all in all longer than a look takes
        assert got + len(ends(slow)) > 32 << 20


def test_who_is_idle_for_longest_makes_room() -> None:
    with served(most=3) as port:
        idle = []
        for _ in range(3):
            idle.append(connect(port, ASK))
            heard(idle[-1])
            time.sleep(0.02)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert client.get("/").text == "xxxx"
            assert ends(idle[0]) == b""  # the eldest went
            idle[1].sendall(ASK)
            heard(idle[1])
        for one in idle[1:]:
            one.close()


def test_where_all_are_at_work_a_new_one_is_told_to_come_back() -> None:
    with served(most=3) as port:
        busy = [connect(port, ASK.replace(b"/ ", b"/slow ")) for _ in range(3)]
        time.sleep(0.2)
        answer = ends(connect(port))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer
        assert b"application/problem+json" in answer
        for one in busy:
            heard(one)
            one.close()


def test_the_limit_of_open_files_is_raised_for_connections() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2000:
        pytest.skip("this machine allows few open files")
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, hard))
        assert most_connections(256) == 1024
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 1280
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    "said",
    [
        ASK + b"\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 100,
    ],
)
@pytest.mark.usefixtures("quick")
def test_what_comes_after_an_answer_and_is_no_request_ends_the_connection(said: bytes) -> None:
    with served() as port, connect(port, said) as one:
        assert heard(one).startswith(b"HTTP/1.1 200")
        time.sleep(0.1)
        one.sendall(b"\r\n" if said.startswith(b"GET") else b"x")
        assert until(lambda: _is_closed(one))


@pytest.mark.usefixtures("quick")
def test_a_connection_is_used_again_after_its_answers() -> None:
    with served() as port, connect(port) as one:
        for _ in range(4):
            one.sendall(ASK)
            assert heard(one).startswith(b"HTTP/1.1 200")
            time.sleep(0.3)


def test_a_header_without_end_is_not_waited_for() -> None:
    def send_on(one: socket.socket) -> None:
        for _ in range(200):
            one.sendall(b"a" * 100_000)
            time.sleep(0.005)

    begun = b"GET / HTTP/1.1\r\nhost: x\r\na: "
    with served() as port, connect(port, begun) as one, pytest.raises(ConnectionError):
        send_on(one)


def test_trailers_are_no_headers() -> None:
    body = b"2\r\n{}\r\n0\r\nauthorization: y\r\n\r\n"
    said = b"POST /names HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + body
    with served() as port, connect(port, said) as one:
        told = heard(one, b"transfer-encoding")
    assert b"host" in told
    assert b"authorization" not in told


def test_rubbish_behind_a_request_ends_the_connection_without_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with served() as port, connect(port, ASK.replace(b"/ ", b"/slow ") + b"GARB\r\n\r\n") as one:
        assert until(lambda: _is_closed(one))
        time.sleep(2)
    assert "Traceback" not in caplog.text
    assert "handler is closed" not in caplog.text


UPGRADE = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
ECHO = b"POST /echo HTTP/1.1\r\nhost: x\r\n" + UPGRADE


@pytest.mark.parametrize(
    "pieces",
    [
        [ECHO + b"content-length: 5\r\n\r\nhello"],
        [ECHO + b"content-length: 5\r\n\r\n", b"he", b"llo"],
        [ECHO + b"transfer-encoding: chunked\r\n\r\n5\r\nhel", b"lo\r\n0\r\n\r\n"],
    ],
)
def test_a_request_that_would_rather_speak_another_protocol_keeps_its_body(
    pieces: list[bytes],
) -> None:
    with served() as port, connect(port) as one:
        for piece in pieces:
            one.sendall(piece)
            time.sleep(0.05)
        heard(one, b"\r\n\r\nhello")
        one.sendall(ECHO + b"content-length: 2\r\n\r\nhi" + ASK)  # one behind the other
        answers = heard(one)
        assert answers.count(b"HTTP/1.1 200 OK") == 2
        assert b"\r\n\r\nhiHTTP/1.1" in answers


@pytest.mark.parametrize(
    "said",
    [
        b"RUB BISH\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",  # how TLS begins
        b"GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_as_everything_else_is(said: bytes) -> None:
    with served() as port:
        head, body = ends(connect(port, said)).split(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: application/problem+json\r\n" in head
    assert f"\r\nx-request-id: {problem['request_id']}\r\n".encode() in head
    assert (problem["code"], problem["status"]) == ("malformed", 400)
    assert "HTTP/1.1" in problem["message"]


def _is_closed(one: socket.socket) -> bool:
    one.settimeout(0.2)
    try:
        return one.recv(4096) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
