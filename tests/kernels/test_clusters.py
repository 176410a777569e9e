from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import clusters
from tests.reference import clusters as reference

Floats = NDArray[np.float64]


def groups(seed: int, n: int, d: int) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 4.0 * rng.integers(0, 4, size=(n, 1))


@pytest.mark.parametrize("seed", range(12))
def test_begins_with_the_rows_that_the_definition_draws(seed: int) -> None:
    n, d, k = 20 + 5 * seed, 1 + seed % 6, 1 + seed % 7
    rows = groups(seed, n, d)
    found = clusters.spread_centres(rows, k, seed)
    np.testing.assert_array_equal(found, reference.spread_centres(rows, k, seed))


@given(st.integers(0, 2**31), st.integers(8, 80), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=30)
def test_each_round_moves_centres_as_the_definition_does(
    seed: int, n: int, d: int, n_iter: int
) -> None:
    rows = groups(seed, n, d)
    ours = reference.spread_centres(rows, 5, seed)
    labels = reference.squares(rows, ours).argmin(axis=1)
    if len(np.unique(labels)) < 5:
        return  # the twin fills no cluster that has no rows
    theirs = ours.copy()
    clusters.move_centres(rows, ours, n_iter)
    reference.move_centres(rows, theirs, n_iter)
    if n_iter == 1:  # later the kernel may stop sooner, where hardly anything moves
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    unit = 1e-3 * rows.var(axis=0).mean() + 1e-12

    def left(centres: Floats) -> float:
        return float(reference.squares(rows, centres).min(axis=1).sum())

    assert left(ours) <= left(theirs) + n * unit


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 20), st.integers(1, 5))
@settings(max_examples=30)
def test_nearest_centres_are_those_of_all_distances(seed: int, n: int, d: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    rows, centres = rng.normal(size=(n, d)), rng.normal(size=(k, d))
    distances, labels = np.full(n, np.nan), np.zeros(n, np.int64)
    expected, _ = np.full(n, np.nan), np.zeros(n, np.int64)
    clusters.nearest_centres(rows, centres, distances, labels, 0, n // 2)
    clusters.nearest_centres(rows, centres, distances, labels, n // 2, n)
    reference.nearest_centres(rows, centres, expected, _, 0, n)
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    np.testing.assert_array_equal(labels, _)


def test_groups_far_apart_are_found() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 5, size=500)
    middles = np.array([[0, 0], [50, 0], [0, 50], [50, 50], [25, 100]], dtype=np.float64)
    rows = middles[truth] + rng.normal(size=(500, 2))
    centres, labels = clusters.kmeans(rows, 5, 3)
    assert all(len(np.unique(truth[labels == c])) == 1 for c in range(5))
    for c in range(5):
        np.testing.assert_allclose(centres[c], rows[labels == c].mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("d", [2, 30])
def test_leaves_as_little_as_scikit_learn(d: int) -> None:
    from sklearn.cluster import KMeans

    rows = groups(d, 200, d)
    ours, theirs = [], []
    for seed in range(5):
        centres, labels = clusters.kmeans(rows, 6, seed)
        ours.append(float(((rows - centres[labels]) ** 2).sum()))
        theirs.append(float(KMeans(6, n_init=1, random_state=seed).fit(rows).inertia_))
    assert np.median(ours) < 1.03 * np.median(theirs)


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones() -> None:
    rows = np.random.default_rng(2).normal(size=(300, 3))
    one, two = clusters.kmeans(rows, 7, 5), clusters.kmeans(rows, 7, 5)
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()
    assert clusters.kmeans(rows, 7, 6)[0].tobytes() != one[0].tobytes()


def test_fewer_different_rows_than_clusters_leave_some_without_rows() -> None:
    rows = np.repeat([[0.0, 1.0], [2.0, 3.0]], 10, axis=0)
    centres, labels = clusters.kmeans(rows, 4, 0)
    np.testing.assert_array_equal(centres[labels], rows)
    assert len(np.unique(labels)) == 2


def test_a_centre_that_lost_its_rows_gets_the_row_farthest_from_its_own() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [100.0]])
    centres = np.array([[1.0], [1e9]])
    clusters.move_centres(rows, centres, 50)
    np.testing.assert_array_equal(np.sort(centres[:, 0]), [1.0, 100.0])


def test_as_many_clusters_as_rows_leave_nothing() -> None:
    rows = np.random.default_rng(4).normal(size=(12, 2))
    centres, labels = clusters.kmeans(rows, 12, 0)
    np.testing.assert_array_equal(centres[labels], rows)
