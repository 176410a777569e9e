"""The online default: one scale and one threshold for all streams, found while it learns."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.core import Series
from sonde.data import Policy
from sonde.errors import InvalidInput
from sonde.learn import create

Floats = NDArray[np.float64]
MINUTE = 60 * 10**9
THRESHOLD = 3.35
N, SETTLED = 5000, 750
DAY = 2 * np.pi / 288  # rows come every five minutes


def cold(data: Series, **more: Any) -> Any:
    model: Any = create("auto_online", **more)
    model.start(data, Policy("auto", max_gap=0), None)
    return model


def every_five_minutes(values: Floats) -> Series:
    return Series(values, time=np.arange(len(values)) * 5 * MINUTE)


def scored(values: Floats) -> Floats:
    data = every_five_minutes(values)
    scores: Floats = cold(data).anomaly_scores(data)
    return scores


def slow_noise(rng: np.random.Generator, n: int) -> Floats:
    noise = rng.normal(size=n)
    for i in range(1, n):
        noise[i] += 0.95 * noise[i - 1]
    return noise


def ordinary(rng: np.random.Generator, n: int) -> dict[str, Floats]:
    """Streams in which nothing is wrong."""
    i = np.arange(n)
    return {
        "normal noise": rng.normal(size=n),
        "random walk": np.cumsum(rng.normal(size=n)),
        "slow noise": slow_noise(rng, n),
        "a day": 10 + 3 * np.sin(DAY * i) + rng.normal(0, 0.4, n),
        "trend": 0.01 * i + rng.normal(size=n),
        "heavy tails": rng.standard_t(3, n),
        "skewed": rng.lognormal(0, 1, n),
        "counts": rng.poisson(0.2, n).astype(float),
        "counts with a day": rng.poisson(np.exp(2 + np.sin(DAY * i))).astype(float),
        "rounded": np.round(rng.normal(size=n)),
        "changing spread": rng.normal(size=n) * np.exp(0.8 * np.sin(2 * np.pi * i / 1500)),
        "constant": np.full(n, 7.0),
    }


def test_about_one_ordinary_row_in_a_thousand_is_raised_whatever_the_stream() -> None:
    rates: dict[str, list[float]] = {}
    for seed in range(4):
        for name, values in ordinary(np.random.default_rng(seed), N).items():
            rates.setdefault(name, []).append(float((scored(values)[SETTLED:] > THRESHOLD).mean()))
    per_stream = {name: float(np.mean(found)) for name, found in rates.items()}
    assert max(per_stream.values()) < 2.2e-3, per_stream
    assert 3e-4 < np.mean(list(per_stream.values())) < 1.2e-3
    assert per_stream["constant"] == 0.0


def faulty(kind: str, seed: int) -> tuple[Floats, int]:
    """Normal noise about a slow day, with one fault at a row that the seed chooses."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=3000) + np.sin(DAY * np.arange(3000))
    at = int(rng.integers(1500, 2500))
    if kind == "shift":
        values[at:] += 4.0
    elif kind == "stuck":
        values[at:] = values[at]
    else:
        values[at] += 7.0
    return values, at


@pytest.mark.parametrize(
    ("kind", "within", "found_of_20"), [("shift", 10, 20), ("stuck", 80, 19), ("spike", 1, 19)]
)
def test_faults_are_found_soon(kind: str, within: int, found_of_20: int) -> None:
    found = 0
    for seed in range(20):
        values, at = faulty(kind, seed)
        found += bool((scored(values)[at : at + within] > THRESHOLD).any())
    assert found >= found_of_20


def test_a_fault_that_lasts_is_raised_when_it_begins_not_for_as_long_as_it_lasts() -> None:
    values, at = faulty("stuck", 3)
    assert int((scored(values)[at : at + 300] > THRESHOLD).sum()) <= 4


@pytest.mark.parametrize("timed", [True, False])
def test_returning_after_a_gap_raises_no_alarm(timed: bool) -> None:
    alarms = 0
    for seed in range(10):
        values = slow_noise(np.random.default_rng(seed), 4000)
        data = every_five_minutes(values)
        if timed:
            known = np.ones(4000, dtype=np.bool_)
            known[2500:2700] = False
            assert data.time is not None
            data = Series(values[known], time=data.time[known])
            back = 2500
        else:
            values[2500:2700] = np.nan
            data, back = Series(values), 2700
        alarms += int((cold(data).anomaly_scores(data)[back : back + 5] > THRESHOLD).sum())
    assert alarms == 0


def test_the_clock_knows_what_is_usual_at_this_time_of_day() -> None:
    i = np.arange(288 * 20)
    at_eight = (i % 288 >= 96) & (i % 288 < 108)  # an hour's work, once a day
    values = np.random.default_rng(5).normal(0, 0.3, len(i)) + 8.0 * at_eight
    values[unusual := slice(288 * 18 + 180, 288 * 18 + 192)] += 8.0
    scores = scored(values)
    assert scores[unusual].max() > THRESHOLD
    assert scores[288 * 5 :][at_eight[288 * 5 :]].max() <= THRESHOLD
    untimed = Series(values)
    assert cold(untimed).anomaly_scores(untimed)[unusual].max() <= THRESHOLD


def test_a_cut_stream_has_the_scores_of_the_beginning_of_the_whole() -> None:
    data = every_five_minutes(ordinary(np.random.default_rng(0), 1500)["a day"])
    whole = sonde.detect(data, detector="auto_online", online=True)
    part = sonde.detect(data[:900], detector="auto_online", online=True)
    np.testing.assert_array_equal(part.scores, whole.scores[:900])
    assert part.model.threshold_.limits == whole.model.threshold_.limits


def test_pieces_and_single_rows_give_the_scores_of_the_whole() -> None:
    data = every_five_minutes(np.random.default_rng(1).normal(size=(600, 2)))
    whole = cold(data).anomaly_scores(data)
    model = cold(data)
    scores = []
    for start, stop in pairwise([0, 7, 130, 400]):
        scores.append(model.anomaly_scores(data[start:stop]))
        model._learn_as_it_goes(data[start:stop])
    # Without times, the clock goes on by the step that it knows.
    rest = [model.update(row) for row in data.values[400:]]
    np.testing.assert_array_equal(np.concatenate([*scores, rest]), whole)


def test_the_threshold_is_the_same_whatever_was_learned_from() -> None:
    rng = np.random.default_rng(2)
    limits = set()
    for name, values in ordinary(rng, 400).items():
        if name != "constant":
            found = sonde.detect(every_five_minutes(values), detector="auto_online")
            limits |= set(found.model.threshold_.limits)
            assert "the same for every stream" in found.chosen["message"]
    assert len(limits) == 1
    assert limits.pop() == pytest.approx(THRESHOLD)


def test_probabilities_tell_the_share_of_ordinary_rows() -> None:
    model = create("auto_online").fit(np.random.default_rng(0).normal(size=300))
    tails = model.calibration_.tail_probability(np.linspace(0.0, 15.0, 400))  # type: ignore[attr-defined]
    assert tails[0] == 1.0
    assert (np.diff(tails) < 0).all()
    at = model.calibration_.tail_probability(np.array([THRESHOLD]))  # type: ignore[attr-defined]
    assert at[0] == pytest.approx(1e-3)


def test_other_rules_still_choose_the_threshold() -> None:
    data = every_five_minutes(np.random.default_rng(0).normal(size=3000))
    often, seldom = (
        sonde.detect(data, detector="auto_online", false_alarms=budget).model.threshold_
        for budget in ("2/1000rows", "1/week")
    )
    assert often.limits[0] < THRESHOLD < seldom.limits[0]
    share = sonde.detect(data, detector="auto_online", contamination=0.01)
    assert int(share.is_anomaly.sum()) == pytest.approx(30, abs=2)


def test_the_column_at_fault_is_named() -> None:
    values = np.random.default_rng(4).normal(size=(1500, 4))
    values[1200, 2] += 9.0
    found = sonde.detect(Series(values, list("abcd")), detector="auto_online")
    assert found.anomalies[0].peak == 1200
    assert found.anomalies[0].columns["c"] > 0.9


def test_many_columns_raise_no_more_alarms_than_one() -> None:
    values = np.random.default_rng(6).normal(size=(4000, 12))
    assert (scored(values)[SETTLED:] > THRESHOLD).mean() < 1.5e-3


def test_a_column_takes_less_than_32_kb() -> None:
    model: Any = create("auto_online").fit(np.random.default_rng(0).normal(size=300))
    assert sum(array.nbytes for array in model.to_arrays().values()) < 32_000


def test_the_first_rows_of_a_stream_have_no_score() -> None:
    data = Series(np.random.default_rng(0).normal(size=200))
    scores = cold(data, warmup=80).anomaly_scores(data)
    assert np.isnan(scores[:80]).all()
    assert np.isfinite(scores[80:]).all()


def test_a_young_stream_raises_no_more_than_an_old_one() -> None:
    raised = 0
    for seed in range(40):
        young = scored(np.random.default_rng(seed).normal(size=250))
        raised += int((young > THRESHOLD).sum())
    assert raised <= 16  # of 8,000 rows; a member that begins late once cried in every stream


def test_a_rewound_model_knows_the_day_but_not_the_level(tmp_path: Path, home: Path) -> None:
    rng = np.random.default_rng(3)
    i = np.arange(288 * 8)
    values = 5 * np.sin(DAY * i) + rng.normal(0, 0.3, len(i))
    first, last = every_five_minutes(values)[: 288 * 7], every_five_minutes(values)[288 * 7 :]
    run = sonde.train(first, model="auto_online")
    sonde.save(run.model, tmp_path / "m.sonde")
    model: Any = sonde.load(tmp_path / "m.sonde")
    scores = model.anomaly_scores(last)
    assert np.isfinite(scores).all()
    assert (scores > THRESHOLD).sum() <= 1
    spiked = last.values.copy()
    spiked[150] += 4.0
    assert model.anomaly_scores(Series(spiked, time=last.time))[150] > THRESHOLD


@pytest.mark.parametrize("warmup", [0, 1.5, True])
def test_refuses_a_warmup_that_is_no_number_of_rows(warmup: Any) -> None:
    with pytest.raises(InvalidInput, match="auto_online: warmup must be"):
        create("auto_online", warmup=warmup).fit(np.arange(100.0))


def broken(name: str, at: Any, value: float) -> dict[str, Any]:
    model: Any = create("auto_online").fit(np.random.default_rng(0).normal(size=(300, 2)))
    state: dict[str, Any] = model.snapshot()
    state[name][at] = value
    return state


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("clock", 4, -1),
        ("clock", 5, 2),
        ("channels", (1, 3), 160.0),  # a tail that starts behind its histogram
        ("channels", (0, 3), -1.0),
        ("channels", (0, 0), 0.0),
        ("channels", (0, 500), -1.0),
        ("channels", (0, 700), np.nan),
        ("channels", (0, -20), 1e300),
    ],
)
def test_refuses_a_state_that_cannot_be(name: str, at: Any, value: float) -> None:
    model: Any = create("auto_online").fit(np.random.default_rng(0).normal(size=(300, 2)))
    with pytest.raises(InvalidInput, match=f"'{name}'"):
        model.restore(broken(name, at, value))
