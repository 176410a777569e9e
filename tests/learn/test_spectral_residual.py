"""The spectral residual: its equations, and what no equation says."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.errors import InvalidInput
from sonde.learn import create
from sonde.learn.detectors.spectral_residual import saliency

Floats = NDArray[np.float64]


def by_the_paper(x: Floats, q: int) -> Floats:
    """Equations 1–5, frequency by frequency; times √n, as ours."""
    n = len(x)
    turn = np.exp(-2j * math.pi * np.outer(np.arange(n), np.arange(n)) / n)
    spectrum = turn @ x
    amplitude, phase = np.abs(spectrum), np.angle(spectrum)
    logarithm = np.log(amplitude)
    before = (q - 1) // 2
    average = [np.mean([logarithm[(f - before + k) % n] for k in range(q)]) for f in range(n)]
    residual = np.exp(logarithm - average) * np.exp(1j * phase)
    return np.asarray(np.abs(turn.conj() @ residual) / n * math.sqrt(n))


@given(
    arrays(np.float64, st.integers(5, 40), elements=st.integers(-50, 50).map(lambda i: i / 8)),
    st.integers(1, 5),
)
@settings(max_examples=50)
def test_saliency_is_the_papers(x: Floats, q: int) -> None:
    x = x + np.random.default_rng(0).normal(size=len(x))  # no amplitude is 0
    np.testing.assert_allclose(saliency(x, q), by_the_paper(x, q), rtol=1e-6, atol=1e-9)


@given(st.integers(2, 300), st.sampled_from([1e-300, 1.0, 1e300]), st.integers(1, 400))
@settings(max_examples=30)
def test_saliency_has_no_unit_and_knows_no_length(n: int, unit: float, q: int) -> None:
    x = np.random.default_rng(n).normal(size=n)
    np.testing.assert_allclose(saliency(x * unit, q), saliency(x, q), rtol=1e-6, atol=1e-9)
    assert np.isfinite(saliency(x * unit, q)).all()


@pytest.mark.parametrize("n", [1000, 10_007])
def test_noise_of_any_length_has_a_saliency_of_about_one(n: int) -> None:
    found = saliency(np.random.default_rng(1).normal(size=n) * 40.0, 5)
    assert 0.7 < found.mean() < 1.5


@pytest.mark.parametrize(
    "x", [np.zeros(50), np.full(50, 3.0), np.arange(50.0), [0.0] * 49 + [1e308]]
)
def test_flat_and_straight_lines_and_one_jump_are_finite(x: Any) -> None:
    scores = create("spectral_residual").fit(np.array(x)).anomaly_scores(np.array(x))  # type: ignore[attr-defined]
    assert np.isfinite(scores).all()


def test_a_slope_does_not_make_its_ends_strange() -> None:
    x = np.arange(3000) * 0.1 + np.random.default_rng(0).normal(size=3000)
    x[1500:1510] += 6.0
    scores = create("spectral_residual").fit(x).anomaly_scores(x)  # type: ignore[attr-defined]
    assert 1495 <= int(np.argmax(scores)) < 1515
    assert max(scores[:50].max(), scores[-50:].max()) < 0.5 * scores.max()


def test_finds_what_breaks_a_rhythm_and_blames_the_channel() -> None:
    t = np.arange(4000)
    x = np.stack([np.sin(t / 10), np.cos(t / 17)], axis=1)
    x += 0.05 * np.random.default_rng(2).normal(size=x.shape)
    x[2500:2530, 1] += 1.0
    model: Any = create("spectral_residual").fit(x)
    scores = model.anomaly_scores(x)
    where = int(np.argmax(scores))
    assert 2490 <= where < 2540
    assert model.blame(model.prepare(x), np.array([where]))[0, 1] > 0.7


@pytest.mark.parametrize("name", ["mag_window", "score_window"])
def test_a_window_without_rows_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        create("spectral_residual", **{name: 0}).fit(np.arange(50.0))
