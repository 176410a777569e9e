"""Detectors that learn the usual windows of a series and judge any series by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.core import Series
from sonde.errors import InvalidInput, TooShort
from sonde.learn import create
from sonde.learn.shape_clusters import k_shape, shape_distances, shape_of
from sonde.learn.windowed import Windows, over_windows, window_length, windows_to_learn_from

Floats = NDArray[np.float64]

NAMES = ["kmeans_windows", "kshape_windows", "pattern_graph"]
PERIOD = 40


def beats(n: int, seed: int) -> Floats:
    """A rhythm of two harmonics with noise."""
    t = np.arange(n) * 2 * np.pi / PERIOD
    return np.asarray(
        np.sin(t) + 0.6 * np.sin(2 * t + 1.0) + 0.05 * np.random.default_rng(seed).normal(size=n)
    )


def made(name: str, **more: Any) -> Any:
    known = sonde.learn.find(name).__dataclass_fields__  # type: ignore[attr-defined]
    return create(name, **({"random_state": 3} if "random_state" in known else {}) | more)


def slowly_normed(x: Floats, window: int) -> list[Floats | None]:
    """The z-normalised windows from the definition; None where a value is missing."""
    found: list[Floats | None] = []
    for i in range(len(x) - window + 1):
        part = x[i : i + window]
        if not np.isfinite(part).all():
            found.append(None)
        elif np.ptp(part) == 0:
            found.append(np.zeros(window))
        else:
            found.append((part - part.mean()) / part.std())
    return found


def with_flat_and_missing(seed: int) -> Floats:
    x = np.random.default_rng(seed).normal(size=80) * 3.0 + 1e4
    x[20:35] = 7.5
    x[50] = np.nan
    return np.asarray(x)


@pytest.mark.parametrize("seed", [0, 1])
def test_normed_windows_and_their_distances_are_those_of_the_definition(seed: int) -> None:
    x, window = with_flat_and_missing(seed), 8
    centres = np.random.default_rng(seed + 10).normal(size=(3, window))
    centres -= centres.mean(axis=1, keepdims=True)
    windows, slow = Windows.normed(x, window), slowly_normed(x, window)
    assert windows.known.tolist() == [one is not None for one in slow]
    distances = windows.distances(centres).T
    for i, one in enumerate(slow):
        if one is not None:
            np.testing.assert_allclose(windows.rows(np.array([i]))[0], one, atol=1e-9)
            np.testing.assert_allclose(
                distances[i], np.square(one - centres).sum(axis=1), rtol=1e-9, atol=1e-9
            )


def test_plain_windows_and_their_distances_are_those_of_the_definition() -> None:
    x, window = np.random.default_rng(0).normal(size=300), 30
    x[100] = np.nan
    centres = np.random.default_rng(1).normal(size=(4, window))
    windows = Windows.plain(x, window)
    distances = windows.distances(centres).T
    for i in range(len(x) - window + 1):
        assert windows.known[i] == (not i <= 100 < i + window)
        if windows.known[i]:
            part = x[i : i + window]
            np.testing.assert_array_equal(windows.rows(np.array([i]))[0], part)
            np.testing.assert_allclose(distances[i], np.square(part - centres).sum(axis=1))


def test_a_row_scores_the_mean_of_the_windows_that_hold_it() -> None:
    values = np.random.default_rng(2).random(30)
    known = np.ones(30, dtype=np.bool_)
    known[8:20] = False
    found = over_windows(values, known, 5)
    assert len(found) == 34
    for row in range(34):
        holds = [i for i in range(30) if i <= row < i + 5 and known[i]]
        wanted = sum(values[i] for i in holds) / 5 if holds else np.nan
        np.testing.assert_allclose(found[row], wanted)


def test_windows_to_learn_from_are_drawn_once_each_and_none_is_refused() -> None:
    known = np.ones(1000, dtype=np.bool_)
    known[::3] = False
    places = windows_to_learn_from("x", known, 100, 5)
    assert len(np.unique(places)) == 100
    assert known[places].all()
    assert (np.diff(places) > 0).all()
    np.testing.assert_array_equal(
        windows_to_learn_from("x", known, 9999, 5, step=7), np.flatnonzero(known)[::7]
    )
    with pytest.raises(TooShort, match="there is none; fill the gaps"):
        windows_to_learn_from("x", np.zeros(5, dtype=np.bool_), 10, 0)


def test_the_window_is_the_cycle_within_bounds_or_what_was_given() -> None:
    assert window_length(Series(beats(2000, 0)), None) == PERIOD
    assert window_length(Series(beats(2000, 0)), 17) == 17
    assert window_length(Series(beats(100, 0)), None) <= 25
    assert window_length(Series(np.random.default_rng(0).normal(size=3000)), None) == 64


def unit_rows(rows: Floats) -> Floats:
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.sqrt(np.square(rows).sum(axis=1, keepdims=True)))


def test_shape_distances_are_those_over_all_shifts() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(6, 13)))
    centre = unit_rows(np.random.default_rng(1).normal(size=(1, 13)))[0]
    distances, shifts = shape_distances(rows, centre)
    for row, distance, shift in zip(rows, distances, shifts, strict=True):
        products = {
            s: sum(row[t + s] * centre[t] for t in range(13) if 0 <= t + s < 13)
            for s in range(-12, 13)
        }
        best = max(products, key=lambda s: products[s])
        assert shift == best
        np.testing.assert_allclose(distance, 1 - products[best], atol=1e-12)


def test_the_shape_of_rows_is_the_largest_eigenvector_of_the_paper() -> None:
    rows = unit_rows(np.random.default_rng(3).normal(size=(20, 9)) + np.arange(9.0) % 4)
    centring = np.eye(9) - 1 / 9
    vectors = np.linalg.eigh(centring @ rows.T @ rows @ centring)[1]
    found = shape_of(rows, np.zeros(9))
    np.testing.assert_allclose(abs(found @ vectors[:, -1]), 1.0, atol=1e-6)
    assert (rows @ found).sum() > 0
    np.testing.assert_array_equal(shape_of(np.zeros((4, 9)), np.zeros(9)), np.zeros(9))


def test_k_shape_tells_two_shapes_apart_wherever_they_stand() -> None:
    random = np.random.default_rng(4)
    bump, saw = np.sin(np.linspace(0, np.pi, 20)), np.linspace(-1, 1, 20)
    rows = 0.03 * random.normal(size=(60, 80))
    for i, row in enumerate(rows):
        start = int(random.integers(20, 41))
        row[start : start + 20] += bump if i % 2 else saw
    _, labels = k_shape(unit_rows(rows), 2, seed=0)
    assert len(set(labels[::2].tolist())) == len(set(labels[1::2].tolist())) == 1
    assert labels[0] != labels[1]


def test_k_shape_leaves_no_cluster_empty_while_rows_differ() -> None:
    rows = unit_rows(np.random.default_rng(5).normal(size=(12, 10)))
    _, labels = k_shape(rows, 6, seed=1)
    assert set(labels.tolist()) == set(range(6))
    centres, _ = k_shape(np.zeros((5, 10)), 3, seed=1)
    np.testing.assert_array_equal(centres, np.zeros((3, 10)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_planted_shape_is_found_by_what_was_learned_before(name: str, seed: int) -> None:
    x = beats(4000, seed)
    x[3000:3040] = x[3000:3040][::-1].copy()  # one beat runs backwards
    scores = made(name).fit(x[:2000]).anomaly_scores(x)
    assert 2960 < int(np.nanargmax(scores)) < 3080
    away = np.r_[scores[200:2900], scores[3140:3800]]
    assert np.nanmax(scores) > 1.3 * np.nanmax(away)


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_shape_is_found_among_the_rows_learned_from(name: str) -> None:
    x = beats(4000, 7)
    x[3000:3040] = 0.6 * np.sin(np.arange(40) * 2 * np.pi / 10)
    found = sonde.detect(Series(x), detector=made(name))
    assert any(one.start < 3045 and one.end >= 2995 for one in found.anomalies)
    assert len(found.anomalies) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_a_rhythm_that_stands_still_is_found(name: str) -> None:
    x = beats(4000, 5)
    x[3000:3060] = x[3000]
    scores = made(name).fit(x[:2000]).anomaly_scores(x)
    assert 2980 < int(np.nanargmax(scores)) < 3080


@pytest.mark.parametrize("name", NAMES)
def test_in_the_midst_of_a_long_standstill_rows_stay_strange(name: str) -> None:
    x = beats(4000, 5)
    x[2500:3100] = x[2500]
    scores = made(name).fit(x[:2000]).anomaly_scores(x)
    assert scores[2600:3000].min() > 1.5 * scores[200:2400].max()


def test_one_anomaly_makes_no_usual_shape() -> None:
    x = np.sin(np.arange(2000) / 8)
    x[900:920] = 0.0
    for seed in range(6):  # one of them gives the anomaly a group of its own
        scores = create("kshape_windows", window=50, random_state=seed).fit(x).anomaly_scores(x)  # type: ignore[attr-defined]
        assert 880 < int(np.nanargmax(scores)) < 940


@pytest.mark.parametrize("name", NAMES)
def test_scores_know_neither_unit_nor_offset(name: str) -> None:
    x = beats(1500, 3)
    scores = made(name).fit(x[:1000]).anomaly_scores(x)
    for unit, offset in [(1e-6, 0.0), (4e5, -3e6)]:
        y = x * unit + offset
        again = made(name).fit(y[:1000]).anomaly_scores(y)
        np.testing.assert_allclose(again, scores, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_judged_by_its_surroundings_alone(name: str) -> None:
    x = beats(1500, 4)
    model = made(name).fit(x[:1000])
    margin = 3 * int(model.facts()["window"])
    part = model.anomaly_scores(x[300:1200])
    np.testing.assert_allclose(
        part[margin:-margin], model.anomaly_scores(x)[300 + margin : 1200 - margin], atol=1e-7
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_channel_at_fault_is_blamed(name: str) -> None:
    x = np.stack([beats(3000, 5), beats(3000, 6), beats(3000, 8)], axis=1)
    x[2000:2040, 1] = x[2000:2040, 1][::-1].copy()
    model = made(name).fit(x[:1500])
    scores = model.anomaly_scores(x)
    peak = int(np.nanargmax(scores))
    assert 1960 < peak < 2080
    shares = model.blame(model.prepare(x), np.array([peak, 2020]))
    assert (shares[:, 1] > 0.6).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_learned_does_not_grow_with_the_series(name: str) -> None:
    sizes = [
        sum(array.nbytes for array in made(name, window=20).fit(beats(n, 9)).to_arrays().values())
        for n in (3000, 12_000)
    ]
    assert sizes[0] == sizes[1] < 500_000


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [1e300, 1e-300])
def test_enormous_and_tiny_values_have_finite_scores(name: str, value: float) -> None:
    x = beats(600, 1) * value
    x[400] = -1.5 * value
    scores = made(name).fit(x).anomaly_scores(x)
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    spike = beats(600, 1)
    spike[300] = 1e308
    assert np.isfinite(made(name).fit(spike).anomaly_scores(spike)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_series_without_a_whole_window_is_refused(name: str) -> None:
    x = beats(600, 1)
    x[np.arange(600) % 20 < 6] = np.nan  # longer than what the policy fills
    with pytest.raises(TooShort, match="there is none; fill the gaps"):
        sonde.detect(Series(x), detector=made(name, window=50))


@pytest.mark.parametrize("name", NAMES)
def test_a_window_of_three_rows_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="window must be 4 or more"):
        made(name, window=3).fit(beats(100, 0))


def test_plain_windows_see_a_height_that_normed_ones_do_not() -> None:
    x = beats(3000, 2)
    x[2000:2040] *= 3.0
    plain = made("kmeans_windows", normalize=False).fit(x[:1500]).anomaly_scores(x)
    normed = made("kmeans_windows").fit(x[:1500]).anomaly_scores(x)
    assert 1960 < int(np.nanargmax(plain)) < 2080
    assert plain[2020] > 5 * np.median(plain)
    assert normed[2020] < 3 * np.median(normed)


def test_one_centre_is_the_mean_of_the_windows() -> None:
    x = np.random.default_rng(1).normal(size=200)
    model = made("kmeans_windows", window=10, n_clusters=1).fit(x)
    rows = np.stack([one for one in slowly_normed(x, 10) if one is not None])
    np.testing.assert_allclose(
        model.to_arrays()["centres"][0, 0], rows.mean(axis=0), rtol=1e-9, atol=1e-12
    )
    away = np.sqrt(np.square(rows - rows.mean(axis=0)).mean(axis=1))
    np.testing.assert_allclose(
        model.anomaly_scores(x), over_windows(away, np.ones(191, dtype=np.bool_), 10), rtol=1e-7
    )
