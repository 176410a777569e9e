"""The default for tables beside an isolation forest and PyOD, on the ADBench tables and in time.

Each detector learns from all rows of a table (at most 20,000, without labels) and scores them.

    python benchmarks/auto_table.py [seeds]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from measured import SHARED

MOST_ROWS = 20_000


def tables() -> Iterator[tuple[str, Any, Any]]:
    for path in sorted((SHARED / "adbench").glob("*.npz")):
        with np.load(path) as stored:
            x, y = np.ascontiguousarray(stored["X"], dtype=np.float64), stored["y"].astype(int)
        if len(x) > MOST_ROWS:
            chosen = np.random.default_rng(0).permutation(len(x))[:MOST_ROWS]
            x, y = x[chosen], y[chosen]
        yield path.stem, x, y


def detectors() -> dict[str, Callable[[Any, int], Any]]:
    """Name → scores of all rows, given rows and a seed; PyOD's where it is installed."""
    import sonde

    def ours(name: str) -> Callable[[Any, int], Any]:
        return lambda x, seed: sonde.create(name, random_state=seed).fit(x).anomaly_scores(x)

    found = {name: ours(name) for name in ("auto_table", "isolation_forest")}
    try:
        from pyod.models.ecod import ECOD
        from pyod.models.iforest import IForest
        from pyod.models.knn import KNN
    except ImportError:
        return found

    def scaled(x: Any) -> Any:
        spread = x.std(axis=0)
        return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)

    return found | {
        "pyod IForest": lambda x, seed: IForest(random_state=seed).fit(scaled(x)).decision_scores_,
        "pyod ECOD": lambda x, seed: ECOD().fit(scaled(x)).decision_scores_,
        "pyod KNN": lambda x, seed: KNN().fit(scaled(x)).decision_scores_,
    }


def main(seeds: int) -> None:
    from sklearn.metrics import average_precision_score, roc_auc_score

    known = detectors()
    total: dict[str, list[tuple[float, float, float]]] = {name: [] for name in known}
    sys.stdout.write("table | " + " | ".join(f"{name}: AUROC AP CPU s" for name in known) + "\n")
    for table, x, y in tables():
        cells = []
        for name, score in known.items():
            runs = []
            for seed in range(seeds):
                start = time.process_time()
                scores = score(x, seed)
                spent = time.process_time() - start
                runs.append(
                    (
                        100 * roc_auc_score(y, scores),
                        100 * average_precision_score(y, scores),
                        spent,
                    )
                )
            mean = tuple(statistics.mean(column) for column in zip(*runs, strict=True))
            total[name].append(mean)
            cells.append("{:.1f} {:.1f} {:.2f}".format(*mean))
        sys.stdout.write(f"{table} {x.shape[0]} × {x.shape[1]} | " + " | ".join(cells) + "\n")
        sys.stdout.flush()
    for name, rows in total.items():
        areas, precisions, times = zip(*rows, strict=True)
        sys.stdout.write(
            f"{name}: AUROC {statistics.mean(areas):.2f}, AP {statistics.mean(precisions):.2f}, "
            f"CPU {sum(times):.1f} s for all tables\n"
        )
    wide = np.random.default_rng(0).normal(size=(20_000, 20))
    for name, score in known.items():
        start = time.process_time()
        score(wide, 0)
        sys.stdout.write(f"{name}: 20,000 × 20 in {time.process_time() - start:.2f} s CPU\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
