from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import InvalidInput
from sonde.learn import Calibration, Threshold, rule_from
from sonde.learn.thresholds import find_threshold

SCORES = np.random.default_rng(0).exponential(size=2000)
CALIBRATION = Calibration.learn(SCORES)
HOUR = 3600 * 10**9


@given(st.integers(1, 1000))
def test_contamination_flags_that_many(count: int) -> None:
    rule = rule_from(contamination=count / 2000)
    threshold = find_threshold(rule, CALIBRATION, [SCORES])
    assert int((threshold.limits[0] < SCORES).sum()) == count


def test_contamination_is_shared_among_series_by_probability() -> None:
    calibration = Calibration.joined([CALIBRATION, Calibration.learn(100 * SCORES)])
    rule = rule_from(contamination=0.05)
    threshold = find_threshold(rule, calibration, [SCORES, 100 * SCORES], smears=[1, 1])
    first = int((threshold.limits[0] < SCORES).sum())
    second = int((threshold.limits[1] < 100 * SCORES).sum())
    assert first + second == 200
    assert abs(first - second) <= 2


def test_a_budget_of_false_alarms_is_kept_on_fresh_rows() -> None:
    threshold = find_threshold(
        rule_from(false_alarms="2/day"), CALIBRATION, [SCORES], rows_per_ns=1 / HOUR
    )
    fresh = np.random.default_rng(1).exponential(size=24 * 2000)
    per_day = (fresh > threshold.limits[0]).sum() / 2000
    assert 1.4 < per_day < 2.8


def test_a_budget_per_day_needs_time() -> None:
    with pytest.raises(InvalidInput, match="per 1000rows"):
        find_threshold(rule_from(false_alarms="2/day"), CALIBRATION, [SCORES])
    rows = find_threshold(rule_from(false_alarms="2/1000rows"), CALIBRATION, [SCORES])
    assert rows.cutoff == pytest.approx(0.002)


@pytest.mark.parametrize("text", ["2", "2/year", "x/day", "0/day", "-1/day", "1.2.3/day", ""])
def test_a_malformed_budget_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="2/day"):
        rule_from(false_alarms=text)


def test_a_budget_of_more_than_half_the_rows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than half"):
        find_threshold(
            rule_from(false_alarms="20/day"), CALIBRATION, [SCORES], rows_per_ns=1 / HOUR
        )


@pytest.mark.parametrize("share", [0.0, -0.1, 0.51, 1.0])
def test_an_impossible_contamination_is_refused(share: float) -> None:
    with pytest.raises(InvalidInput, match=r"above 0 and at most 0\.5"):
        rule_from(contamination=share)


def test_two_rules_at_once_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one of"):
        rule_from(contamination=0.1, has_labels=True)


def test_labels_choose_the_cutoff_that_separates() -> None:
    labels = SCORES > 3.3
    threshold = find_threshold(
        rule_from(has_labels=True), CALIBRATION, [SCORES], labelled=[(SCORES, labels)]
    )
    np.testing.assert_array_equal(threshold.limits[0] < SCORES, labels)


@pytest.mark.parametrize("labels", [np.zeros(2000, bool), np.ones(2000, bool)])
def test_labels_of_one_kind_are_refused(labels: Any) -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        find_threshold(
            rule_from(has_labels=True), CALIBRATION, [SCORES], labelled=[(SCORES, labels)]
        )


def test_the_default_passes_few_ordinary_rows_and_all_extremes() -> None:
    threshold = find_threshold(rule_from(), CALIBRATION, [SCORES])
    fresh = np.random.default_rng(2).exponential(size=20_000)
    assert (fresh > threshold.limits[0]).mean() < 2e-3
    assert threshold.limits[0] < 40.0


def test_survives_storage() -> None:
    threshold = find_threshold(rule_from(contamination=0.1), CALIBRATION, [SCORES])
    assert Threshold.from_dict(threshold.to_dict()) == threshold
