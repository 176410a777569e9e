"""A key as text: what it looks like, how one is made, and what is wrong with one that is none."""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass, field

from ..errors import Unauthenticated

PREFIX = "sk_"
ID_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 8, 32, 6  # 62**6 is more than 2**32
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FORM = re.compile(
    f"{PREFIX}([0-9A-Za-z]{{{ID_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH}}}_"
    f"([0-9A-Za-z]{{{CHECK_LENGTH}}})"
)


@dataclass(frozen=True)
class KeyText:
    """A well-formed key: its public id, and the whole text, which ``repr`` keeps to itself."""

    id: str
    text: str = field(repr=False)


def new_key_text() -> KeyText:
    """A key nobody has: 190 random bits behind a public id, with a checksum at its end.

    >>> key = new_key_text()
    >>> len(key.text), key.text.startswith(f"sk_{key.id}_"), read_key_text(key.text) == key
    (51, True, True)
    """
    public = _random(ID_LENGTH)
    body = f"{PREFIX}{public}_{_random(SECRET_LENGTH)}"
    return KeyText(public, f"{body}_{_checksum(body)}")


def read_key_text(text: str) -> KeyText:
    """``text`` as a key, looked at without any database.

    Raises
    ------
    Unauthenticated : it is no key, or one with a typing mistake; the message never holds the text.

    >>> read_key_text("sk_" + "a" * 8 + "_" + "b" * 32 + "_cccccc")
    Traceback (most recent call last):
    sonde.errors.Unauthenticated: the key has a typing mistake, ...
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise Unauthenticated(
            f"this is not a key: one begins with {PREFIX} and has "
            f"{len(PREFIX) + ID_LENGTH + SECRET_LENGTH + CHECK_LENGTH + 2} characters; "
            "copy it again, whole, from where it was made",
            reason="malformed",
        )
    if form[2] != _checksum(text[: -CHECK_LENGTH - 1]):
        raise Unauthenticated(
            "the key has a typing mistake, its last characters do not fit the rest; "
            "copy it again, whole, from where it was made",
            reason="checksum",
        )
    return KeyText(form[1], text)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
