"""ECOD beside PyOD's, and the EWMA detector by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
from measured import Measured, alone, medians, versus


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
