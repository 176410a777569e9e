"""Cells and names as messages quote them: never longer than a line, and nothing invisible."""

from __future__ import annotations

from typing import Any

MOST = 60


def quoted(value: Any) -> str:
    """``repr(value)``, cut after ``MOST`` characters.

    >>> quoted("rate"), len(quoted("x" * 10_000_000))
    ("'rate'", 63)
    """
    if isinstance(value, str):
        shown = repr(value[: MOST + 1])
        is_whole = len(shown) <= MOST + 2
        return shown if is_whole else shown[: MOST + 1] + "…" + shown[0]
    try:
        return shortened(repr(value))
    except ValueError:  # Python spells out no integer of more than 4,300 digits
        return f"a huge {type(value).__name__}"


def shortened(text: str) -> str:
    """``text``, or its first ``MOST`` characters and an ellipsis; what cannot be seen is escaped.

    >>> print(shortened("a" + chr(27) + "b"))
    a\\x1bb
    """
    shown = _visible(text[: MOST + 1])
    return shown if len(shown) <= MOST else shown[:MOST] + "…"


def said_by(error: object, most: int = 200) -> str:
    """What another library says, in one line and not for long.

    >>> said_by(ValueError("no\\nsuch  thing"))
    'no such thing'
    """
    shown = _visible(" ".join(str(error).split())[: most + 1])
    return shown if len(shown) <= most else shown[:most] + "…"


def listed(names: Any, most: int = 4) -> str:
    """The first ``most`` of ``names``, quoted, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b' and 1 more"
    """
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(quoted, names[:most])) + more


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    # A terminal would obey it.
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
