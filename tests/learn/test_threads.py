from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sonde.learn import create

WAVE = np.sin(np.arange(600) / 5) + 0.1 * np.random.default_rng(0).normal(size=600)
NAMES = ["isolation_forest", "ecod", "knn", "seasonal_residual", "discord", "ewma"]


@pytest.mark.parametrize("name", NAMES)
def test_eight_threads_get_what_one_gets(name: str) -> None:
    model: Any = create(name, **({"random_state": 0} if name == "isolation_forest" else {}))
    model.fit(WAVE)
    alone = model.anomaly_scores(WAVE)
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(lambda _: model.anomaly_scores(WAVE), range(16)):
            np.testing.assert_array_equal(scores, alone)


@pytest.mark.parametrize("name", ["isolation_forest", "ecod", "knn", "discord"])
def test_the_number_of_threads_changes_no_bit(name: str) -> None:
    rows = np.random.default_rng(1).normal(size=(3000, 1 if name == "discord" else 4))
    more = {"random_state": 0} if name == "isolation_forest" else {}
    one: Any = create(name, n_jobs=1, **more)
    two: Any = create(name, n_jobs=3, **more)
    first, second = one.fit(rows).anomaly_scores(rows), two.fit(rows).anomaly_scores(rows)
    np.testing.assert_array_equal(first, second)


FIRST_CALL = """
import sys, numpy as np
from concurrent.futures import ThreadPoolExecutor
from sonde.learn import create
x = np.sin(np.arange(300) / 5)
with ThreadPoolExecutor(8) as pool:
    scores = list(pool.map(lambda _: create("ewma", period=30).fit(x).anomaly_scores(x), range(8)))
assert all((s == scores[0]).all() for s in scores)
from sonde.kernels.warm import families
print([family for family in families() if f"sonde.kernels.{family}" in sys.modules])
"""


def test_the_first_call_may_come_from_many_threads_and_compiles_only_what_it_uses() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALL], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['ewma', 'tails']"
