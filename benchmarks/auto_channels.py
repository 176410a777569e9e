"""The default for several channels: python benchmarks/auto_channels.py [smd] [nasa] [blame] [cost]

Mean VUS-PR of three seeds a file beside the best published method on that very file, the channels
blamed beside those that the collection names, and CPU seconds by size. Files are those of TSB-AD:
the test part, whose first rows are learned from.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from measured import SHARED
from quality.sets import Case, nasa, smd

import sonde
from sonde.core import Series
from sonde.learn.metrics import main_lag, vus

SEEDS = (0, 1, 2)
SIZES = ((10_000, 5), (47_000, 38), (1_000_000, 5))
EVERY = 5  # rows of an anomaly of which one is asked for its channels


def quality(cases: Iterator[Case]) -> None:
    """VUS-PR of each file, the best published on it, and what each published method has on all."""
    ours, theirs = [], []
    for case in cases:
        begin = time.process_time()
        areas = [
            vus(case.truth, found(case, seed).scores, main_lag(case.values[:, 0])) for seed in SEEDS
        ]
        used = (time.process_time() - begin) / len(SEEDS)
        mine = statistics.fmean(area.pr for area in areas if area is not None)
        published = case.published or {}
        name, best = max(published.items(), key=lambda one: one[1])
        print(f"{case.name:14} {mine:.3f} | {best:.3f} {name:18} | {used:.2f} s CPU", flush=True)
        ours.append(mine)
        theirs.append(published)
    means = {name: statistics.fmean(one[name] for one in theirs) for name in theirs[0]}
    name = max(means, key=lambda one: means[one])
    print(f"mean {statistics.fmean(ours):.3f}; best published {name} {means[name]:.3f}")


def found(case: Case, seed: int) -> Any:
    return sonde.detect(
        Series(case.values),
        detector="auto_channels",
        fit_rows=case.fit_rows,
        random_state=seed,
    )


def blame() -> None:
    """Of the channels at fault, the share among as many that we blame most; whether the first is.

    The mean over the rows of an anomaly, and over anomalies.
    """
    hits, firsts = [], []
    for case in smd():
        answer = found(case, 0)
        folder = SHARED / "smd" / "interpretation_label"
        mine, first = [], []
        for line in (folder / f"{case.name}.txt").read_text().split():
            rows, _, named = line.partition(":")
            start, stop = (int(one) for one in rows.split("-"))
            wanted = {int(one) - 1 for one in named.split(",")}
            asked = np.arange(start, stop, EVERY)
            shares = answer.model.blame(answer.model.prepare(Series(case.values)), asked)
            orders = np.argsort(-shares, axis=1, kind="stable")[:, : len(wanted)].tolist()
            mine.append(statistics.fmean(len(wanted & set(one)) / len(wanted) for one in orders))
            first.append(statistics.fmean(one[0] in wanted for one in orders))
        hits.append(statistics.fmean(mine))
        firsts.append(statistics.fmean(first))
        print(f"{case.name:14} HitRate@100% {hits[-1]:.3f}, the first right {firsts[-1]:.3f}")
    print(f"mean {statistics.fmean(hits):.3f}, {statistics.fmean(firsts):.3f}")


def cost() -> None:
    """CPU seconds to learn and judge, once everything is compiled."""
    rng = np.random.default_rng(0)
    sonde.detect(rng.normal(size=(2000, 3)), detector="auto_channels", kind="series")
    for n, d in SIZES:
        x = Series(np.sin(np.arange(n) / 30)[:, None] + 0.3 * rng.normal(size=(n, d)))
        begin = time.process_time()
        sonde.detect(x, detector="auto_channels")
        print(f"{n:9,} rows of {d:2} channels {time.process_time() - begin:6.2f} s CPU", flush=True)


def main() -> None:
    parts = {
        "smd": lambda: quality(smd()),
        "nasa": lambda: quality(nasa()),
        "blame": blame,
        "cost": cost,
    }
    for name in sys.argv[1:] or list(parts):
        parts[name]()


if __name__ == "__main__":
    main()
