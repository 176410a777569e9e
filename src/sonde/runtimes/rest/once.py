"""Requests that create are carried out once, however often they are sent."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ...errors import Conflict, InvalidInput, Unavailable
from ...storage.tables import idempotency as kept
from .replies import Reply
from .requests import Request

if TYPE_CHECKING:
    from .parts import Parts

LONGEST_KEY = 255
KEPT_S = 24 * 3600.0
_STALE_S = 60.0  # beyond what waiting in line and working may take: its process died
_TRIES = 3
_RETRY_S = 1.0
_LONG = 1 << 20  # bytes; reading more of them keeps others waiting

Create = Callable[[Request, bytes], Awaitable[Reply]]


class Once:
    """Keeps the answers to requests that carry an ``Idempotency-Key`` for a day.

    The same key with the same body gives the same answer; with another body it is refused. A
    request that failed is forgotten, so that it can be sent again.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def reply(self, request: Request, create: Create, most: int | None = None) -> Reply:
        """The reply of ``create``, or the one that it gave before.

        ``most`` is how many bytes the body may have, where that is not what others may have.

        Raises
        ------
        InvalidInput : the key was used for something else, or is too long.
        Conflict : the first request with this key is still being carried out.
        """
        data = await self._parts.bodies.read(request, most)
        key = request.header(b"idempotency-key")
        if key is None:
            return await create(request, data)
        if not 1 <= len(key) <= LONGEST_KEY:
            raise InvalidInput(f"an Idempotency-Key has 1 to {LONGEST_KEY} characters")
        scope = f"{self._parts.who(request)} {request.method} {request.path}"
        fingerprint = await self._parts.aside(len(data) > _LONG, _fingerprint, request, data)
        begun = await self._parts.aside(True, self._begin, scope, key, fingerprint)
        if isinstance(begun, Reply):
            return begun
        try:
            reply = await create(request, data)
        except BaseException:
            await self._parts.aside(True, self._forget, scope, key, begun)
            raise
        await self._parts.aside(True, self._keep, scope, key, begun, reply)
        return reply

    def _longest_s(self) -> float:
        """How long a request may wait in line and be carried out, at the most."""
        settings = self._parts.settings
        return (settings.server.waiting + 2) * settings.limits.seconds + _STALE_S

    def _begin(self, scope: str, key: str, fingerprint: str) -> Reply | int:
        """The reply that was given before, or the moment that this request begins at."""
        now = time.time()
        begun = int(now * 1e6)
        this = (kept.c.scope == scope) & (kept.c.key == key)
        old = kept.c.created_at < int((now - KEPT_S) * 1e6)
        dead = (kept.c.state == "running") & (
            kept.c.created_at < int((now - self._longest_s()) * 1e6)
        )
        with self._parts.database.write() as connection:
            connection.execute(sa.delete(kept).where(old | dead))
            row = connection.execute(sa.select(kept).where(this)).first()
            if row is None:
                new = {"scope": scope, "key": key, "fingerprint": fingerprint, "state": "running"}
                try:
                    with connection.begin_nested():
                        connection.execute(sa.insert(kept).values(**new, created_at=begun))
                except sa.exc.IntegrityError:
                    row = connection.execute(sa.select(kept).where(this)).first()
        if row is None:
            return begun
        if row.fingerprint != fingerprint:
            raise InvalidInput(
                "this Idempotency-Key was used for another request; take a new key for each",
                header="Idempotency-Key",
            )
        if row.state == "running":
            raise Conflict(
                "the first request with this Idempotency-Key is still being carried out; ask "
                "again in a moment",
                retry_after_s=_RETRY_S,
            )
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in row.headers]
        headers.append((b"idempotency-replayed", b"true"))
        return Reply(bytes(row.body), row.status, headers=headers)

    def _keep(self, scope: str, key: str, begun: int, reply: Reply) -> None:
        headers: list[Any] = [[n.decode("latin-1"), v.decode("latin-1")] for n, v in reply.headers]
        done = (
            sa.update(kept)
            .where(_own(scope, key, begun))
            .values(state="done", status=reply.status, headers=headers, body=reply.body)
        )
        for left in reversed(range(_TRIES)):
            try:
                with self._parts.database.write() as connection:
                    connection.execute(done)
                return
            except Unavailable as error:
                if left == 0:  # it was created, and the caller is told so all the same
                    self._parts.log.error("the answer to a repetition can't be kept", error=error)
                else:
                    time.sleep(_RETRY_S)

    def _forget(self, scope: str, key: str, begun: int) -> None:
        with self._parts.database.write() as connection:
            connection.execute(sa.delete(kept).where(_own(scope, key, begun)))


def _own(scope: str, key: str, begun: int) -> sa.ColumnElement[bool]:
    """The row that this request made, and not that of a later one with the same key."""
    return (
        (kept.c.scope == scope)
        & (kept.c.key == key)
        & (kept.c.created_at == begun)
        & (kept.c.state == "running")
    )


def _fingerprint(request: Request, data: bytes) -> str:
    digest = hashlib.sha256()
    query: bytes = request.scope.get("query_string", b"")
    for part in (query, request.headers.get(b"content-type", b""), data):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
