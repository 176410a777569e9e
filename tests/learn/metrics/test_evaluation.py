from __future__ import annotations

import numpy as np
import pytest

import sonde
from sonde.errors import InvalidInput, NotFound
from sonde.learn import metrics

NAN = float("nan")


def test_the_usual_choice_depends_on_whether_there_are_flags() -> None:
    scores, labels = [0.1, 0.9, 0.8, 0.2], [0, 1, 0, 0]
    plain = sonde.evaluate(scores, labels)
    assert list(plain.mean) == ["roc_auc", "average_precision", "vus_roc", "vus_pr", "best_f1"]
    flagged = sonde.evaluate(scores, labels, flags=[0, 1, 1, 0])
    assert flagged.mean["precision"] == 0.5
    assert flagged.mean["recall"] == 1.0
    assert {name: flagged.mean[name] for name in plain.mean} == plain.mean
    assert (plain.rows, plain.events, plain.anomalous_rows) == (4, 1, 1)


def test_what_detect_answers_is_evaluated_with_its_flags() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    rows[50] = 9.0
    found = sonde.detect(rows, detector="ecod")
    told = sonde.evaluate(found, [(50, 51)], ["roc_auc", "recall"])
    assert told.mean == {"roc_auc": 1.0, "recall": 1.0}
    assert sonde.evaluate(found.detection, [(50, 51)], ["recall"]).mean == {"recall": 1.0}


def test_every_metric_can_be_asked_for() -> None:
    rng = np.random.default_rng(1)
    labels = np.zeros(400, int)
    labels[300:320] = 1
    scores = rng.random(400) + labels
    found = sonde.evaluate(scores, labels, ["all"], flags=scores > 1.0)
    assert set(found.mean) == {*metrics.METRICS, *metrics.OVER_ALL}
    assert all(value is not None for value in found.mean.values())
    assert found.mean["ucr"] == 1.0
    whole = metrics.nab_score([labels == 1], [scores])
    assert whole is not None
    assert found.mean["nab"] == whole.score
    without = sonde.evaluate(scores, labels, ["all"])
    assert "f1" not in without.mean
    assert without.mean["vus_pr"] == found.mean["vus_pr"]


def test_several_series_are_judged_one_by_one() -> None:
    labels = [0, 1, 0, 0, 0, 1, 0, 0]
    scores = [0.0, 9.0, 1.0, 1.0, 700.0, 300.0, 100.0, 0.0]
    names = ["b", "b", "b", "b", "a", "a", "a", "a"]
    found = sonde.evaluate(scores, labels, ["roc_auc"], series=names)
    assert list(found.series) == ["b", "a"]
    assert found.series == {"b": {"roc_auc": 1.0}, "a": {"roc_auc": pytest.approx(2 / 3)}}
    assert found.mean["roc_auc"] == pytest.approx(5 / 6)
    frame = found.to_frame()
    assert frame.columns == ["series", "metric", "value"]
    assert frame["series"].to_list() == [None, "b", "a"]
    mixed = np.argsort([0, 4, 1, 5, 2, 6, 3, 7])
    shuffled = sonde.evaluate(
        np.array(scores)[mixed], np.array(labels)[mixed], ["roc_auc"], series=np.array(names)[mixed]
    )
    assert shuffled.mean == found.mean


def test_nab_has_one_threshold_for_all_series() -> None:
    truth = np.zeros(200, int)
    truth[100:110] = 1
    high, low = 100.0 * truth + 50.0, 1.0 * truth
    together = sonde.evaluate(
        np.r_[high, low], np.r_[truth, truth], ["nab"], series=np.repeat(["high", "low"], 200)
    )
    assert together.series["high"]["nab"] == pytest.approx(100.0)
    assert together.series["low"]["nab"] == 0.0
    assert together.mean["nab"] == pytest.approx(50.0)
    assert "threshold" in together.notes[0]


def test_a_series_without_an_anomaly_does_not_count_and_is_named() -> None:
    found = sonde.evaluate(
        [0.1, 0.9, 0.1, 0.2], [0, 1, 0, 0], ["roc_auc"], series=["a", "a", "quiet", "quiet"]
    )
    assert found.mean["roc_auc"] == 1.0
    assert found.series["quiet"]["roc_auc"] is None
    assert any("quiet" in note for note in found.notes)


def test_a_row_without_a_score_is_the_least_strange() -> None:
    found = sonde.evaluate([0.0, NAN, 0.5, 0.2], [0, 1, 0, 0], ["all"])
    assert found.mean["roc_auc"] == 0.0
    assert "1 rows have no score" in found.notes[0]
    with pytest.raises(InvalidInput, match="no row has a score"):
        sonde.evaluate([NAN, NAN], [0, 1])


def test_the_buffer_is_given_or_that_of_the_values_or_the_benchmarks() -> None:
    labels = np.zeros(1_000, int)
    labels[500:510] = 1
    scores = np.random.default_rng(0).random(1_000)
    wave = np.sin(np.arange(1_000) * 2 * np.pi / 40)
    columns = np.column_stack((wave, np.ones(1_000)))
    assert sonde.evaluate(scores, labels).buffers == {"": 100}
    assert sonde.evaluate(scores, labels, values=columns).buffers == {"": 40}
    given = sonde.evaluate(scores, labels, ["vus_pr"], buffer=7)
    expected = metrics.vus(labels == 1, scores, 7)
    assert expected is not None
    assert given.mean["vus_pr"] == expected.pr


def test_rows_before_the_test_part_do_not_count() -> None:
    scores = [9.0, 0.1, 0.2, 0.8, 9.0, 0.3, 0.1, 0.7]
    labels = [0, 0, 0, 1, 0, 0, 0, 1]
    names = ["a"] * 4 + ["b"] * 4
    assert sonde.evaluate(scores, labels, ["roc_auc"], series=names).mean["roc_auc"] < 1.0
    found = sonde.evaluate(scores, labels, ["roc_auc"], series=names, test_from=1)
    assert found.mean["roc_auc"] == 1.0
    assert found.rows == 6


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        ([0, 1], {}, "2 labels for 3 scores"),
        ([0, 0, 0], {}, "none of the 3 rows judged is labelled"),
        ([0, 1, 2], {}, "labels are 0 or 1; row 2 is 2"),
        ([(1, 9)], {}, "within 0 to 3"),
        ([0, 1, 0], {"metrics": ["f1"]}, "is_anomaly"),
        ([0, 1, 0], {"flags": [0, 1]}, "2 flags for 3 scores"),
        ([0, 1, 0], {"series": ["a"]}, "1 names of series for 3 scores"),
        ([0, 1, 0], {"values": [1.0]}, "for 3 scores"),
        ([0, 1, 0], {"buffer": -1}, "0 or a number of rows"),
        ([1, 0, 0], {"test_from": 1}, "none of the 2 rows judged"),
    ],
)
def test_a_mistake_is_named(labels: object, options: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        sonde.evaluate([0.1, 0.2, 0.3], labels, **options)


def test_an_unknown_metric_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="vus_pr"):
        sonde.evaluate([0.1, 0.2], [0, 1], ["accuracy"])
    assert metrics.metric_names(["AUROC", "PA-F1", "auc-pr"]) == [
        "roc_auc",
        "point_adjusted_f1",
        "average_precision",
    ]


def test_rows_of_mixed_series_keep_their_order() -> None:
    rng = np.random.default_rng(4)
    names = np.array(["a", "b"])[rng.integers(0, 2, 2_000)]
    scores, labels = rng.random(2_000), rng.random(2_000) < 0.05
    found = sonde.evaluate(scores, labels, ["vus_pr"], series=names, buffer=9)
    for name in ("a", "b"):
        mine = names == name
        alone = metrics.vus(labels[mine], scores[mine], 9)
        assert alone is not None
        assert found.series[name]["vus_pr"] == alone.pr
