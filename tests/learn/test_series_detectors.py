"""Sub-PCA, local polynomials and change points: their definitions, and what each is there for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.core import Series
from sonde.errors import InvalidInput, TooShort
from sonde.learn import create
from sonde.learn.detectors.poly import centre_of_fit

Floats = NDArray[np.float64]

NAMES = ["sub_pca", "poly", "change_points"]
PERIOD = 40


def beats(n: int, seed: int) -> Floats:
    """A rhythm of two harmonics with noise."""
    t = np.arange(n) * 2 * np.pi / PERIOD
    noise = 0.05 * np.random.default_rng(seed).normal(size=n)
    return np.asarray(np.sin(t) + 0.6 * np.sin(2 * t + 1.0) + noise)


def fitted(name: str, x: Any, **parameters: Any) -> Any:
    return create(name, **parameters).fit(x)


# --- Sub-PCA -------------------------------------------------------------------------------------


def distances_by_definition(x: Floats, learned: Floats, window: int, step: int) -> Floats:
    """(n − window + 1,) by z-normed block means, all components, and a loop over windows."""
    unit = learned.std()

    def shapes(values: Floats) -> Floats:
        found = []
        for i in range(len(values) - window + 1):
            part = (values[i : i + window] - np.median(learned)) / unit
            blocks = part.reshape(-1, step).mean(axis=1)
            found.append((blocks - blocks.mean()) / blocks.std())
        return np.array(found)

    known = shapes(learned)
    variances, axes = np.linalg.eigh(np.cov(known.T, bias=True))
    explained = np.cumsum(variances[::-1]) / variances.sum()
    minor = axes[:, ::-1][:, int(np.argmax(explained >= 0.95)) + 1 :]
    strange = np.square((known - known.mean(axis=0)) @ minor).sum(axis=1)
    known = known[strange <= np.quantile(strange, 0.95)]
    variances, axes = np.linalg.eigh(np.cov(known.T, bias=True))
    variances = np.maximum(variances, 3e-3 * variances.mean())
    along = (shapes(x) - known.mean(axis=0)) @ axes
    return np.asarray(np.sqrt(np.mean(along**2 / variances, axis=1)))


@pytest.mark.parametrize(("window", "length", "step"), [(16, 16, 1), (130, 129, 3)])
def test_sub_pca_is_the_distance_along_components(window: int, length: int, step: int) -> None:
    learned, x = beats(700, seed=1), beats(400, seed=2)
    x[200:230] += 1.0
    distances = distances_by_definition(x, learned, length, step)
    expected = np.empty(len(x))
    for i in range(len(x)):
        covering = distances[max(i - length + 1, 0) : i + 1]
        expected[i] = covering.sum() / max(len(covering), (length + 1) // 2)
    model = fitted("sub_pca", learned, window=window)
    assert model.facts()["window"] == length
    np.testing.assert_allclose(model.anomaly_scores(x), expected, rtol=1e-6)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_sub_pca_finds_a_beat_of_another_shape(seed: int) -> None:
    x = beats(4000, seed)
    x[2000:2040] = x[2000:2040][::-1].copy()
    found = sonde.detect(Series(x), detector=create("sub_pca"))
    assert 1990 <= found.anomalies[0].peak < 2050
    assert found.anomalies[0].start < 2040
    assert found.anomalies[0].end > 2000


@pytest.mark.parametrize("seed", [0, 1])
def test_sub_pca_is_not_taught_by_the_anomaly_that_it_is_to_find(seed: int) -> None:
    x = beats(2000, seed)
    x[1000:1020] += 1.2 * np.sin(np.arange(20) * np.pi / 20)
    model = fitted("sub_pca", x, window=PERIOD)
    scores = model.anomaly_scores(x)
    ordinary = np.concatenate([scores[100:900], scores[1100:1900]])
    assert scores[960:1060].max() > 1.3 * ordinary.max()


def test_sub_pca_looks_at_shape_alone_unless_told_otherwise() -> None:
    x = beats(2000, seed=6)
    louder = np.concatenate([x, 50.0 + 3.0 * x])
    by_shape = fitted("sub_pca", x, window=PERIOD)
    np.testing.assert_allclose(
        by_shape.anomaly_scores(50.0 + 3.0 * x), by_shape.anomaly_scores(x), rtol=1e-6
    )
    by_value = fitted("sub_pca", x, window=PERIOD, z_normalize=False).anomaly_scores(louder)
    assert by_value[2100:3900].min() > 3 * by_value[100:1900].max()


def test_sub_pca_finds_a_broken_relation_and_blames_its_channel() -> None:
    rng = np.random.default_rng(7)
    phase = np.cumsum(rng.uniform(0.1, 0.3, size=3000))
    x = np.stack([np.sin(phase), np.cos(phase), np.sin(phase + 1.0)], axis=1)
    x += 0.02 * rng.normal(size=x.shape)
    x[1500:1540, 1] = x[500:540, 1]  # as it might be at any other time
    model = fitted("sub_pca", x, window=20)
    scores = model.anomaly_scores(x)
    assert 1495 <= int(np.argmax(scores)) < 1545
    shares = model.blame(model.prepare(x), np.array([int(np.argmax(scores))]))
    assert int(np.argmax(shares[0])) == 1
    assert shares.sum() == pytest.approx(1.0)


def test_sub_pca_blames_the_same_whichever_rows_are_asked_for() -> None:
    x = np.random.default_rng(8).normal(size=(300, 3))
    x[[40, 200], 1] += 9.0
    model = fitted("sub_pca", x, window=12)
    data = model.prepare(x)
    together = model.blame(data, np.array([0, 40, 150, 200, 299]))
    alone = [model.blame(data, np.array([row]))[0] for row in (0, 40, 150, 200, 299)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


# --- local polynomials ---------------------------------------------------------------------------


@pytest.mark.parametrize("degree", [0, 1, 2, 4])
def test_a_curve_is_what_least_squares_gives(degree: int) -> None:
    rng = np.random.default_rng(degree)
    x = np.cumsum(rng.normal(size=120))
    x[[0, 30, 31, 32, 90]] = np.nan
    window = 15
    fit, share = centre_of_fit(x, window, degree)
    for i in range(len(x)):
        around = [
            j for j in range(i - window, i + window + 1) if 0 <= j < len(x) and abs(j - i) > 2
        ]
        near = np.array([j for j in around if np.isfinite(x[j])])
        basis = np.vander((near - i) / window, degree + 1, increasing=True)
        weights = np.linalg.pinv(basis)[0]  # of each row in the value of the curve at row i
        np.testing.assert_allclose(fit[i], weights @ x[near], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(share[i], math.sqrt(1.0 + weights @ weights), rtol=1e-4)


def test_a_curve_needs_rows_around_it() -> None:
    x = np.full(60, np.nan)
    x[:5] = 1.0
    fit, share = centre_of_fit(x, 10, 2)
    assert np.isnan(fit).all()
    assert np.isnan(share).all()


def test_poly_scores_are_mean_squares_of_residuals() -> None:
    x = np.random.default_rng(9).normal(size=400)
    x[100] += 7.0
    model = fitted("poly", x, period=1)
    judged = model.judge(model.prepare(x))
    weights = np.convolve(np.ones(15), np.ones(15)) / 225
    assert judged.expected is not None
    assert judged.unit is not None
    unit = judged.unit[:, 0] * math.sqrt(weights.max())  # the band is that of one row alone
    squares = ((x - judged.expected[:, 0]) / unit) ** 2
    for i in (20, 100, 107, 250):
        expected = math.sqrt(float(weights @ squares[i - 14 : i + 15]))
        assert judged.scores[i] == pytest.approx(expected, rel=1e-9)
    fit, _ = centre_of_fit(x, 30, 2)
    np.testing.assert_allclose(judged.expected[:, 0], fit, atol=1e-6)


def test_poly_expects_a_slope_with_a_season_to_go_on() -> None:
    t = np.arange(1200)
    clean = 0.01 * t + 3.0 * np.sin(2 * np.pi * t / 24)
    x = clean + 0.1 * np.random.default_rng(10).normal(size=1200)
    model = fitted("poly", x)
    assert model.facts() == {"period": 24}
    judged = model.judge(model.prepare(x))
    assert np.abs(judged.expected[:, 0] - clean)[40:-40].max() < 0.25
    assert np.abs(judged.expected[:, 0] - clean).max() < 0.8


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_poly_finds_a_bump_and_a_spike_in_a_season(seed: int) -> None:
    rng = np.random.default_rng(seed)
    t = np.arange(3000)
    x = np.sin(2 * np.pi * t / 48) + 0.002 * t + 0.2 * rng.normal(size=3000)
    x[1000:1008] += 1.5
    x[2000] += 3.0
    found = sonde.detect(Series(x), detector=create("poly"))
    peaks = sorted(a.peak for a in found.anomalies[:2])
    assert 998 <= peaks[0] <= 1010
    assert abs(peaks[1] - 2000) <= 1
    spike = next(a for a in found.anomalies if abs(a.peak - 2000) <= 1)
    assert spike.expected == pytest.approx(x[spike.peak] - 3.0, abs=0.7)


def test_a_row_outside_the_band_of_poly_is_flagged() -> None:
    rng = np.random.default_rng(14)
    x = rng.normal(size=2000)
    x[rng.integers(0, 2000, 6)] += rng.choice([-9.0, 9.0], 6)
    found = sonde.detect(Series(x), detector=create("poly", period=1)).detection
    assert found.lower is not None
    assert found.upper is not None
    outside = (x < found.lower) | (x > found.upper)
    assert outside.sum() >= 3
    assert found.is_anomaly[outside].all()


def test_poly_blames_the_channel_that_left_its_curve() -> None:
    x = np.random.default_rng(15).normal(size=(500, 3))
    x[300:304, 2] += 8.0
    model = fitted("poly", x, period=1)
    row = int(np.argmax(model.anomaly_scores(x)))
    assert 298 <= row <= 305
    assert model.blame(model.prepare(x), np.array([row]))[0, 2] > 0.8


# --- change points -------------------------------------------------------------------------------


def log_likelihood(x: Floats, mean: float | None = None, variance: float | None = None) -> float:
    """Of independent normal values, at the mean and variance that fit best unless given."""
    mean = float(x.mean()) if mean is None else mean
    variance = max(float(((x - mean) ** 2).mean()), 1e-4) if variance is None else variance
    terms = -0.5 * math.log(2 * math.pi * variance) - (x - mean) ** 2 / (2 * variance)
    return float(terms.sum())


def test_evidence_is_a_gain_in_likelihood() -> None:
    rng = np.random.default_rng(16)
    x = rng.uniform(-1.0, 1.0, size=300)
    x[180:] = 0.7 + 0.5 * x[180:]
    model = fitted("change_points", x, window=40)
    state = model.to_arrays()
    z = (x - state["center"][0]) / state["spread"][0]
    steps = np.diff(z, prepend=np.nan) / state["pace"][0]
    assert np.abs(np.concatenate([z, steps[1:]])).max() < 4.0  # where values count in full
    for i in (60, 150, 180, 200, 285):
        before, after = z[max(i - 40, 0) : i], z[i : i + 40]
        both = np.concatenate([before, after])
        gain = log_likelihood(before) + log_likelihood(after) - log_likelihood(both)
        slow, fast = steps[max(i - 40, 0) : i], steps[i : i + 40]
        slow, fast = slow[np.isfinite(slow)], fast[np.isfinite(fast)]
        usual = (slow.size * slow.var() + fast.size * fast.var()) / (slow.size + fast.size)
        apart = log_likelihood(slow) + log_likelihood(fast)
        together = log_likelihood(slow, variance=usual) + log_likelihood(fast, variance=usual)
        expected = math.sqrt(2.0 * (gain + apart - together))
        assert model.anomaly_scores(x)[i] == pytest.approx(expected, rel=1e-6)


def changed(kind: str, seed: int) -> Floats:
    """2,000 rows that change at row 1,200."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=2000)
    if kind == "level in a season":
        x = 0.5 * x + 2.0 * np.sin(2 * np.pi * np.arange(2000) / 24)
    if kind.startswith("level"):
        x[1200:] += 1.5
    elif kind == "level among spikes":
        x[1200:] += 1.5
        x[rng.integers(0, 2000, 12)] += rng.choice([-15.0, 15.0], 12)
    elif kind == "spread":
        x[1200:] *= 2.2
    else:
        t = np.arange(2000)
        x = 0.05 * x + np.sin(2 * np.pi * t / np.where(t < 1200, 48, 16))
    return x


@pytest.mark.parametrize(
    "kind", ["level", "level in a season", "level among spikes", "spread", "pace"]
)
@pytest.mark.parametrize("seed", [17, 18])
def test_change_points_finds_where_it_changes(kind: str, seed: int) -> None:
    x = changed(kind, seed)
    found = sonde.detect(Series(x), detector=create("change_points"))
    assert found.anomalies, "nothing found"
    assert abs(found.anomalies[0].peak - 1200) <= 25


def test_a_spike_is_no_change() -> None:
    x = np.random.default_rng(19).normal(size=1500)
    before = fitted("change_points", x).anomaly_scores(x).max()
    x[700] += 40.0
    model = fitted("change_points", x)
    with_spike = model.anomaly_scores(x)
    x[900:] += 1.5
    shifted = model.anomaly_scores(x)
    assert with_spike.max() < 1.6 * before
    assert shifted[890:910].max() > 1.5 * with_spike.max()


def test_a_season_is_no_change() -> None:
    t = np.arange(2600)
    x = np.sin(2 * np.pi * t / 130) + 0.2 * np.random.default_rng(29).normal(size=2600)
    model = fitted("change_points", x)
    assert model.facts() == {"window": 130, "period": 130}
    in_cycles = model.anomaly_scores(x)
    regardless = fitted("change_points", x, window=96).anomaly_scores(x)
    assert in_cycles.max() < 0.5 * regardless.max()


def test_a_shift_far_out_is_still_a_change() -> None:
    rng = np.random.default_rng(20)
    ordinary = rng.normal(size=800)
    later = np.concatenate([rng.normal(size=400) + 60.0, rng.normal(size=400) + 90.0])
    scores = fitted("change_points", ordinary).anomaly_scores(later)
    assert abs(int(np.argmax(scores)) - 400) <= 1


def test_change_points_adds_up_channels_and_blames_the_one_that_changed() -> None:
    x = np.random.default_rng(21).normal(size=(1500, 4))
    x[800:, 2] += 1.5
    model = fitted("change_points", x)
    scores = model.anomaly_scores(x)
    row = int(np.argmax(scores))
    assert abs(row - 800) <= 5
    assert model.blame(model.prepare(x), np.array([row]))[0, 2] > 0.8
    alone = [fitted("change_points", x[:, [j]]).anomaly_scores(x[:, [j]]) for j in range(4)]
    np.testing.assert_allclose(scores, np.sqrt(np.square(alone).mean(axis=0)), rtol=1e-9)


def test_the_ends_of_a_series_prove_no_change() -> None:
    x = np.random.default_rng(22).normal(size=400)
    scores = fitted("change_points", x).anomaly_scores(x)
    assert (scores[:8] == 0.0).all()
    assert (scores[-7:] == 0.0).all()
    assert scores[20:-20].min() >= 0.0
    assert scores[20:-20].max() > 1.0


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_model_is_small_and_judges_other_rows(name: str) -> None:
    model = fitted(name, beats(6000, seed=23))
    assert sum(array.nbytes for array in model.to_arrays().values()) < 100_000
    other = beats(800, seed=24)
    other[400:440] = 4.0
    other[440:] += 1.0
    scores = model.anomaly_scores(other)
    assert 360 <= int(np.nanargmax(scores)) <= 480
    # Where it began and which rows stand around makes no difference to rows in the middle.
    part = model.anomaly_scores(Series(other[200:], first=200))
    np.testing.assert_allclose(part[200:400], scores[400:600], rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1e12, 1e300])
def test_scores_have_no_unit(name: str, unit: float) -> None:
    x = beats(500, seed=25)
    x[250:260] += 2.0
    usual = fitted(name, x).anomaly_scores(x)
    np.testing.assert_allclose(fitted(name, x * unit).anomaly_scores(x * unit), usual, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "x",
    [np.zeros(60), np.full(60, 1e9), np.arange(60.0), [0.0] * 59 + [1e308], [-1e308, 1e308] * 30],
)
def test_flat_straight_and_enormous_series_are_finite(name: str, x: Any) -> None:
    scores = fitted(name, np.array(x)).anomaly_scores(np.array(x))
    assert np.isfinite(scores).all()
    assert (scores >= 0.0).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_gap_neither_hides_nor_makes_an_anomaly(name: str) -> None:
    x = beats(2000, seed=26)
    x[800:900] = np.nan
    x[1500:1515] += 3.0
    scores = sonde.detect(Series(x), detector=create(name)).scores
    assert np.isnan(scores[800:900]).all()
    assert np.isfinite(scores[:790]).all()
    assert np.isfinite(scores[910:]).all()
    assert 1440 <= int(np.nanargmax(scores)) <= 1560
    assert np.nanmax(scores[700:1000]) < 0.75 * np.nanmax(scores)


@pytest.mark.parametrize("name", NAMES)
def test_few_rows_are_enough_or_refused(name: str) -> None:
    model = create(name)
    rows = np.random.default_rng(27).normal(size=8)
    assert len(fitted(name, rows).anomaly_scores(rows)) == 8
    with pytest.raises(TooShort, match="rows"):
        model.fit(rows[:5])


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("sub_pca", {"window": 3}, "window must be 4 or more"),
        ("sub_pca", {"z_normalize": 1}, "z_normalize must be true or false"),
        ("poly", {"window": 5}, "window must be 6 or more"),
        ("poly", {"window": 2000}, "window must be at most 1,000"),
        ("poly", {"degree": 6}, "degree must be at most 5"),
        ("poly", {"period": 0}, "period must be 1 or more"),
        ("change_points", {"window": 7}, "window must be 8 or more"),
        ("change_points", {"contamination": 0.9}, "contamination must be"),
    ],
)
def test_refuses_parameters_that_mean_nothing(
    name: str, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        fitted(name, np.arange(100.0), **parameters)


@pytest.mark.parametrize(
    ("name", "array", "value"),
    [
        ("sub_pca", "window", np.int64(2**40)),
        ("sub_pca", "step", np.int64(3)),
        ("sub_pca", "axes", np.ones((16, 2))),
        ("sub_pca", "gains", np.zeros(16)),
        ("sub_pca", "least", np.float64(0.0)),
        ("sub_pca", "mean", np.full(16, 1e9)),
        ("poly", "window", np.int64(10**6)),
        ("poly", "season", np.zeros((5, 1))),
        ("poly", "spread", np.zeros(1)),
        ("change_points", "window", np.int64(0)),
        ("change_points", "cycle", np.int64(0)),
        ("change_points", "cycle", np.int64(200)),
        ("change_points", "pace", np.array([np.nan])),
    ],
)
def test_refuses_a_state_that_it_can_not_have_stored(name: str, array: str, value: Any) -> None:
    more = {"window": 16} if name == "sub_pca" else {"period": 40} if name == "poly" else {}
    model = fitted(name, beats(400, seed=28), **more)
    state = model.to_arrays()
    model._check_state(state, 1)
    with pytest.raises(ValueError, match=array):
        model._check_state(state | {array: value}, 1)
