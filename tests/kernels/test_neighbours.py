from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import neighbours
from tests.reference import neighbours as reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Few different numbers: duplicates and constant columns are the cases to get right.
tables = st.integers(1, 6).flatmap(
    lambda d: arrays(
        np.float64,
        st.tuples(st.integers(3, 40), st.just(d)),
        elements=st.one_of(st.integers(-2, 2), st.integers(-(10**9), 10**9)).map(lambda i: i / 8),
    )
)


def nearest(queries: Floats, x: Floats, k: int, leaf_size: int = 4) -> tuple[Floats, Integers]:
    distances = np.full((len(queries), k), np.nan)
    where = np.full((len(queries), k), -1)
    tree = neighbours.build_tree(x, leaf_size)
    neighbours.neighbour_distances(queries, *tree, k, distances, where, 0, len(queries))
    return distances, where


@given(tables, st.integers(1, 10), st.integers(1, 9))
def test_agrees_with_looking_at_every_row(x: Floats, k: int, leaf_size: int) -> None:
    k = min(k, len(x) - 1)
    queries = np.concatenate([x, x[:5] + 0.5, x[:1] + 1e7])
    distances, where = nearest(queries, x, k, leaf_size)
    expected, _ = np.empty_like(distances), np.empty_like(where)
    tree = reference.build_tree(x, leaf_size)
    reference.neighbour_distances(queries, *tree, k, expected, _, 0, len(queries))
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    # The rows named are different ones, and as far away as is said.
    assert all(len(set(rows)) == k for rows in where.tolist())
    gaps = np.sqrt(((queries[:, None, :] - x[where]) ** 2).sum(axis=2))
    np.testing.assert_allclose(gaps, distances, rtol=1e-12)


@given(tables, st.integers(1, 9))
def test_the_tree_holds_every_row_once_and_in_its_box(x: Floats, leaf_size: int) -> None:
    order, points, starts, lowest, highest = neighbours.build_tree(x, leaf_size)
    assert sorted(order.tolist()) == list(range(len(x)))
    assert np.diff(starts).max() <= leaf_size
    n_leaves, d = len(starts) - 1, x.shape[1]
    assert lowest.shape == highest.shape == (2 * n_leaves - 1, d)
    for leaf, (begin, end) in enumerate(itertools.pairwise(starts)):
        rows = x[order[begin:end]]
        np.testing.assert_array_equal(points[begin * d : end * d], rows.T.ravel())
        node = n_leaves - 1 + leaf
        while True:
            assert ((lowest[node] <= rows) & (rows <= highest[node])).all()
            if node == 0:
                break
            node = (node - 1) // 2


@given(tables)
def test_a_row_of_the_tree_is_treated_as_left_out(x: Floats) -> None:
    k = min(3, len(x) - 2)
    with_it, _ = nearest(x, x, k)
    for i in range(len(x)):
        without, _ = nearest(x[i : i + 1], np.delete(x, i, axis=0), k + 1)
        # Without the row its other copies would be left out once more.
        expected = without[0, :k]
        if (np.delete(x, i, axis=0) == x[i]).all(axis=1).any():
            expected = np.concatenate([[0.0], expected])[:k]
        np.testing.assert_allclose(with_it[i], expected, rtol=1e-12)


@pytest.mark.parametrize("d", [1, 2, 7, 30])
def test_a_row_does_not_notice_which_rows_come_with_it(d: int) -> None:
    x = np.random.default_rng(d).normal(size=(150, d))
    distances, _ = nearest(x, x, 5)
    tree = neighbours.build_tree(x, 4)
    parts, where = np.full((150, 5), np.nan), np.zeros((150, 5), np.int64)
    for start, stop in ((0, 1), (1, 18), (18, 18), (18, 120), (120, 150)):
        neighbours.neighbour_distances(x, *tree, 5, parts, where, start, stop)
    assert parts.tobytes() == distances.tobytes()


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_the_order_of_the_columns_does_not_matter(columns: list[int]) -> None:
    x = np.random.default_rng(4).integers(-50, 50, size=(100, 4)) / 8
    a, _ = nearest(x, x, 4)
    other = np.ascontiguousarray(x[:, columns])
    b, _ = nearest(other, other, 4)
    np.testing.assert_allclose(a, b, rtol=1e-12)


def test_copes_with_many_copies() -> None:
    x = np.repeat(np.array([[0.0, 0.0], [3.0, 4.0]]), [3000, 2], axis=0)
    distances, _ = nearest(x, x, 3)
    np.testing.assert_array_equal(distances[:3000], 0.0)
    np.testing.assert_array_equal(distances[3000:], [[0.0, 5.0, 5.0]] * 2)
