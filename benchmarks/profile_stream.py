"""The matrix profile of a series that goes on beside stumpy: python benchmarks/profile_stream.py

One thread each. Ours, stumpi and FLOSS take turns; medians of processor time, since other work on
the machine would be counted otherwise.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

WINDOW = 100
# Points kept, points of a turn, turns.
SIZES = ((1_000, 48, 30), (10_000, 48, 30), (100_000, 16, 15))


def turns(rounds: int, calls: int, work: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of processor time a point; what works takes turns of ``calls`` points."""
    for call in work.values():
        call()
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            began = time.process_time()
            call()
            spent[name].append((time.process_time() - began) / calls)
    return {name: statistics.median(times) for name, times in spent.items()}


def measured(kept: int, points: int, rounds: int) -> dict[str, float]:
    from sonde.learn.profiles.stream import MatrixProfileStream

    x = np.cumsum(np.random.default_rng(0).normal(size=kept + 2 * points * (rounds + 2)))
    history, rest = x[:kept], x[kept:]
    places: dict[str, int] = {}

    def following(name: str) -> Any:
        begin = places.get(name, 0)
        places[name] = begin + points
        return rest[begin : begin + points]

    single, batches = (MatrixProfileStream(history, WINDOW) for _ in range(2))

    def one_by_one() -> None:
        for value in following("one").tolist():
            single.update(value)

    def by_sixteen() -> None:
        part = following("sixteen")
        for begin in range(0, points, 16):
            batches.extend(part[begin : begin + 16])

    work: dict[str, Callable[[], Any]] = {"one": one_by_one, "sixteen": by_sixteen}
    return turns(rounds, points, work | of_stumpy(history, following))


def of_stumpy(history: Any, following: Callable[[str], Any]) -> dict[str, Callable[[], Any]]:
    import numba
    import stumpy

    numba.set_num_threads(1)
    profile = stumpy.stump(history, WINDOW)
    stumpi = stumpy.stumpi(history, WINDOW, mp=profile)
    floss = stumpy.floss(profile, history, WINDOW, WINDOW, n_iter=100, n_samples=100)

    def each(stream: Any, name: str) -> Callable[[], None]:
        def run() -> None:
            for value in following(name).tolist():
                stream.update(value)

        return run

    return {"stumpi": each(stumpi, "stumpi"), "floss": each(floss, "floss")}


def main() -> None:
    warnings.simplefilter("ignore")
    sizes = [int(size) for size in sys.argv[1:]]
    for kept, points, rounds in SIZES:
        if sizes and kept not in sizes:
            continue
        spent = measured(kept, points, rounds)
        for name, title in (("one", "one update"), ("sixteen", "a point, 16 together")):
            ratios = " | ".join(f"{spent[p] / spent[name]:.0f}×" for p in ("stumpi", "floss"))
            peers = " | ".join(f"{spent[p] * 1e6:,.0f} µs" for p in ("stumpi", "floss"))
            ours = f"{spent[name] * 1e6:.1f} µs"
            print(f"| {kept:,} points kept, {title} | {ours} | {peers} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
