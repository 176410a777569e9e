"""A real HTTP server on loopback that does what a test tells it, answer by answer."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; names of headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """``parts`` are sent with ``pause_s`` before each; with ``is_cut`` the connection ends then."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[bytes, ...] = ()
    pause_s: float = 0.0
    is_cut: bool = False
    missing: int = 0  # bytes that are announced and do not come


CUT = Answer(status=0, is_cut=True)  # not even a status line


def answer(body: Any = None, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; underscores in names of headers are hyphens."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return Answer(status, {"Content-Type": "application/json", **sent}, (content,))


def problem(status: int, code: str, message: str, **more: Any) -> Answer:
    """A refusal as the service writes it."""
    body = {"code": code, "message": message, "status": status, **more}
    return Answer(
        status,
        {"Content-Type": "application/problem+json", "X-Request-Id": "r-1"},
        (json.dumps(body).encode(),),
    )


Step = Answer | Callable[[Seen], Answer]


class Scripted:
    """Answers requests in turn with ``steps``; the last step goes on for ever."""

    def __init__(self, steps: list[Step]) -> None:
        self.seen: list[Seen] = []
        self.times: list[float] = []
        self.n_connections = 0
        self._steps = steps
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._start(self._accept)

    def close(self) -> None:
        self._over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
            assert not thread.is_alive()

    def _start(self, what: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=what, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.n_connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError, ValueError):
            while (seen := _request(stream)) is not None:
                with self._lock:
                    step = self._steps[min(len(self.seen), len(self._steps) - 1)]
                    self.seen.append(seen)
                    self.times.append(time.monotonic())
                said = step if isinstance(step, Answer) else step(seen)
                if not _say(connection, said, self._over):
                    return


def _request(stream: Any) -> Seen | None:
    line = stream.readline().decode().split()
    if len(line) != 3:
        return None
    headers = {}
    while (text := stream.readline().decode().strip()) != "":
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while (size := int(stream.readline(), 16)) > 0:
            body += stream.read(size)
            stream.readline()
        stream.readline()
    else:
        body = stream.read(int(headers.get("content-length", "0")))
    return Seen(line[0], line[1], headers, body)


def _say(connection: socket.socket, said: Answer, over: threading.Event) -> bool:
    """True where the connection goes on."""
    if said.status:
        length = sum(map(len, said.parts)) + said.missing
        head = f"HTTP/1.1 {said.status} X\r\nContent-Length: {length}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in said.headers.items())
        connection.sendall(head.encode() + b"\r\n")
    for part in said.parts:
        if said.pause_s and over.wait(said.pause_s):
            return False
        connection.sendall(part)
    if said.is_cut:
        connection.shutdown(socket.SHUT_RDWR)
    return not said.is_cut


@contextmanager
def serving(*steps: Step) -> Iterator[Scripted]:
    server = Scripted(list(steps))
    try:
        yield server
    finally:
        server.close()
