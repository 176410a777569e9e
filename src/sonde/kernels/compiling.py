"""Whoever wants to hear that a kernel is being compiled, which takes seconds and happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

# Not a context variable: the kernels of one piece of work are compiled in whatever thread first
# calls them.
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within the block, ``listener(kernel)`` hears of each kernel before it is compiled.

    It is called in the thread that compiles, and not for code that was kept from an earlier time.

    >>> heard = []
    >>> with listening(heard.append):
    ...     tell("ecdf.tail_scores")
    >>> tell("ecdf.column_tails")
    >>> heard
    ['ecdf.tail_scores']
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def tell(kernel: str) -> None:
    """Say that ``kernel`` is about to be compiled; silent when nobody listens."""
    for listener in tuple(_listeners):
        listener(kernel)
