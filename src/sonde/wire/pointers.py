"""JSON pointers: where in a body something stands."""

from __future__ import annotations

from ..data.quoting import MOST


def pointer_to(base: str, *steps: str | int) -> str:
    """``base`` and what lies below it.

    Source
    ------
    RFC 6901, "JavaScript Object Notation (JSON) Pointer".

    Examples
    --------
    >>> pointer_to("/columns", "rate/s", 3)
    '/columns/rate~1s/3'
    """
    return base + "".join(f"/{_escaped(step)}" for step in steps)


def _escaped(step: str | int) -> str:
    text = str(step).replace("~", "~0").replace("/", "~1")
    return text if len(text) <= 2 * MOST else text[: 2 * MOST] + "…"
