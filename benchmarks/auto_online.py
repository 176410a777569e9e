"""The default for streams: NAB's score, false alarms on ordinary streams, faults found, its cost.

python benchmarks/auto_online.py [nab] [alarms] [faults] [cost]

NAB is scored on the 25 series beside the checkout, at the detector's own threshold and nothing
chosen by the labels. The published scores are those of the whole corpus, at thresholds chosen on
its labels, so they flatter beside a fixed one; the 25 series are easier than the whole.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from quality.published import published
from quality.sets import nab as nab_cases

import sonde
from sonde.core import Series
from sonde.data import Policy
from sonde.learn import create
from sonde.learn.metrics import nab_score

Floats = NDArray[np.float64]
DAY = 2 * np.pi / 288  # rows come every five minutes
LIMITS = (3.0, 3.35, 4.0, 5.0)
SETTLED = 750
DETECTOR = "auto_online"
COLUMNS: dict[str, Any] = {"time": "time", "columns": ["value"]}
PROFILES = {
    "standard": "nab",
    "reward_low_FP_rate": "nab_low_fp",
    "reward_low_FN_rate": "nab_low_fn",
}


def cold(data: Series) -> Any:
    model: Any = create(DETECTOR)
    model.start(data, Policy("auto", max_gap=0), None)
    return model


def scored(values: Floats) -> Floats:
    """Scores of rows that come every five minutes; 0 while there is none."""
    data = Series(values, time=np.arange(len(values)) * 300 * 10**9)
    scores: Floats = cold(data).anomaly_scores(data)
    return np.nan_to_num(scores)


def threshold() -> float:
    model: Any = create(DETECTOR, contamination=None).fit(np.arange(60.0))
    return float(np.nextafter(model.threshold_.limits[0], np.inf))


def nab() -> None:
    """NAB's three profiles at the one threshold, beside the published scores."""
    truths, found = [], []
    for case in nab_cases():
        frame = pl.DataFrame({"time": case.time, "value": case.values[:, 0]})
        answer = sonde.detect(
            frame,
            detector=DETECTOR,
            parameters={"warmup": 50},
            kind="series",
            online=True,
            **COLUMNS,
        )
        truths.append(case.truth)
        found.append(np.nan_to_num(answer.scores))
    known = [(value, method, metric) for _, method, metric, value, _ in published()]
    for profile, metric in PROFILES.items():
        at = threshold()
        score = nab_score(truths, found, profile=profile, threshold=at)
        assert score is not None
        best = sorted((one for one in known if one[2] == metric), reverse=True)[:3]
        listed = ", ".join(f"{method} {value:.1f}" for value, method, _ in best)
        print(f"{profile:20} {score.score:5.1f} at {at:.2f}; published, whole corpus: {listed}")


def ordinary(rng: np.random.Generator, n: int) -> dict[str, Floats]:
    """Streams in which nothing is wrong."""
    i = np.arange(n)
    day = np.sin(DAY * i)
    slow = rng.normal(size=n)
    for k in range(1, n):
        slow[k] += 0.95 * slow[k - 1]
    bursts = np.repeat(rng.normal(0, 0.8, n // 6 + 1), 6)[:n]
    return {
        "normal noise": rng.normal(size=n),
        "random walk": np.cumsum(rng.normal(size=n)),
        "slow noise, AR(1) 0.95": slow,
        "day, week, noise": 10 + 3 * day - 2.0 * ((i // 288) % 7 >= 5) + rng.normal(0, 0.4, n),
        "trend, noise": 0.01 * i + rng.normal(size=n),
        "Student t, 3 df": rng.standard_t(3, n),
        "Student t, 2 df": rng.standard_t(2, n),
        "log-normal": rng.lognormal(0, 1, n),
        "counts, Poisson 0.2": rng.poisson(0.2, n).astype(float),
        "counts, day, bursts": rng.poisson(np.exp(2 + day + bursts)).astype(float),
        "rare Pareto spikes": np.where(rng.random(n) < 0.02, rng.pareto(2, n) * 10, 0.0),
        "rounded noise": np.round(rng.normal(size=n)),
        "changing spread": rng.normal(size=n) * np.exp(0.8 * np.sin(2 * np.pi * i / 1500)),
        "constant": np.full(n, 7.0),
    }


def alarms(n: int = 20_000, repeats: int = 5) -> None:
    """Rows raised among 10,000 ordinary ones, at several limits."""
    counted: dict[str, list[list[float]]] = {}
    for seed in range(repeats):
        for name, values in ordinary(np.random.default_rng(seed), n).items():
            scores = scored(values)[SETTLED:]
            counted.setdefault(name, []).append([1e4 * float((scores > h).mean()) for h in LIMITS])
    print(f"{'rows raised in 10,000 at':26}", *(f"{limit:6.2f}" for limit in LIMITS))
    for name, rates in counted.items():
        print(f"{name:26}", *(f"{rate:6.1f}" for rate in np.mean(rates, axis=0)))


def faults(repeats: int = 60) -> None:
    """How many faults in noise about a slow day are found within 80 rows, and after how many."""
    for kind in ("shift of 4 sd", "stuck sensor", "spike of 7 sd"):
        delays = []
        for seed in range(repeats):
            rng = np.random.default_rng(seed)
            values = rng.normal(size=3000) + np.sin(DAY * np.arange(3000))
            at = int(rng.integers(1500, 2500))
            if kind.startswith("shift"):
                values[at:] += 4.0
            elif kind.startswith("stuck"):
                values[at:] = values[at]
            else:
                values[at] += 7.0
            raised = np.flatnonzero(scored(values)[at : at + 80] > threshold())
            delays += raised[:1].tolist()
        middle = np.median(delays)
        print(f"{kind:14} found {len(delays)} of {repeats}, median delay {middle:.0f} rows")


def cost(n: int = 200_000) -> None:
    """CPU microseconds a row in a batch and in calls, and the bytes of a series."""
    values = np.random.default_rng(0).normal(size=n)
    data = Series(values, time=np.arange(n) * 300 * 10**9)
    model = cold(data)
    model.anomaly_scores(data[:100])
    batch, calls = [], []
    rows = values[:20_000].reshape(-1, 1)
    for _ in range(5):
        begin = time.process_time()
        model.anomaly_scores(data)
        batch.append((time.process_time() - begin) / n)
        begin = time.process_time()
        for row in rows:
            model.update(row)
        calls.append((time.process_time() - begin) / len(rows))
    held = sum(array.nbytes for array in model.to_arrays().values())
    print(f"batch {min(batch) * 1e6:.2f} µs a row, update {min(calls) * 1e6:.2f} µs, {held} bytes")


if __name__ == "__main__":
    for part in sys.argv[1:] or ["nab", "alarms", "faults", "cost"]:
        {"nab": nab, "alarms": alarms, "faults": faults, "cost": cost}[part]()
