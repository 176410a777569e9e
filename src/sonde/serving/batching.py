"""Requests that wait for the same model are asked together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial

from ..core import ModelRef, Prediction, PredictionRequest
from ..errors import SondeError, Unavailable

Answers = list[Prediction | SondeError | BaseException]
PredictMany = Callable[[Sequence[PredictionRequest]], Sequence[Prediction | SondeError]]
_Waiting = tuple[PredictionRequest, "asyncio.Future[Prediction]"]


class Batcher:
    """Collects requests while the last batch of their model runs, and waits for nothing else.

    A request that finds its model idle goes at once, alone or with those of the same moment; so
    a batch costs nobody any time. It pays where a call costs much more than a row
    (``measure.Cost.pays``). Used from one event loop.

    Parameters
    ----------
    predict_many : answers one per request, a failure as an error in its place; called in a thread.
    executor : whose threads those are. One batch of a model runs at a time.
    most_rows : of a batch; a request that has more goes by itself.
    """

    def __init__(self, predict_many: PredictMany, executor: Executor, most_rows: int) -> None:
        self._predict_many, self._executor, self._most_rows = predict_many, executor, most_rows
        # A model has a queue from its first request until a batch leaves nothing behind.
        self._queues: dict[ModelRef, deque[_Waiting]] = {}

    async def predict(self, request: PredictionRequest) -> Prediction:
        """The answer; cancelled before its batch began, the request is never asked.

        Raises
        ------
        SondeError : what ``predict_many`` put in its place.
        Unavailable : the executor takes no more work.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Prediction] = loop.create_future()
        queue = self._queues.get(request.model)
        if queue is None:
            queue = self._queues[request.model] = deque()
            # Not now: others who were woken by the same event are about to ask as well.
            loop.call_soon(self._begin, request.model)
        queue.append((request, answer))
        return await answer

    def _begin(self, model: ModelRef) -> None:
        batch = self._taken(self._queues[model])
        if not batch:
            del self._queues[model]
            return
        try:
            running = asyncio.get_running_loop().run_in_executor(
                self._executor, self._asked, [request for request, _ in batch]
            )
        except RuntimeError as error:  # it was shut down
            closing = Unavailable(f"no more predictions are taken: {error}", retry_after_s=5)
            self._tell(batch, [closing] * len(batch))
            asyncio.get_running_loop().call_soon(self._begin, model)
            return
        running.add_done_callback(partial(self._finish, model, batch))

    def _taken(self, queue: deque[_Waiting]) -> list[_Waiting]:
        """The next batch: who still waits, up to ``most_rows``."""
        batch: list[_Waiting] = []
        n_rows = 0
        while queue:
            request, answer = queue[0]
            n_rows += len(request.data.values)
            if batch and not answer.done() and n_rows > self._most_rows:
                break
            queue.popleft()
            if answer.done():
                n_rows -= len(request.data.values)
            else:
                batch.append((request, answer))
        return batch

    def _asked(self, requests: list[PredictionRequest]) -> Answers:
        """In a thread: one answer per request, whatever happens to another."""
        try:
            answers = self._predict_many(requests)
            if len(answers) != len(requests):
                raise RuntimeError(f"{len(requests)} requests, {len(answers)} answers")
            return list(answers)
        except Exception as error:
            if len(requests) == 1:
                return [error]
        # Somebody's request broke what should not break; alone, it breaks nobody else's.
        return [one for request in requests for one in self._asked([request])]

    def _finish(
        self, model: ModelRef, batch: list[_Waiting], running: asyncio.Future[Answers]
    ) -> None:
        error = asyncio.CancelledError() if running.cancelled() else running.exception()
        self._tell(batch, running.result() if error is None else [error] * len(batch))
        # After those who were just answered had the chance to ask again.
        asyncio.get_running_loop().call_soon(self._begin, model)

    def _tell(self, batch: list[_Waiting], answers: Answers) -> None:
        for (_, answer), outcome in zip(batch, answers, strict=True):
            if answer.done():
                continue
            if isinstance(outcome, asyncio.CancelledError):
                answer.cancel()
            elif isinstance(outcome, BaseException):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
