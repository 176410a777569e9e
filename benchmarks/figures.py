"""One table of every promised figure, peers measured in the same run: python benchmarks/figures.py

Each figure is measured in rounds: ours and the peer's take turns, so that a slow moment of the
machine hits both; the medians and their ratio are printed and written to results/.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "data"
Measured = dict[str, Any]


def medians(rounds: int, calls: int = 1, **work: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each piece of work; they take turns, after one unmeasured call each.

    A turn is ``calls`` calls in a row, of which the mean counts.
    """
    for call in work.values():
        call()
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, call in work.items():
            started = time.perf_counter()
            for _ in range(calls):
                call()
            spent[name].append((time.perf_counter() - started) / calls)
    return {name: statistics.median(times) for name, times in spent.items()}


def versus(figure: str, wanted: str, rounds: int, ours: Any, peer: Any, calls: int = 1) -> Measured:
    spent = medians(rounds, calls, ours=ours, peer=peer)
    return {
        "figure": figure,
        "wanted": wanted,
        "ours_ms": spent["ours"] * 1e3,
        "peer_ms": spent["peer"] * 1e3,
        "ratio": spent["peer"] / spent["ours"],
    }


def alone(figure: str, wanted: str, seconds: float, per: int = 1, unit: str = "ms") -> Measured:
    factor = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    return {"figure": figure, "wanted": wanted, "ours": seconds / per * factor, "unit": unit}


def isolation_forest() -> list[Measured]:
    from sklearn.ensemble import IsolationForest

    import sonde

    x = np.random.default_rng(0).normal(size=(100_000, 10))
    out = []

    def forest() -> Any:
        return sonde.create("isolation_forest", random_state=0)

    def theirs() -> Any:
        return IsolationForest(n_estimators=100, max_samples=256, random_state=0, n_jobs=1)

    def fit_ours() -> Any:
        return forest().fit(x)

    def fit_theirs() -> Any:
        return theirs().fit(x)

    out.append(versus("isolation forest, fit 100k × 10", "≥ 5×", 7, fit_ours, fit_theirs))
    a, b = fit_ours(), fit_theirs()
    for n, rounds in [(1_000, 21), (10_000, 11), (100_000, 5)]:
        rows = np.ascontiguousarray(x[:n])
        out.append(
            versus(
                f"isolation forest, score {n:,} × 10",
                "≥ 3× (goal 5×)",
                rounds,
                lambda rows=rows: a.anomaly_scores(rows),
                lambda rows=rows: b.score_samples(rows),
            )
        )
    row = x[:1].copy()
    one = versus(
        "isolation forest, one row",
        "≤ 0.050 ms",
        21,
        lambda: a.anomaly_scores(row),
        lambda: b.score_samples(row),
        calls=50,
    )
    return [*out, one]


def isolation_forest_accuracy() -> list[Measured]:
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    import sonde

    out = []
    for name in ["38_thyroid", "6_cardio", "2_annthyroid", "31_satimage-2", "42_WBC"]:
        path = SHARED / "adbench" / f"{name}.npz"
        if not path.exists():
            continue
        with np.load(path) as stored:
            x, y = stored["X"].astype(float), stored["y"]
        ours, peer = [], []
        for seed in range(10):
            model: Any = sonde.create("isolation_forest", random_state=seed).fit(x)
            ours.append(roc_auc_score(y, model.anomaly_scores(x)))
            forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed).fit(x)
            peer.append(roc_auc_score(y, -forest.score_samples(x)))
        out.append(
            {
                "figure": f"isolation forest, AUROC on {name}, 10 seeds",
                "wanted": "equal",
                "ours_mean": statistics.mean(ours),
                "ours_sd": statistics.stdev(ours),
                "peer_mean": statistics.mean(peer),
                "peer_sd": statistics.stdev(peer),
            }
        )
    return out


def ecod() -> list[Measured]:
    from pyod.models.ecod import ECOD

    import sonde

    x = np.random.default_rng(0).normal(size=(100_000, 10))
    fresh = np.random.default_rng(1).normal(size=(100_000, 10))

    def both_ours() -> Any:
        model: Any = sonde.create("ecod").fit(x)
        return model.anomaly_scores(x)

    out = [
        versus(
            "ECOD, learn and score 100k × 10",
            "(beside it)",
            5,
            both_ours,
            lambda: ECOD(n_jobs=1).fit(x),
        )
    ]
    a: Any = sonde.create("ecod").fit(x)
    b = ECOD(n_jobs=1).fit(x)
    out.append(
        versus(
            "ECOD, score 100k fresh rows",
            "≥ 10×",
            5,
            lambda: a.anomaly_scores(fresh),
            lambda: b.decision_function(fresh),
        )
    )
    row = fresh[:1].copy()
    out.append(
        versus(
            "ECOD, one row after 100k",
            "≤ 1 ms",
            11,
            lambda: a.anomaly_scores(row),
            lambda: b.decision_function(row),
        )
    )
    return out


def ewma() -> list[Measured]:
    import sonde

    rng = np.random.default_rng(0)
    x = np.sin(np.arange(1_000_000) / 40) + 0.1 * rng.normal(size=1_000_000)
    model: Any = sonde.create("ewma", period=288).fit(x[:5000])
    batch = medians(5, ours=lambda: model.anomaly_scores(x))["ours"]
    rows = x[:20_000].reshape(-1, 1)

    def singles() -> None:
        for row in rows:
            model.update(row)

    single = medians(5, ours=singles)["ours"]
    return [
        alone("EWMA, one update from Python", "≤ 5 µs", single, len(rows), "µs"),
        alone("EWMA, a point in batch", "≤ 0.1 µs", batch, len(x), "µs"),
    ]


def command(*words: str, rounds: int = 5, **more: str) -> float:
    """Median seconds of a whole process."""
    spent = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, *words], check=True, capture_output=True, env=os.environ | more
        )
        spent.append(time.perf_counter() - started)
    return statistics.median(spent[1:])


def start_up() -> list[Measured]:
    import sonde

    taxi = str(sonde.datasets.path("nyc_taxi"))
    bare = command("-c", "pass", rounds=11)
    imported = command("-c", "import sonde", rounds=11)
    with tempfile.TemporaryDirectory() as folder:
        report = str(Path(folder) / "report.html")
        detect = command("-m", "sonde", "detect", taxi, "--report", report)
    return [
        alone("import sonde (less bare Python)", "< 50 ms", imported - bare),
        alone("sonde --help", "< 300 ms", command("-m", "sonde", "--help", rounds=11)),
        alone("sonde detect nyc_taxi --report, warm", "< 3 s", detect, unit="s"),
        first_run(taxi),
    ]


def first_run(taxi: str) -> Measured:
    """The first run ever: a copy of the package that nothing was compiled for."""
    import shutil

    import sonde

    with tempfile.TemporaryDirectory() as folder:
        package = Path(sonde.__file__).parent
        shutil.copytree(
            package, Path(folder) / "sonde", ignore=shutil.ignore_patterns("__pycache__")
        )
        report = str(Path(folder) / "report.html")
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "sonde", "detect", taxi, "--report", report],
            check=True,
            capture_output=True,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": folder},
        )
        spent = time.perf_counter() - started
    assert "compiling" in done.stderr
    return alone("the first run ever", "≤ 15 s", spent, unit="s")


def large_table() -> list[Measured]:
    """5 million rows × 5 columns of CSV, the default detector; the peak memory of the process."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        rng = np.random.default_rng(0)
        columns = {name: rng.normal(size=5_000_000).round(4) for name in "abcde"}
        pl.DataFrame(columns).write_csv(path)
        del columns
        code = (
            "import resource, sys, time; t = time.perf_counter(); import sonde;"
            "sonde.detect(sys.argv[1], n_jobs=-1);"
            "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
        )
    seconds, kilobytes = map(float, done.stdout.split())
    return [
        alone("5M × 5 CSV, default detector", "< 30 s", seconds, unit="s"),
        {"figure": "… peak memory", "wanted": "< 3 GB", "ours": kilobytes / 2**20, "unit": "GB"},
    ]


def shown(found: Measured) -> str:
    if "ratio" in found:
        text = f"{found['ours_ms']:.3g} ms | {found['peer_ms']:.3g} ms | {found['ratio']:.1f}×"
    elif "ours_mean" in found:
        text = (
            f"{found['ours_mean']:.3f} ± {found['ours_sd']:.3f} | "
            f"{found['peer_mean']:.3f} ± {found['peer_sd']:.3f} |"
        )
    else:
        text = f"{found['ours']:.3g} {found['unit']} | |"
    return f"| {found['figure']} | {found['wanted']} | {text} |"


def main() -> None:
    warnings.simplefilter("ignore")
    groups = [
        isolation_forest, isolation_forest_accuracy, ecod, ewma, start_up, large_table,
    ]  # fmt: skip
    wanted = sys.argv[1:]
    found: list[Measured] = []
    print("| figure | wanted | ours | peer | ratio |\n| --- | --- | --- | --- | --- |")
    for group in groups:
        if wanted and group.__name__ not in wanted:
            continue
        for one in group():
            found.append(one)
            print(shown(one), flush=True)
    if not wanted:
        libraries = ["sonde", "numpy", "numba", "polars", "scikit-learn", "pyod"]
        record = {
            "versions": {name: version(name) for name in libraries},
            "python": platform.python_version(),
            "cores": os.cpu_count(),
            "figures": found,
        }
        (HERE / "results").mkdir(exist_ok=True)
        path = HERE / "results" / "figures.json"
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
