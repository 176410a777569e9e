from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import copula
from tests.reference import copula as reference

Floats = NDArray[np.float64]

numbers = st.one_of(
    st.integers(-6, 6).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(-0.0),
)
SIGNS = st.tuples(st.integers(-1, 1), st.integers(-1, 1))


def tables(most_rows: int) -> st.SearchStrategy[Floats]:
    return arrays(np.float64, st.tuples(st.integers(1, most_rows), st.just(2)), elements=numbers)


def learned(x: Floats, skews: tuple[int, ...], n_buckets: int) -> tuple[Any, Any, Any, Any]:
    ordered = np.sort(x.T.copy(), axis=1)
    scales, guide = copula.guides(ordered, n_buckets)
    return ordered, guide, scales, np.array(skews)


def scores(x: Floats, tables: tuple[Any, Any, Any, Any]) -> Floats:
    out = np.empty(len(x))
    copula.copula_scores(x, *tables, out, 0, len(x))
    return out


@given(tables(30), tables(10), SIGNS, st.integers(1, 12))
@pytest.mark.filterwarnings("ignore:overflow")  # without the JIT: far outside is infinitely far
def test_agrees_with_counting(
    known: Floats, x: Floats, skews: tuple[int, int], n_buckets: int
) -> None:
    x = np.concatenate([x, known])
    tables = learned(known, skews, n_buckets)
    for a, b in zip(copula.guides(tables[0], n_buckets), (tables[2], tables[1]), strict=True):
        np.testing.assert_array_equal(a, b)
    scales, guide = reference.guides(tables[0], n_buckets)
    np.testing.assert_array_equal(scales, tables[2])
    np.testing.assert_array_equal(guide, tables[1])
    cells, expected = np.empty(x.shape), np.empty(x.shape)
    copula.copula_terms(x, *tables, cells, 0, len(x))
    reference.copula_terms(x, *tables, expected, 0, len(x))
    np.testing.assert_allclose(cells, expected, atol=1e-12)
    totals = np.empty(len(x))
    reference.copula_scores(x, *tables, totals, 0, len(x))
    np.testing.assert_allclose(scores(x, tables), totals, atol=1e-11)
    assert scores(x, tables).min() >= 0


@given(arrays(np.float64, (3, 20), elements=st.integers(-9, 9).map(float)))
def test_skewness_agrees_with_its_definition(columns: Floats) -> None:
    signs = copula.skew_signs(columns)
    np.testing.assert_array_equal(signs, reference.skew_signs(columns))
    np.testing.assert_array_equal(copula.skew_signs(-columns), -signs)


def test_skewness_has_the_sign_one_expects() -> None:
    steps = np.arange(9.0)
    columns = np.array([steps**2, -(steps**2), steps, np.full(9, 0.1)])
    assert copula.skew_signs(columns).tolist() == [1, -1, 0, 0]


@given(arrays(np.float64, (20, 2), elements=st.integers(-1000, 1000).map(float)), SIGNS)
def test_only_ranks_count(x: Floats, skews: tuple[int, int]) -> None:
    tables, cubed = learned(x, skews, 5), learned(x**3, skews, 3)
    np.testing.assert_array_equal(scores(x**3, cubed), scores(x, tables))
    turned = learned(-x, (-skews[0], -skews[1]), 5)
    np.testing.assert_array_equal(scores(-x, turned), scores(x, tables))


@given(st.lists(st.integers(0, 1500), max_size=4))
@settings(max_examples=20)
def test_a_row_does_not_notice_which_rows_come_with_it(cuts: list[int]) -> None:
    x = np.random.default_rng(1).normal(size=(1500, 3))
    x[[3, 700], 1] = np.nan
    tables = learned(np.nan_to_num(x[:300]), (1, 0, -1), 75)
    whole, parts = scores(x, tables), np.zeros(1500)
    assert np.flatnonzero(np.isnan(whole)).tolist() == [3, 700]
    for start, stop in itertools.pairwise([0, *sorted(cuts), 1500]):
        copula.copula_scores(x, *tables, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()


def test_many_columns_do_not_overflow() -> None:
    x = np.random.default_rng(2).normal(size=(50, 120))
    skews = tuple(np.random.default_rng(3).integers(-1, 2, 120).tolist())
    tables = learned(x, skews, 12)
    expected = np.empty(50)
    reference.copula_scores(x, *tables, expected, 0, 50)
    np.testing.assert_allclose(scores(x, tables), expected)
