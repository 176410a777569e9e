"""Random cut forest beside rrcf: python benchmarks/random_cut_forest.py [group …]

rrcf keeps a sliding window: each row is inserted into every tree, and the oldest deleted. Ours does
that at a time_decay of 1; by default it holds a sample of a longer past, and scores better by it.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from itertools import cycle
from typing import Any

import numpy as np
from measured import SHARED, Measured, alone, medians, shown, versus

TREES, ROWS = 50, 256


class Window:
    """rrcf as its manual uses it on a stream."""

    def __init__(self, trees: int, rows: int, seed: int) -> None:
        from importlib import import_module

        rrcf = import_module("rrcf")

        state = np.random.RandomState(seed)
        self.trees = [rrcf.RCTree(random_state=state.randint(2**31)) for _ in range(trees)]
        self.rows, self.seen = rows, 0

    def update(self, row: Any) -> float:
        found = 0.0
        for tree in self.trees:
            if self.seen >= self.rows:
                tree.forget_point(self.seen - self.rows)
            tree.insert_point(row, index=self.seen)
            found += tree.codisp(self.seen)
        self.seen += 1
        return found / len(self.trees)


def ours(trees: int, seed: int = 0, **more: Any) -> Any:
    import sonde

    return sonde.create(
        "random_cut_forest", n_estimators=trees, max_samples=ROWS, random_state=seed, **more
    )


def random_cut_forest() -> list[Measured]:
    x = np.random.default_rng(0).normal(size=(20_000, 4))
    theirs = Window(TREES, ROWS, 0)
    for row in x[:300]:
        theirs.update(row)
    found = []
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        (", every row into every tree", {"time_decay": 1.0}),
    ]
    for title, more in kinds:
        model = ours(TREES, **more).fit(x[:5000])
        a, b = cycle(x), cycle(x)

        def one(model: Any = model, a: Any = a) -> Any:
            return model.update(next(a))

        def other(b: Any = b) -> Any:
            return theirs.update(next(b))

        def batch(model: Any = model) -> Any:
            return model.anomaly_scores(x[:2000])

        found.append(
            versus(
                f"random cut forest, 50 × 256, one update of 4 columns{title}",
                "≥ 20×, ≤ 0.100 ms",
                9,
                one,
                other,
                calls=25,
            )
        )
        spent = medians(7, ours=batch)["ours"]
        found.append(alone(f"… a row in batch{title}", "below that", spent, 2000, "µs"))
    return found


def random_cut_forest_accuracy() -> list[Measured]:
    """AUROC of a first pass over shuffled tables; the rows that fill the trees do not count."""
    from sklearn.metrics import roc_auc_score

    found = []
    for name in ["6_cardio", "2_annthyroid", "29_Pima"]:
        path = SHARED / "adbench" / f"{name}.npz"
        if not path.exists():
            continue
        with np.load(path) as stored:
            x, y = stored["X"].astype(float), stored["y"].ravel()
        results: dict[str, list[float]] = {"ours": [], "window": [], "peer": []}
        for seed in range(2):
            order = np.random.default_rng(seed).permutation(len(y))[:700]
            rows, truth = np.ascontiguousarray(x[order]), y[order][ROWS:]
            for key, model in [
                ("ours", ours(10, seed)),
                ("window", ours(10, seed, time_decay=1.0)),
                ("peer", Window(10, ROWS, seed)),
            ]:
                scores = [model.update(row) for row in rows]
                results[key].append(float(roc_auc_score(truth, scores[ROWS:])))
        for key, title in [("ours", ""), ("window", ", the same window")]:
            found.append(
                {
                    "figure": f"random cut forest, AUROC on {name}{title}",
                    "wanted": "at least equal",
                    "ours_mean": statistics.mean(results[key]),
                    "ours_sd": statistics.stdev(results[key]),
                    "peer_mean": statistics.mean(results["peer"]),
                    "peer_sd": statistics.stdev(results["peer"]),
                }
            )
    return found


def spectral_residual() -> list[Measured]:
    import sonde

    x = np.sin(np.arange(100_000) / 40) + 0.1 * np.random.default_rng(0).normal(size=100_000)
    model: Any = sonde.create("spectral_residual").fit(x)
    spent = medians(5, ours=lambda: model.anomaly_scores(x))["ours"]
    return [alone("spectral residual, 100k rows", "well under 1 s", spent, unit="ms")]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for group in (random_cut_forest, spectral_residual, random_cut_forest_accuracy):
        if len(sys.argv) > 1 and group.__name__ not in sys.argv[1:]:
            continue
        for one in group():
            print(shown(one), flush=True)
