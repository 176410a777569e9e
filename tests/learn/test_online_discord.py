"""The online discord as a detector: what it tells, and states that must be refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import InvalidInput, MissingValues
from sonde.kernels import profile_stream as kernel
from sonde.learn import create
from sonde.learn.profiles.stream import MatrixProfileStream

Floats = NDArray[np.float64]


def wave(n: int, seed: int = 0) -> Floats:
    x = np.sin(np.arange(n) / 5) + 0.05 * np.random.default_rng(seed).normal(size=n)
    return np.asarray(x)


def detector(**more: Any) -> Any:
    return create("online_discord", **{"window": 20, "history": 300, "warmup": 100} | more)


def test_a_score_is_the_distance_to_the_nearest_window_before() -> None:
    x = wave(900)
    stream = MatrixProfileStream([], 20, egress=False)
    stream.extend(x[:300])
    model = detector()
    scores = np.array([model.update([value]) for value in x])
    assert np.isnan(scores[:100]).all()
    expected = stream.left_distances[100 - 19 :] / np.sqrt(40.0)
    np.testing.assert_array_equal(scores[100:300], expected)
    bounded = MatrixProfileStream(x[:300], 20)
    distances, _ = bounded.extend(x[300:])
    np.testing.assert_allclose(scores[300:], distances / np.sqrt(40.0), rtol=0, atol=1e-9)


def test_columns_count_alike_and_the_one_to_blame_is_named() -> None:
    x = np.column_stack([wave(700), wave(700, 1)])
    x[500:512, 1] = 0.0
    single = [detector() for _ in range(2)]
    apart = np.array([[m.update([row[j]]) for j, m in enumerate(single)] for row in x])
    found = sonde.detect(sonde.Series(x, ["a", "b"]), detector=detector())
    np.testing.assert_array_equal(found.scores, apart.mean(axis=1))
    assert 500 <= found.anomalies[0].start < 520
    assert found.anomalies[0].columns["b"] > 0.8


def test_what_was_seen_once_is_familiar() -> None:
    x = wave(800)
    x[300:320] = x[600:620] = np.linspace(-1, 1, 20) ** 2
    model = detector(history=700)
    scores = np.array([model.update([value]) for value in x])
    assert scores[300:340].max() > 3 * np.nanmedian(scores)
    assert scores[619] < 1e-6 < scores[319]


def test_the_rows_that_fit_learned_are_judged_from_their_beginning() -> None:
    x = wave(600)
    x[400:410] = 3.0
    model = detector().fit(x)
    scores = model.anomaly_scores(x)
    assert 400 <= int(np.nanargmax(scores)) < 430
    assert model.predict(x)[int(np.nanargmax(scores))] == -1
    cold = detector()
    single = [cold.update([value]) for value in x]
    np.testing.assert_array_equal(scores[100:], single[100:])
    model.update([x[0]])  # from here on they are the past
    assert np.nanmax(model.anomaly_scores(x[-300:])) < np.nanmax(scores)


def test_the_first_rows_that_fit_learned_are_judged_by_what_came_later() -> None:
    x = wave(600)
    x[60:70] = 3.0
    scores = detector(history=700).fit(x).anomaly_scores(x)
    assert 60 <= int(np.argmax(scores)) < 90
    everything = MatrixProfileStream(x, 20, egress=False).distances[:81] / np.sqrt(40.0)
    np.testing.assert_allclose(scores[19:100], everything, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(scores[:19], scores[19])


def test_a_window_with_a_gap_has_no_score() -> None:
    x = wave(400)
    model = detector()
    scores = [model.update([value]) for value in x[:200]]
    assert np.isnan(model.update([np.nan]))
    scores = [model.update([value]) for value in x[200:]]
    assert np.isnan(scores[:19]).all()
    assert np.isfinite(scores[19:]).all()
    strict = detector().fit(sonde.Series(x))
    with pytest.raises(MissingValues, match="fill it before update"):
        strict.update([np.nan])


def test_numbers_of_any_size_pass() -> None:
    x = wave(500)
    x[200], x[300], x[301] = 1e12, 1e300, -1e308
    model = detector(history=120)
    scores = np.array([model.update([value]) for value in x])
    plain = detector(history=120)
    clean = np.array([plain.update([value]) for value in wave(500)])
    np.testing.assert_allclose(scores[450:], clean[450:], rtol=0, atol=1e-6)
    assert not np.isinf(scores).any()


def test_the_strangest_rows_of_the_taxi_series_are_its_known_events() -> None:
    found = sonde.detect(sonde.datasets.load("nyc_taxi"), detector="online_discord", online=True)
    scores, known = np.nan_to_num(found.scores), sonde.datasets.events("nyc_taxi")
    strangest = []
    for _ in known:
        peak = int(np.argmax(scores))
        strangest.append(peak)
        scores[max(0, peak - 200) : peak + 200] = 0.0
    hit = [any(e.start - 48 < peak < e.end + 48 for peak in strangest) for e in known]
    assert sum(hit) >= 4, strangest
    assert found.is_anomaly[strangest[0]]


def test_parameters_out_of_range_are_refused() -> None:
    for parameters, says in [
        ({"window": 3}, "window must be 4 or more"),
        ({"window": 100}, "history of 300 rows is too short for windows of 100; make it 400"),
        ({"history": 10}, "history must be 16 or more"),
        ({"warmup": 2}, "warmup must be 16 or more"),
    ]:
        with pytest.raises(InvalidInput, match=says):
            detector(**parameters).fit(wave(900))
    with pytest.raises(InvalidInput, match="would not fit into memory"):
        detector(history=10**6).fit(np.zeros((900, 11)))


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("window", (), 21),
        ("window", (), 10**6),
        ("quiet", (), -1),
        ("n_held", (), 5),
        ("clock", (1, kernel.POINTS), 2),
        ("clock", (1, kernel.MOST), 10**6),
        ("clock", (0, kernel.BASE), 10**6),
        ("integers", (1, kernel.LATER), 10**9),
        ("floats", (0, kernel.VALUE, 50), np.nan),
    ],
)
def test_a_broken_snapshot_is_refused(name: str, place: Any, value: Any) -> None:
    model = detector().fit(np.column_stack([wave(400), wave(400, 1)]))
    snapshot = model.snapshot()
    snapshot[name][place] = value
    with pytest.raises(InvalidInput, match="does not fit online_discord"):
        model.restore(snapshot)
