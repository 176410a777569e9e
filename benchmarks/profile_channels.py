"""The profile of several channels beside STUMPY's mstump, one thread each.

Written to results/profile_channels.md: python benchmarks/profile_channels.py
"""

from __future__ import annotations

import os

# Before numba is imported: its threads are chosen once.
os.environ["NUMBA_NUM_THREADS"] = "1"

import platform
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
from measured import HERE, Measured, shown

WINDOW = 100
# Rows, channels, rounds, what is promised on AVX-512.
SIZES = [(2**13, 3, 3, "≥ 25×"), (2**13, 10, 1, ""), (2**12, 30, 1, "")]
ALONE = [(2**15, 3), (2**13, 30)]


def _series(n: int, d: int) -> Any:
    """Walks that share a rhythm, with noise."""
    rng = np.random.default_rng(d)
    walk = 0.1 * np.cumsum(rng.normal(size=(n, d)), axis=0)
    return walk + np.sin(np.arange(n) / 25.0)[:, None] + 0.3 * rng.normal(size=(n, d))


def _turns(rounds: int, **work: Callable[[], Any]) -> dict[str, tuple[float, float]]:
    """Median milliseconds of the clock and of the processor; pieces of work take turns."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            clock, processor = time.perf_counter(), time.process_time()
            call()
            spent[name].append(
                (1e3 * (time.perf_counter() - clock), 1e3 * (time.process_time() - processor))
            )
    return {
        name: (statistics.median(a for a, _ in times), statistics.median(b for _, b in times))
        for name, times in spent.items()
    }


def _repeated(x: Any, times: int) -> None:
    from sonde.learn.profiles.channels import channels_join

    for _ in range(times):
        channels_join(x, WINDOW)


def beside_stumpy() -> list[Measured]:
    """The same profile from both: by the processor's time, since other work goes on beside it."""
    import stumpy

    from sonde.learn.profiles.channels import channels_join

    out: list[Measured] = []
    for n, d, rounds, wanted in SIZES:
        x = _series(n, d)
        channels_join(x[:400], WINDOW)
        stumpy.mstump(x[:400].T.copy(), WINDOW)
        theirs, _ = stumpy.mstump(x.T.copy(), WINDOW)
        np.testing.assert_allclose(channels_join(x, WINDOW).distances, theirs, atol=1e-6)
        spent = _turns(
            rounds,
            ours=partial(_repeated, x, 3),
            peer=partial(stumpy.mstump, x.T.copy(), WINDOW),
        )
        for at, clock in ((1, "processor"), (0, "clock")):
            ours, peer = spent["ours"][at] / 3, spent["peer"][at]
            figure = f"{d} channels, {n:,} rows, window {WINDOW}, mstump ({clock})"
            out.append(
                {
                    "figure": figure,
                    "wanted": wanted,
                    "ours_ms": ours,
                    "peer_ms": peer,
                    "ratio": peer / ours,
                }
            )
    return out


def by_itself() -> list[Measured]:
    """Longer series, and two series: what a pair of windows costs."""
    from sonde.learn.profiles.channels import channels_join

    out: list[Measured] = []
    for n, d in ALONE:
        x, k = _series(n, d), n - WINDOW + 1
        spent = _turns(1, ours=partial(channels_join, x, WINDOW))["ours"][1]
        figure = f"{d} channels, {n:,} rows, one with itself"
        out.append({"figure": figure, "wanted": "", "ours": spent, "unit": "ms"})
        cost = 1e6 * spent / (k * k / 2)
        out.append({"figure": "… a pair", "wanted": "", "ours": cost, "unit": "ns"})
    x, y = _series(2**13, 3), _series(2**13, 3)[::-1].copy()
    spent = _turns(3, ours=lambda: channels_join(x, WINDOW, other=y))["ours"][1]
    figure = "3 channels, 8,192 rows, two series"
    out.append({"figure": figure, "wanted": "", "ours": spent, "unit": "ms"})
    return out


def main() -> None:
    warnings.simplefilter("ignore")
    lines = [
        "# The profile of several channels: raw lines of profile_channels.py",
        "",
        f"{platform.machine()}, Python {platform.python_version()}, numba {version('numba')}, "
        f"STUMPY {version('stumpy')}; one thread.",
        "Ours and the peer's took turns, other work going on beside them.",
        "",
        "| figure | wanted | ours | peer | ratio |",
        "| --- | --- | --- | --- | --- |",
    ]
    for found in [*beside_stumpy(), *by_itself()]:
        lines.append(shown(found))
        print(lines[-1], flush=True)
    (HERE / "results" / "profile_channels.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
