"""Our metrics against scikit-learn's and SciPy's, ties and all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.learn import metrics

# Few different scores, so that most rows tie with another.
ROWS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.5, 1.0, 2.5, np.inf]), st.booleans()),
    min_size=2,
    max_size=60,
)


@given(ROWS)
def test_metrics_are_those_of_scikit_learn(rows: list[tuple[bool, float, bool]]) -> None:
    from sklearn import metrics as theirs

    truth, scores, flagged = (np.array(column) for column in zip(*rows, strict=True))
    finite = np.minimum(scores, 9.0)  # the same order, as scikit-learn refuses infinity
    if truth.any() and flagged.any():
        ours: tuple[Any, ...] = (
            metrics.precision(truth, flagged),
            metrics.recall(truth, flagged),
            metrics.f1(truth, flagged),
        )
        expected = theirs.precision_recall_fscore_support(truth, flagged, average="binary")
        assert ours == pytest.approx(expected[:3])
    if truth.any():
        average = theirs.average_precision_score(truth, finite)
        assert metrics.average_precision(truth, scores) == pytest.approx(average)
    if truth.any() and not truth.all():
        area = theirs.roc_auc_score(truth, finite)
        assert metrics.roc_auc(truth, scores) == pytest.approx(area)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=50))
def test_the_distance_from_uniform_is_that_of_scipy(tails: list[float]) -> None:
    from scipy.stats import kstest

    ours = metrics.distance_from_uniform(np.array(tails))
    assert ours == pytest.approx(kstest(tails, "uniform").statistic, abs=1e-12)


def test_what_is_not_defined_is_none() -> None:
    none, some, all_ = np.zeros(3, bool), np.array([True, False, True]), np.ones(3, bool)
    scores = np.arange(3.0)
    assert metrics.precision(some, none) is None
    assert metrics.recall(none, some) is None
    assert metrics.f1(none, some) is None
    assert metrics.f1(some, none) == 0.0
    assert metrics.roc_auc(none, scores) is None
    assert metrics.roc_auc(all_, scores) is None
    assert metrics.average_precision(none, scores) is None
    assert metrics.distance_from_uniform(np.zeros(0)) is None


def test_differences_say_which_is_better() -> None:
    before = {"f1": 0.5, "ks_distance": 0.2, "recall": 0.7, "roc_auc": None, "how": "drawn"}
    after = {"f1": 0.4, "ks_distance": 0.1, "recall": 0.7, "roc_auc": 0.9, "how": "last"}
    found = metrics.differences(before, after)
    assert {name: one["is_better"] for name, one in found.items()} == {
        "recall": None,
        "f1": False,
        "ks_distance": True,
    }
    assert found["f1"]["change"] == pytest.approx(-0.1)
