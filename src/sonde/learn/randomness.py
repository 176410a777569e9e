"""Seeds and threads: the same seed gives the same bytes, whatever the number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import numpy as np

from ..errors import InvalidInput

LARGEST_SEED = 2**63 - 1
MOST_THREADS = 1024


def seed_of(random_state: Any) -> int:
    """A 63-bit seed from None (fresh), an int, a Generator or a RandomState.

    >>> seed_of(7)
    7
    """
    if random_state is None:
        return int(np.random.default_rng().integers(2**63))
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        if random_state < 0:
            raise InvalidInput(f"random_state must be 0 or more, got {random_state}")
        if random_state > LARGEST_SEED:
            raise InvalidInput(f"random_state must be at most 2**63 - 1, got {random_state}")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    raise InvalidInput(f"random_state must be None, an int or a Generator, got {random_state!r}")


def threads_for(n_jobs: int | None) -> int:
    """How many threads ``n_jobs`` asks for: None is 1, −1 every core."""
    if n_jobs is None:
        return 1
    whole = isinstance(n_jobs, int | np.integer) and not isinstance(n_jobs, bool)
    if not whole or n_jobs == 0 or not -1 <= n_jobs <= MOST_THREADS:
        raise InvalidInput(
            f"n_jobs must be None, −1 or a whole number from 1 to {MOST_THREADS}, got {n_jobs!r}"
        )
    return (os.cpu_count() or 1) if n_jobs == -1 else int(n_jobs)


def over_rows(work: Callable[[int, int], None], n_rows: int, n_jobs: int | None) -> None:
    """Call ``work(start, stop)`` for parts of the rows, in threads where ``n_jobs`` allows."""
    threads = min(threads_for(n_jobs), max(1, n_rows // 512))
    if threads == 1:
        work(0, n_rows)
        return
    bounds = np.linspace(0, n_rows, 4 * threads + 1).astype(int)
    parts = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    with ThreadPoolExecutor(threads) as pool:
        # Each part runs in a copy of the caller's context: who listens to progress is kept there.
        jobs = [pool.submit(copy_context().run, work, *part) for part in parts]
        try:
            for job in jobs:
                job.result()
        finally:
            for job in jobs:
                job.cancel()
