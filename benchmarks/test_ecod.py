"""ECOD beside PyOD's, one thread each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyod.models.ecod import ECOD

import sonde

X = np.random.default_rng(0).normal(size=(100_000, 10))


def ours() -> Any:
    return sonde.create("ecod")


def theirs() -> Any:
    return ECOD(n_jobs=1)


@pytest.mark.parametrize("n", [1, 100_000])
@pytest.mark.parametrize("make", [ours, theirs])
def test_score(benchmark: Any, make: Any, n: int) -> None:
    benchmark.group = f"score {n} × 10 after 100k"
    model, rows = make().fit(X), X[:n].copy()
    benchmark(lambda: model.decision_function(rows))
