"""What cutting a matrix profile into tiles costs, two workers beside one, and their memory.

    python benchmarks/profile_tiles.py [n_points]

Needs ``distributed``. Wall time holds what else the machine does; processor time does not.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonde.learn.profiles import joins, tiles

Floats = NDArray[np.float64]
WINDOW = 100
ROUNDS = 3
MEMORY_MB = 300


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 2**18
    x = np.cumsum(np.random.default_rng(0).normal(size=n))
    pairs = (n - WINDOW + 1) ** 2 / 2
    joins.self_join(x[:10_000], WINDOW)
    one_pass = overhead(x[: n // 2], pairs / 4)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "series.npy"
        np.save(path, x)
        on_workers(path, pairs, one_pass)


def overhead(x: Floats, pairs: float) -> float:
    """One thread, in turns: one pass and tiles of several sizes; ns a pair of the one pass."""
    work: dict[str, Callable[[], Any]] = {"one pass": lambda: joins.self_join(x, WINDOW)}
    for size in (2**13, 2**15):
        work[f"tiles of {size:,}"] = partial(tiles.self_join, x, WINDOW, tile=size)
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, call in work.items():
            began = time.process_time()
            call()
            spent[name].append(time.process_time() - began)
    first = statistics.median(spent["one pass"])
    for name, times in spent.items():
        s = statistics.median(times)
        change = f"{100 * (s / first - 1):+.1f} %"
        print(f"| {len(x):,} points, {name} | {s:.2f} s | {ns(s, pairs)} | {change} |", flush=True)
    return first / pairs


def on_workers(path: Path, pairs: float, one_pass: float) -> None:
    """Clusters of one and of two processes in turns, and the most memory that a process took."""
    wall: dict[int, list[float]] = {1: [], 2: []}
    processor: dict[int, list[float]] = {1: [], 2: []}
    largest = tiles.tile_for(MEMORY_MB, WINDOW)
    with cluster(1) as alone, cluster(2) as both:
        clients = {1: alone, 2: both}
        for client in clients.values():
            tiles.self_join(np.cumsum(np.ones(20_000)) % 7, WINDOW, client=client)
        own = max(max(client.run(peak_mb).values()) for client in clients.values())
        for _ in range(ROUNDS):
            for n_workers, client in clients.items():
                before = sum(client.run(time.process_time).values())
                began = time.perf_counter()
                tiles.self_join(path, WINDOW, memory_mb=MEMORY_MB, client=client)
                wall[n_workers].append(time.perf_counter() - began)
                processor[n_workers].append(sum(client.run(time.process_time).values()) - before)
        for client in clients.values():
            tiles.self_join(path, WINDOW, tile=largest, client=client)
        peaks = {k: max(client.run(peak_mb).values()) for k, client in clients.items()}
    for k in clients:
        s, busy = statistics.median(wall[k]), statistics.median(processor[k])
        print(
            f"| {k} workers | {s:.2f} s | {ns(busy, pairs)} of a processor, "
            f"{100 * (busy / pairs / one_pass - 1):+.1f} % | peak {peaks[k]:.0f} MB of "
            f"{MEMORY_MB} with tiles of {largest:,}, {own:.0f} before any |"
        )
    ratio = statistics.median(one / two for one, two in zip(wall[1], wall[2], strict=True))
    print(f"| two workers beside one | {ratio:.2f}× | | |")


def ns(seconds: float, pairs: float) -> str:
    return f"{seconds / pairs * 1e9:.3f} ns a pair"


@contextmanager
def cluster(n_workers: int) -> Iterator[Any]:
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client


def peak_mb() -> float:
    """The most memory that this process ever had, in 2²⁰ bytes."""
    assert os.uname().sysname == "Linux", "elsewhere ru_maxrss has other units"
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
