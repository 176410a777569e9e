"""Half-space trees beside river: python benchmarks/half_space_trees.py [group …]

river is asked with as many trees of the same height and window. It is told the ranges of the
columns, which ours learns from the first window.
"""

from __future__ import annotations

import statistics
import sys
import warnings
from itertools import cycle
from typing import Any

import numpy as np
from measured import SHARED, Measured, alone, medians, shown, versus

TREES, HEIGHT, WINDOW = 25, 8, 250


def ours(seed: int = 0, **more: Any) -> Any:
    import sonde

    same = {"n_estimators": TREES, "height": HEIGHT, "window_size": WINDOW, "size_limit": 0.1}
    return sonde.create("half_space_trees", **(same | {"random_state": seed} | more))


def theirs(rows: Any, seed: int = 0, window: int = WINDOW) -> Any:
    from importlib import import_module

    known = rows[:window]
    low, high = known.min(axis=0), known.max(axis=0)
    high = np.where(high > low, high, low + 1.0)
    limits = {j: (float(low[j]), float(high[j])) for j in range(rows.shape[1])}
    forest = import_module("river.anomaly").HalfSpaceTrees
    return forest(n_trees=TREES, height=HEIGHT, window_size=window, seed=seed, limits=limits)


def in_turn(model: Any, row: dict[int, float]) -> float:
    score = model.score_one(row)
    model.learn_one(row)
    return float(score)


def half_space_trees() -> list[Measured]:
    x = np.random.default_rng(0).normal(size=(20_000, 4))
    named = [dict(enumerate(row)) for row in x.tolist()]
    peer = theirs(x)
    for row in named[:600]:
        in_turn(peer, row)
    found = []
    ways: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        (", ours by default", {"height": 10, "size_limit": 0.05}),
    ]
    for title, more in ways:
        model = ours(**more).fit(x[:600])
        a, b = cycle(x), cycle(named)

        def one(model: Any = model, a: Any = a) -> Any:
            return model.update(next(a))

        def other(b: Any = b) -> Any:
            return in_turn(peer, next(b))

        def batch(model: Any = model) -> Any:
            return model.anomaly_scores(x)

        figure = f"half-space trees, 25 × 2^8, one update of 4 columns{title}"
        found.append(versus(figure, "≥ 20×", 9, one, other, calls=100))
        spent = medians(5, ours=batch)["ours"]
        found.append(alone(f"… a row in batch{title}", "below that", spent, len(x), "µs"))
    return found


def half_space_trees_accuracy() -> list[Measured]:
    """AUROC of a first pass over shuffled tables; the first window does not count."""
    from sklearn.metrics import roc_auc_score

    found: list[Measured] = []
    means: dict[str, list[float]] = {"same": [], "default": [], "peer": []}
    for path in sorted((SHARED / "adbench").glob("*.npz")):
        with np.load(path) as stored:
            x, y = stored["X"].astype(float), stored["y"].ravel()
        if x.shape[1] > 40:
            continue
        window = WINDOW if len(y) >= 600 else min(100, len(y) // 4)
        results: dict[str, list[float]] = {key: [] for key in means}
        for seed in range(3):
            order = np.random.default_rng(seed).permutation(len(y))[:3000]
            rows, truth = np.ascontiguousarray(x[order]), y[order][window:]
            if not 0 < truth.sum() < len(truth):
                continue
            more = {"window_size": window, "warmup": window}
            default = {"height": 10, "size_limit": 0.05}
            for key, model in [
                ("same", ours(seed, **more)),
                ("default", ours(seed, **more, **default)),
            ]:
                scores = [model.update(row) for row in rows]
                results[key].append(float(roc_auc_score(truth, scores[window:])))
            peer = theirs(rows, seed, window)
            scores = [in_turn(peer, dict(enumerate(row))) for row in rows.tolist()]
            results["peer"].append(float(roc_auc_score(truth, scores[window:])))
        for key, values in results.items():
            means[key].append(statistics.mean(values))
        found.append(_beside(path.stem, results["default"], results["peer"]))
    for key, title in [("same", "the same trees"), ("default", "by default")]:
        name = f"the mean of {len(means[key])} tables, {title}"
        found.append(_beside(name, means[key], means["peer"]))
    return found


def _beside(title: str, mine: list[float], peers: list[float]) -> Measured:
    return {
        "figure": f"half-space trees, AUROC on {title}",
        "wanted": "at least equal",
        "ours_mean": statistics.mean(mine),
        "ours_sd": statistics.stdev(mine),
        "peer_mean": statistics.mean(peers),
        "peer_sd": statistics.stdev(peers),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for group in (half_space_trees, half_space_trees_accuracy):
        if len(sys.argv) > 1 and group.__name__ not in sys.argv[1:]:
            continue
        for one in group():
            print(shown(one), flush=True)
