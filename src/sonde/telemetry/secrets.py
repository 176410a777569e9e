"""What may not be shown: names that mean a secret, and secrets inside text."""

from __future__ import annotations

import re

HIDDEN = "•••"

_SECRET_PARTS = frozenset(
    {
        *("apikey", "key", "pepper", "private", "signature"),
        *("authorization", "bearer", "cookie", "cookies", "credential", "credentials"),
        *("passphrase", "passwd", "password", "secret", "secrets", "token", "tokens"),
        # What callers send is theirs.
        *("body", "payload"),
    }
)
# Names with such a part that hold no secret, but say which one was used.
_HARMLESS = frozenset({"key_id", "signature_key", "public_key"})

_PATTERNS = (
    # The password of an address. It may hold slashes (SQLAlchemy takes them) and, against the
    # rules, at signs; `host:80/path@2` has a port there and no password. A backslash may escape
    # the quote that would end it, since lines are masked as JSON.
    (
        re.compile(
            r"(://[^\s\"/@:]*:)(?!\d{1,5}[/?#])(?:[^\s\"\\@]|\\.)*@(?:(?:[^\s\"'/,@\\]|\\.)*@)*"
        ),
        rf"\1{HIDDEN}@",
    ),
    # Keys of this service, also where a part is missing or wrong.
    (re.compile(r"(?<![A-Za-z0-9])sk_[A-Za-z0-9_]{8,}"), HIDDEN),
    (re.compile(r"(?i)(authorization[\"'\\]*\s*[:=]\s*[\"'\\]*)[^\"'\\\n,;]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9+/._~=-]{8,}"), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"(?i)(?<![A-Za-z])((?:[a-z]+[_-])*"
            r"(?:key|token|password|passwd|pwd|secret|signature)=)[^\s\"'\\&,;)]+"
        ),
        rf"\1{HIDDEN}",
    ),
    # The values of a statement that failed, as SQLAlchemy's errors show them.
    (re.compile(r"(\[parameters: )(?:[^\n\\\"]|\\[^n])*"), rf"\1{HIDDEN}]"),
)


def masked(text: str) -> str:
    """``text`` without the passwords of addresses, keys, tokens and values of statements.

    >>> masked("can't reach postgresql://app:hunter2@db/sonde")
    "can't reach postgresql://app:•••@db/sonde"
    >>> masked("GET /models?api_key=abc&limit=5")
    'GET /models?api_key=•••&limit=5'
    """
    if not may_hold_secrets(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def may_hold_secrets(text: str) -> bool:
    """False where ``masked`` would change nothing for sure; a tenth of the cost of matching."""
    small = text.lower()
    # One character is looked for three times as fast as several, so these go by their rarest.
    return (
        "@" in small
        or "=" in small
        or "sk_" in small
        or "bearer" in small
        or "uthorization" in small
        or "[parameters" in small
    )


def is_secret(name: str) -> bool:
    """True where a field of this name must not be written.

    >>> is_secret("X-API-Key"), is_secret("key_id"), is_secret("monkey")
    (True, False, False)
    """
    small = name.lower().replace("-", "_")
    return small not in _HARMLESS and not _SECRET_PARTS.isdisjoint(small.split("_"))
