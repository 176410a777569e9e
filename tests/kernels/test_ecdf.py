from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import ecdf
from tests.reference import ecdf as reference

Floats = NDArray[np.float64]

numbers = st.one_of(
    st.integers(-6, 6).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    st.just(-0.0),
)


def tables(most_rows: int) -> st.SearchStrategy[Floats]:
    shape = st.tuples(st.integers(1, most_rows), st.just(2))
    return arrays(np.float64, shape, elements=numbers)


def scores(x: Floats, learned: Floats) -> Floats:
    out = np.empty(len(x))
    ecdf.tail_scores(x, *ecdf.tail_tables(learned), out, 0, len(x))
    return out


@given(tables(30), tables(10))
def test_agrees_with_counting(learned: Floats, x: Floats) -> None:
    x = np.concatenate([x, learned])
    ours, theirs = ecdf.tail_tables(learned), reference.tail_tables(learned)
    for a, b in zip(ours, theirs, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_array_equal(a, b)
    tails, expected = np.empty(x.shape), np.empty(x.shape)
    ecdf.column_tails(x, *ours, tails, 0, len(x))
    reference.column_tails(x, *theirs, expected, 0, len(x))
    np.testing.assert_allclose(tails, expected, atol=1e-12)
    totals = np.empty(len(x))
    reference.tail_scores(x, *theirs, totals, 0, len(x))
    np.testing.assert_allclose(scores(x, learned), totals, atol=1e-12)
    np.testing.assert_array_equal(scores(x, learned), tails.sum(axis=1))


@given(tables(30), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(x: Floats, random: object) -> None:
    order = np.arange(len(x))
    random.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(scores(x, x[order]), scores(x, x))


@given(arrays(np.float64, (20, 2), elements=st.integers(-1000, 1000).map(float)))
def test_only_ranks_count(x: Floats) -> None:
    np.testing.assert_array_equal(scores(x**3, x**3), scores(x, x))
    np.testing.assert_array_equal(scores(-x, -x), scores(x, x))


@given(st.lists(st.integers(0, 1500), max_size=4))
@settings(max_examples=20)
def test_a_row_does_not_notice_which_rows_come_with_it(cuts: list[int]) -> None:
    x = np.random.default_rng(1).normal(size=(1500, 3))
    tables = ecdf.tail_tables(x[:300])
    whole, parts = scores(x, x[:300]), np.full(1500, np.nan)
    bounds = [0, *sorted(cuts), 1500]
    for start, stop in itertools.pairwise(bounds):
        ecdf.tail_scores(x, *tables, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()


def test_what_lies_outside_counts_as_one_row() -> None:
    learned = np.arange(1.0, 11.0)[:, None]
    outside = scores(np.array([[-5.0], [1.0], [5.5], [10.0], [99.0]]), learned)
    np.testing.assert_allclose(outside, np.log([10, 10, 2, 10, 10]))


def test_sorts_what_numpy_sorts() -> None:
    generator = np.random.default_rng(2)
    x = generator.normal(size=(4000, 3)) * 10.0 ** generator.integers(-300, 300, size=(4000, 3))
    values, _, offsets = ecdf.tail_tables(x)
    for j in range(3):
        np.testing.assert_array_equal(values[offsets[j] : offsets[j + 1]], np.unique(x[:, j]))
