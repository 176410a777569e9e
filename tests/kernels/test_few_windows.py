from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels.few_windows import nearest_of_few
from tests.reference import few_windows as reference

Narrow = NDArray[np.float32]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Narrow, int, Narrow, int]:
    width, step = draw(st.integers(1, 19)), draw(st.integers(1, 5))
    draws, few = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    n = width + draw(st.integers(0, 30))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    # Quarters: sums are exact in float32 in any order, and many distances are equal.
    values = generator.integers(-80, 80, n) / 4
    points = generator.integers(-80, 80, (draws * few, width)) / 4
    return values.astype(np.float32), step, points.astype(np.float32), draws


@given(cases())
def test_agrees_with_one_window_at_a_time(case: tuple[Narrow, int, Narrow, int]) -> None:
    distances, nearest = nearest_of_few(*case)
    expected, rows = reference.nearest_of_few(*case)
    np.testing.assert_allclose(distances, expected, rtol=1e-6)
    np.testing.assert_array_equal(nearest, rows)


@given(cases(), st.integers(-20, 20))
def test_a_common_shift_changes_nothing(case: tuple[Narrow, int, Narrow, int], shift: int) -> None:
    values, step, points, draws = case
    shifted = nearest_of_few(values + np.float32(shift), step, points + np.float32(shift), draws)
    for mine, theirs in zip(nearest_of_few(*case), shifted, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_window_that_was_drawn_is_at_no_distance() -> None:
    values = np.random.default_rng(3).normal(size=400).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(values, 30)[::3]
    distances, nearest = nearest_of_few(values, 3, np.ascontiguousarray(windows[5:9]), 1)
    np.testing.assert_array_equal(distances[5:9], 0.0)
    np.testing.assert_array_equal(nearest[5:9, 0], np.arange(4))
    assert (distances[9:] > 0).all()
