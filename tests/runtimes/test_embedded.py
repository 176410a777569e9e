from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sonde
from sonde.errors import InvalidInput, SondeError
from sonde.learn import create

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(500, 3))
ROWS[77] = 8.0
HOURS = 1000
WAVE = np.sin(np.arange(HOURS) * 2 * np.pi / 24) + 0.1 * RNG.normal(size=HOURS)
WAVE[800] += 5
NAMES = ["isolation_forest", "ecod", "knn", "seasonal_residual", "discord", "ewma"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fit_rows", [None, 400])
def test_scores_are_those_of_the_model(name: str, fit_rows: int | None) -> None:
    found = sonde.detect(WAVE, detector=name, fit_rows=fit_rows)
    np.testing.assert_array_equal(found.scores, found.model.anomaly_scores(WAVE))
    flags = found.model.predict(WAVE) == -1
    np.testing.assert_array_equal(found.is_anomaly, flags)


def test_online_scores_are_those_of_the_model() -> None:
    found = sonde.detect(WAVE, online=True)
    np.testing.assert_array_equal(found.scores, found.model.anomaly_scores(WAVE))
    assert found.model.name == "auto_online"


@pytest.mark.parametrize("name", NAMES)
def test_finds_the_spike(name: str) -> None:
    found = sonde.detect(WAVE, detector=name, contamination=0.001)
    assert found.anomalies
    best = found.anomalies[0]
    assert best.start - 30 <= 800 <= best.end + 30
    assert best.columns == {"c0": 1.0}
    assert found.probability[best.peak] == pytest.approx(best.probability)
    assert best.score == np.nanmax(found.scores)


@pytest.mark.parametrize("name", ["seasonal_residual", "ewma"])
def test_tells_what_it_expected(name: str) -> None:
    best = sonde.detect(WAVE, detector=name).anomalies[0]
    assert best.expected is not None
    assert best.lower is not None
    assert best.upper is not None
    assert best.lower < best.expected < best.upper < WAVE[800]
    assert abs(best.expected - (WAVE[800] - 5)) < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_blames_the_column_at_fault(name: str) -> None:
    waves = np.sin(np.arange(600)[:, None] / np.array([4.0, 5.0, 6.0]))
    rows = waves + 0.1 * np.random.default_rng(3).normal(size=(600, 3))
    rows[300:303, 1] += 15
    frame = pl.DataFrame(rows, schema=["a", "b", "c"])
    found = sonde.detect(frame, detector=name, kind="series", contamination=0.005)
    for anomaly in found.anomalies:
        assert sum(anomaly.columns.values()) == pytest.approx(1)
    at_fault = found.model.blame(found.model.prepare(rows), np.array([301]))[0]
    assert at_fault.sum() == pytest.approx(1)
    assert int(np.argmax(at_fault)) == 1


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame(ROWS, schema=["a", "b", "c"]),
        pd.DataFrame(ROWS, columns=["a", "b", "c"]),
        pl.DataFrame(ROWS, schema=["a", "b", "c"]).to_arrow(),
        {"a": ROWS[:, 0], "b": ROWS[:, 1], "c": ROWS[:, 2]},
        sonde.Table(ROWS, ["a", "b", "c"]),
    ],
    ids=["polars", "pandas", "arrow", "dict", "table"],
)
def test_takes_any_frame(frame: Any) -> None:
    found = sonde.detect(frame)
    np.testing.assert_array_equal(found.scores, sonde.detect(ROWS).scores)
    assert found.anomalies[0].peak == 77
    assert set(found.anomalies[0].columns) == {"a", "b", "c"}


def test_long_format_makes_one_series_per_id() -> None:
    hours = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 21), "1h", eager=True, closed="left"
    )
    rng = np.random.default_rng(1)
    frames = []
    for i, name in enumerate(["north", "south", "west"]):
        values = 10.0**i * (5 + np.sin(np.arange(480) / 4) + 0.05 * rng.normal(size=480))
        if name == "south":
            values[333] *= 2
        frames.append(pl.DataFrame({"id": name, "ts": hours, "value": values}))
    mixed = pl.concat(frames).sort("ts", "id")
    found = sonde.detect(mixed, detector="seasonal_residual")
    assert found.chosen["kind"] == "panel"
    best = found.anomalies[0]
    assert best.series == "south"
    assert mixed["id"][best.peak] == "south"
    assert mixed["ts"][best.peak] == hours[333]
    frame = found.to_frame()
    assert frame.columns[:3] == ["row", "ts", "id"]
    assert frame["id"].to_list() == mixed["id"].to_list()


def test_rows_out_of_order_are_judged_in_time_and_answered_in_place() -> None:
    time = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 11, 15), "1h", eager=True
    )
    frame = pl.DataFrame({"ts": time, "load": WAVE})
    shuffled = frame.with_row_index("was").sample(fraction=1.0, shuffle=True, seed=5)
    straight, mixed = sonde.detect(frame), sonde.detect(shuffled.drop("was"))
    np.testing.assert_array_equal(mixed.scores, straight.scores[shuffled["was"].to_numpy()])
    assert shuffled["was"][mixed.anomalies[0].peak] == straight.anomalies[0].peak


def test_a_gap_in_time_keeps_the_season_and_gets_no_score() -> None:
    time = np.datetime64("2024-01-01T00", "us") + np.arange(HOURS) * np.timedelta64(1, "h")
    keep = np.r_[0:301, 338:HOURS]  # 37 hours are missing: not a whole number of days
    frame = pl.DataFrame({"ts": time[keep], "load": WAVE[keep]})
    found = sonde.detect(frame, detector="seasonal_residual")
    assert found.anomalies[0].peak == int(np.flatnonzero(keep == 800)[0])
    assert len(found.anomalies) <= 2
    holes = WAVE.copy()
    holes[400:440] = np.nan
    found = sonde.detect(holes)
    assert np.isnan(found.scores[405:435]).all()
    assert not found.is_anomaly[400:440].any()


def test_contamination_flags_that_share() -> None:
    assert sonde.detect(ROWS, contamination=0.1).is_anomaly.sum() == 50


def test_labels_by_name_and_by_array() -> None:
    truth = np.zeros(500, dtype=int)
    truth[77] = 1
    frame = pl.DataFrame(ROWS, schema=["a", "b", "c"]).with_columns(broken=pl.Series(truth))
    by_name = sonde.detect(frame, labels="broken")
    assert by_name.is_anomaly.tolist() == (truth == 1).tolist()
    assert "broken" not in by_name.chosen["columns"]
    by_array = sonde.detect(ROWS, labels=truth)
    np.testing.assert_array_equal(by_array.is_anomaly, by_name.is_anomaly)
    with pytest.raises(InvalidInput, match="one entry per row"):
        sonde.detect(ROWS, labels=truth[:5])


def test_nothing_found_names_the_strongest_candidate() -> None:
    found = sonde.detect(np.random.default_rng(0).uniform(size=400))
    assert found.anomalies == []
    assert found.detection.candidate is not None
    assert found.detection.candidate.peak == int(np.nanargmax(found.scores))


def test_a_detector_of_ones_own_is_used_as_it_is_and_stays_unfitted() -> None:
    pipeline = sonde.make_pipeline(create("robust_scaler"), create("knn", n_neighbors=3))
    found = sonde.detect(ROWS, detector=pipeline)
    assert found.chosen["detector"] == "pipeline"
    assert not pipeline.__sklearn_is_fitted__()
    np.testing.assert_array_equal(found.scores, pipeline.fit(ROWS).anomaly_scores(ROWS))


def test_detect_many_puts_a_failure_in_its_place() -> None:
    answers = sonde.detect_many([ROWS, "nowhere.csv", ROWS], detector=["ecod", "knn", "knn"])
    assert [isinstance(a, SondeError) for a in answers] == [False, True, False]
    with pytest.raises(InvalidInput, match="one for each"):
        sonde.detect_many([ROWS], detector=["ecod", "knn"])


def test_the_message_tells_kind_columns_detector_and_threshold() -> None:
    frame = pl.DataFrame(ROWS, schema=["a", "b", "c"]).with_columns(site=pl.lit("x"))
    message = sonde.detect(frame).chosen["message"]
    for part in ["table", "'a'", "'site'", "auto_table", "extreme-value"]:
        assert part in message


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"detector": "discrod"}, "discord"),
        ({"detector": 7}, "name or an unfitted detector"),
        ({"detector": "discord", "online": True}, "can't work online"),
        ({"detector": "ewma", "online": True, "missing": "linear"}, "later rows"),
        ({"fit_rows": 1}, "2 or more"),
        ({"parameters": {"period": 3}}, "by name"),
    ],
)
def test_an_option_that_can_not_work_is_refused(options: dict[str, Any], part: str) -> None:
    with pytest.raises(SondeError, match=part):
        sonde.detect(WAVE, **options)


def season(n: int, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return 10 + 3 * np.sin(np.arange(n) * 2 * np.pi / 48) + 0.3 * rng.normal(size=n)


@pytest.mark.parametrize("seed", [0, 1])
def test_online_the_threshold_knows_what_settled_scores_look_like(seed: int) -> None:
    assert sonde.detect(season(5000, seed), online=True).is_anomaly.sum() <= 25
    budget = sonde.detect(season(5000, seed), online=True, false_alarms="5/1000rows")
    assert budget.is_anomaly.sum() <= 75


def test_predict_agrees_with_is_anomaly_for_every_series_of_a_panel() -> None:
    series = [sonde.Series(k * season(900, k)) for k in (1, 2, 3)]
    panel = sonde.Panel.of(series, ["a", "b", "c"])
    for name in ("seasonal_residual", "isolation_forest"):
        found = sonde.detect(panel, detector=name, contamination=0.02)
        np.testing.assert_array_equal(found.model.predict(panel) == -1, found.is_anomaly)


def test_a_series_too_short_to_learn_from_gets_no_score_and_is_named() -> None:
    panel = sonde.Panel.of([sonde.Series(season(900)), sonde.Series([1.0, 2.0, 3.0])], ["a", "b"])
    found = sonde.detect(panel, detector="seasonal_residual")
    assert np.isnan(found.scores[900:]).all()
    assert np.isfinite(found.scores[:900]).all()
    assert "'b'" in found.chosen["message"]
    with pytest.raises(InvalidInput, match="series 'b'"):
        sonde.detect(sonde.Panel.of([sonde.Series([1.0, 2.0, 3.0])], ["b"]), detector="knn")


def test_the_peak_of_a_window_detector_is_the_row_at_fault() -> None:
    x = season(1500)
    x[900] = 25
    best = sonde.detect(x, detector="discord").anomalies[0]
    assert abs(best.peak - 900) <= 16  # a third of a window


def test_labels_outside_the_rows_learned_from_choose_the_threshold() -> None:
    x = season(1500)
    x[900] = 25
    truth = np.arange(1500) == 900
    found = sonde.detect(x, detector="seasonal_residual", fit_rows=700, labels=truth)
    np.testing.assert_array_equal(found.is_anomaly, truth)


def test_a_spread_that_is_far_too_small_grows_back() -> None:
    x = np.random.default_rng(0).normal(size=3000)
    x[:600] = 0.0
    scores = sonde.detect(x, online=True).scores
    assert np.nanmax(scores[900:]) < 20


def test_an_online_panel_is_judged_like_its_series() -> None:
    series = [sonde.Series(k * season(1200, k)) for k in (1, 2)]
    found = sonde.detect(sonde.Panel.of(series, ["a", "b"]), online=True)
    alone = sonde.detect(series[1], online=True)
    np.testing.assert_array_equal(found.scores[1200:], alone.scores)
    assert found.is_anomaly.sum() <= 25


def test_a_pipeline_with_an_online_detector_begins_at_the_beginning() -> None:
    x = season(900) + np.linspace(0, 50, 900)
    pipeline = sonde.make_pipeline(create("standard_scaler"), create("ewma"))
    found = sonde.detect(x, detector=pipeline)
    assert np.nanmax(found.scores[:5]) < 10
    expected = found.detection.expected
    assert expected is not None
    assert np.nanmedian(np.abs(expected - x)) < 1.0


def shuffled_frame() -> pl.DataFrame:
    time = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 11, 15), "1h", eager=True
    )
    counted = pl.DataFrame({"ts": time, "load": WAVE}).with_row_index("n")
    return counted.sample(fraction=1.0, shuffle=True, seed=5)


def test_what_was_read_first_is_answered_in_the_order_of_its_input() -> None:
    frame = shuffled_frame()
    straight, read_first = sonde.detect(frame), sonde.detect(sonde.read(frame))
    np.testing.assert_array_equal(read_first.scores, straight.scores)
    assert read_first.to_frame().columns == straight.to_frame().columns


def test_a_counter_is_recognised_in_the_order_of_time() -> None:
    found = sonde.detect(shuffled_frame())
    assert found.chosen["left_out"] == {"n": "row counter"}


def test_a_model_takes_the_frame_it_was_found_with() -> None:
    frame = pl.DataFrame(ROWS, schema=["a", "b", "c"]).with_columns(note=pl.lit("x"))
    found = sonde.detect(frame)
    np.testing.assert_array_equal(found.model.anomaly_scores(frame), found.scores)
    np.testing.assert_array_equal(found.model.anomaly_scores(frame.to_pandas()), found.scores)


def hours(n: int) -> Any:
    return np.datetime64("2024-01-01T00", "us") + np.arange(n) * np.timedelta64(1, "h")


def test_rows_learned_from_are_known_by_what_they_are() -> None:
    x = season(2000)
    x[900] = 25
    plain = sonde.detect(x, detector="discord")
    model = plain.model
    later = model.anomaly_scores(x[500:])  # a slice of the rows learned from
    np.testing.assert_allclose(later[200:1200], plain.scores[700:1700], atol=1e-9)
    longer = model.anomaly_scores(np.concatenate([x, season(300)]))
    np.testing.assert_allclose(longer[:1800], plain.scores[:1800], atol=1e-9)
    assert np.nanmedian(model.anomaly_scores(x[500:] + 1e-9)) < np.nanmedian(later)


def test_a_gap_where_learning_ends_flags_nothing() -> None:
    x = season(2000)
    x[999] = np.nan
    found = sonde.detect(x, detector="discord", fit_rows=1000)
    assert found.is_anomaly.sum() < 40


def test_fit_and_detect_calibrate_an_online_detector_alike() -> None:
    x = season(492)
    fitted: Any = create("ewma", period=48).fit(x)
    found = sonde.detect(x, detector="ewma", parameters={"period": 48})
    np.testing.assert_allclose(fitted.calibration_.tail, found.model.calibration_.tail)


def test_small_errors_of_the_clock_do_not_add_up() -> None:
    n = 9000
    x = np.sin(np.arange(n) * 2 * np.pi / 50) + 0.05 * np.random.default_rng(0).normal(size=n)
    x[8000] += 5
    time = np.cumsum(np.tile([1000, 1000, 1001], n // 3)) * 1_000_000
    for name in ("seasonal_residual", "ewma"):
        found = sonde.detect(sonde.Series(x, ["v"], time), detector=name)
        assert int(np.nanargmax(found.scores)) == 8000
        assert found.scores[8000] > 20


def test_online_the_season_keeps_its_phase_over_a_gap() -> None:
    x = season(2400)
    keep = np.r_[0:1500, 1520:2400]
    frame = pl.DataFrame({"ts": hours(2400)[keep], "v": x[keep]})
    found = sonde.detect(frame, online=True)
    assert found.is_anomaly[1500:].sum() <= 5
    half = sonde.detect(frame[:1700], online=True)
    np.testing.assert_array_equal(half.scores, found.scores[:1700])


def test_a_budget_per_week_is_kept_online_and_with_uneven_steps() -> None:
    rng = np.random.default_rng(0)
    time = hours(4000) + rng.integers(0, 3_000_000_000, 4000).astype("timedelta64[us]")
    frame = pl.DataFrame({"ts": time, "v": rng.normal(size=4000)})
    for online in (False, True):
        flags = sonde.detect(frame, online=online, false_alarms="2/week").is_anomaly
        assert 10 <= flags.sum() <= 120  # 4,000 hours are 24 weeks


def test_a_budget_is_shared_by_all_series() -> None:
    series = [sonde.Series(season(2000, k), ["v"], hours(2000).astype("int64") * 1000)
              for k in range(10)]  # fmt: skip
    panel = sonde.Panel.of(series)
    flags = sonde.detect(panel, detector="seasonal_residual", false_alarms="1/day").is_anomaly
    assert flags.sum() <= 200  # 2,000 hours are 83 days


def test_a_short_series_in_a_panel_gets_no_score_from_a_window_model() -> None:
    model = sonde.detect(sonde.Series(season(900)), detector="discord").model
    panel = sonde.Panel.of([sonde.Series(season(600)), sonde.Series(season(10))])
    scores = model.anomaly_scores(panel)
    assert np.isfinite(scores[:600]).all()
    assert np.isnan(scores[600:]).all()
    with pytest.raises(InvalidInput, match="at least"):
        model.anomaly_scores(season(10))


def test_a_detector_of_ones_own_is_checked_like_a_name() -> None:
    with pytest.raises(InvalidInput, match="go with"):
        sonde.detect(WAVE, detector=create("knn"), parameters={"n_neighbors": 3})
    with pytest.raises(InvalidInput, match="can't work online"):
        sonde.detect(WAVE, detector=create("discord"), online=True)
    model = sonde.detect(WAVE, detector=create("ewma"), online=True, fit_rows=200).model
    assert model.get_params()["warmup"] == 200


def test_online_may_want_more_rows_than_there_are() -> None:
    assert len(sonde.detect(WAVE[:100], online=True, fit_rows=500).scores) == 100


def test_shares_and_scores_of_enormous_values_are_finite() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 2)) * 1e300
    rows[7] = [1.7e308, 0.0]
    found = sonde.detect(rows, detector="knn", contamination=0.01)
    assert np.isfinite(found.scores).all()
    assert found.anomalies[0].peak == 7
    assert sum(found.anomalies[0].columns.values()) == pytest.approx(1)


def test_what_the_policy_did_is_told() -> None:
    x = season(900)
    x[[100, 101, 300]] = np.nan
    assert any("3 missing values" in p for p in sonde.detect(x).detection.problems)


def test_labels_follow_rows_that_were_sorted() -> None:
    frame = shuffled_frame()
    truth = (frame["n"] == 800).cast(pl.Int8)
    found = sonde.detect(frame.with_columns(bad=truth), labels="bad", detector="seasonal_residual")
    np.testing.assert_array_equal(found.is_anomaly, truth.to_numpy() == 1)


def test_calibration_knows_the_rows_learned_from_only() -> None:
    x = season(1500)
    x[800:1400] += np.random.default_rng(1).normal(size=600) * 5
    found = sonde.detect(x, detector="seasonal_residual", fit_rows=700)
    assert found.is_anomaly[:700].sum() <= 5
    assert found.is_anomaly[800:1400].mean() > 0.5


def test_a_contamination_of_ones_own_detector_counts_whatever_it_is() -> None:
    for share, count in [(0.1, 50), (0.02, 10)]:
        by_own = sonde.detect(ROWS, detector=create("knn", contamination=share))
        by_name = sonde.detect(ROWS, detector="knn", parameters={"contamination": share})
        assert by_own.is_anomaly.sum() == by_name.is_anomaly.sum() == count
    assert sonde.detect(ROWS, detector=create("knn")).is_anomaly.sum() < 10
    fitted: Any = create("knn")
    assert (fitted.fit(ROWS).predict(ROWS) == -1).sum() == 50


@pytest.mark.parametrize("name", ["ewma", "online_discord", "random_cut_forest"])
def test_a_table_is_judged_online_row_after_row(name: str) -> None:
    rows = np.random.default_rng(0).normal(size=(900, 3))
    rows[850] = 9.0
    found = sonde.detect(rows, detector=name, online=True)
    assert np.isfinite(found.scores[850])
    part = sonde.detect(rows[:860], detector=name, online=True)
    np.testing.assert_array_equal(part.scores, found.scores[:860])
