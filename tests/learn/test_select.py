from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import sonde
from sonde.core import Panel, Series, Table
from sonde.core.progress import listening
from sonde.data import Reading, examine
from sonde.errors import InvalidInput, NotFound
from sonde.learn import create
from sonde.learn.metrics import roc_auc
from sonde.learn.select import FOR_CHANNELS, FOR_SERIES, FOR_TABLES
from sonde.learn.synthetic_anomalies import IN_SERIES, with_events, with_rows
from sonde.learn.trials import Labelled, rank_correlation

RNG = np.random.default_rng(3)
WAVE = np.sin(np.arange(800) / 4.0) + 0.05 * RNG.normal(size=800)
QUICK = ["seasonal_residual", "spectral_residual"]


def labelled(data: Any, labels: Any) -> Reading:
    return replace(examine(data), labels=labels)


def dependent(n: int = 300) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows on a line, and a few beside it whose columns, each alone, are ordinary."""
    rng = np.random.default_rng(1)
    rows = np.repeat(rng.normal(size=(n, 1)), 2, axis=1) + 0.05 * rng.normal(size=(n, 2))
    labels = np.arange(n) % 30 == 7
    rows[labels] = np.where(rng.random((labels.sum(), 1)) < 0.5, [[1.2, -1.2]], [[-1.2, 1.2]])
    return rows, labels


def test_labels_choose_what_finds_them() -> None:
    rows, labels = dependent()
    found = sonde.select(rows, detectors=["hbos", "ecod", "mcd"], labels=labels, kind="table")
    assert found.best == "mcd"
    assert found.metric == "average_precision"
    scores = [one.score for one in found.tried]
    assert scores == sorted(scores, reverse=True)
    assert found.tried[0].score > 0.9 > 2 * found.tried[1].score


def test_without_labels_agreement_counts_twice_and_what_was_made_up_once() -> None:
    rows, _ = dependent()
    found = sonde.select(rows, detectors=["hbos", "ecod", "mcd"], n_splits=2, kind="table")
    by_name = {one.name: one for one in found.tried}
    made_up = {name: one.made_up or 0.0 for name, one in by_name.items()}
    assert max(made_up, key=made_up.__getitem__) == "mcd"
    assert all(-1 <= (one.agreement or 0) <= 1 for one in found.tried)

    def place(figures: dict[str, float], name: str) -> float:
        return sum(other < figures[name] for other in figures.values()) / 2

    agreement = {name: one.agreement or 0.0 for name, one in by_name.items()}
    for name, one in by_name.items():
        expected = (2 * place(agreement, name) + place(made_up, name)) / 3
        assert one.score == pytest.approx(expected)
    assert found.to_frame().columns[:2] == ["name", "score"]
    again = sonde.select(rows, detectors=["mcd", "ecod", "hbos"], n_splits=2, kind="table")
    assert [(o.name, o.score) for o in again.tried] == [(o.name, o.score) for o in found.tried]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (Table(RNG.normal(size=(60, 2))), FOR_TABLES),
        (Series(WAVE), FOR_SERIES),
        (Series(np.stack([WAVE, WAVE], axis=1)), FOR_CHANNELS),
    ],
)
def test_what_is_tried_goes_by_the_kind_of_data(data: Any, names: tuple[str, ...]) -> None:
    found = sonde.select(data, budget=1e-9, n_splits=1)
    assert [one.name for one in found.tried] == [names[0]]
    assert found.not_tried == names[1:]


def test_a_series_learns_from_what_comes_first_only() -> None:
    labels = np.arange(800) % 100 == 50
    trial = Labelled.of(labelled(Series(WAVE), labels), None, 3, 0)
    assert trial.metric == "vus_pr"
    for k, (learn, judge) in enumerate(trial.splits, 1):
        np.testing.assert_array_equal(learn, np.arange(200 * k))
        np.testing.assert_array_equal(judge, np.arange(200 * k, 200 * (k + 1)))


def test_rows_judged_have_the_rows_before_them_for_their_past() -> None:
    labels = np.arange(800) % 100 < 5
    model: Any = create("seasonal_residual").fit(Series(WAVE[:400]))
    whole, alone = (model.anomaly_scores(Series(x)) for x in (WAVE, WAVE[400:]))
    expected = roc_auc(labels[400:], whole[400:])
    found = sonde.select(
        WAVE, detectors=["seasonal_residual"], labels=labels, metric="roc_auc", n_splits=1
    )
    assert found.tried[0].score == expected
    assert found.tried[0].score != roc_auc(labels[400:], alone)


def test_each_series_of_a_panel_is_cut_by_itself() -> None:
    labels = np.arange(1200) % 100 == 50
    panel = Panel.of([Series(WAVE), Series(WAVE[:400])], ["a", "b"])
    trial = Labelled.of(labelled(panel, labels), None, 1, 0)
    learn, judge = trial.splits[0]
    np.testing.assert_array_equal(learn, [*range(400), *range(800, 1000)])
    np.testing.assert_array_equal(judge, [*range(400, 800), *range(1000, 1200)])


def test_parts_of_a_table_hold_as_many_anomalies_each() -> None:
    labels = np.arange(100) < 9
    trial = Labelled.of(labelled(Table(RNG.normal(size=(100, 2))), labels), None, 3, 0)
    assert [labels[judge].sum() for _, judge in trial.splits] == [3, 3, 3]
    assert all(not set(learn) & set(judge) for learn, judge in trial.splits)
    judged = np.sort(np.concatenate([judge for _, judge in trial.splits]))
    np.testing.assert_array_equal(judged, np.arange(100))


@pytest.mark.parametrize("with_labels", [True, False])
def test_a_panel_can_be_chosen_for(with_labels: bool) -> None:
    panel = Panel.of([Series(WAVE), Series(WAVE[:400] + 9)], ["a", "b"])
    labels = np.arange(1200) % 100 == 50
    found = sonde.select(panel, detectors=QUICK, labels=labels if with_labels else None, n_splits=1)
    assert sorted(one.name for one in found.tried) == sorted(QUICK)


@pytest.mark.parametrize("metric", ["AUROC", "best_f1", "f1", "range_f1"])
def test_judges_by_the_metric_that_is_asked_for(metric: str) -> None:
    x = WAVE.copy()
    x[[350, 550, 750]] += 4.0
    labels = np.isin(np.arange(800), [350, 550, 750])
    found = sonde.select(x, detectors=QUICK, labels=labels, metric=metric)
    assert found.metric == {"AUROC": "roc_auc"}.get(metric, metric)
    assert 0 <= found.tried[0].score <= 1


def test_a_detector_that_does_not_suit_is_listed_and_the_rest_goes_on() -> None:
    rows = RNG.normal(size=(40, 2))
    short = create("knn", n_neighbors=100)
    found = sonde.select(rows, detectors=["ecod", short], n_splits=1, kind="table")
    assert [one.name for one in found.tried] == ["ecod"]
    assert "at least 101 rows" in found.refused["knn"]
    with pytest.raises(InvalidInput, match=r"no detector can be used: knn: .*101 rows"):
        sonde.select(rows, detectors=[short], kind="table")


def test_what_the_budget_left_is_told_by_name() -> None:
    heard: list[str] = []
    with listening(lambda stage, share: heard.append(stage)):
        found = sonde.select(WAVE, detectors=[*QUICK, "poly"], budget=1e-9, n_splits=1)
    assert [one.name for one in found.tried] == ["spectral_residual"]
    assert found.not_tried == ("seasonal_residual", "poly")
    assert "trying spectral_residual" in heard


def test_the_best_can_be_used_as_it_is() -> None:
    mine = create("knn", n_neighbors=3)
    rows, labels = dependent()
    found = sonde.select(rows, detectors=[mine, "ecod+hbos"], labels=labels, kind="table")
    assert found.best is mine
    assert sonde.detect(rows, detector=found.best, kind="table").chosen["detector"] == "knn"
    assert {one.name for one in found.tried} == {"knn", "ecod+hbos"}


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"labels": np.zeros(800)}, InvalidInput, "every row is ordinary"),
        ({"labels": np.ones(800)}, InvalidInput, "every row is an anomaly"),
        ({"labels": np.arange(800) < 5}, InvalidInput, "lies in the first 1/4 of the rows"),
        ({"labels": np.arange(800) > 790, "metric": "nab"}, InvalidInput, "one threshold"),
        ({"labels": np.arange(800) > 790, "metric": "zzz"}, NotFound, "zzz"),
        ({"metric": "vus_pr"}, InvalidInput, "needs labels"),
        ({"detectors": ["ecodd"]}, NotFound, "did you mean 'ecod'"),
        ({"detectors": ["standard_scaler"]}, NotFound, "not a detector"),
        ({"detectors": ["pipeline"]}, NotFound, "not a detector that can be named"),
        ({"detectors": ["ecod", "ecod"]}, InvalidInput, "given twice"),
        ({"detectors": []}, InvalidInput, "one at least"),
        ({"detectors": "ecod"}, InvalidInput, "must be a list"),
        ({"budget": 0}, InvalidInput, "budget must be above 0"),
        ({"n_splits": 0}, InvalidInput, "n_splits must be"),
    ],
)
def test_what_can_not_be_done_is_refused(
    options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        sonde.select(WAVE, **options)


def test_events_are_made_in_the_scale_of_the_data() -> None:
    values = np.stack([WAVE, 1e6 * WAVE], axis=1)
    made = with_events(np.tile(values, (4, 1)), np.random.default_rng(0))
    touched = made.kinds >= 0
    assert set(made.kinds[touched]) == set(range(len(IN_SERIES)))
    np.testing.assert_array_equal(made.values[~touched], np.tile(values, (4, 1))[~touched])
    change = np.abs(made.values - np.tile(values, (4, 1))).max(axis=0)
    assert 0.5 < change[0] < 6
    assert 0.5e6 < change[1] < 6e6


def test_the_smallest_and_emptiest_data_make_nothing_strange() -> None:
    assert (with_events(np.zeros((5, 1)), np.random.default_rng(0)).kinds < 0).all()
    assert len(with_rows(np.full((9, 2), np.nan), np.random.default_rng(0)).values) == 9
    assert np.isfinite(with_rows(np.zeros((9, 2)), np.random.default_rng(0)).values).all()


def test_rank_correlation_is_spearmans() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 9, size=(2, 200)).astype(float)
    expected = stats.spearmanr(one, other).statistic
    assert rank_correlation(one, other) == pytest.approx(expected, abs=1e-12)
    assert rank_correlation(np.ones(5), np.arange(5.0)) == 0.0


def test_training_takes_the_best() -> None:
    rows, labels = dependent()
    trained = sonde.train(rows, tune=True, labels=labels, kind="table")
    selection = trained.chosen["selection"]
    assert trained.chosen["detector"] == selection["best"]
    assert selection["metric"] == "average_precision"
    with pytest.raises(InvalidInput, match="tune chooses the detector itself"):
        sonde.train(rows, tune=True, model="ecod")


def test_missing_values_are_dealt_with_as_told() -> None:
    holes = WAVE.copy()
    holes[100] = np.nan
    with pytest.raises(InvalidInput, match="missing"):
        sonde.select(holes, detectors=QUICK, missing="error", n_splits=1)
    assert sonde.select(holes, detectors=QUICK, n_splits=1).refused == {}
