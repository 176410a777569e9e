from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import TooShort
from sonde.learn import create
from sonde.learn.auto.residuals import (
    forecast_errors,
    peaked_mean_square,
    root_mean_square,
    season_errors,
)
from sonde.learn.auto.shapes import block_means, distances, lengths
from sonde.learn.auto.standing_out import strangeness
from sonde.learn.detectors.auto_series import _decades, _going_on, _judged
from sonde.learn.windowed import running_mean

Floats = NDArray[np.float64]

N, AT, PERIOD = 3000, 1700, 50


def wave(seed: int = 1, n: int = N) -> Floats:
    noise = np.random.default_rng(seed).normal(size=n)
    return np.asarray(np.sin(2 * np.pi * np.arange(n) / PERIOD) + 0.1 * noise)


def with_spike() -> Floats:
    x = wave()
    x[AT] += 8 * x.std()
    return x


def with_shift() -> Floats:
    x = wave()
    x[AT:] += 3.0
    return x


def without_a_beat() -> Floats:
    x = wave()
    x[AT : AT + PERIOD] = 0.1 * np.random.default_rng(2).normal(size=PERIOD)
    return x


def with_another_shape() -> Floats:
    x = wave()
    x[AT : AT + PERIOD] = np.sign(x[AT : AT + PERIOD])
    return x


def detected(x: Any, **options: Any) -> Any:
    return sonde.detect(x, detector="auto_series", **options)


def fitted(x: Any) -> Any:
    return create("auto_series").fit(x)


@pytest.mark.parametrize(
    ("made", "length", "widest"),
    [
        (with_spike, 1, 35),
        (with_shift, 1, 60),
        (without_a_beat, 50, 120),
        (with_another_shape, 50, 130),
    ],
)
@pytest.mark.parametrize("fit_rows", [None, 1000])
def test_flags_what_is_strange_and_little_around_it(
    made: Any, length: int, widest: int, fit_rows: int | None
) -> None:
    found = detected(made(), fit_rows=fit_rows)
    first = found.anomalies[0]
    assert first.start <= AT < first.end
    assert AT - 3 <= first.peak <= AT + max(length, 10)
    assert first.end - first.start <= widest


def test_a_spike_peaks_where_it_is() -> None:
    assert abs(detected(with_spike()).anomalies[0].peak - AT) <= 1


def series_without_anomalies(seed: int) -> list[Floats]:
    noise = np.random.default_rng(seed).normal(size=N)
    day = np.sin(2 * np.pi * np.arange(N) / 96)
    held = np.empty(N)  # each row keeps nine tenths of the one before
    held[0] = noise[0]
    for i in range(1, N):
        held[i] = 0.9 * held[i - 1] + noise[i]
    return [noise, wave(seed), day + 0.2 * noise, held, np.cumsum(noise)]


@pytest.mark.parametrize("fit_rows", [None, 1500])
def test_ordinary_series_raise_half_a_false_alarm_each(fit_rows: int | None) -> None:
    counts = [
        [len(detected(x, fit_rows=fit_rows).anomalies) for x in series_without_anomalies(seed)]
        for seed in range(5)
    ]
    meant = 0.5 if fit_rows is None else 1.0  # half a one among the rows learned from
    assert np.mean(counts) <= meant
    assert max(np.mean(counts, axis=0)) <= 2 * meant  # of the kind that raises most


def test_several_channels_raise_no_more_false_alarms_than_one() -> None:
    noises = [np.random.default_rng(seed).normal(size=(N, 4)) for seed in range(4)]
    found = [detected(x, kind="series") for x in noises]
    assert sum(len(one.anomalies) for one in found) <= 4
    of_one = detected(noises[0][:, :1], kind="series").model.threshold_
    assert found[0].model.threshold_.cutoff < 0.4 * of_one.cutoff  # four times the chances


def test_shapes_are_looked_at_where_a_beat_is_missing_and_values_where_one_leaps() -> None:
    none = np.zeros(N, np.bool_)
    _, of_beat = strangeness(without_a_beat(), none, 0)
    _, of_spike = strangeness(with_spike(), none, 0)
    assert of_beat.window > 0
    assert of_spike.window == 0
    assert "window" in detected(without_a_beat()).model.facts()
    assert "window" not in detected(with_spike()).model.facts()


def test_rows_learned_from_keep_their_scores() -> None:
    x = with_spike()
    model = fitted(x)
    scores = model.anomaly_scores(x)
    np.testing.assert_array_equal(model.anomaly_scores(x[:2000]), scores[:2000])
    np.testing.assert_array_equal(model.anomaly_scores(x[500:2000]), scores[500:2000])


def test_other_rows_are_judged_on_the_scale_of_those_learned_from() -> None:
    model = detected(wave(1)).model
    limit = model.threshold_.limits[0]
    assert (model.anomaly_scores(wave(7)) > limit).mean() < 0.01
    for made in (with_spike, without_a_beat):
        strange = made()[AT - 300 : AT + 300] + 1e-9  # not a row of those learned from
        scores = model.anomaly_scores(strange)
        assert scores.max() > 2 * limit
        assert 295 <= int(np.argmax(scores)) <= 370


def test_the_scale_is_that_of_the_rows_learned_from_however_many_are_strange() -> None:
    x = wave()
    x[1000:] += np.random.default_rng(6).normal(size=2000)
    scores = detected(x, fit_rows=1000).scores
    assert np.median(scores[1100:]) > 3.0 > np.median(scores[:900])


def test_rows_that_follow_are_judged_as_going_on() -> None:
    x = with_spike()
    model = fitted(sonde.Series(x[:1500]))
    whole = model.anomaly_scores(sonde.Series(x))
    after = model.anomaly_scores(sonde.Series(x)[1500:])
    np.testing.assert_array_equal(after, whole[1500:])


def test_rows_before_those_learned_from_are_judged_too() -> None:
    x = with_spike()
    model = fitted(sonde.Series(x)[2000:])
    scores = model.anomaly_scores(sonde.Series(x))
    assert len(scores) == N
    assert abs(int(np.argmax(scores)) - AT) <= 15


def test_a_few_new_rows_are_enough() -> None:
    model = fitted(wave())
    assert np.isfinite(model.anomaly_scores(wave(9)[:1])).all()
    assert model.anomaly_scores(np.array([0.1, 0.2, 30.0, 0.1])).max() > 3.0


def test_a_few_new_rows_are_judged_by_the_last_learned_as_by_all() -> None:
    x = wave(n=7000)
    x[6960:6963] += 1.5
    scores = fitted(x[:6900]).anomaly_scores(x[:6900])
    few = _going_on(x, scores)
    whole, _ = _judged(x, 6900, 0)
    np.testing.assert_array_equal(few[:6900], scores)
    assert few[6900:].max() > 3.0
    assert abs(int(np.argmax(few[6900:])) - int(np.argmax(whole[6900:]))) <= 3
    is_told = few[6900:] > 1.0  # below, scores count rows
    np.testing.assert_allclose(few[6900:][is_told], whole[6900:][is_told], rtol=0.35)


def test_only_windows_near_the_rows_asked_for_are_compared() -> None:
    x, none = wave(n=4000), np.zeros(4000, np.bool_)
    for all_rows, last in zip(
        distances(x, none, 3900), distances(x, none, 3900, 3500), strict=True
    ):
        first = 3500 - 2 * all_rows.window
        assert np.isnan(last.values[:, :, : first // last.block]).all()
        begin = first // last.block + 1
        np.testing.assert_allclose(
            last.values[..., begin:], all_rows.values[..., begin:], rtol=0, atol=1e-5
        )


def test_scores_are_decades_of_the_share_of_rows_as_strange() -> None:
    learned = np.random.default_rng(8).exponential(size=4000)
    found = _decades(np.array([np.nan, *np.quantile(learned, [0.5, 0.7, 0.9, 0.99])]), learned, 1)
    np.testing.assert_allclose(found[1:], -np.log10([0.5, 0.3, 0.1, 0.01]), atol=0.2)
    assert np.isnan(found[0])
    assert _decades(np.array([1e9]), learned, 1) > 15
    np.testing.assert_array_equal(_decades(np.array([0.0]), np.zeros(30), 1), [0.0])


@pytest.mark.parametrize("n", [10, 20, 30, 60, 150])
def test_short_series_are_judged(n: int) -> None:
    x = wave(n=n)
    x[n // 2] += 10.0
    scores = fitted(x).anomaly_scores(x)
    assert np.isfinite(scores).all()
    assert abs(int(np.argmax(scores)) - n // 2) <= 15


def test_fewer_than_ten_rows_are_refused() -> None:
    with pytest.raises(TooShort, match="at least 10 rows"):
        fitted(wave(n=9))


def test_of_several_channels_the_strangest_counts_and_is_blamed() -> None:
    values = np.column_stack([wave(3), without_a_beat(), with_spike()])
    values[:, 2] = np.roll(values[:, 2], 600)
    model = fitted(sonde.Series(values, ["calm", "beat", "spike"]))
    alone = [fitted(x).anomaly_scores(x) for x in values.T]
    data = sonde.Series(values, ["calm", "beat", "spike"])
    np.testing.assert_array_equal(model.anomaly_scores(data), np.max(alone, axis=0))
    shares = model.blame(data, np.array([AT + 25, AT + 600]))
    assert list(np.argmax(shares, axis=1)) == [1, 2]
    assert shares.max(axis=1).min() > 0.6
    _, beat, spike = model.facts()["learned_views"]
    assert beat.startswith("the shape of windows")
    assert not spike.startswith("the shape")


def test_a_long_gap_has_no_score_and_hides_nothing() -> None:
    x = without_a_beat()
    x[600:800] = np.nan
    found = detected(x)
    assert np.isnan(found.scores[605:795]).all()
    assert np.isfinite(found.scores[800:]).all()
    assert AT <= int(np.nanargmax(found.scores)) <= AT + PERIOD


def test_size_and_level_of_the_numbers_change_nothing() -> None:
    x = with_another_shape()
    scores = detected(x).scores
    np.testing.assert_allclose(detected(x * 1e6).scores, scores, atol=1e-6)
    np.testing.assert_allclose(detected(x * 1e-6 + 3.0).scores, scores, atol=1e-3)


def test_is_stored_and_comes_back(tmp_path: Path, home: Path) -> None:
    model = detected(without_a_beat()).model
    sonde.save(model, tmp_path / "m.sonde")
    loaded: Any = sonde.load(tmp_path / "m.sonde")
    assert loaded.facts() == model.facts()
    np.testing.assert_array_equal(loaded.anomaly_scores(wave(5)), model.anomaly_scores(wave(5)))


def test_lengths_fit_the_series_and_long_ones_are_thinned() -> None:
    assert list(lengths(100, 0)) == []
    assert list(lengths(400, 0)) == [(20, 1), (30, 1)]
    assert [window for window, _ in lengths(100_000, 300)] == [20, 30]
    assert dict(lengths(100_000, 0))[1024] == 7
    assert dict(lengths(1_000_000, 0))[20] == 1


def test_distances_to_the_rows_learned_from_leave_later_likes_aside() -> None:
    x = wave(n=1000)
    x[600:650] = x[800:850] = np.random.default_rng(3).normal(size=50)
    found = next(distances(x, np.zeros(1000, np.bool_), 500))
    to_learned, to_all = found.values[0]
    assert to_all[610] < 1e-3 < 0.3 < to_learned[610]


def test_a_window_with_a_made_up_row_matches_nothing() -> None:
    is_missing = np.arange(400) == 200
    found = next(distances(wave(n=400), is_missing, 0))
    assert np.isnan(found.values[:, 1, 181:201]).all()
    assert np.isfinite(found.values[:, 1, 201:]).all()


def test_errors_tell_a_leap_and_nothing_of_made_up_rows() -> None:
    x, is_missing = with_spike(), np.arange(N) == 900
    for errors_of in (forecast_errors, season_errors):
        errors = errors_of(x, is_missing, 0)
        assert int(np.argmax(errors)) == AT
        assert errors[900] == 0.0


def test_running_means_are_means_of_what_lies_around() -> None:
    x = np.random.default_rng(0).random(40)
    for width in (1, 2, 5, 30):
        padded = np.concatenate([np.zeros(width), x, np.zeros(width)])
        ends = np.arange(40) + width - width // 2
        wanted = [padded[end : end + width].mean() for end in ends]
        np.testing.assert_allclose(running_mean(x, width), wanted, atol=1e-12)
    one = np.arange(61) == 30
    assert int(np.argmax(peaked_mean_square(one.astype(float), 30))) == 30
    np.testing.assert_allclose(root_mean_square(np.full(61, 2.0), 15)[30], 2.0)
    np.testing.assert_array_equal(block_means(np.arange(7.0), 3), [1.0, 4.0])
