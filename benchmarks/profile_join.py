"""Self-joins and AB-joins beside STUMPY and SCAMP: python benchmarks/profile_join.py GROUP …

On one thread each, in turns; CPU time counts, since it says what the work costs on a machine that
is shared. Needs ``stumpy`` and ``pyscamp``. Groups: joins, long, threads, cells.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sonde.learn.profiles.joins import cross_join, self_join

WINDOW = 100
Work = dict[str, Callable[[], Any]]


def series(n: int, seed: int = 0) -> Any:
    """A random walk with a season."""
    steps = np.random.default_rng(seed).standard_normal(n)
    return np.cumsum(steps) * 0.1 + np.sin(np.arange(n) / 25)


def turns(rounds: int, work: Work) -> dict[str, tuple[float, float]]:
    """Median seconds of CPU and on the clock; they take turns."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            cpu, clock = time.process_time(), time.perf_counter()
            call()
            spent[name].append((time.process_time() - cpu, time.perf_counter() - clock))
    return {
        name: (
            statistics.median(cpu for cpu, _ in times),
            statistics.median(clock for _, clock in times),
        )
        for name, times in spent.items()
    }


def table(title: str, cells: float, found: dict[str, tuple[float, float]]) -> None:
    ours = found["ours"][0]
    for name, (cpu, clock) in found.items():
        print(
            f"| {title} | {name} | {cpu:.3f} s | {clock:.3f} s | {cpu / cells * 1e9:.3f} ns | "
            f"{cpu / ours:.2f} |",
            flush=True,
        )


def peers(x: Any, other: Any) -> tuple[Work, Work]:
    """STUMPY's and SCAMP's self-join of ``x``, and their joins of both."""
    import pyscamp
    import stumpy

    return (
        {
            "stumpy": lambda: stumpy.stump(x, WINDOW),
            "scamp": lambda: pyscamp.selfjoin(x, WINDOW, threads=1),
        },
        {
            "stumpy": lambda: stumpy.stump(x, WINDOW, other, ignore_trivial=False),
            "scamp": lambda: pyscamp.abjoin(x, other, WINDOW, threads=1),
        },
    )


def compare(n: int, rounds: int, across: bool = True) -> None:
    x, other = series(n), series(n, 1)
    alone, both = peers(x, other)
    ours: Work = {
        "ours": lambda: self_join(x, WINDOW),
        "ours, float32": lambda: self_join(x, WINDOW, precision="float32"),
    }
    table(f"self-join {n}", n * n / 2, turns(rounds, ours | alone))
    if across:
        ours = {
            "ours": lambda: cross_join(x, other, WINDOW),
            "ours, float32": lambda: cross_join(x, other, WINDOW, precision="float32"),
        }
        table(f"AB-join {n}", n * n, turns(rounds, ours | both))


def joins() -> None:
    compare(2**13, 5)
    compare(2**15, 3)


def long() -> None:
    compare(2**17, 1, across=False)


def threads() -> None:
    x = series(2**16)
    found = turns(
        5,
        {
            "ours": lambda: self_join(x, WINDOW),
            "ours, 2 threads": lambda: self_join(x, WINDOW, threads=2),
        },
    )
    table("self-join 65536", 2.0**31, found)


def cells() -> None:
    for exponent in range(13, 19):
        x = series(2**exponent)
        found = turns(3 if exponent < 17 else 1, {"ours": partial(self_join, x, WINDOW)})
        table(f"self-join {2**exponent}", 2.0 ** (2 * exponent - 1), found)


def main() -> None:
    import numba
    import stumpy

    warnings.simplefilter("ignore")
    numba.set_num_threads(1)
    x = series(400)
    for work in (*peers(x, x), {"64": lambda: self_join(x, WINDOW)}):
        for call in work.values():
            call()
    self_join(x, WINDOW, precision="float32")
    print(f"stumpy {stumpy.__version__}, numba {numba.__version__}")
    print("| join | by | CPU | clock | a cell | CPU beside ours |")
    print("| --- | --- | --- | --- | --- | --- |")
    for group in (joins, long, threads, cells):
        if len(sys.argv) < 2 or group.__name__ in sys.argv[1:]:
            group()


if __name__ == "__main__":
    main()
