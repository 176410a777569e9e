"""A key that is sent and shown nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from ..errors import InvalidInput

_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Credential:
    """An API key; its ``repr`` and its messages are free of it, and it cannot be pickled.

    >>> Credential("sk_abc")
    Credential(hidden)
    >>> Credential("sk_abc").masked(b"no such key: sk_abc")
    b'no such key: ...'
    """

    __slots__ = ("_key",)

    def __init__(self, key: str | None) -> None:
        if key is not None:
            is_text = isinstance(key, str) and key.isascii() and key.isprintable()
            if not is_text or not key or " " in key:
                # Never the key itself, which would then stand in a log.
                raise InvalidInput(
                    "api_key must be printable ASCII text without blanks or line breaks; a key "
                    "read from a file often needs .strip()"
                )
        self._key = key

    def headers(self) -> dict[str, str]:
        """The header that carries the key; none without one."""
        return {} if self._key is None else {"Authorization": f"Bearer {self._key}"}

    def masked(self, data: bytes) -> bytes:
        """``data``, which came from elsewhere, without the key."""
        return data if self._key is None else data.replace(self._key.encode(), b"...")

    def __repr__(self) -> str:
        return "Credential(none)" if self._key is None else "Credential(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled; give it to a client where it is used")


def checked_headers(headers: Mapping[str, str] | None, *, has_key: bool) -> dict[str, str]:
    """Headers that a caller adds to every request.

    Raises
    ------
    InvalidInput : a name or a value that HTTP does not allow, or a second way to say who asks.
    """
    given = dict(headers or {})
    for name, value in given.items():
        if not isinstance(name, str) or not name or not set(name) <= _TOKEN:
            raise InvalidInput(f"{name!r} is no name of a header")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise InvalidInput(f"header {name!r} must be printable ASCII text on one line")
        if has_key and name.lower() in ("authorization", "x-api-key"):
            raise InvalidInput(f"header {name!r} and api_key both say who asks; give one of them")
    return given
