"""The isolation forest beside scikit-learn's: speed, and quality on labelled tables."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from measured import SHARED, Measured, versus


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
