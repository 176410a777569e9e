"""HTTP over one connection: a caller who keeps the service waiting loses it."""

from __future__ import annotations

import asyncio
import secrets
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ...errors import Malformed, SondeError, Unavailable
from ...wire.problems import problem
from .replies import PROBLEM, problem_reply
from .statuses import retry_after, status_of

HEAD_S = 15.0  # for a request's line and headers, from its first byte
HEAD_BYTES = 256 * 1024  # a parser joins the pieces of a header anew at each of them
# Between two looks at a reader who does not keep up. Buffers of both systems let go of megabytes
# at a time, so that one who reads 50 kB a second seems to stand still for almost as long.
GLANCE_S = 60.0
_OTHERS = 256  # descriptors that are no connections: database, computing processes, files
_FRAMING = (b"content-length", b"transfer-encoding")


class Connection(HttpToolsProtocol):
    """As uvicorn's, with bounds on what one caller holds up.

    A request's head has ``HEAD_S`` and ``HEAD_BYTES``; so has what comes after an answer and is no
    request, such as the rest of a body that nobody read. Trailers are no headers. A reader who
    takes nothing for ``GLANCE_S`` is let go. Where there are ``most`` connections, the one that has
    been idle for longest makes room for a new one, and where all are at work the new one is told
    to come back.
    """

    def __init__(self, *words: Any, most: int = 1024, **named: Any) -> None:
        super().__init__(*words, **named)
        self._most = most
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._unsent = 0
        self._is_in_head = True
        self._head_bytes = 0
        self._is_going_on = False

    # --- what the transport says -------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()
        if len(self.connections) > self._most and not self._make_room():
            self._refuse()

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
            # One piece may hold the head and the beginning of a body.
            if self._head_bytes > 2 * HEAD_BYTES:
                self.transport.close()
                return
        self._unset_keepalive_if_required()
        self._feed(data)
        is_answered = self.cycle is None or self.cycle.response_complete
        if self._is_in_head or (is_answered and self.timeout_keep_alive_task is None):
            if self._head_timer is None:
                self._wait_for_head()
        elif self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def on_message_begin(self) -> None:
        if not self._is_going_on:
            self._is_in_head, self._head_bytes = True, 0
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_going_on:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._is_going_on:
            self._is_going_on = False
            return
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if not self._is_upgrade():  # else the parser has not looked at its body
            super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._head_timer is not None and not self._is_in_head:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._head_timer = self._write_timer = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._unsent = self.transport.get_write_buffer_size()
            self._write_timer = self.loop.call_later(GLANCE_S, self._glance)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    # --- what comes in ------------------------------------------------------------------------

    def _feed(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                if self._is_upgrade():
                    data = self._gone_on() + data
            except httptools.HttpParserError:
                self._end_with_rubbish()
                return

    def _end_with_rubbish(self) -> None:
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            # Behind a request that is being answered: its answer can't be sent any more.
            cycle.disconnected = True
            cycle.message_event.set()
            self.transport.close()
            return
        self._end_with(
            Malformed("what was sent is no request of HTTP/1.1; ask this port by http://")
        )

    def _is_upgrade(self) -> bool:
        """Whether the request asks for another protocol; a tunnel has no body to go on with."""
        return bool(self.parser.should_upgrade() and self.scope["method"] != "CONNECT")

    def _gone_on(self) -> bytes:
        """Let a new parser read the body of a request whose parser left off behind its head.

        What it is to read first says no more than how the body is framed.
        """
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_going_on = True
        framing = [name + b": " + value for name, value in self.headers if name in _FRAMING]
        return b"\r\n".join([b"POST / HTTP/1.1", *framing, b"", b""])

    # --- bounds ------------------------------------------------------------------------------

    @property
    def idle_since(self) -> float | None:
        """When it began to wait for a request, by the loop's clock; None while one is answered."""
        if self._head_timer is not None:
            return self._head_timer.when() - HEAD_S
        if self.timeout_keep_alive_task is not None:
            return self.timeout_keep_alive_task.when() - self.timeout_keep_alive
        return None

    def _wait_for_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _glance(self) -> None:
        """End a connection whose reader took nothing since the last look."""
        unsent = self.transport.get_write_buffer_size()
        if unsent >= self._unsent:
            self.transport.abort()
            return
        self._unsent = unsent
        self._write_timer = self.loop.call_later(GLANCE_S, self._glance)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for longest; False where none is."""
        waiting: list[tuple[float, Connection]] = []
        for one in self.connections:
            if one is not self and isinstance(one, Connection) and not one.transport.is_closing():
                since = one.idle_since
                if since is not None:
                    waiting.append((since, one))
        if not waiting:
            return False
        min(waiting, key=lambda pair: pair[0])[1].transport.close()
        return True

    def _refuse(self) -> None:
        self._end_with(
            Unavailable("too many connections are open; try again in a moment", retry_after_s=1.0)
        )

    def _end_with(self, error: SondeError) -> None:
        """Send a refusal that no handler knows of, and hang up."""
        status, id = status_of(error), secrets.token_hex(10)
        self.logger.warning("connection refused: %s (request %s)", error, id)
        told = problem(error, status, request_id=id)
        reply = problem_reply(told, status, retry_after(error, status))
        headers = [
            (b"content-type", PROBLEM),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", id.encode("ascii")),
            (b"connection", b"close"),
            *reply.headers,
        ]
        head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode("ascii")]
        head += [name + b": " + value for name, value in headers]
        self.transport.write(b"\r\n".join([*head, b"", reply.body]))
        self.transport.close()


def most_connections(concurrency: int) -> int:
    """How many connections a process keeps; raises its limit of open files for them."""
    wanted = max(1024, 4 * concurrency)
    try:
        import resource
    except ImportError:  # no such limit here
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted + _OTHERS:
        most = wanted + _OTHERS if hard == resource.RLIM_INFINITY else min(hard, wanted + _OTHERS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(min(wanted, soft - _OTHERS), 16)
