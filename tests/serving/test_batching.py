"""Requests that are collected while a batch runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sonde.core import Detection, ModelRef, Prediction, PredictionRequest
from sonde.errors import InvalidInput, SondeError, Unavailable
from sonde.serving import Predictor
from sonde.serving.batching import Batcher
from sonde.serving.joined import joined
from tests.serving.doubles import Norm, PlainForest, Shelf, ask

VALUES = np.random.default_rng(5).normal(size=(300, 3))


class Gate:
    """Answers batches; each waits until it is let through."""

    def __init__(self, is_open: bool = False) -> None:
        self.batches: list[list[str]] = []
        self.began = threading.Semaphore(0)
        self.let = threading.Semaphore(10_000 if is_open else 0)
        self.model = Norm().fit(VALUES)

    def predict_many(self, requests: Sequence[PredictionRequest]) -> list[Prediction | SondeError]:
        self.batches.append([request.request_id for request in requests])
        self.began.release()
        assert self.let.acquire(timeout=10)
        return [
            one
            if isinstance(one, SondeError)
            else Prediction("m", "1", None, one, request.request_id, 0.0)
            for request, one in zip(requests, joined(self.model, requests), strict=True)
        ]

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.began.acquire, timeout=10)


async def started(batcher: Batcher, *requests: PredictionRequest) -> list[asyncio.Task[Prediction]]:
    tasks = [asyncio.create_task(batcher.predict(request)) for request in requests]
    await asyncio.sleep(0)
    return tasks


def one(name: str, model: str = "m", n_rows: int = 1) -> PredictionRequest:
    return ask(VALUES[:n_rows], model, name)


def test_those_who_come_meanwhile_go_together() -> None:
    async def main() -> None:
        first = await started(batcher, one("first"))
        await gate.has_begun()
        rest = await started(batcher, *(one(str(i)) for i in range(5)))
        assert gate.batches == [["first"]]  # it did not wait for them
        gate.let.release()
        await first[0]
        await gate.has_begun()
        gate.let.release()
        assert [answer.request_id for answer in await asyncio.gather(*rest)] == list("01234")
        assert gate.batches == [["first"], list("01234")]
        await asyncio.sleep(0.01)
        assert batcher._queues == {}  # a model that nobody asks leaves nothing behind

    gate = Gate()
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())


def test_those_of_the_same_moment_go_together_at_once() -> None:
    async def main() -> None:
        await asyncio.gather(*(batcher.predict(one(str(i))) for i in range(4)))

    gate = Gate(is_open=True)
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())
    assert gate.batches == [list("0123")]


def test_who_asks_again_at_once_stays_with_the_others() -> None:
    async def client(name: str) -> None:
        for _ in range(3):
            await batcher.predict(one(name))

    async def main() -> None:
        await asyncio.gather(*(client(str(i)) for i in range(4)))

    gate = Gate(is_open=True)
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())
    assert gate.batches == [list("0123")] * 3


def test_who_was_just_answered_joins_those_who_wait() -> None:
    async def client() -> None:
        for name in ("first", "again"):
            await batcher.predict(one(name))

    async def main() -> None:
        asking = asyncio.create_task(client())
        await gate.has_begun()
        waiting = await started(batcher, one("waiting"))
        gate.let.release(2)
        await asyncio.gather(asking, *waiting)
        assert gate.batches == [["first"], ["waiting", "again"]]

    gate = Gate()
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())


def test_a_batch_has_so_many_rows_at_most() -> None:
    async def main() -> None:
        asked = [one("a", n_rows=6), one("b", n_rows=4), one("c", n_rows=1), one("d", n_rows=50)]
        await asyncio.gather(*(batcher.predict(request) for request in asked))

    gate = Gate(is_open=True)
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 10)
        asyncio.run(main())
    assert gate.batches == [["a", "b"], ["c"], ["d"]]


def test_one_model_does_not_wait_for_another() -> None:
    async def main() -> None:
        slow = await started(batcher, one("slow", "m"))
        await gate.has_begun()
        other = await started(
            batcher,
            one("other", "n"),
            PredictionRequest(ModelRef("m", version="2"), one("x").data, request_id="version"),
        )
        await gate.has_begun()
        await gate.has_begun()
        assert sorted(gate.batches) == [["other"], ["slow"], ["version"]]
        for _ in range(3):
            gate.let.release()
        await asyncio.gather(*slow, *other)

    gate = Gate()
    with ThreadPoolExecutor(3) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())


def test_who_leaves_is_not_asked_about() -> None:
    async def main() -> None:
        first = await started(batcher, one("first"))
        await gate.has_begun()
        there, gone, too = await started(batcher, one("there"), one("gone", n_rows=100), one("too"))
        gone.cancel()
        first[0].cancel()  # too late to be stopped, and nobody is told
        gate.let.release()
        gate.let.release()
        assert [(await one).request_id for one in (there, too)] == ["there", "too"]
        assert gate.batches == [["first"], ["there", "too"]]
        with pytest.raises(asyncio.CancelledError):
            await gone

    gate = Gate()
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 10)
        asyncio.run(main())


def test_an_error_reaches_whom_it_concerns() -> None:
    refused, broken = VALUES[:1].copy(), VALUES[:1].copy()
    refused[0, 0], broken[0, 0] = Norm.refuses, Norm.breaks

    async def main() -> None:
        asked = [one("a"), ask(refused, request_id="b"), ask(broken, request_id="c"), one("d")]
        answers = await asyncio.gather(
            *(batcher.predict(request) for request in asked), return_exceptions=True
        )
        assert isinstance(answers[1], InvalidInput)
        assert isinstance(answers[2], ZeroDivisionError)
        for answer in (answers[0], answers[3]):
            assert isinstance(answer, Prediction)
        assert (await batcher.predict(one("next"))).request_id == "next"

    gate = Gate(is_open=True)
    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(gate.predict_many, threads, 4096)
        asyncio.run(main())


def test_too_few_answers_are_a_mistake_that_all_hear_of() -> None:
    async def main() -> None:
        answers = await asyncio.gather(
            batcher.predict(one("a")), batcher.predict(one("b")), return_exceptions=True
        )
        assert [str(answer) for answer in answers] == ["1 requests, 0 answers"] * 2

    with ThreadPoolExecutor(2) as threads:
        batcher = Batcher(lambda requests: [], threads, 4096)
        asyncio.run(main())


def test_an_executor_that_closed_is_unavailable() -> None:
    async def main() -> None:
        for _ in range(2):
            with pytest.raises(Unavailable, match="no more predictions") as caught:
                await batcher.predict(one("a"))
            assert caught.value.facts["retry_after_s"] > 0
        await asyncio.sleep(0)
        assert batcher._queues == {}

    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    batcher = Batcher(Gate().predict_many, threads, 4096)
    asyncio.run(main())


def test_what_an_executor_drops_is_cancelled() -> None:
    async def main() -> None:
        first = await started(batcher, one("first", "m"))
        await gate.has_begun()
        dropped = await started(batcher, one("dropped", "n"))
        await asyncio.sleep(0.01)
        threads.shutdown(wait=False, cancel_futures=True)
        with pytest.raises(asyncio.CancelledError):
            await dropped[0]
        gate.let.release()
        await first[0]

    gate, threads = Gate(), ThreadPoolExecutor(1)
    batcher = Batcher(gate.predict_many, threads, 4096)
    asyncio.run(main())


def test_a_slow_model_answers_as_it_does_alone() -> None:
    predictor = Predictor(
        Shelf({"m": (PlainForest(n_estimators=5, random_state=0).fit(VALUES), "1")})
    )
    asked = [ask(VALUES[i : i + 1 + i % 3] * (1 + i % 4), request_id=str(i)) for i in range(20)]
    wanted = [predictor.predict(request) for request in asked]

    async def main() -> list[Prediction]:
        batcher = Batcher(predictor.predict_many, threads, 64)
        return await asyncio.gather(*(batcher.predict(request) for request in asked))

    with ThreadPoolExecutor(2) as threads:
        found = asyncio.run(main())
    for answer, alone in zip(found, wanted, strict=True):
        assert isinstance(answer.output, Detection)
        assert answer.request_id == alone.request_id
        assert answer.output.scores.tobytes() == alone.output.scores.tobytes()
        assert answer.output.anomalies == alone.output.anomalies
        assert answer.output.candidate == alone.output.candidate
