"""The client for programs on asyncio."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import anyio
import httpx

from ..errors import SondeError
from . import operations
from .addresses import below
from .async_carrier import AsyncCarrier
from .connection import Verify, httpx_options, line_to
from .many import with_detectors
from .payloads import check_format, is_heavy
from .results import Detected, Health, ModelRecord, Predicted, Readiness, VersionRecord
from .retrying import Policy

_AT_ONCE = 8  # requests of one detect_many


class AsyncClient:
    """``Client`` for asyncio: the same arguments, methods, answers and errors.

    Each method is awaited, except ``models`` and ``versions``, which are gone through with
    ``async for``. Large data are made into a body, and files read and written, in threads.

    Examples
    --------
    >>> import asyncio
    >>> from sonde.client import AsyncClient
    >>> async def main():
    ...     async with AsyncClient("http://localhost:8000") as client:
    ...         print(client)
    >>> asyncio.run(main())
    AsyncClient('http://localhost:8000')
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | None = None,
        *,
        timeout: float = 30.0,
        deadline: float = 120.0,
        max_retries: int = 3,
        retry_delay: float = 0.5,
        max_delay: float = 30.0,
        format: str = "auto",
        verify: Verify = True,
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        policy = Policy(timeout, deadline, max_retries, retry_delay, max_delay)
        line = line_to(base_url, api_key, headers, policy)
        self._format = check_format(format)
        http = httpx.AsyncClient(**httpx_options(line, verify, transport))
        self._carrier = AsyncCarrier(http, line)

    def __repr__(self) -> str:
        return f"AsyncClient({self._carrier.address!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds connections and a key; make one in each process")

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the client can't be used any more."""
        await self._carrier.close()

    async def detect(self, data: Any, **options: Any) -> Detected:
        """As ``Client.detect``."""
        steps = operations.detect(data, options, self._format)
        return await self._carrier.done(steps, is_heavy=is_heavy(data))

    async def detect_many(
        self, data: Sequence[Any], detector: str | Sequence[str] = "auto", **options: Any
    ) -> list[Detected | SondeError]:
        """As ``Client.detect_many``, up to eight requests at a time."""
        pairs = with_detectors(data, detector)
        answers: list[Any] = [None] * len(pairs)
        room = anyio.Semaphore(_AT_ONCE)

        async def one(i: int, given: Any, name: str) -> None:
            async with room:
                try:
                    answers[i] = await self.detect(given, detector=name, **options)
                except SondeError as error:
                    answers[i] = error

        async with anyio.create_task_group() as tasks:
            for i, (given, name) in enumerate(pairs):
                tasks.start_soon(one, i, given, name)
        return answers

    async def train(
        self,
        name: str,
        data: Any = None,
        task: str = "detect",
        model: str = "auto",
        *,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> VersionRecord:
        """As ``Client.train``."""
        asked = {"task": task, "model": model, **options}
        steps = operations.train(name, data, asked, self._format, idempotency_key)
        return await self._carrier.done(steps, is_heavy=is_heavy(data))

    async def predict(
        self,
        name: str,
        data: Any,
        *,
        version: int | str | None = None,
        alias: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> Predicted:
        """As ``Client.predict``."""
        asked = {"key": key, **options}
        steps = operations.predict(name, data, asked, version, alias, self._format)
        return await self._carrier.done(steps, is_heavy=is_heavy(data))

    def models(self, **filters: Any) -> AsyncIterator[ModelRecord]:
        """As ``Client.models``, page by page."""
        return self._carrier.pages(below("models"), filters, ModelRecord)

    def versions(self, name: str, **filters: Any) -> AsyncIterator[VersionRecord]:
        """All versions of a model; ``limit`` as for ``models``."""
        return self._carrier.pages(below("models", name, "versions"), filters, VersionRecord)

    async def model(self, name: str) -> ModelRecord:
        """One registered model."""
        return await self._carrier.done(operations.model(name))

    async def version(
        self, name: str, version: int | str | None = None, *, alias: str | None = None
    ) -> VersionRecord:
        """One version of a model; when neither is given the one that would answer."""
        return await self._carrier.done(operations.version(name, version, alias))

    async def delete(self, name: str, version: int | str | None = None) -> None:
        """Delete one version, or the whole model where none is named."""
        await self._carrier.done(operations.delete(name, version))

    async def alias(self, name: str, alias: str, version: int) -> ModelRecord:
        """Let ``alias`` stand for the version of this number from now on."""
        return await self._carrier.done(operations.set_alias(name, alias, version))

    async def drop_alias(self, name: str, alias: str) -> None:
        """Take an alias away; the version stays."""
        await self._carrier.done(operations.drop_alias(name, alias))

    async def describe(
        self,
        name: str,
        *,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> ModelRecord:
        """Change the description or the tags of a model; what is None stays."""
        return await self._carrier.done(
            operations.describe(name, {"description": description, "tags": tags})
        )

    async def evaluation(
        self, name: str, version: int | str | None = None, *, alias: str | None = None
    ) -> dict[str, Any]:
        """How well a version did when it was measured, as plain values."""
        return await self._carrier.done(operations.evaluation(name, version, alias))

    async def card(
        self,
        name: str,
        version: int | str | None = None,
        *,
        alias: str | None = None,
        format: str = "markdown",
    ) -> str:
        """The model card of a version, as ``"markdown"`` or ``"html"``."""
        return await self._carrier.done(operations.card(name, version, alias, format))

    async def export(
        self,
        name: str,
        path: str | os.PathLike[str],
        version: int | str | None = None,
        *,
        alias: str | None = None,
    ) -> Path:
        """As ``Client.export``."""
        return await self._carrier.done(operations.export(name, Path(path), version, alias))

    async def upload(
        self,
        name: str,
        path: str | os.PathLike[str],
        *,
        idempotency_key: str | None = None,
        **options: Any,
    ) -> VersionRecord:
        """As ``Client.upload``."""
        return await self._carrier.done(
            operations.upload(name, Path(path), options, idempotency_key)
        )

    async def health(self) -> Health:
        """Whether the process is alive."""
        return await self._carrier.done(operations.health())

    async def ready(self) -> Readiness:
        """Whether it can answer now, and what is missing where not; no error then."""
        return await self._carrier.done(operations.ready())

    async def detect_anomalies(
        self,
        data: Any,
        algorithm: str = "isolation_forest",
        contamination: float = 0.1,
        **parameters: Any,
    ) -> Detected:
        """``detect`` by the name of an earlier guide; ``parameters`` are the detector's."""
        return await self.detect(
            data, detector=algorithm, contamination=contamination, parameters=parameters or None
        )

    async def train_model(
        self, training_data: Any, algorithm: str, model_name: str, **parameters: Any
    ) -> VersionRecord:
        """``train`` by the name of an earlier guide; ``parameters`` are the detector's."""
        return await self.train(
            model_name, training_data, model=algorithm, parameters=parameters or None
        )

    async def predict_with_model(self, model_name: str, data: Any) -> Predicted:
        """``predict`` by the name of an earlier guide."""
        return await self.predict(model_name, data)

    async def health_check(self) -> Health:
        """``health`` by the name of an earlier guide."""
        return await self.health()
