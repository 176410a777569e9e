from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import hyperplanes
from tests.reference import hyperplanes as reference
from tests.reference.isolation import expected_length

Floats = NDArray[np.float64]
Forest = tuple[NDArray[np.int32], Floats, Floats, Floats]

# Few different numbers: duplicates and constant columns are the cases to get right.
tables = arrays(
    np.float64,
    st.tuples(st.integers(2, 20), st.integers(1, 4)),
    elements=st.sampled_from([-1.5, 0.0, 0.25, 1.0, 3.0, 1e149, -1e149]),
)
seeds = st.integers(0, 2**63 - 1)


def paths(x: Floats, forest: Forest) -> Floats:
    out = np.empty(len(x))
    hyperplanes.mean_slanted_lengths(x, *forest, out, 0, len(x))
    return out


def cloud(n: int = 300, d: int = 5, seed: int = 3) -> Floats:
    return np.random.default_rng(seed).normal(size=(n, d))


@given(tables, st.integers(2, 20), st.integers(1, 4), seeds, st.integers(0, 1000))
@settings(max_examples=50)
def test_agrees_with_the_definition(
    x: Floats, n_sample: int, n_mixed: int, seed: int, first: int
) -> None:
    n_sample, n_mixed = min(n_sample, len(x)), min(n_mixed, x.shape[1])
    forest = hyperplanes.grow_slanted_trees(x, 3, n_sample, n_mixed, seed, first)
    expected = reference.grow_slanted_trees(x, 3, n_sample, n_mixed, seed, first)
    for ours, theirs in zip(forest, expected, strict=True):
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-12)
    np.testing.assert_array_equal(forest[0], expected[0])
    lengths = np.empty(len(x))
    reference.mean_slanted_lengths(x, *forest, lengths, 0, len(x))
    np.testing.assert_allclose(paths(x, forest), lengths, rtol=1e-12)
    shares = reference.slanted_shares(x, *forest)
    np.testing.assert_allclose(hyperplanes.slanted_shares(x, *forest), shares, atol=1e-9)


@given(seeds, st.lists(st.integers(0, 6), max_size=3))
@settings(max_examples=10)
def test_trees_grown_in_parts_are_the_same_trees(seed: int, cuts: list[int]) -> None:
    x = cloud(40, 3)
    whole = hyperplanes.grow_slanted_trees(x, 6, 16, 2, seed, 0)
    bounds = [0, *sorted(cuts), 6]
    parts = [
        hyperplanes.grow_slanted_trees(x, stop - start, 16, 2, seed, start)
        for start, stop in itertools.pairwise(bounds)
    ]
    for i, array in enumerate(whole):
        np.testing.assert_array_equal(array, np.concatenate([part[i] for part in parts]))


@given(st.lists(st.integers(0, 600), max_size=4))
@settings(max_examples=10)
def test_a_row_does_not_notice_which_rows_come_with_it(cuts: list[int]) -> None:
    x = cloud(600, 3)
    forest = hyperplanes.grow_slanted_trees(x, 2, 32, 3, 1, 0)
    whole, parts = paths(x, forest), np.full(600, np.nan)
    for start, stop in itertools.pairwise([0, *sorted(cuts), 600]):
        hyperplanes.mean_slanted_lengths(x, *forest, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()


@given(st.integers(-30, 30), seeds)
@settings(max_examples=10)
def test_the_unit_of_a_column_changes_nothing(power: int, seed: int) -> None:
    x = cloud(50, 3)
    other = x * np.array([1.0, 2.0**power, 1.0])
    np.testing.assert_array_equal(
        paths(x, hyperplanes.grow_slanted_trees(x, 4, 32, 3, seed, 0)),
        paths(other, hyperplanes.grow_slanted_trees(other, 4, 32, 3, seed, 0)),
    )


def test_a_cut_has_no_favourite_direction() -> None:
    _, weights, points, _ = hyperplanes.grow_slanted_trees(
        np.array([[0.0, 0.0], [1.0, 1.0]]), 2000, 2, 2, 5, 0
    )
    assert np.abs(weights.mean(axis=(0, 1))).max() < 0.09  # 4 standard deviations
    np.testing.assert_allclose(weights.std(axis=(0, 1)), 1.0, atol=0.07)
    np.testing.assert_allclose(points.mean(axis=(0, 1)), 0.5, atol=0.03)
    assert points.min() >= 0
    assert points.max() <= 1


def test_rows_far_away_have_short_paths() -> None:
    x = cloud()
    x[17] = 8.0
    lengths = paths(x, hyperplanes.grow_slanted_trees(x, 40, 128, 5, 0, 0))
    assert np.argmin(lengths) == 17


@pytest.mark.parametrize("column", range(5))
def test_the_strange_column_has_the_largest_share(column: int) -> None:
    x = cloud()
    x[17, column] = 8.0
    forest = hyperplanes.grow_slanted_trees(x, 40, 128, 5, 0, 0)
    shares = hyperplanes.slanted_shares(x[15:20], *forest)
    assert np.argmax(shares[2]) == column
    assert (shares >= 0.0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_identical_rows_are_blamed_on_all_columns_alike() -> None:
    x = np.ones((20, 4))
    forest = hyperplanes.grow_slanted_trees(x, 10, 16, 4, 0, 0)
    np.testing.assert_array_equal(hyperplanes.slanted_shares(x, *forest), 0.25)
    np.testing.assert_allclose(paths(x, forest), expected_length(16))
