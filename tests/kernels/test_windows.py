from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import windows
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import windows as reference

Floats = NDArray[np.float64]

series = st.builds(hard_series, st.sampled_from(HARD), st.integers(30, 60), st.integers(0, 99))
lengths = st.integers(2, 12)


@given(series)
@settings(max_examples=40)
def test_a_cleaned_series_is_finite_and_loses_no_digit(x: Floats) -> None:
    clean = windows.cleaned(x)
    assert (abs(clean) <= 1).all()
    np.testing.assert_array_equal(clean, reference.cleaned(x))


@pytest.mark.parametrize("size", [1e-308, 1e-200, 1e300])
def test_a_series_of_any_size_can_be_cleaned(size: float) -> None:
    x = np.array([1.0, 2.0, -1.5]) * size
    clean = windows.cleaned(x)
    np.testing.assert_allclose(clean / clean[0], [1.0, 2.0, -1.5])
    np.testing.assert_array_equal(windows.cleaned(np.full(3, np.nan)), np.zeros(3))


@given(series, lengths)
@settings(max_examples=40)
def test_kinds_and_moments_agree_with_their_definitions(x: Floats, m: int) -> None:
    clean = windows.cleaned(x)
    np.testing.assert_array_equal(windows.kinds(x, m), reference.kinds(x, m))
    rises, norms = windows.moments(clean, m)
    expected_rises, expected_norms = reference.moments(clean, m)
    np.testing.assert_allclose(norms, expected_norms, rtol=1e-13, atol=1e-300)
    assert (abs(rises - expected_rises) <= 1e-15 * m * norms).all()
    kinds = windows.kinds(x, m)
    np.testing.assert_array_equal(windows.inverse(norms, kinds), reference.inverse(norms, kinds))


@given(series, lengths)
@settings(max_examples=40)
def test_steps_lead_from_one_covariance_to_the_next(x: Floats, m: int) -> None:
    clean = windows.cleaned(x)
    rises, _ = windows.moments(clean, m)
    df, dg = windows.steps(clean, rises, m)
    for mine, expected in zip((df, dg), reference.steps(clean, rises, m), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-15)
    n = len(rises)
    all_pairs = np.empty((n, n))
    for i in range(n):
        centred = windows.centred(clean[i : i + m], rises[i])
        np.testing.assert_allclose(
            centred, reference.centred(clean[i : i + m], rises[i]), atol=1e-15
        )
        windows.covariances(centred, clean, all_pairs[i])
    stepped = all_pairs[:-1, :-1] + np.outer(df[1:], dg[1:]) + np.outer(dg[1:], df[1:])
    np.testing.assert_allclose(stepped, all_pairs[1:, 1:], atol=1e-14)


@given(series, lengths)
@settings(max_examples=40)
def test_covariances_agree_with_their_definition(x: Floats, m: int) -> None:
    clean = windows.cleaned(x)
    rises, norms = windows.moments(clean, m)
    found, expected = np.empty(len(rises)), np.empty(len(rises))
    centred = windows.centred(clean[:m], rises[0])
    windows.covariances(centred, clean, found)
    reference.covariances(centred, clean, expected)
    np.testing.assert_allclose(found, expected, atol=1e-15 * m * (norms[0] + norms.max()))


@given(st.lists(st.sampled_from([1.0, 0.5, 1e-2, 1e-4, 1e-9, 0.0]), min_size=1, max_size=30))
def test_a_recurrence_starts_anew_after_a_fall_of_the_norm(norms: list[float]) -> None:
    x = np.array(norms)
    np.testing.assert_array_equal(windows.restarts(x, 1e-3), reference.restarts(x, 1e-3))
