"""How far long work has come, told to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, float], None]

_listener: ContextVar[Listener | None] = ContextVar("sonde_progress", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, ``listener(stage, share)`` hears of progress; the share is 0–1.

    >>> heard = []
    >>> with listening(lambda stage, share: heard.append((stage, share))):
    ...     tell("scoring", 0.5)
    >>> tell("scoring", 1.0)
    >>> heard
    [('scoring', 0.5)]
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(stage: str, share: float) -> None:
    """Say that ``stage`` has come this far; silent when nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, share)
