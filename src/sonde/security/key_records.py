"""What is known of a key: everything but its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from ..errors import Forbidden, InvalidInput

SCOPES = ("detect", "predict", "read", "write", "admin")
LONGEST_NAME = 100
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Key:
    """A key as it is recorded; moments are microseconds since 1970 in UTC.

    Scopes: ``detect`` (judge data by itself), ``predict`` (ask stored models), ``read`` (look at
    models), ``write`` (train, move aliases; implies read), ``admin`` (keys and all the rest).

    >>> Key("Ab3dEf7h", "line 4", ("write",), created_at=0, created_by="local").allows("read")
    True
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: int
    created_by: str
    expires_at: int | None = None
    revoked_at: int | None = None
    last_used_at: int | None = None
    replaces: str | None = None

    def allows(self, scope: str) -> bool:
        """Whether this key may do what needs ``scope``."""
        held = self.scopes
        return scope in held or "admin" in held or (scope == "read" and "write" in held)

    def require(self, scope: str) -> None:
        """Refuse with Forbidden what this key may not do."""
        if not self.allows(scope):
            raise Forbidden(
                f"key {self.id} has the scopes {', '.join(self.scopes)} and this needs {scope}; "
                f"use another key, or make one: sonde keys create --scope {scope}",
                needed=scope,
                scopes=list(self.scopes),
                key_id=self.id,
            )

    def state(self, now: int) -> str:
        """``active``, ``expired`` or ``revoked`` at this moment."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"

    def plain(self) -> dict[str, Any]:
        """Plain values for JSON, moments as ISO 8601 text."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": list(self.scopes),
            "created_at": moment_text(self.created_at),
            "created_by": self.created_by,
            "expires_at": moment_text(self.expires_at),
            "revoked_at": moment_text(self.revoked_at),
            "last_used_at": moment_text(self.last_used_at),
            "replaces": self.replaces,
        }


def moment_text(microseconds: int | None) -> str | None:
    """A moment as ISO 8601 text in UTC.

    >>> moment_text(1_795_276_800_000_000)
    '2026-11-21T16:00:00.000000Z'
    """
    if microseconds is None:
        return None
    moment = _START + timedelta(microseconds=microseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Scopes in their usual order, each once.

    Raises
    ------
    InvalidInput : none, or one that there is not; the message names the nearest.
    """
    given = list(scopes)
    for scope in given:
        if scope not in SCOPES:
            near = get_close_matches(scope, SCOPES, n=1)
            hint = f"did you mean {near[0]}? Scopes" if near else "scopes"
            raise InvalidInput(
                f"there is no scope {scope[:40]!r}; {hint} are {', '.join(SCOPES)}",
                scope=scope[:40],
            )
    if not given:
        raise InvalidInput(f"a key needs a scope or more: {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)


def checked_name(name: str) -> str:
    """A name people know the key by, without the spaces around it."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidInput(
            f"a key's name has 1 to {LONGEST_NAME} printable characters; say who will use it: "
            "--name 'line 4'",
        )
    return name
