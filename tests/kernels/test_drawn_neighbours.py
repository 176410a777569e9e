from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels.drawn_neighbours import drawn_distances
from tests.reference import drawn_neighbours as reference

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]
Counts = NDArray[np.int32]


def table(seed: int, n: int, d: int, n_draws: int, size: int) -> tuple[Halves, Halves, Counts]:
    """Rows of few different numbers, draws of them, and how often each drawn row occurs."""
    rng = np.random.default_rng(seed)
    x = (rng.integers(-3, 4, size=(n, d)) / 4).astype(np.float32)
    picked = np.stack([rng.choice(n, size, replace=False) for _ in range(n_draws)])
    copies = np.array([(x == row).all(axis=1).sum() for row in x], dtype=np.int32)[picked]
    return x, np.ascontiguousarray(x[picked].transpose(0, 2, 1)), copies


def distances(x: Halves, drawn: Halves, copies: Counts) -> Floats:
    out = np.full(len(x), np.nan)
    drawn_distances(x, drawn, copies, out, 0, len(x))
    return out


@given(st.integers(0, 2**32), st.integers(2, 30), st.integers(1, 5), st.integers(1, 4), st.data())
def test_agrees_with_looking_at_every_drawn_row(
    seed: int, n: int, d: int, n_draws: int, data: st.DataObject
) -> None:
    given_ = table(seed, n, d, n_draws, data.draw(st.integers(1, n)))
    expected = np.empty(n)
    reference.drawn_distances(*given_, expected, 0, n)
    np.testing.assert_allclose(distances(*given_), expected, rtol=1e-6)


@given(st.integers(0, 2**32), st.integers(3, 20))
def test_a_row_that_occurs_once_is_treated_as_left_out(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    drawn, copies = np.ascontiguousarray(x.T[None]), np.ones((1, n), np.int32)
    found = distances(x, drawn, copies)
    for i in range(n):
        others = np.ascontiguousarray(np.delete(x, i, axis=0).T[None])
        assert found[i] == distances(x[i : i + 1], others, copies[:, 1:].copy())[0]


def test_of_a_row_that_occurs_twice_the_copy_counts() -> None:
    x = np.array([[1.0], [1.0], [5.0]], np.float32)
    drawn = np.ascontiguousarray(x.T[None])
    found = distances(x, drawn, np.array([[2, 2, 1]], np.int32))
    np.testing.assert_array_equal(found, [0.0, 0.0, 4.0])


def test_a_draw_in_which_nothing_is_left_counts_as_no_distance() -> None:
    x = np.array([[1.0], [3.0]], np.float32)
    drawn = np.array([[[1.0]], [[0.0]]], np.float32)
    np.testing.assert_array_equal(distances(x, drawn, np.ones((2, 1), np.int32)), [0.5, 2.5])


@pytest.mark.parametrize("d", [1, 7, 30])
def test_a_row_does_not_notice_which_rows_come_with_it(d: int) -> None:
    rng = np.random.default_rng(d)
    x = rng.normal(size=(150, d)).astype(np.float32)
    drawn = rng.normal(size=(5, d, 37)).astype(np.float32)
    copies = np.ones((5, 37), np.int32)
    whole, parts = distances(x, drawn, copies), np.full(150, np.nan)
    for start, stop in ((0, 1), (1, 18), (18, 18), (18, 120), (120, 150)):
        drawn_distances(x, drawn, copies, parts, start, stop)
    assert parts.tobytes() == whole.tobytes()
