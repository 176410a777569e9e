"""EWMA: one update from Python, and a point in batch."""

from __future__ import annotations

from typing import Any

import numpy as np

import sonde

X = np.sin(np.arange(100_000) / 40) + 0.1 * np.random.default_rng(0).normal(size=100_000)


def fitted() -> Any:
    return sonde.create("ewma", period=288).fit(X[:5000])


def test_update(benchmark: Any) -> None:
    model, row = fitted(), X[:1]
    benchmark(lambda: model.update(row))


def test_batch_of_100k(benchmark: Any) -> None:
    model = fitted()
    benchmark(lambda: model.anomaly_scores(X))
