"""SPOT as a detector: the alarms it promises, drift, shifts, and states that must be refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import InvalidInput
from sonde.kernels import spot as kernel
from sonde.kernels.pareto import pareto_fit
from sonde.learn import create

State = dict[str, NDArray[Any]]
CALM = np.random.default_rng(7).normal(size=(2000, 2))
ALARM = 4.0  # −log10 of q


def spot(**parameters: Any) -> Any:
    return create("spot", **parameters)


def stream_scores(values: NDArray[np.float64], **parameters: Any) -> NDArray[np.float64]:
    """The scores of a stream that starts with nothing."""
    model = spot(**parameters)
    x = values.reshape(len(values), -1)
    model.start(sonde.Series(x[:1]), sonde.data.Policy(), None)
    return np.asarray(model.anomaly_scores(x))


@pytest.mark.parametrize("depth", [0, 20])
@pytest.mark.parametrize("kind", ["normal", "student"])
def test_false_alarms_on_noise_are_as_many_as_q_says(kind: str, depth: int) -> None:
    alarms = rows = 0
    for seed in range(4):
        random = np.random.default_rng(seed)
        noise = random.normal(size=50_000) if kind == "normal" else random.standard_t(5, 50_000)
        scores = stream_scores(noise, depth=depth)
        alarms += int((scores > ALARM).sum())
        rows += int(np.isfinite(scores).sum())
    assert rows > 190_000
    assert 0.5e-4 < alarms / rows < 2e-4


def test_follows_drift_where_a_fixed_middle_does_not() -> None:
    random = np.random.default_rng(1)
    rising = random.normal(size=20_000) + np.arange(20_000) / 500
    rising[15_000] += 9.0
    following, fixed = stream_scores(rising), stream_scores(rising, depth=0)
    assert (following > ALARM).sum() < 8
    assert following[15_000] > ALARM > fixed[15_000]


def test_a_shift_is_an_alarm_until_it_is_the_new_level() -> None:
    values = np.random.default_rng(2).normal(size=3000)
    values[2000:] += 12.0
    scores = stream_scores(values)
    assert (scores[2000:2020] > ALARM).all()
    assert (scores[2020:] > ALARM).sum() <= 2


@pytest.mark.parametrize("size", [-12.0, 12.0])
def test_an_alarm_on_either_side_moves_neither_the_middle_nor_the_next_score(size: float) -> None:
    model = spot().fit(CALM)
    usual, strange = CALM[:30].copy(), CALM[:30].copy()
    strange[20, 1] += size
    assert model.anomaly_scores(strange)[20] > ALARM
    np.testing.assert_allclose(
        model.anomaly_scores(strange)[21:], model.anomaly_scores(usual)[21:], atol=0.2
    )


def test_the_start_of_the_tails_and_their_shape_are_those_of_the_paper() -> None:
    values = np.random.default_rng(3).exponential(size=8000)
    model = spot(depth=0, level=0.95).fit(values)
    tail = model.snapshot()["tails"][0, 0]
    middle = np.median(values)
    away = np.sort(values - middle)
    assert tail[kernel.START] == away[7600]
    assert tail[[kernel.SEEN, kernel.PEAKS]].tolist() == [8000, 399]
    peaks = away[7601:] - away[7600]
    scale, shape = pareto_fit(peaks, len(peaks), 0.0)
    # The prior weighs as much as 80 peaks.
    assert tail[kernel.SHAPE] == pytest.approx(shape + (0.1 - shape) * 80 / 479)
    theirs = away[7600] + scale / shape * ((0.5e-4 * 8000 / 399) ** -shape - 1)
    found = sonde.detect(values, detector=spot(depth=0, level=0.95))
    at = [[middle + theirs * share] for share in (0.9, 1.15)]
    assert found.model.threshold_.limits == pytest.approx((ALARM,))
    scores = [found.model.anomaly_scores(np.array([value]))[0] for value in at]
    assert scores[0] < ALARM < scores[1]


def test_of_several_columns_the_strangest_counts_and_is_blamed() -> None:
    rows = CALM.copy()
    rows[1500, 1] += 10.0
    alone = spot().fit(rows[:, 1])
    both = spot().fit(rows)
    assert both.anomaly_scores(rows)[1500] == alone.anomaly_scores(rows[:, 1])[1500]
    assert (both.anomaly_scores(rows) >= alone.anomaly_scores(rows[:, 1])).all()
    found = sonde.detect(sonde.Series(rows, ["a", "b"]), detector="spot")
    assert [max(one.columns, key=one.columns.__getitem__) for one in found.anomalies] == ["b"]


def test_its_threshold_is_q_whatever_the_data_unless_a_rule_asks() -> None:
    for scale in (1.0, 1e6):
        found = sonde.detect(CALM * scale, detector=spot(q=1e-3))
        assert found.model.threshold_.limits == pytest.approx((3.0,))
        assert found.model.threshold_.cutoff == pytest.approx(1e-3, rel=1e-3)
        assert "q: 0.001 of the ordinary rows" in found.model.threshold_.why
    shared = spot(contamination=0.05).fit(CALM)
    assert (shared.predict(CALM) == -1).mean() == pytest.approx(0.05, abs=0.005)


def test_a_stream_scores_as_one_that_was_fitted_on_its_warm_up() -> None:
    cold, fitted = spot(warmup=500), spot().fit(CALM[:500])
    assert np.isnan([cold.update(row) for row in CALM[:500]]).all()
    np.testing.assert_array_equal(
        [cold.update(row) for row in CALM[500:700]], [fitted.update(row) for row in CALM[500:700]]
    )


def test_rows_with_a_gap_get_no_score_and_teach_nothing() -> None:
    model = spot(warmup=50)
    for _ in range(60):
        assert np.isnan(model.update([np.nan, 0.0]))
    assert np.isnan([model.update(row) for row in CALM[:50]]).all()
    assert np.isfinite(model.update(CALM[50]))
    before = model.snapshot()
    assert np.isnan(model.update([0.0, np.inf]))
    for name, array in model.snapshot().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_store_of_peaks_that_is_full_forgets_the_oldest() -> None:
    random = np.random.default_rng(5)
    model = spot(max_peaks=50, depth=0).fit(random.normal(size=5000))
    before = {name: array.shape for name, array in model.snapshot().items()}
    wider = random.normal(size=60_000) * np.linspace(1.0, 3.0, 60_000)
    scores = model.anomaly_scores(wider)
    # Of the rows at the end, a fifth lies beyond what was an alarm in the beginning.
    assert (np.abs(wider[-20_000:]) > 3.9).mean() > 0.1
    assert (scores[-20_000:] > ALARM).mean() < 0.01
    for value in wider[:3000]:
        model.update([value])
    assert {name: array.shape for name, array in model.snapshot().items()} == before
    assert (model.snapshot()["tails"][0, :, kernel.PEAKS] == 50).all()


@pytest.mark.parametrize("value", [0.0, 7.0, 1e300, -1.7e308])
def test_constant_columns_and_jumps_out_of_them_are_finite(value: float) -> None:
    rows = np.full((120, 2), value)
    rows[100, 1] = 1.7e308
    scores = spot().fit(rows[:60]).anomaly_scores(rows)
    assert np.isfinite(scores).all()
    assert int(np.argmax(scores)) == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("q", 0.0),
        ("q", 0.05),  # above what lies beyond the starts of the tails
        ("level", 1.0),
        ("depth", -1),
        ("max_peaks", 9),
        ("warmup", 1),
    ],
)
def test_a_parameter_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(InvalidInput, match=name):
        spot(**{name: value}).fit(CALM)


def _set(name: str, where: Any, value: float) -> Callable[[State], None]:
    def change(state: State) -> None:
        state[name][where] = value

    return change


def _fewer_peaks(state: State) -> None:
    state["peaks"] = state["peaks"][:, :, :-1].copy()


def _a_warm_up(state: State) -> None:
    state["held"] = np.zeros((5, 2))


TAIL = (0, 1)


@pytest.mark.parametrize(
    "break_it",
    [
        _fewer_peaks,
        _a_warm_up,
        _set("peaks", (0, 0, 0), -1.0),
        _set("windows", (0, 0, 0), np.inf),
        _set("centres", 0, np.nan),
        _set("places", (0, kernel.HELD), 21),
        _set("places", (0, kernel.OLDEST), 20),
        _set("places", (0, kernel.OLDEST), -1),
        _set("places", (0, kernel.RUN), 20),
        _set("places", (0, kernel.RUN), -21),
        _set("tails", (*TAIL, kernel.PEAKS), 501.0),
        _set("tails", (*TAIL, kernel.PEAKS), 2.5),
        _set("tails", (*TAIL, kernel.NEXT), 500.0),
        _set("tails", (*TAIL, kernel.NEXT), -1.0),
        _set("tails", (*TAIL, kernel.SEEN), -1.0),
        _set("tails", (*TAIL, kernel.SCALE), 0.0),
        _set("tails", (*TAIL, kernel.FLOOR), 0.0),
        _set("tails", (*TAIL, kernel.SHAPE), -2.0),
        _set("tails", (*TAIL, kernel.CREDIT), 100.0),
    ],
)
def test_broken_tails_are_refused(break_it: Callable[[State], None]) -> None:
    model = spot().fit(CALM)
    state = model.snapshot()
    model.restore({name: array.copy() for name, array in state.items()})
    break_it(state)
    with pytest.raises(InvalidInput, match="does not fit spot"):
        model.restore(state)
