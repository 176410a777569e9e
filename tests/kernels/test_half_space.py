from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import half_space as k
from tests.reference import half_space as reference

Floats = NDArray[np.float64]
State = dict[str, NDArray[Any]]

# Few different numbers: rows that lie on a cut, equal rows and gaps are the cases to get right.
numbers = st.sampled_from([-1.5, 0.0, 0.25, 1.0, 3.0, 1e300, -1e300, 5e-324, np.nan])
streams = arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=numbers)
seeds = st.integers(0, 2**32 - 1)
shares = st.sampled_from([0.01, 0.1, 0.5, 1.0])


def blank(n_trees: int, height: int, d: int, seed: int) -> State:
    random = np.random.default_rng(seed)
    inner = 2**height - 1
    return {
        "clock": np.zeros(k.N_CLOCK, np.int64),
        "columns": random.integers(d, size=(n_trees, inner)).astype(np.int32),
        "cuts": random.choice([-1.0, 0.0, 0.25, 0.5, 2.0], size=(n_trees, inner)),
        "masses": np.zeros((n_trees, 2 * inner + 1, 2), np.int32),
    }


def run(x: Floats, forest: State, window: int, least: float = 0.1, blame: bool = False) -> Any:
    scores, told = np.empty(len(x)), np.empty((len(x) if blame else 0, x.shape[1]))
    over: Any = k.half_space_run
    over(x, window, least, *forest.values(), scores, told)
    return (scores, told) if blame else scores


@given(streams, st.integers(1, 4), st.integers(1, 12), shares, seeds)
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_definition(
    x: Floats, height: int, window: int, least: float, seed: int
) -> None:
    forest = blank(3, height, x.shape[1], seed)
    expected = reference.half_space_run(x, window, least, forest["columns"], forest["cuts"])
    np.testing.assert_allclose(run(x, forest, window, least), expected, rtol=1e-12)


@given(streams, st.integers(0, 40), st.integers(1, 12), seeds)
@settings(max_examples=30, deadline=None)
def test_stopping_in_between_changes_no_bit(x: Floats, cut: int, window: int, seed: int) -> None:
    whole, halves = blank(3, 3, x.shape[1], seed), blank(3, 3, x.shape[1], seed)
    at_once = run(x, whole, window)
    parts = [run(x[:cut], halves, window), run(x[cut:], halves, window)]
    assert at_once.tobytes() == np.concatenate(parts).tobytes()
    for name, array in whole.items():
        assert array.tobytes() == halves[name].tobytes(), name


@given(streams, st.integers(1, 12), seeds)
@settings(max_examples=30, deadline=None)
def test_every_row_is_counted_once_on_each_level(x: Floats, window: int, seed: int) -> None:
    forest = blank(2, 3, x.shape[1], seed)
    run(x, forest, window)
    n = np.isfinite(x).all(axis=1).sum()
    assert forest["clock"].tolist() == [n, n % window, window if n >= window else 0]
    for depth in range(4):
        level = forest["masses"][:, 2**depth - 1 : 2 ** (depth + 1) - 1].sum(axis=1)
        assert (level == forest["clock"][[k.BEHIND, k.LATEST]]).all()


def test_the_scores_of_a_tree_made_by_hand() -> None:
    # One column, cut at 0, then the left half at −1 and the right one at 1.
    forest = blank(1, 2, 1, 0)
    forest["columns"][:], forest["cuts"][0] = 0, [0.0, -1.0, 1.0]
    run(np.array([[-2.0], [-0.5], [-0.5], [-0.5], [0.5], [0.5], [0.5], [-0.5]]), forest, 8)
    assert forest["masses"][0, :, k.JUDGING].tolist() == [8, 5, 3, 1, 4, 3, 0]
    expected = [(-2.0, 1 * 4), (-0.5, 4 * 4), (0.5, 3 * 4), (9.0, 0 * 4)]
    found = run(np.array([[value] for value, _ in expected]), forest, 100, 0.01)
    np.testing.assert_allclose(found, [np.log2(33 / (mass + 1)) for _, mass in expected])
    # With at most three in a part that is not divided further, the right half is one part.
    found = run(np.array([[0.5], [9.0]]), forest, 100, 3 / 8)
    np.testing.assert_allclose(found, np.log2(33 / (3 * 2 + 1)))


def test_the_order_within_a_window_changes_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(60, 2))
    forward, backward = blank(5, 4, 2, 1), blank(5, 4, 2, 1)
    run(x[:50], forward, 50)
    run(x[:50][::-1].copy(), backward, 50)
    np.testing.assert_array_equal(run(x[50:], forward, 50), run(x[50:], backward, 50))


def test_the_column_that_leaves_is_blamed() -> None:
    random = np.random.default_rng(2)
    forest = blank(30, 5, 3, 4)
    forest["cuts"][:] = random.uniform(-4.0, 4.0, forest["cuts"].shape)
    x = random.normal(size=(101, 3))
    x[100, 1] = 5.0
    scores, told = run(x, forest, 100, 0.1, blame=True)
    assert told[100, 1] == told[100].max()
    assert (told >= 0.0).all()
    assert np.isnan(scores[:100]).all()
    plain = blank(30, 5, 3, 4)
    plain["cuts"][:] = forest["cuts"]
    np.testing.assert_array_equal(run(x, plain, 100), scores)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_rows_with_a_gap_are_not_counted(value: float) -> None:
    forest = blank(2, 3, 2, 0)
    run(np.ones((5, 2)), forest, 5)
    before = {name: array.copy() for name, array in forest.items()}
    assert np.isnan(run(np.array([[1.0, value]]), forest, 5)).all()
    for name, array in forest.items():
        np.testing.assert_array_equal(array, before[name])
