"""Who works on tiles: threads of this process, or the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from .cluster import connected, on_cluster, seen_by_all, threads_of
from .long_series import LongSeries

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Workers:
    """Parameters
    ----------
    n_threads : how many tiles are worked on together.
    at_once : … in the process that has the most of them in hand.
    client : a ``distributed.Client``, or None: threads here.
    """

    n_threads: int
    at_once: int
    client: Any

    def see(self, series: LongSeries) -> bool:
        """Whether all can read the series from its file."""
        if series.path is None:
            return False
        return self.client is None or seen_by_all(self.client, series.path)

    def each(self, work: Callable[[T], R], tasks: Iterable[T]) -> Generator[R]:
        """What ``work`` gives for each task, in the order in which they are done.

        Closing the iterator drops the tasks that were not begun.
        """
        if self.client is not None:
            return on_cluster(self.client, work, iter(tasks))
        return _in_threads(self.n_threads, work, iter(tasks))


@contextmanager
def workers(client: Any, threads: int) -> Iterator[Workers]:
    """The workers of a client or of the scheduler at an address; without one, threads here."""
    if client is None:
        yield Workers(threads, threads, None)
        return
    with connected(client) as cluster:
        yield Workers(*threads_of(cluster), cluster)


def _in_threads(n_threads: int, work: Callable[[T], R], tasks: Iterator[T]) -> Generator[R]:
    with ThreadPoolExecutor(n_threads) as pool:
        # One more than threads, so that none waits while a result is merged.
        pending: set[Future[R]] = {pool.submit(work, task) for task in islice(tasks, n_threads + 1)}
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for task in islice(tasks, len(done)):
                    pending.add(pool.submit(work, task))
                for future in done:
                    yield future.result()
        finally:
            for future in pending:
                future.cancel()
