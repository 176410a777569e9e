"""Cells and names as messages quote them: never longer than a line."""

from __future__ import annotations

from typing import Any

MOST = 60


def quoted(value: Any) -> str:
    """``repr(value)``, cut after ``MOST`` characters.

    >>> quoted("rate"), len(quoted("x" * 10_000_000))
    ("'rate'", 63)
    """
    if isinstance(value, str):
        return repr(shortened(value))
    try:
        return shortened(repr(value))
    except ValueError:  # Python spells out no integer of more than 4,300 digits
        return f"a huge {type(value).__name__}"


def shortened(text: str) -> str:
    """``text``, or its first ``MOST`` characters and an ellipsis."""
    return text if len(text) <= MOST else text[:MOST] + "…"
