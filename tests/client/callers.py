"""Both clients called in the same words, so that each test is about both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from sonde.client import AsyncClient, Client


class Awaited:
    """An AsyncClient whose methods wait, and whose iterators are read to their end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._runner = asyncio.Runner()
        self.client = AsyncClient(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        def waiting(*args: Any, **kwargs: Any) -> Any:
            given = getattr(self.client, name)(*args, **kwargs)
            if inspect.isasyncgen(given):
                return iter(self._runner.run(_all(given)))
            return self._runner.run(given)

        return waiting

    def close(self) -> None:
        self._runner.run(self.client.close())
        self._runner.close()


async def _all(given: AsyncIterator[Any]) -> list[Any]:
    return [one async for one in given]


Make = Callable[..., Any]
KINDS: dict[str, Any] = {"Client": Client, "AsyncClient": Awaited}


def makers(kind: str) -> Iterator[Make]:
    """A function that makes clients of one kind, which are closed at the end."""
    made: list[Any] = []

    def make(url: str, *args: Any, **kwargs: Any) -> Any:
        quick = {"retry_delay": 0.01, "max_delay": 2.0} | kwargs
        made.append(KINDS[kind](url, *args, **quick))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture(params=list(KINDS))
def client_of(request: pytest.FixtureRequest) -> Iterator[Make]:
    yield from makers(request.param)
