"""Where a request's time goes, without a socket: python -m service.inside [--profile]

The whole application, told and quiet, is driven with a receive and a send that cost nothing. Run
from the folder ``benchmarks``.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from sonde.learn import create
from sonde.runtimes.rest.parts import Parts
from sonde.runtimes.rest.service import service
from sonde.serving.computers import Computers
from sonde.settings import Settings
from sonde.telemetry.logs import start_logging
from sonde.telemetry.metrics import Metrics

ROUNDS, CALLS = 15, 300
RNG = np.random.default_rng(0)
TOLD = {
    "rates": {"per_key": "1000000/second", "per_address": "1000000/second"},
    "traces": {"endpoint": "http://127.0.0.1:9/v1/traces", "share": 0.0},
}
QUIET = {"metrics": {"enabled": False}, "log": {"requests": False}}


class Caller:
    """Sends the same request again and again."""

    def __init__(
        self, app: Any, body: bytes, headers: list[tuple[bytes, bytes]], name: str
    ) -> None:
        self._app = app
        self._body = {"type": "http.request", "body": body, "more_body": False}
        self._headers = [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]
        self._path = f"/api/v1/models/{name}/predict"
        self.status = 0

    async def receive(self) -> Any:
        return self._body

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)

    async def ask(self) -> None:
        await self._app(
            {
                "type": "http",
                "method": "POST",
                "path": self._path,
                "raw_path": self._path.encode(),
                "query_string": b"",
                "headers": self._headers,
                "client": ("127.0.0.1", 50_000),
                "server": ("127.0.0.1", 8000),
                "scheme": "http",
                "http_version": "1.1",
            },
            self.receive,
            self.send,
        )


async def measured(ask: Callable[[], Awaitable[None]]) -> float:
    """CPU microseconds of a call, the median of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        started = time.thread_time()
        for _ in range(CALLS):
            await ask()
        spent.append((time.thread_time() - started) / CALLS * 1e6)
    return statistics.median(spent)


async def inside(home: Path, more: dict[str, Any], *, is_open: bool, profile: bool) -> None:
    settings = Settings(home=home, **more)
    with Computers(0, waiting=1, seconds=30, start="sonde.runtimes.rest.work:warm") as computers:
        metrics = Metrics(settings.metrics.enabled, False, None)
        parts = Parts(settings, metrics, is_open=is_open, computers=computers)
        parts.start()
        headers = []
        if parts.keys is not None:
            text, _ = parts.keys.create("bench", ["predict"])
            headers = [(b"authorization", f"Bearer {text}".encode())]
        app = service(parts)
        for name, n, d in (("forest", 1, 10), ("wide", 1, 500)):
            model = create("isolation_forest", random_state=0).fit(RNG.normal(size=(2000, d)))
            parts.registry.register(name, model)
            body = json.dumps({"rows": RNG.normal(size=(n, d)).round(6).tolist()}).encode()
            caller = Caller(app, body, headers, name)
            await caller.ask()
            assert caller.status == 200
            spent = await measured(caller.ask)
            print(f"{'told' if more is TOLD else 'quiet'}, {n} × {d}: {spent:.0f} µs")
            if profile and d == 10:
                await profiled(caller.ask)
        parts.close()


async def profiled(ask: Callable[[], Awaitable[None]]) -> None:
    profiler = cProfile.Profile(time.thread_time)  # other work beside it does not count
    profiler.enable()
    for _ in range(3000):
        await ask()
    profiler.disable()
    stats = pstats.Stats(profiler).strip_dirs()
    for order in ("tottime", "cumtime"):
        stats.sort_stats(order).print_stats(45)


if __name__ == "__main__":
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        start_logging("info", "json", nowhere)
        for more, is_open in ((QUIET, True), (TOLD, False)):
            with tempfile.TemporaryDirectory() as folder:
                asyncio.run(
                    inside(Path(folder), more, is_open=is_open, profile="--profile" in sys.argv)
                )
