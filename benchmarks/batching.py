"""Requests answered together, answers that are kept, and work handed to another process."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from measured import Measured, alone, medians, versus

from sonde.core import ModelRef, Prediction, PredictionRequest, Table
from sonde.errors import SondeError
from sonde.learn import Detector, create
from sonde.learn.estimator import Estimator, State
from sonde.learn.judgement import Judgement
from sonde.serving import Predictor
from sonde.serving.batching import Batcher
from sonde.serving.cache import CachedPredictor, fingerprint
from sonde.serving.computers import Computers
from sonde.serving.joined import joined
from sonde.serving.measure import measure

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(20_000, 10))
Ask = Callable[[PredictionRequest], Awaitable[Prediction]]


@dataclass(eq=False, kw_only=True)
class PlainForest(Detector):
    """scikit-learn's isolation forest, as users bring it: nothing is compiled for one row."""

    name: ClassVar[str] = "plain_forest"
    reads: ClassVar[Any] = "rows"

    contamination: float | str | None = None
    random_state: Any = None

    def _learn(self, data: Table) -> State:
        from sklearn.ensemble import IsolationForest

        return {"forest": IsolationForest(random_state=self.random_state).fit(data.values)}

    def _judge(self, state: State, data: Table) -> Judgement:
        return Judgement(-state["forest"].score_samples(data.values))


class One:
    """A source with one model."""

    def __init__(self, model: Estimator) -> None:
        self.model = model

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        return self.model, "1"


def question(i: int, n_rows: int = 1) -> PredictionRequest:
    start = i * n_rows % (len(ROWS) - n_rows)
    return PredictionRequest(ModelRef("m"), Table(ROWS[start : start + n_rows]), request_id=str(i))


def ask_all(ask: Ask, clients: int, each: int) -> None:
    """So many clients ask about one row at a time, each when its last was answered."""

    async def client(first: int) -> None:
        for i in range(each):
            await ask(question(first * each + i))

    async def all_clients() -> None:
        await asyncio.gather(*(client(first) for first in range(clients)))

    asyncio.run(all_clients())


def batching() -> list[Measured]:
    """The same clients of the same model: joined, and one by one in the same thread.

    One thread, because scikit-learn changes the filters of warnings for all threads: two at once
    write a warning for each tree.
    """
    model = PlainForest(random_state=0).fit(ROWS[:2000])
    predictor = Predictor(One(model))
    cost = measure(model)
    found = [
        alone("measured at load: a call of a plain forest", "", cost.per_call_s),
        alone("measured at load: a row of it", "", cost.per_row_s, unit="µs"),
    ]
    assert cost.pays
    with ThreadPoolExecutor(1) as thread:
        batcher = Batcher(partial(together, model), thread, 4096)

        async def by_itself(request: PredictionRequest) -> Prediction:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(thread, predictor.predict, request)

        for clients, each, wanted in ((1, 24, "≥ 0.9×"), (16, 3, "≥ 4×"), (64, 1, "≥ 15×")):
            found.append(
                versus(
                    f"plain forest, {clients * each} requests, {clients} at once: joined, alone",
                    wanted,
                    5,
                    partial(ask_all, batcher.predict, clients, each),
                    partial(ask_all, by_itself, clients, each),
                )
            )
    return found


def together(model: Detector, requests: Sequence[PredictionRequest]) -> list[Any]:
    """What a predictor makes of requests that a batcher hands it."""
    return [
        answer
        if isinstance(answer, SondeError)
        else Prediction("m", "1", None, answer, request.request_id, 0.0)
        for request, answer in zip(requests, joined(model, requests), strict=True)
    ]


def cached() -> list[Measured]:
    """What an answer that was kept costs, and what asking a compiled model does."""
    models = One(create("isolation_forest", random_state=0).fit(ROWS[:2000]))
    predictor = Predictor(models)
    found = []
    for n_rows, size in ((50, "4 kB"), (5000, "400 kB")):
        cache = CachedPredictor(predictor, models, entries=10, seconds=3600, mb=64)
        request = question(3, n_rows)
        found += [
            alone(
                f"fingerprint of {size}",
                "",
                medians(15, 20, it=partial(fingerprint, request))["it"],
                unit="µs",
            ),
            versus(
                f"the same {size} again: kept, isolation forest asked",
                "> 1×",
                15,
                partial(cache.predict, request),
                partial(predictor.predict, request),
                calls=10,
            ),
        ]
    return found


def computing() -> list[Measured]:
    """What handing a job to another process costs, when the job is nothing."""
    with Computers(1, waiting=8, seconds=30) as computers:
        empty, full = b"", bytes(400_000)

        async def spent(payload: bytes) -> float:
            times = []
            for _ in range(1000):
                started = time.perf_counter()
                await computers.submit("builtins:bytes", payload)
                times.append(time.perf_counter() - started)
            return statistics.median(times)

        return [
            alone(
                "a job that does nothing, in another process", "≤ 0.5 ms", asyncio.run(spent(empty))
            ),
            alone("the same with 400 kB there and back", "", asyncio.run(spent(full))),
        ]
