"""Isolation forest beside scikit-learn's, one thread each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

import sonde

X = np.random.default_rng(0).normal(size=(100_000, 10))


def ours() -> Any:
    return sonde.create("isolation_forest", random_state=0)


def theirs() -> Any:
    return IsolationForest(n_estimators=100, max_samples=256, random_state=0, n_jobs=1)


@pytest.mark.benchmark(group="fit 100k × 10")
@pytest.mark.parametrize("make", [ours, theirs])
def test_fit(benchmark: Any, make: Any) -> None:
    benchmark(lambda: make().fit(X))


@pytest.mark.parametrize("n", [1, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("make", [ours, theirs])
def test_score(benchmark: Any, make: Any, n: int) -> None:
    benchmark.group = f"score {n} × 10"
    model, rows = make().fit(X), X[:n].copy()
    benchmark(lambda: model.score_samples(rows))
