"""Carries conversations over httpx, and waits."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, TypeVar

import httpx

from . import operations
from .connection import MOST_OF_AN_ERROR, failure_of, held, request_parts, saved_by
from .exchange import Line, Steps, conversation
from .messages import Failure, Reply, Send, Sleep

T = TypeVar("T")


class Carrier:
    """Does what conversations yield, with one pool of connections."""

    def __init__(self, http: httpx.Client, line: Line) -> None:
        self._http = http
        self._line = line

    @property
    def address(self) -> str:
        return str(self._line.address)

    def close(self) -> None:
        self._http.close()

    def done(self, steps: Steps[T]) -> T:
        """What an operation returns."""
        talk = conversation(steps, self._line)
        outcome: Reply | Failure | None = None
        while True:
            try:
                asked = talk.send(outcome)
            except StopIteration as ended:
                return ended.value  # type: ignore[no-any-return]
            outcome = self._carried(asked)

    def pages(self, path: str, filters: Mapping[str, Any], kind: type[T]) -> Iterator[T]:
        """The records of all pages; each page is asked for when it is needed."""
        after: str | None = None
        while True:
            records, after = self.done(operations.page(path, filters, kind, after))
            yield from records
            if after is None:
                return

    def _carried(self, asked: Send | Sleep) -> Reply | Failure | None:
        if isinstance(asked, Sleep):
            time.sleep(asked.seconds)
            return None
        try:
            return self._attempt(asked)
        except httpx.HTTPError as error:
            return failure_of(error)

    def _attempt(self, send: Send) -> Reply | Failure:
        begun = time.monotonic()
        content = held(send)
        body = send.body.pieces() if send.body is not None and content is None else content
        parts = request_parts(send, self._line.credential)
        with self._http.stream(**parts, content=body) as response:
            kept = bytearray()
            with saved_by(send, response.status_code) or nullcontext() as file:
                for piece in response.iter_bytes():
                    # httpx bounds each silence; an answer that drips has none.
                    if time.monotonic() - begun > send.total_s:
                        return Failure("timeout", "the answer came too slowly", was_sent=True)
                    if file is not None:
                        file.write(piece)
                        continue
                    kept += piece
                    if response.is_error and len(kept) > MOST_OF_AN_ERROR:
                        break
                if file is not None and not file.keep(send.digest):
                    return Failure("cut", "the file has another checksum", was_sent=True)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, bytes(kept))
