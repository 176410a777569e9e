"""Metrics of series against published code, against their definitions, and by what must hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.errors import InvalidInput, NotFound
from sonde.learn import metrics
from tests.learn.metrics import plainly

PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())["series"]
Pair = tuple[NDArray[np.bool_], NDArray[np.float64]]


@st.composite
def labelled(draw: st.DrawFn, most: int = 40) -> Pair:
    n = draw(st.integers(4, most))
    truth = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    truth[draw(st.integers(0, n - 1))] = True
    scores = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5, 7.0]), min_size=n, max_size=n))
    return truth, np.array(scores)


@pytest.mark.parametrize("number", range(len(PUBLISHED)))
def test_metrics_are_those_of_the_published_code(number: int) -> None:
    one: dict[str, Any] = PUBLISHED[number]
    truth, flags = np.array(one["truth"], bool), np.array(one["flags"], bool)
    scores = np.array(one["scores"], float)
    volume, single = (f(truth, scores, one["buffer"]) for f in (metrics.vus, metrics.range_auc))
    assert volume is not None
    assert single is not None
    assert [volume.roc, volume.pr] == pytest.approx(one["vus"], abs=1e-12)
    assert [single.roc, single.pr] == pytest.approx(one["range_auc"], abs=1e-12)
    near = metrics.affiliation(truth, flags)
    assert near is not None
    assert [near.precision, near.recall] == pytest.approx(one["affiliation"], abs=1e-12)
    assert metrics.range_recall(truth, flags, alpha=0.2) == pytest.approx(one["range_recall"])
    assert metrics.range_precision(truth, flags) == pytest.approx(one["range_precision"])
    assert metrics.main_lag(scores) == one["lag"]


@settings(max_examples=60, deadline=None)
@given(labelled(), st.integers(0, 12), st.integers(2, 30))
def test_vus_is_its_definition(pair: Pair, buffer: int, n_thresholds: int) -> None:
    truth, scores = pair
    found = metrics.vus(truth, scores, buffer, n_thresholds)
    if truth.all():
        assert found is None
        return
    assert found is not None
    expected = plainly.vus(truth, scores, buffer, n_thresholds)
    assert (found.roc, found.pr) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(labelled(), st.integers(0, 8))
def test_only_the_order_of_scores_counts(pair: Pair, buffer: int) -> None:
    truth, scores = pair
    assert metrics.vus(truth, scores, buffer) == metrics.vus(truth, np.exp(scores) - 3.0, buffer)
    assert metrics.range_auc(truth, scores, buffer) == metrics.range_auc(
        truth, 2.0 * scores + 1.0, buffer
    )


@settings(max_examples=40, deadline=None)
@given(labelled(20))
def test_affiliation_is_its_definition(pair: Pair) -> None:
    truth, scores = pair
    flagged = scores > 1.0
    found = metrics.affiliation(truth, flagged)
    assert found is not None
    precision, recall = plainly.affiliation(truth, flagged)
    assert found.recall == pytest.approx(recall, abs=0.02)
    if precision is None:
        assert found.precision is None
    else:
        assert found.precision == pytest.approx(precision, abs=0.02)
    assert metrics.affiliation(truth, truth) == metrics.Affiliation(1.0, 1.0, 1.0)


@given(labelled(), st.sampled_from(["flat", "front", "middle", "back"]), st.floats(0.0, 1.0))
def test_range_recall_is_its_definition(pair: Pair, bias: Any, alpha: float) -> None:
    truth, scores = pair
    flagged = scores > 1.0
    expected = plainly.range_recall(truth, flagged, bias, alpha)
    assert metrics.range_recall(truth, flagged, bias, alpha) == pytest.approx(expected)
    if flagged.any():
        expected = plainly.range_recall(flagged, truth, bias, 0.0)
        assert metrics.range_precision(truth, flagged, bias) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(labelled(), min_size=1, max_size=3), st.sampled_from(list(metrics.PROFILES)))
def test_nabs_sweep_finds_the_best_of_all_thresholds(pairs: list[Pair], profile: str) -> None:
    truths, scores = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    one = metrics.PROFILES[profile]
    weights = (one.found, one.false_alarm, one.missed)
    found = metrics.nab_score(truths, scores, profile)
    assert found is not None
    tried = [0.0, 0.5, 1.0, 2.5, 7.0, np.inf]
    each = [plainly.nab(truths, scores, threshold, weights) for threshold in tried]
    assert found.score == pytest.approx(max(each), abs=1e-9)
    for threshold, expected in zip(tried, each, strict=True):
        given_one = metrics.nab_score(truths, scores, profile, threshold)
        assert given_one is not None
        assert given_one.score == pytest.approx(expected, abs=1e-9)


def test_nabs_score_is_that_of_its_own_worked_example() -> None:
    # Two windows of five rows: the first is found at once, and seven rows on is a false alarm of
    # weight 1, in all −0.9540 (NAB's scorer_test, testScoringAllMetrics). Ours weighs .11.
    truth = np.zeros(100, bool)
    truth[33:38] = truth[66:71] = True
    scores = np.zeros(100)
    scores[[33, 34, 40]] = 1.0
    found = metrics.nab_score([truth], [scores], threshold=0.5)
    assert found is not None
    raw = found.score / 100 * 4.0 - 2.0
    assert raw == pytest.approx(0.11 * -0.9540, abs=1e-5)


def test_nab_scores_nothing_for_no_alarm_and_all_for_every_window_at_once() -> None:
    truth = np.zeros(2_000, bool)
    truth[1_000:1_100] = truth[1_500:1_501] = True
    first = np.zeros(2_000)
    first[[1_000, 1_500]] = 3.0
    for profile in metrics.PROFILES:
        perfect = metrics.nab_score([truth], [first], profile)
        assert perfect is not None
        assert perfect.score == pytest.approx(100.0)
        assert perfect.threshold == 3.0
        assert metrics.nab_score([truth], [first * 0.0], profile, 1.0) == metrics.NabScore(0.0, 1.0)
    assert metrics.nab_score([~truth & truth], [first]) is None
    with pytest.raises(NotFound, match="reward_low_FP_rate"):
        metrics.nab_score([truth], [first], "strict")


def test_an_alarm_in_the_probation_counts_neither_way() -> None:
    truth = np.zeros(1_000, bool)
    truth[500:600] = True
    scores = np.zeros(1_000)
    scores[[10, 500]] = 1.0
    found = metrics.nab_score([truth], [scores])
    assert found is not None
    assert found.score == pytest.approx(100.0)
    scores[150] = 1.0  # the first row after it
    late = metrics.nab_score([truth], [scores])
    assert late is not None
    assert late.score == pytest.approx(100.0 - 100.0 * 0.11 / 2.0)


def test_the_archives_hit_is_within_its_tolerance() -> None:
    # 110 rows long, so 110 rows of tolerance; 10 rows long, so the archive's 100.
    for begin, end, first, last in ((500, 609, 390, 719), (500, 509, 400, 609)):
        for peak, hit in ((first - 1, False), (first, True), (last, True), (last + 1, False)):
            scores = np.zeros(1_000)
            scores[peak] = 1.0
            assert metrics.ucr_hit(scores, begin, end) is hit
    scores = np.zeros(1_000)
    scores[390], scores[5], scores[6] = 2.0, 9.0, np.nan
    assert metrics.ucr_hit(scores, 500, 609, test_from=100) is True
    assert metrics.ucr_hit(scores, 500, 609) is False
    assert metrics.ucr_hit(np.full(9, np.nan), 2, 3) is None
    with pytest.raises(InvalidInput, match="there are 9 rows"):
        metrics.ucr_hit(np.zeros(9), 2, 9)


@given(labelled())
def test_the_best_f1_is_the_best_over_all_thresholds(pair: Pair) -> None:
    truth, scores = pair
    found = metrics.best_f1(truth, scores)
    assert found is not None
    each = [metrics.f1(truth, scores >= threshold) or 0.0 for threshold in scores]
    assert found.f1 == pytest.approx(max(each))
    assert metrics.f1(truth, scores >= found.threshold) == pytest.approx(found.f1)
    adjusted = metrics.point_adjusted_f1(truth, scores)
    assert adjusted is not None
    assert adjusted.f1 >= found.f1 - 1e-12


def test_point_adjustment_makes_chance_look_good() -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros(5_000, bool)
    truth[1_000:1_500] = truth[3_000:3_400] = True
    chance = rng.random(5_000)
    adjusted, plain = metrics.point_adjusted_f1(truth, chance), metrics.best_f1(truth, chance)
    assert adjusted is not None
    assert plain is not None
    assert adjusted.f1 > 0.95
    assert plain.f1 < 0.4


@pytest.mark.parametrize(
    ("values", "lag"),
    [
        (np.sin(np.arange(3_000) * 2 * np.pi / 37), 37),
        (np.ones(500) * 7.3, 125),
        (np.arange(500.0), 125),
        (np.array([1.0, 2.0]), 125),
        (np.full(100, np.nan), 125),
    ],
)
def test_the_main_lag_is_the_period_or_the_benchmarks_constant(values: Any, lag: int) -> None:
    assert metrics.main_lag(values) == lag


def test_gaps_do_not_hide_the_main_lag() -> None:
    wave = np.sin(np.arange(3_000) * 2 * np.pi / 37)
    wave[100:110] = np.nan
    assert metrics.main_lag(wave) == 37


def test_what_is_not_defined_is_none() -> None:
    none, some, every = np.zeros(4, bool), np.array([0, 1, 1, 0], bool), np.ones(4, bool)
    scores = np.arange(4.0)
    assert metrics.vus(none, scores, 2) is None
    assert metrics.vus(every, scores, 2) is None
    assert metrics.range_auc(none, scores, 2) is None
    assert metrics.best_f1(none, scores) is None
    assert metrics.affiliation(none, some) is None
    assert metrics.affiliation(some, none) == metrics.Affiliation(None, 0.0, 0.0)
    assert metrics.range_recall(none, some) is None
    assert metrics.range_precision(some, none) is None
    assert metrics.range_f1(some, none) == 0.0
    with pytest.raises(InvalidInput, match="flat, front, middle, back"):
        metrics.range_recall(some, some, "rear")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="alpha"):
        metrics.range_recall(some, some, alpha=2.0)
