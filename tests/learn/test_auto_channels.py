"""The detector for several channels in time: what it must find, and what it must not mind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.core import Series
from sonde.errors import TooShort
from sonde.learn import create
from sonde.learn.auto.few_windows import over_rows

Floats = NDArray[np.float64]
N, LEARNED = 2000, 1000


def loads(seed: int, n: int = N, d: int = 5) -> Floats:
    """Channels that follow one slow load, each with a gain, an offset and noise of its own."""
    rng = np.random.default_rng(seed)
    load = np.sin(np.arange(n) / 40) + 0.3 * np.sin(np.arange(n) / 7.3)
    gains, offsets = rng.uniform(0.5, 2.0, d), rng.uniform(-9.0, 9.0, d)
    return np.asarray(load[:, None] * gains + offsets + 0.3 * rng.normal(size=(n, d)))


def found(values: Floats, fit_rows: int | None = LEARNED) -> Any:
    detector = create("auto_channels", random_state=0)
    return sonde.detect(Series(values), detector=detector, fit_rows=fit_rows)


def overlapping(answer: Any, start: int, stop: int) -> list[Any]:
    return [one for one in answer.anomalies if one.start < stop and one.end > start]


def blamed(anomaly: Any) -> str:
    return str(max(anomaly.columns, key=anomaly.columns.get))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("fit_rows", [LEARNED, None])
def test_finds_one_strange_row_in_one_of_five_channels(seed: int, fit_rows: int | None) -> None:
    values = loads(seed)
    values[1500, 2] += 10.0 * values[:, 2].std()
    answer = found(values, fit_rows)
    (spike,) = overlapping(answer, 1490, 1511)
    assert abs(spike.peak - 1500) <= 5
    assert blamed(spike) == "c2"
    assert abs(int(np.argmax(answer.scores)) - 1500) <= 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finds_a_channel_that_freezes(seed: int) -> None:
    values = loads(seed)
    values[1500:1620, 1] = values[1500, 1]
    answer = found(values)
    assert 1500 <= int(np.argmax(answer.scores)) < 1620
    frozen = max(overlapping(answer, 1500, 1620), key=lambda one: one.score)
    assert blamed(frozen) == "c1"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finds_two_channels_that_part_though_each_stays_as_it_was(seed: int) -> None:
    # Noise that two channels share: turned over it is the same noise, and only the two together
    # are strange.
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(N, 1)) + 0.1 * rng.normal(size=(N, 2))
    values = np.column_stack([shared, rng.normal(size=(N, 4))])
    values[1500:1560, 1] *= -1.0
    answer = found(values)
    assert 1490 <= int(np.argmax(answer.scores)) < 1570
    parted = max(overlapping(answer, 1500, 1560), key=lambda one: one.score)
    assert blamed(parted) in ("c0", "c1")


def test_little_is_strange_where_nothing_is() -> None:
    flagged = []
    for seed in range(1, 6):
        noise = np.random.default_rng(seed).normal(size=(N, 4))
        for values in (noise, loads(seed)):
            flagged += [found(values, rows).is_anomaly.mean() for rows in (LEARNED, None)]
    assert np.mean(flagged) <= 0.01
    assert max(flagged) <= 0.05


def test_a_stored_model_judges_few_new_rows_by_the_threshold_it_learned() -> None:
    values = loads(5, 3000)
    model: Any = found(values[:2900], None).model
    for start in (2900, 2950):
        assert not (model.predict(values[start : start + 50]) == -1).any()
    strange = values[2900:2950].copy()
    strange[20, 4] += 10.0 * values[:, 4].std()
    assert 15 <= int(np.argmax(model.anomaly_scores(strange))) <= 25
    assert (model.predict(strange) == -1).any()


def test_judges_fewer_rows_than_a_window_holds() -> None:
    model = create("auto_channels", random_state=0).fit(loads(6))
    assert np.isfinite(model.anomaly_scores(loads(7, 12))).all()  # type: ignore[attr-defined]
    with pytest.raises(TooShort, match="at least 10 rows"):
        model.anomaly_scores(loads(7, 9))  # type: ignore[attr-defined]


@pytest.mark.parametrize("n", [8, 16, 17, 33])
def test_learns_from_few_rows(n: int) -> None:
    values = loads(8, n, 3)
    values[n // 2, 1] += 60.0
    model: Any = create("auto_channels", random_state=0).fit(values)
    scores = model.anomaly_scores(values)
    assert np.isfinite(scores).all()
    assert abs(int(np.argmax(scores)) - n // 2) <= 2


def test_one_channel_is_enough() -> None:
    values = loads(9, N, 1)
    values[1500:1530] += 4.0 * values.std()
    assert 1490 <= int(np.argmax(found(values).scores)) < 1540


def test_switches_and_constants_change_nothing_beside_channels_with_more_values() -> None:
    values = loads(10)
    switch = (np.arange(N) % 70 < 9).astype(float)
    more = np.column_stack([values[:, :2], np.full(N, 3.0), switch, values[:, 2:]])
    np.testing.assert_array_equal(found(more).scores, found(values).scores)


def test_where_there_are_only_switches_one_that_never_moved_is_looked_at() -> None:
    busy = (np.arange(N) % 70 < 9).astype(float)
    still = np.zeros(N)
    still[1500:1540] = 1.0
    answer = found(np.column_stack([busy, still]))
    assert 1490 <= int(np.argmax(answer.scores)) < 1550
    assert blamed(overlapping(answer, 1500, 1540)[0]) == "c1"


def test_rows_that_never_move_are_not_strange() -> None:
    answer = found(np.full((300, 3), 7.0), None)
    np.testing.assert_array_equal(answer.scores, 0.0)
    assert not answer.is_anomaly.any()


def test_a_gap_gets_no_score_and_makes_nothing_strange() -> None:
    values = loads(11)
    values[1500:1600] = np.nan
    answer = found(values)
    assert np.isnan(answer.scores[1500:1600]).all()
    assert np.isfinite(answer.scores[:1500]).all()
    assert np.isfinite(answer.scores[1600:]).all()
    assert answer.is_anomaly.mean() < 0.02


def test_units_and_offsets_do_not_matter() -> None:
    values = loads(12)
    other = values * [1e6, 1e-6, 1e150, -3.0, 1.0] + [5e7, 0.0, 0.0, 4.0, -1e3]
    np.testing.assert_allclose(found(other).scores, found(values).scores, rtol=1e-4)


def test_another_seed_draws_other_windows() -> None:
    values = loads(13)
    one, other = (create("auto_channels", random_state=s).fit(values) for s in (1, 2))
    first = one.anomaly_scores(values)  # type: ignore[attr-defined]
    second = other.anomaly_scores(values)  # type: ignore[attr-defined]
    assert (first != second).any()
    assert np.corrcoef(first, second)[0, 1] > 0.7


def test_what_is_kept_of_many_rows_is_bounded_and_comes_from_all_of_them() -> None:
    values = np.random.default_rng(14).normal(size=(30_000, 2))
    values[:, 1] = np.arange(30_000)
    state = create("auto_channels", random_state=0).fit(values).to_arrays()
    kept = state["reference"][:, 1]
    assert len(kept) == 20_000
    assert (kept[0], kept[-1]) == (0.0, 29_999.0)
    assert np.count_nonzero(np.diff(kept) != 1.0) == 7


def test_a_mean_over_the_windows_that_cover_a_row() -> None:
    # Windows of 4 rows every 2 rows: they begin at rows 0, 2, 4 of 9; the last row has none.
    values, whole = np.array([1.0, 3.0, 8.0]), np.array([True, True, True])
    means = over_rows(values, whole, 4, 2, 9)
    np.testing.assert_allclose(means, [1.0, 1.0, 2.0, 2.0, 5.5, 5.5, 8.0, 8.0, 8.0])
    whole[1] = False
    means = over_rows(values, whole, 4, 2, 9)
    np.testing.assert_allclose(means, [1.0, 1.0, 1.0, 1.0, 8.0, 8.0, 8.0, 8.0, 8.0], rtol=1e-5)


WRONG = [
    ({"stretch": np.int64(0)}, "stretch"),
    ({"stretch": np.int64(37)}, "whole stretches"),
    ({"lengths": np.array([2, 2**40])}, "lengths"),
    ({"lengths": np.array([20, 10])}, "lengths"),
    ({"lengths": np.zeros(0, dtype=np.int64)}, "lengths"),
    ({"clean": np.array([-1])}, "clean"),
    ({"clean": np.array([2**40])}, "clean"),
    ({"seed": np.int64(-1)}, "seed"),
    ({"spread": np.zeros((2, 6))}, "spread"),
    ({"usual": np.full((3, 5), np.nan)}, "usual"),
    ({"center": np.full(5, np.inf)}, "center"),
    ({"reference": np.zeros((N, 4))}, "reference"),
]


@pytest.mark.parametrize(("change", "what"), WRONG)
def test_a_stored_state_that_can_not_be_is_refused(change: dict[str, Any], what: str) -> None:
    model: Any = create("auto_channels", random_state=0).fit(loads(15))
    model._check_state(model._need().state, 5)
    with pytest.raises(ValueError, match=what):
        model._check_state(model._need().state | change, 5)
