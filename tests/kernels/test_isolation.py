from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import isolation
from tests.reference import isolation as reference

Floats = NDArray[np.float64]
Forest = tuple[NDArray[np.int32], Floats, Floats]

# Few different numbers: duplicates and constant columns are the cases to get right.
tables = arrays(
    np.float64,
    st.tuples(st.integers(1, 24), st.integers(1, 4)),
    elements=st.sampled_from([-1.5, 0.0, 0.25, 1.0, 3.0, 1e308, -1e308]),
)
seeds = st.integers(0, 2**63 - 1)


def paths(x: Floats, forest: Forest) -> Floats:
    out = np.empty(len(x))
    isolation.mean_path_lengths(x, *forest, out, 0, len(x))
    return out


def cloud(n: int = 300, d: int = 5, seed: int = 3) -> Floats:
    return np.random.default_rng(seed).normal(size=(n, d))


@given(tables, st.integers(1, 24), seeds, st.integers(0, 1000))
@settings(max_examples=50)
def test_agrees_with_the_definition(x: Floats, n_sample: int, seed: int, first: int) -> None:
    n_sample = min(n_sample, len(x))
    forest = isolation.grow_trees(x, 3, n_sample, seed, first)
    expected = reference.grow_trees(x, 3, n_sample, seed, first)
    for ours, theirs in zip(forest, expected, strict=True):
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype
        np.testing.assert_array_equal(ours, theirs)
    at_cuts = forest[1][np.isfinite(forest[1])][:, None].repeat(x.shape[1], axis=1)
    x = np.concatenate([x, at_cuts])
    lengths, shares = np.empty(len(x)), reference.column_shares(x, *forest)
    reference.mean_path_lengths(x, *forest, lengths, 0, len(x))
    np.testing.assert_allclose(paths(x, forest), lengths, rtol=1e-12)
    np.testing.assert_allclose(isolation.column_shares(x, *forest), shares, atol=1e-9)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 256, 65536])
def test_the_expected_length_is_the_papers(n_rows: int) -> None:
    assert isolation.expected_length(n_rows) == pytest.approx(reference.expected_length(n_rows))


@given(seeds, st.lists(st.integers(0, 6), max_size=3))
@settings(max_examples=20)
def test_trees_grown_in_parts_are_the_same_trees(seed: int, cuts: list[int]) -> None:
    x = cloud(40, 2)
    whole = isolation.grow_trees(x, 6, 16, seed, 0)
    bounds = [0, *sorted(cuts), 6]
    parts = [
        isolation.grow_trees(x, stop - start, 16, seed, start)
        for start, stop in itertools.pairwise(bounds)
    ]
    for i, array in enumerate(whole):
        np.testing.assert_array_equal(array, np.concatenate([part[i] for part in parts]))


@given(st.lists(st.integers(0, 600), max_size=4))
@settings(max_examples=20)
def test_a_row_does_not_notice_which_rows_come_with_it(cuts: list[int]) -> None:
    x = cloud(600, 3)
    forest = isolation.grow_trees(x, 5, 32, 1, 0)
    whole, parts = paths(x, forest), np.full(600, np.nan)
    bounds = [0, *sorted(cuts), 600]
    for start, stop in itertools.pairwise(bounds):
        isolation.mean_path_lengths(x, *forest, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()
    assert paths(x[7:8], forest)[0] == whole[7]


@given(st.integers(-30, 30), seeds)
@settings(max_examples=20)
def test_the_unit_of_a_column_changes_nothing(power: int, seed: int) -> None:
    x = cloud(50, 3)
    other = x * np.array([1.0, 2.0**power, 1.0])
    np.testing.assert_array_equal(
        paths(x, isolation.grow_trees(x, 4, 32, seed, 0)),
        paths(other, isolation.grow_trees(other, 4, 32, seed, 0)),
    )


def test_a_tree_knows_as_many_rows_as_it_has_seen() -> None:
    x = cloud(100, 3).round(1)
    for tree in zip(*isolation.grow_trees(x, 5, 50, 11, 0), strict=True):
        assert reference.rows_at(0, *tree[1:]) == 50


def test_samples_are_drawn_without_replacement_and_without_bias() -> None:
    # Trees of two different rows cut between them, so that each tree shows which two it drew.
    x = np.array([[0.0], [1.0], [3.0], [7.0]])
    _, cuts, lengths = isolation.grow_trees(x, 6000, 2, 5, 0)
    assert (lengths[:, [0, -1]] == 1.0).all()  # never the same row twice
    # A cut above 3 needs row 3 and one of the others: the share follows from the six pairs.
    expected = ((7 - 3) / 7 + (7 - 3) / 6 + 1.0) / 6
    assert abs((cuts[:, 0] > 3.0).mean() - expected) < 0.025  # 4 standard deviations


def test_rows_far_away_have_short_paths() -> None:
    x = cloud()
    x[17] = 8.0
    lengths = paths(x, isolation.grow_trees(x, 100, 256, 0, 0))
    assert np.argmin(lengths) == 17


@pytest.mark.parametrize("column", range(5))
def test_the_strange_column_has_the_largest_share(column: int) -> None:
    x = cloud()
    x[17, column] = 8.0
    forest = isolation.grow_trees(x, 100, 256, 0, 0)
    shares = isolation.column_shares(x[15:20], *forest)
    assert np.argmax(shares[2]) == column
    assert shares[2, column] > 0.8
    assert (shares >= 0.0).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)


def test_identical_rows_are_blamed_on_all_columns_alike() -> None:
    x = np.ones((20, 4))
    forest = isolation.grow_trees(x, 10, 16, 0, 0)
    np.testing.assert_array_equal(isolation.column_shares(x, *forest), 0.25)
    np.testing.assert_allclose(paths(x, forest), isolation.expected_length(16))


def test_finds_what_scikit_learn_finds() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    x = np.concatenate([cloud(400, 4), cloud(20, 4, seed=5) * 2.5])
    theirs = ensemble.IsolationForest(n_estimators=200, random_state=0).fit(x).score_samples(x)
    ours = paths(x, isolation.grow_trees(x, 200, 256, 0, 0))
    assert np.corrcoef(np.exp2(-ours / isolation.expected_length(256)), -theirs)[0, 1] > 0.97
