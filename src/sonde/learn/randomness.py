"""Seeds and threads: the same seed gives the same bytes, whatever the number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..errors import InvalidInput


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
    if not isinstance(n_jobs, int | np.integer) or n_jobs == 0 or n_jobs < -1:
        raise InvalidInput(f"n_jobs must be None, −1 or a positive number, got {n_jobs!r}")
    return (os.cpu_count() or 1) if n_jobs == -1 else int(n_jobs)


def over_rows(work: Callable[[int, int], None], n_rows: int, n_jobs: int | None) -> None:
    """Call ``work(start, stop)`` for parts of the rows, in threads where ``n_jobs`` allows."""
    threads = min(threads_for(n_jobs), max(1, n_rows // 512))
    if threads == 1:
        work(0, n_rows)
        return
    bounds = np.linspace(0, n_rows, 4 * threads + 1).astype(int)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, bounds[:-1].tolist(), bounds[1:].tolist()))
