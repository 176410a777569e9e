"""Seasons are found through noise, trends, spikes and holes; noise and walks have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.data import Period, examine, find_period

Floats = NDArray[np.float64]
NAB = Path(__file__).resolve().parents[3] / "shared" / "data" / "nab" / "data"
UCR = NAB.parents[1] / "ucr_anomaly"
MINUTE = 60 * 10**9


def shape(kind: str, n: int, period: int, seed: int) -> Floats:
    phase = np.arange(n) % period / period
    if kind == "sine":
        return np.sin(2 * np.pi * phase)
    if kind == "square":
        return np.where(phase < 0.3, 1.0, -1.0)
    if kind == "saw":
        return 2 * phase - 1
    if kind == "pulse":
        return np.where(phase < 0.1, 3.0, 0.0)
    return np.asarray(np.random.default_rng(seed).normal(size=period)[np.arange(n) % period])


TROUBLES: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "noise": lambda x, rng: x + 0.5 * rng.normal(size=len(x)),
    "a trend": lambda x, rng: x + np.linspace(0, 20, len(x)) + 0.2 * rng.normal(size=len(x)),
    "a bent trend": lambda x, rng: (
        x + np.linspace(0, 5, len(x)) ** 2 + 0.2 * rng.normal(size=len(x))
    ),
    "a drift": lambda x, rng: x + 0.05 * rng.normal(size=len(x)).cumsum(),
    "a step": lambda x, rng: x + 3.0 * (np.arange(len(x)) > len(x) // 2),
    "spikes": lambda x, rng: np.where(rng.random(len(x)) < 0.01, 100.0, x),
    "holes": lambda x, rng: np.where(rng.random(len(x)) < 0.2, np.nan, x),
    "another unit": lambda x, rng: 1e-200 * x,
    "an offset": lambda x, rng: x + 1e9,
}


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("kind", ["sine", "square", "saw", "pulse", "random"])
@pytest.mark.parametrize(("n", "period"), [(600, 24), (1000, 7), (3000, 288)])
def test_finds_the_season(kind: str, n: int, period: int, trouble: str) -> None:
    rng = np.random.default_rng([n, period])
    x = TROUBLES[trouble](shape(kind, n, period, seed=period), rng)
    found = find_period(x)
    assert found is not None
    # A sine is nearly as well explained by a length a little off; a shape with edges is not.
    assert abs(found.length - period) <= (0.02 * period if kind == "sine" else 0)
    assert found.strength > 0.3


NOTHING: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "white noise": lambda n, rng: rng.normal(size=n),
    "heavy tails": lambda n, rng: rng.standard_t(1.5, size=n),
    "a random walk": lambda n, rng: rng.normal(size=n).cumsum(),
    "red noise": lambda n, rng: np.convolve(rng.normal(size=n), 0.9 ** np.arange(100))[:n],
    "a trend": lambda n, rng: np.arange(n) + rng.normal(size=n),
    "a parabola": lambda n, rng: np.arange(n) ** 2 + n * rng.normal(size=n),
    "a step": lambda n, rng: 5.0 * (np.arange(n) > n // 3) + rng.normal(size=n),
}


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("n", [60, 300, 2000])
def test_finds_nothing_in_nothing(nothing: str, n: int) -> None:
    """Of 40 series at most two may pass: a walk of three waves does look like a season."""
    found = [find_period(NOTHING[nothing](n, np.random.default_rng(seed))) for seed in range(40)]
    assert sum(period is not None for period in found) <= 2


@pytest.mark.parametrize(
    "x",
    [
        [],
        [1.0, 2.0, 1.0, 2.0],
        np.zeros(100),
        np.full(100, 7.5),
        np.full(100, np.nan),
        np.where(np.arange(200) % 3 == 0, np.sin(np.arange(200)), np.nan),
        np.arange(100.0),
        [0.0] * 99 + [1.0],
    ],
    ids=["empty", "four", "zeros", "flat", "missing", "mostly missing", "ramp", "one spike"],
)
def test_has_nothing_to_say_about(x: Any) -> None:
    assert find_period(np.array(x, dtype=np.float64)) is None


def test_strength_is_the_share_of_the_variance() -> None:
    rng = np.random.default_rng(0)
    x = np.sqrt(2) * shape("sine", 20_000, 50, seed=0)
    for noise, share in ((0.0, 1.0), (1.0, 0.5), (2.0, 0.2)):
        found = find_period(x + noise * rng.normal(size=len(x)))
        assert found is not None
        assert found.length == 50
        assert found.strength == pytest.approx(share, abs=0.03)


def test_neither_unit_nor_place_matters() -> None:
    rng = np.random.default_rng(3)
    x = shape("saw", 900, 30, seed=0) + 0.3 * rng.normal(size=900)
    found = find_period(x)
    for other in (1000 * x, -x, x + 50, x[::-1]):
        again = find_period(other)
        assert again is not None
        assert found is not None
        assert again.length == found.length
        assert again.strength == pytest.approx(found.strength, abs=0.02)


def test_prefers_the_day_to_the_week_unless_the_week_explains_clearly_more() -> None:
    rng = np.random.default_rng(5)
    hour = np.arange(24 * 7 * 8)
    day = np.sin(2 * np.pi * hour / 24)
    week = np.where(hour // 24 % 7 < 5, 1.0, 0.0)
    noise = 0.1 * rng.normal(size=len(hour))
    assert find_period(day + noise) == find_period(day + noise, 60 * MINUTE)
    daily = find_period(day + 0.1 * week + noise, 60 * MINUTE)
    weekly = find_period(day * week + noise, 60 * MINUTE)
    assert (daily and daily.length, weekly and weekly.length) == (24, 168)


def test_knows_the_calendar_when_it_knows_the_step() -> None:
    rng = np.random.default_rng(2)
    x = np.sin(2 * np.pi * np.arange(7 * 288) / 288) + rng.normal(size=7 * 288)
    found = find_period(x, 5 * MINUTE)
    assert found is not None
    assert found.length == 288


def test_cycles_that_drift_have_a_length_and_little_strength() -> None:
    rng = np.random.default_rng(4)
    phase = np.cumsum(2 * np.pi / 80 * (1 + 0.15 * rng.normal(size=8000)))
    x = np.sin(phase + 3 * np.cumsum(rng.normal(size=8000)) / 80)
    found = find_period(x)
    assert found is not None
    assert abs(found.length - 80) <= 4
    assert found.strength < 0.5


def test_finds_a_long_season_in_a_long_series() -> None:
    rng = np.random.default_rng(1)
    n = 400_000
    x = np.sin(2 * np.pi * np.arange(n) / 20_000) + rng.normal(size=n)
    found = find_period(x)
    assert found is not None
    assert abs(found.length - 20_000) <= 400


def test_a_period_is_a_plain_value() -> None:
    assert Period(24, 0.5) == Period(24, 0.5)


def harmonics(n: int, period: int) -> Floats:
    """The second harmonic is three times as strong as the first."""
    t = 2 * np.pi * np.arange(n) / period
    return 0.35 * np.sin(t) + np.sin(2 * t) + 0.5 * np.sin(3 * t + 1)


# Made series of known period, as (n, period): what has been a trap before stays one here.
MADE: dict[str, Callable[[np.random.Generator], tuple[Floats, int]]] = {
    "two rows": lambda rng: (shape("random", 200, 2, seed=2) + 0.2 * rng.normal(size=200), 2),
    "three rows": lambda rng: (shape("random", 200, 3, seed=3) + 0.2 * rng.normal(size=200), 3),
    "5000 rows, four cycles": lambda rng: (
        shape("saw", 20_000, 5000, seed=0) + 0.2 * rng.normal(size=20_000),
        5000,
    ),
    "three cycles and a bit": lambda rng: (
        shape("square", 480, 144, seed=0) + 0.1 * rng.normal(size=480),
        144,
    ),
    "sparse pulses": lambda rng: (shape("pulse", 2000, 48, seed=0) + rng.normal(size=2000), 48),
    "harmonics": lambda rng: (harmonics(3000, 96) + 0.5 * rng.normal(size=3000), 96),
    "a drifting amplitude": lambda rng: (
        shape("sine", 2000, 50, seed=0) * np.exp(0.03 * rng.normal(size=2000).cumsum()),
        50,
    ),
    "a small season far from 0": lambda rng: (
        1e8 + 1e-3 * (shape("sine", 2000, 60, seed=0) + 0.3 * rng.normal(size=2000)),
        60,
    ),
    "a season of a hundred roundings": lambda rng: (
        1e9 + 2e-5 * (shape("sine", 2000, 60, seed=0) + 0.1 * rng.normal(size=2000)),
        60,
    ),
}


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("seed", range(3))
def test_finds_the_season_of_made_series(made: str, seed: int) -> None:
    x, period = MADE[made](np.random.default_rng(seed))
    found = find_period(x)
    assert found is not None
    assert abs(found.length - period) <= 0.02 * period


def test_rounding_of_a_constant_is_no_season() -> None:
    x = 1e9 + np.where(np.arange(600) % 7 == 0, np.spacing(1e9), 0.0)
    assert find_period(x) is None


needs_nab = pytest.mark.skipif(
    not NAB.is_dir(), reason="shared/data/nab is not beside the checkout"
)
needs_ucr = pytest.mark.skipif(not UCR.is_dir(), reason="shared/data/ucr_anomaly is not there")


@needs_nab
@pytest.mark.parametrize(
    ("name", "lengths"),
    [
        ("realKnownCause/nyc_taxi", {48, 336}),
        ("artificialNoAnomaly/art_daily_small_noise", {288}),
        ("artificialNoAnomaly/art_daily_perfect_square_wave", {288}),
        ("artificialWithAnomaly/art_daily_flatmiddle", {288}),
        ("artificialWithAnomaly/art_daily_jumpsup", {288}),
        ("artificialWithAnomaly/art_daily_jumpsdown", {288}),
        ("artificialWithAnomaly/art_daily_nojump", {288}),
        ("artificialNoAnomaly/art_noisy", {None}),
        ("artificialNoAnomaly/art_flatline", {None}),
    ],
)
def test_finds_the_day_in_real_and_made_series(name: str, lengths: set[int | None]) -> None:
    reading = examine(NAB / f"{name}.csv", columns=["value"])
    found = find_period(reading.data.values[:, 0], reading.step_ns)
    assert (found and found.length) in lengths


@needs_ucr
@pytest.mark.parametrize(
    ("number", "length"), [("044", 24), ("023", 218), ("027", 183), ("067", 131)]
)
def test_finds_the_cycle_of_recorded_series(number: str, length: int) -> None:
    path = next(iter(sorted(UCR.glob(f"{number}_*.npz"))), None)
    if path is None:
        pytest.skip(f"series {number} is not in shared/data/ucr_anomaly")
    with np.load(path) as stored:
        found = find_period(stored["x"].astype(np.float64).ravel())
    assert found is not None
    assert abs(found.length - length) <= 0.02 * length
