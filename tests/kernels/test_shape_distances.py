from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import shape_distances
from sonde.kernels._jit import config
from sonde.kernels.shape_distances import NONE, PERIOD, nearest_shapes, prepare
from tests.kernels.hard_cases import hard_series
from tests.reference import shape_distances as reference

Floats = NDArray[np.float64]

needs_vectors = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

NAMES = ("plain", "constant stretch", "nearly constant", "quantised", "amplitude 1e-9")


def series(name: str, n: int, seed: int) -> Floats:
    x = hard_series(name, n, seed)
    return np.asarray((x - x.mean()) / x.std())


def found(x: Floats, m: int, zone: int, low: int, high: int) -> Floats:
    n = len(x) - m + 1
    best = np.full((2, n), NONE)
    nearest_shapes(prepare(x, m, 0, np.zeros(n, np.bool_)), m, zone, 0, low, high, best)
    return best


@needs_vectors
@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    n=st.integers(30, 130),
    m=st.integers(2, 20),
    zone=st.integers(1, 40),
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    before=st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    n_usual=st.sampled_from([0, 5, 20]),
    holes=st.sampled_from([0.0, 0.1]),
    seed=st.integers(0, 99),
)
def test_finds_what_comparing_every_pair_finds(
    name: str,
    n: int,
    m: int,
    zone: int,
    ends: tuple[float, float],
    before: float,
    n_usual: int,
    holes: float,
    seed: int,
) -> None:
    x, n_windows = series(name, n, seed), n - m + 1
    low, high = sorted(int(end * n_windows) for end in ends)
    first = int(before * n_windows)
    left_out = np.random.default_rng(seed).random(n_windows) < holes
    n_usual = min(n_usual, n_windows)
    best = np.full((2, n_windows), NONE)
    nearest_shapes(prepare(x, m, n_usual, left_out), m, zone, first, low, high, best)
    wanted = reference.nearest_shapes(x, m, zone, first, low, high, n_usual, left_out)
    np.testing.assert_array_equal(best > NONE, wanted > NONE)
    # Rounding shows where most windows are constant, and next to nothing is added to norms.
    np.testing.assert_allclose(best, wanted, rtol=0, atol=1e-6)


@needs_vectors
def test_a_stretch_after_the_other_gives_what_both_give_at_once() -> None:
    x = series("plain", 400, 3)
    windows = prepare(x, 16, 0, np.zeros(385, np.bool_))
    parts = np.full((2, 385), NONE)
    for low, high in ((0, 150), (150, 385)):
        nearest_shapes(windows, 16, 16, 0, low, high, parts)
    np.testing.assert_allclose(parts, found(x, 16, 16, 0, 385), rtol=0, atol=1e-12)


@needs_vectors
def test_the_size_of_a_window_counts_only_where_it_is_damped() -> None:
    beat = np.sin(np.arange(40) / 40 * 2 * np.pi)
    x = np.concatenate([beat, beat, 3.0 * beat, beat, beat])
    shape, damped = found(x / x.std(), 40, 40, 0, 161)
    assert shape[80] > 1 - 1e-9
    half = prepare(x / x.std(), 40, 0, np.zeros(161, np.bool_)).half[shape_distances.WIDTH :]
    assert 2 * (half[80] - damped[80]) > 0.02 > 1e-9 > 2 * (half[0] - damped[0])


@needs_vectors
def test_rounding_does_not_build_up_over_many_rows() -> None:
    n = 2 * PERIOD + 500
    x = series("plain", n, 4)
    x[1000:1040] *= 1e4  # what follows is small beside it
    best = found(x / x.std(), 20, 20, 0, 60)
    for i in (990, 1041, 1100, PERIOD - 1, PERIOD + 5, n - 20):
        near = [np.corrcoef(x[i : i + 20], x[j : j + 20])[0, 1] for j in range(60)]
        assert abs(best[0, i] - max(near)) < 1e-5


def test_what_is_prepared_describes_each_window() -> None:
    x = series("plain", 60, 5)
    left_out = np.arange(51) == 7
    windows = prepare(x, 10, 0, left_out)
    inside = slice(shape_distances.WIDTH, shape_distances.WIDTH + 51)
    norms = np.array([np.linalg.norm(x[i : i + 10] - x[i : i + 10].mean()) for i in range(51)])
    np.testing.assert_allclose(windows.inverse[inside][~left_out], 1 / norms[~left_out])
    lengths = norms**2 / (norms**2 + 0.5 * np.median(norms**2))
    np.testing.assert_allclose(windows.half[inside][~left_out], lengths[~left_out] / 2)
    assert np.isnan(windows.inverse[inside][7])
    assert np.isnan(windows.quiet[: shape_distances.WIDTH]).all()
