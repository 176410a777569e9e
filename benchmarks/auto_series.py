"""The default for one series: CPU seconds by length, and the archive of labelled anomalies.

python benchmarks/auto_series.py [cost] [archive]

The archive's labelled series stand beside the checkout: each has one anomaly after a part that is
known to be ordinary. Found means that the strangest row after that part lies within 100 rows of
the anomaly, or within its length where that is more.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from measured import SHARED

import sonde

FOLDER = SHARED / "ucr_anomaly"
SIZES = (10_000, 100_000, 1_000_000)


def cost() -> None:
    """CPU seconds to learn and judge one series, once everything is compiled."""
    rng = np.random.default_rng(0)
    sonde.detect(np.sin(np.arange(2000) / 9) + rng.normal(size=2000), detector="auto_series")
    for n in SIZES:
        x = np.sin(np.arange(n) / 30) + 0.3 * rng.normal(size=n)
        x[n // 2 : n // 2 + 60] = 0.0
        begin = time.process_time()
        found = sonde.detect(x, detector="auto_series")
        print(f"{n:9,} rows {time.process_time() - begin:6.2f} s CPU", found.model.facts())


def archive() -> None:
    """How many of the archive's anomalies are found, and the CPU seconds of all."""
    families: dict[str, list[bool]] = defaultdict(list)
    begin = time.process_time()
    for name, family, x, learned, (low, high) in labelled():
        found = sonde.detect(x, detector="auto_series", fit_rows=learned)
        peak = learned + int(np.nanargmax(found.scores[learned:]))
        near = max(100, high - low)
        families[family].append(low - near <= peak <= high + near)
        if not families[family][-1]:
            print(f"missed: {name}, peak {peak}, anomaly {low}-{high}", flush=True)
    every = [hit for hits in families.values() for hit in hits]
    for family, hits in sorted(families.items()):
        print(f"{family:24} {sum(hits)} of {len(hits)}")
    used = time.process_time() - begin
    print(f"found {sum(every)} of {len(every)} ({np.mean(every):.3f}), {used:.0f} s CPU")


def labelled() -> Iterator[tuple[str, str, Any, int, tuple[int, int]]]:
    """Name, family, values, rows known to be ordinary, and the anomaly, of each series given."""
    with (FOLDER / "INDEX.csv").open() as index:
        for row in csv.DictReader(index):
            file = FOLDER / f"{row['file']}.npz"
            if file.exists():
                x = np.load(file)["x"].astype(float).ravel()
                ends = int(row["begin"]), int(row["end"])
                yield row["name"], row["family"], x, int(row["train_end"]), ends


if __name__ == "__main__":
    for part in sys.argv[1:] or ["cost", "archive"]:
        {"cost": cost, "archive": archive}[part]()
