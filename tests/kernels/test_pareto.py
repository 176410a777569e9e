from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels.pareto import LEAST_SHAPE, pareto_fit
from tests.reference import pareto as reference

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], Floats]


def peaks_of(shape: float, n: int, seed: int) -> Floats:
    """Drawn from the distribution itself, of scale 2."""
    shares = np.random.default_rng(seed).random(n)
    return 2.0 * ((1.0 - shares) ** -shape - 1.0) / shape


@pytest.mark.parametrize("shape", [-0.8, -0.3, 1e-9, 0.15, 0.9])
@pytest.mark.parametrize("n", [12, 150])
def test_agrees_with_the_definition(shape: float, n: int) -> None:
    peaks = peaks_of(shape, n, 3)
    scale, found = pareto_fit(peaks, n, 0.0)
    _, expected = reference.pareto_fit(peaks, n, 0.0)
    assert found == pytest.approx(expected, abs=2e-3)
    ours = reference.log_likelihood(peaks, scale, found)
    best = reference.log_likelihood(peaks, reference.scale_for(peaks, found), found)
    assert ours == pytest.approx(best, abs=1e-6)


# What scipy 1.17.1 (genpareto.fit, floc=0) makes of the peaks, and what libspot 3.1.0
# (Spot(q=1e-4, max_excess=500).fit) takes for the start of the tail and for its threshold.
PUBLISHED: list[tuple[int, Draw, float, float, float, float]] = [
    (1, lambda r: r.normal(size=10_000), 2.012536115911485, 0.398123, -0.030527, 4.002952),
    (2, lambda r: r.exponential(size=10_000), 3.8123184860589814, 1.023142, -0.094295, 8.125629),
    (3, lambda r: r.standard_t(4, size=10_000), 3.007370414714422, 1.122442, 0.155872, 11.934558),
    (4, lambda r: r.gumbel(size=10_000), 3.9911391193990653, 1.031463, -0.029062, 9.035167),
]


@pytest.mark.parametrize(("seed", "draw", "start", "scale", "shape", "threshold"), PUBLISHED)
def test_agrees_with_published_implementations(
    seed: int, draw: Draw, start: float, scale: float, shape: float, threshold: float
) -> None:
    values = draw(np.random.default_rng(seed))
    peaks = values[values > start] - start
    ours = pareto_fit(peaks, len(peaks), 0.0)
    assert ours == pytest.approx((scale, shape), rel=2e-3, abs=2e-4)
    share = len(peaks) / len(values)
    found = start + ours[0] / ours[1] * ((1e-4 / share) ** -ours[1] - 1.0)
    # libspot's search ends a little beside the maximum.
    assert found == pytest.approx(threshold, rel=0.03)


@given(
    st.floats(-0.4, 1.5).filter(lambda shape: abs(shape) > 1e-3),
    st.integers(10, 60),
    st.integers(0, 2**32 - 1),
    st.floats(-5.0, 5.0),
)
@settings(max_examples=60, deadline=None)
def test_where_the_search_begins_changes_nothing(
    shape: float, n: int, seed: int, guess: float
) -> None:
    peaks = peaks_of(shape, n, seed)
    from_zero, from_guess = pareto_fit(peaks, n, 0.0), pareto_fit(peaks, n, guess)
    if min(from_zero[1], from_guess[1]) > LEAST_SHAPE + 1e-3:
        assert from_zero == pytest.approx(from_guess, rel=1e-4, abs=1e-4)


@given(st.integers(10, 60), st.integers(0, 2**32 - 1), st.sampled_from([1e-200, 1e-3, 1e200]))
@settings(max_examples=30, deadline=None)
def test_the_unit_changes_the_scale_alone(n: int, seed: int, unit: float) -> None:
    peaks = peaks_of(0.2, n, seed)
    scale, shape = pareto_fit(peaks, n, 0.0)
    assert pareto_fit(peaks * unit, n, 0.0) == pytest.approx((scale * unit, shape), rel=1e-6)


@pytest.mark.parametrize(
    ("peaks", "expected"),
    [
        (np.zeros(20), (0.0, 0.0)),
        (np.full(20, 3.0), (3.0, 0.0)),  # all alike
        (np.array([1.0, 2.0, 6.0]), (3.0, 0.0)),  # too few for a shape
        (np.zeros(0), (0.0, 0.0)),
    ],
)
def test_peaks_that_tell_no_shape_have_none(peaks: Floats, expected: tuple[float, float]) -> None:
    assert pareto_fit(peaks, len(peaks), 0.0) == pytest.approx(expected)
    assert reference.pareto_fit(peaks, len(peaks), 0.0) == pytest.approx(expected)


def test_a_short_tail_ends_beyond_its_largest_peak() -> None:
    peaks = np.linspace(0.0, 1.0, 50)
    scale, shape = pareto_fit(peaks, 50, 0.0)
    assert shape == pytest.approx(LEAST_SHAPE, abs=1e-6)
    assert -scale / shape > 1.0


@pytest.mark.parametrize("last", [1e-300, 1e-9, 1e9, 1e300])
def test_one_peak_far_from_all_others_is_finite(last: float) -> None:
    for others in (np.zeros(30), np.ones(30), np.linspace(0, 1, 30)):
        peaks = np.append(others, last)
        scale, shape = pareto_fit(peaks, 31, 0.0)
        assert np.isfinite([scale, shape]).all()
        assert scale >= 0.0
        assert shape >= LEAST_SHAPE - 1e-6
