from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.learn import Calibration

Floats = NDArray[np.float64]
scores = arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 1e6, allow_subnormal=False))


@given(scores, scores)
def test_never_rises_with_the_score(learned: Floats, asked: Floats) -> None:
    tails = Calibration.learn(learned).tail_probability(np.sort(asked))
    assert (np.diff(tails) <= 1e-12).all()
    assert ((tails >= 0) & (tails <= 1)).all()


@given(scores, st.floats(1e-7, 0.4))
def test_largest_ordinary_is_where_the_decision_changes(learned: Floats, cutoff: float) -> None:
    calibration = Calibration.learn(learned)
    limit = calibration.largest_ordinary(cutoff)
    if np.isinf(limit):
        assert calibration.tail_probability(np.array([learned.min() - 2.0]))[0] <= cutoff
        return
    at, above = calibration.tail_probability(np.array([limit, np.nextafter(limit, np.inf)]))
    assert at > cutoff >= above


@pytest.mark.parametrize("draw", ["normal", "exponential", "lognormal"])
@pytest.mark.parametrize("level", [0.1, 0.01, 0.001])
def test_says_how_rare_a_score_is(draw: str, level: float) -> None:
    rng = np.random.default_rng(5)
    learned, fresh = np.abs(getattr(rng, draw)(size=(2, 50_000)))
    share = np.mean(Calibration.learn(learned).tail_probability(fresh) <= level)
    assert 0.4 * level <= share <= 2.5 * level


def test_a_few_anomalies_do_not_hide_each_other() -> None:
    dirty = np.abs(np.random.default_rng(1).normal(size=2000))
    dirty[:20] = 50.0
    calibration = Calibration.learn(dirty)
    assert calibration.tail_probability(np.array([8.0]))[0] < 1 / 4000  # the default's cutoff
    assert calibration.tail_probability(np.array([3.0]))[0] > 1 / 4000


def test_equal_scores_do_not_make_a_rounding_error_strange() -> None:
    learned = np.full(1000, 3.0)
    assert Calibration.learn(learned, 0.1).tail_probability(np.array([3.0 + 1e-9]))[0] > 5e-4
    assert Calibration.learn(learned, 0.1).tail_probability(np.array([9.0]))[0] < 1e-5


def test_nan_stays_nan_and_teaches_nothing() -> None:
    calibration = Calibration.learn(np.array([1.0, np.nan, 2.0, 3.0]))
    plain = Calibration.learn(np.array([1.0, 2.0, 3.0]))
    assert np.isnan(calibration.tail_probability(np.array([np.nan]))[0])
    np.testing.assert_array_equal(calibration.knots, plain.knots)


def test_an_excess_next_to_nothing_overflows_nothing() -> None:
    scores = np.concatenate([np.zeros(70), [2.2e-308, 1.0, 4.0, 4.0, 4.0]])
    assert np.isfinite(Calibration.learn(scores).tail_probability(scores)).all()
