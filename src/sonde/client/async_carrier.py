"""Carries conversations over httpx without holding up the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar

import anyio
import httpx
from anyio import to_thread

from . import operations
from .connection import MOST_OF_AN_ERROR, failure_of, held, request_parts, saved_by
from .exchange import Line, Steps, Talk, conversation
from .messages import Failure, Reply, Send, Sleep

T = TypeVar("T")
_Step = tuple[Send | Sleep | None, Any]


class AsyncCarrier:
    """As ``Carrier``, for asyncio."""

    def __init__(self, http: httpx.AsyncClient, line: Line) -> None:
        self._http = http
        self._line = line

    @property
    def address(self) -> str:
        return str(self._line.address)

    async def close(self) -> None:
        await self._http.aclose()

    async def done(self, steps: Steps[T], *, is_heavy: bool = False) -> T:
        """What an operation returns; the steps of a heavy one are taken in a thread."""
        talk = conversation(steps, self._line)
        outcome: Reply | Failure | None = None
        while True:
            if is_heavy:
                asked, result = await to_thread.run_sync(_next, talk, outcome)
            else:
                asked, result = _next(talk, outcome)
            if asked is None:
                return result  # type: ignore[no-any-return]
            outcome = await self._carried(asked)

    async def pages(self, path: str, filters: Mapping[str, Any], kind: type[T]) -> AsyncIterator[T]:
        """The records of all pages; each page is asked for when it is needed."""
        after: str | None = None
        while True:
            records, after = await self.done(operations.page(path, filters, kind, after))
            for record in records:
                yield record
            if after is None:
                return

    async def _carried(self, asked: Send | Sleep) -> Reply | Failure | None:
        if isinstance(asked, Sleep):
            await anyio.sleep(asked.seconds)
            return None
        try:
            with anyio.fail_after(asked.total_s):
                return await self._attempt(asked)
        except TimeoutError:
            return Failure("timeout", "the time was over", was_sent=True)
        except httpx.HTTPError as error:
            return failure_of(error)

    async def _attempt(self, send: Send) -> Reply | Failure:
        content = held(send)
        body = _read(send.body.pieces()) if send.body is not None and content is None else content
        parts = request_parts(send, self._line.credential)
        async with self._http.stream(**parts, content=body) as response:
            kept = bytearray()
            with saved_by(send, response.status_code) or nullcontext() as file:
                async for piece in response.aiter_bytes():
                    if file is not None:
                        await to_thread.run_sync(file.write, piece)
                        continue
                    kept += piece
                    if response.is_error and len(kept) > MOST_OF_AN_ERROR:
                        break
                if file is not None and not file.keep(send.digest):
                    return Failure("cut", "the file has another checksum", was_sent=True)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, bytes(kept))


def _next(talk: Talk[Any], outcome: Reply | Failure | None) -> _Step:
    # A StopIteration may not leave a thread or a coroutine, so what it carries is handed over.
    try:
        return talk.send(outcome), None
    except StopIteration as ended:
        return None, ended.value


async def _read(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
        yield piece
