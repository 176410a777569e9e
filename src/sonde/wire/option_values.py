"""Values of options: of their own type, as JSON has it, or refused with a pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..data.quoting import quoted
from ..errors import InvalidInput
from .cells import wrong
from .pointers import pointer_to

MOST_JOBS = 1024
_MOST_TAGS = 100
_MOST_TEXT = 10_000


def text(value: Any, at: str) -> str:
    """Text of no more than some pages."""
    if not isinstance(value, str):
        raise wrong(value, "text", at)
    if len(value) > _MOST_TEXT:
        raise InvalidInput(
            f"{at} has {len(value):,} characters; {_MOST_TEXT:,} are taken", pointer=at
        )
    return value


def switch(value: Any, at: str) -> bool:
    """True or false, and no number for it."""
    if not isinstance(value, bool):
        raise wrong(value, "true or false", at)
    return value


def number(value: Any, at: str) -> float:
    """A number, and not true or false."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(value, "a number", at)
    try:
        return float(value)
    except OverflowError:
        raise wrong(value, "a number that 64 bits can hold", at) from None


def whole(low: int, high: int) -> Callable[[Any, str], int]:
    """A check for a whole number from ``low`` to ``high``."""

    def check(value: Any, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(value, "a whole number", at)
        if not low <= value <= high:
            most = f"{low} or more" if value < low else f"at most {high:,}"
            raise InvalidInput(
                f"{at.removeprefix('/')} must be {most}, got {quoted(value)}",
                pointer=at,
                low=low,
                high=high,
            )
        return value

    return check


def one_of(known: tuple[str, ...]) -> Callable[[Any, str], str]:
    """A check for one of a few words."""

    def check(value: Any, at: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise InvalidInput(
                f"{at.removeprefix('/')} must be one of {', '.join(known)}, not {quoted(value)}",
                pointer=at,
                known=list(known),
            )
        return value

    return check


def jobs(value: Any, at: str) -> int:
    """Threads; -1 for every core."""
    found = whole(-1, MOST_JOBS)(value, at)
    if found == 0:
        raise InvalidInput(f"{at} is -1 or a number of threads, 1 or more", pointer=at)
    return found


def texts(value: Any, at: str) -> list[str]:
    """One or more names."""
    if not isinstance(value, list) or not value:
        raise wrong(value, "a list of names", at)
    return [text(one, pointer_to(at, i)) for i, one in enumerate(value)]


def labels(value: Any, at: str) -> str | list[bool]:
    """The name of a column, or 0 and 1 for each row."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise wrong(value, "the name of a column, or a list of 0 and 1 for the rows", at)
    for i, one in enumerate(value):
        if one not in (0, 1) or not isinstance(one, int | float):
            raise wrong(one, "0 or 1, 1 for an anomaly", pointer_to(at, i))
    return [bool(one) for one in value]


def parameters(value: Any, at: str) -> dict[str, Any]:
    """Parameters by name; none of them holds an object."""
    if not isinstance(value, dict):
        raise wrong(value, "an object of parameters", at)
    for name, one in value.items():
        if isinstance(one, dict):
            raise wrong(one, "a number, text, true, false, null or a list", pointer_to(at, name))
    return dict(value)


def tags(value: Any, at: str) -> dict[str, str]:
    """Texts by name."""
    if not isinstance(value, dict):
        raise wrong(value, "an object of names and texts", at)
    if len(value) > _MOST_TAGS:
        raise InvalidInput(f"{at} has {len(value)} entries; {_MOST_TAGS} are taken", pointer=at)
    return {name: text(one, pointer_to(at, name)) for name, one in value.items()}


def or_null(check: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """The same check, which lets null pass."""
    return lambda value, at: None if value is None else check(value, at)
