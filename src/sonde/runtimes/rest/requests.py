"""What a handler knows of a request, and how its body is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ...errors import InvalidInput, Malformed, TooLarge, Unavailable

if TYPE_CHECKING:
    from ...security.keys import Key

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BUSY_S = 1.0  # after which to ask again where the service is full
STILL_S = 1.0  # how long a body may stand still whatever others want
LONGEST_QUERY = 16_384  # characters
_MOST_DIGITS = 19  # no body is that long, and reading a number of thousands of digits takes long
STATE = "sonde"  # where a scope keeps the request


class Gone(Exception):
    """The caller hung up before the body had come."""


@dataclass(slots=True)
class Places:
    """How many requests are worked on, and whose bodies are on their way; at most ``most`` each.

    A caller who sends slowly takes no place from those who are worked on. Where too many bodies
    are waited for, the one that stood still for longest is given up.
    """

    most: int
    working: int = 0
    # Each body that is waited for, and since when; who stood still for longest comes first.
    arriving: dict[asyncio.Timeout, float] = field(default_factory=dict)

    def wait_in(self, timeout: asyncio.Timeout) -> None:
        """Take a place among those who wait for more of a body.

        Raises
        ------
        Unavailable : all have begun to wait within the last second.
        """
        now = asyncio.get_running_loop().time()
        if len(self.arriving) >= self.most:
            eldest, since = next(iter(self.arriving.items()))
            if now - since < STILL_S:
                raise _too_many_bodies(self.most)
            del self.arriving[eldest]
            eldest.reschedule(now)
        self.arriving[timeout] = now


@dataclass(slots=True)
class Request:
    """One request on its way through the service.

    ``headers`` by lower-case name; of a repeated one the last counts. ``key`` is None where the
    service is open. ``route`` is the template that matched, for metrics and logs; ``about`` are
    facts for the log line.
    """

    id: str
    method: str
    path: str
    scope: Scope
    receive: Receive
    headers: dict[bytes, bytes]
    address: str
    started: float
    key: Key | None = None
    route: str | None = None
    extra: list[tuple[bytes, bytes]] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)
    has_place: bool = False

    def header(self, name: bytes) -> str | None:
        """A header's text; bytes that are no text are replaced."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    def query(self) -> dict[str, str]:
        """The query's fields.

        Raises
        ------
        InvalidInput : a field is given twice, or the query is too long.
        """
        raw: bytes = self.scope.get("query_string", b"")
        if not raw:
            return {}
        if len(raw) > LONGEST_QUERY:
            raise TooLarge(
                f"the query has {len(raw):,} characters, more than {LONGEST_QUERY:,}; put options "
                "into a JSON body",
                limit=LONGEST_QUERY,
            )
        try:
            pairs = parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=256
            )
        except ValueError as error:
            raise Malformed(f"the query can't be read: {error}") from None
        fields = dict(pairs)
        if len(fields) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInput(f"the query gives {twice!r} twice; give it once", field=twice)
        return fields

    @property
    def media(self) -> bytes | None:
        """The content type as it was sent."""
        return self.headers.get(b"content-type")

    def seconds(self) -> float:
        """Since the request began."""
        return time.perf_counter() - self.started


class Bodies:
    """Reads bodies within limits of size and time."""

    def __init__(self, max_bytes: int, seconds: float, places: Places) -> None:
        self._most = max_bytes
        self._seconds = seconds
        self._places = places

    async def read(self, request: Request, most: int | None = None) -> bytes:
        """The body as it was sent, still packed.

        Raises
        ------
        TooLarge : more bytes than allowed; known from the header before the body is read.
        InvalidInput : it did not come within the time it may take.
        Unavailable : too many other bodies are on their way.
        Gone : the caller hung up.
        """
        limit = self._most if most is None else most
        stated = request.headers.get(b"content-length")
        if stated is not None and stated.isdigit():
            digits = stated.lstrip(b"0") or b"0"
            size = int(digits) if len(digits) < _MOST_DIGITS else 10**_MOST_DIGITS
            if size > limit:
                raise self._too_large(limit, size)
        message = await self._first(request)
        if not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) > limit:
                raise self._too_large(limit, len(body))
            return body
        parts, size = [], 0
        until = asyncio.get_running_loop().time() + self._seconds
        while True:
            part = message.get("body", b"")
            size += len(part)
            if size > limit:
                raise self._too_large(limit, size)
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)
            message = await self._next(request, until - asyncio.get_running_loop().time())

    async def _first(self, request: Request) -> MutableMapping[str, Any]:
        """The first message. Most bodies are there already, and a timer costs more than they do."""
        asked = request.receive()
        try:
            waits_for = asked.send(None)  # type: ignore[attr-defined]
        except StopIteration as there:
            message: MutableMapping[str, Any] = there.value
            if message["type"] == "http.disconnect":
                raise Gone from None
            return message
        return await self._next(request, self._seconds, _GoneOn(asked, waits_for))

    async def _next(
        self, request: Request, seconds: float, begun: Awaitable[Any] | None = None
    ) -> MutableMapping[str, Any]:
        places = self._places
        places.working -= request.has_place
        timeout = asyncio.timeout(seconds)
        try:
            async with timeout:
                places.wait_in(timeout)
                message = await (request.receive() if begun is None else begun)
        except TimeoutError:
            if timeout not in places.arriving:
                raise _too_many_bodies(places.most) from None
            raise SlowBody(
                f"the body did not come within {self._seconds:g} s (SONDE_LIMITS__BODY_SECONDS)",
                limit=self._seconds,
                setting="SONDE_LIMITS__BODY_SECONDS",
            ) from None
        finally:
            places.arriving.pop(timeout, None)
            places.working += request.has_place
        if message["type"] == "http.disconnect":
            raise Gone
        return message

    def _too_large(self, limit: int, size: int) -> TooLarge:
        if limit != self._most:
            return TooLarge(
                f"the body has {size:,} bytes or more, and {limit:,} are taken here", limit=limit
            )
        return TooLarge(
            f"the body has {size:,} bytes or more, and {limit:,} are taken "
            "(SONDE_LIMITS__BODY_MB); send fewer rows at a time, or send them packed or as Arrow",
            limit=limit,
            setting="SONDE_LIMITS__BODY_MB",
        )


def _too_many_bodies(most: int) -> Unavailable:
    return Unavailable(
        f"more than {most} bodies are on their way (SONDE_SERVER__CONCURRENCY); ask again in a "
        "moment",
        retry_after_s=BUSY_S,
        setting="SONDE_SERVER__CONCURRENCY",
    )


class _GoneOn:
    """A coroutine that was begun by hand, awaited from where it stands."""

    def __init__(self, begun: Any, waits_for: Any) -> None:
        self._begun = begun
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Any]:
        waits_for = self._waits_for
        while True:
            try:
                value = yield waits_for
            except BaseException as error:
                step = partial(self._begun.throw, error)
            else:
                step = partial(self._begun.send, value)
            try:
                waits_for = step()
            except StopIteration as done:
                return done.value


class SlowBody(InvalidInput):
    """A body that came too slowly."""

    code = "slow_body"
