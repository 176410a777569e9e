from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import near_blocks
from sonde.kernels.neighbours import build_tree
from tests.reference import near_blocks as reference
from tests.reference import neighbours as all_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Few different numbers, and some enormous: ties, copies and rows far from their block.
tables = st.integers(1, 6).flatmap(
    lambda d: arrays(
        np.float64,
        st.tuples(st.integers(3, 40), st.just(d)),
        elements=st.one_of(st.integers(-2, 2), st.integers(-(10**9), 10**9), st.just(10**140)).map(
            lambda i: i / 8
        ),
    )
)


def nearest(
    queries: Floats, x: Floats, k: int, leaf_size: int = 4, cuts: tuple[int, ...] = ()
) -> tuple[Floats, Integers]:
    distances, where = np.full((len(queries), k), np.nan), np.full((len(queries), k), -1)
    order, _, starts, lowest, highest = build_tree(x, leaf_size)
    bounds = (0, *cuts, len(queries))
    for start, stop in itertools.pairwise(bounds):
        blocks = near_blocks.blocks_of(x, order, starts, lowest, highest, stop - start)
        near_blocks.block_neighbours(queries, blocks, k, distances, where, start, stop)
    return distances, where


@given(tables, st.integers(1, 10), st.sampled_from([1, 4, 16, 1024]))
@settings(max_examples=40)
def test_agrees_with_looking_at_every_row(x: Floats, k: int, block_rows: int) -> None:
    k = min(k, len(x) - 1)
    queries = np.concatenate([x, x[:5] + 0.5, x[:1] + 1e7])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_blocks, "BLOCK_ROWS", block_rows)
        patch.setattr(near_blocks, "_FEW", 2)
        distances, where = nearest(queries, x, k)
    expected, _ = np.empty_like(distances), np.empty_like(where)
    all_rows.neighbour_distances(
        queries, *all_rows.build_tree(x, 4), k, expected, _, 0, len(queries)
    )
    np.testing.assert_allclose(distances, expected, rtol=1e-12)
    assert all(len(set(rows)) == k for rows in where.tolist())


@pytest.mark.parametrize("d", [1, 30, 100])
@pytest.mark.parametrize("kind", ["normal", "far from zero", "two tight groups", "one far row"])
def test_no_neighbour_is_lost_to_single_precision(d: int, kind: str) -> None:
    rng = np.random.default_rng(d)
    x = rng.normal(size=(90, d))
    if kind == "far from zero":
        x += 1e7
    elif kind == "two tight groups":
        x = 1e-5 * x + rng.integers(0, 2, size=(90, 1))
    elif kind == "one far row":
        x[17] = 1e12
    queries = np.concatenate([x, x + 0.1 * rng.normal(size=x.shape), 1e9 * x[:9]])
    distances, where = nearest(queries, x, 6)
    expected = np.sqrt(((queries[:, None, :] - x[None, :, :]) ** 2).sum(axis=2))
    expected[np.arange(90), np.arange(90)] = np.inf  # its own copy
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :6], rtol=1e-12)
    np.testing.assert_allclose(np.take_along_axis(expected, where, axis=1), distances, rtol=1e-12)


@pytest.mark.parametrize("d", [2, 17])
def test_a_row_does_not_notice_which_rows_come_with_it(
    d: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_blocks, "BLOCK_ROWS", 32)
    x = np.random.default_rng(d).integers(0, 3, size=(120, d)) / 8  # ties
    whole = nearest(x, x, 5)
    parts = nearest(x, x, 5, cuts=(1, 4, 40, 41, 100))
    assert parts[0].tobytes() == whole[0].tobytes()
    tied = whole[0] > 0  # of copies of the query any may be named
    np.testing.assert_array_equal(parts[1][tied], whole[1][tied])


@given(tables, st.integers(1, 5), st.booleans())
@settings(max_examples=30)
def test_a_block_is_taken_in_as_if_every_row_were_compared(x: Floats, k: int, near: bool) -> None:
    x = np.clip(x, -1e9, 1e9)
    queries, which = np.concatenate([x, -x[:2]]), np.arange(len(x))[::2].copy()
    ours: Any = np.full((len(queries), k), np.inf), np.full((len(queries), k), 2**40)
    theirs: Any = ours[0].copy(), ours[1].copy()
    d = x.shape[1]
    for block in (np.arange(len(x) // 2), np.arange(len(x) // 2, len(x))):
        if near:
            centre, rounding = x[block].mean(axis=0), near_blocks._rounding(d)
            unit = 2.0 ** np.ceil(np.log2(np.abs(x[block] - centre).max() + 1.0))
            singles = np.empty((len(x), d + 1), np.float32)
            lengths = np.empty(len(x))
            near_blocks.brought_near(x, block, centre, unit, rounding, singles, lengths)
            columns = -2 * singles[: len(block)]
            columns[:, d] = lengths[: len(block)]
            near_blocks.brought_near(queries, which, centre, unit, rounding, singles, lengths)
            products = singles[: len(which)] @ columns.T
            near_blocks.take_near(products, lengths, unit, queries, which, x, block, *ours)
            reference.take_near(products, lengths, unit, queries, which, x, block, *theirs)
        else:
            near_blocks.take_all(queries, which, x, block, *ours)
            reference.take_all(queries, which, x, block, *theirs)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    assert all(len(set(rows)) == k for rows in ours[1][which].tolist() if max(rows) < 2**40)


@given(tables, st.floats(1e-3, 1e3))
@settings(max_examples=30)
def test_queries_are_brought_near_as_the_definition_says(x: Floats, unit: float) -> None:
    which, centre = np.arange(len(x))[1::2].copy(), x.mean(axis=0)
    found, expected = [
        (np.zeros((len(x), x.shape[1] + 1), np.float32), np.zeros(len(x))) for _ in range(2)
    ]
    near_blocks.brought_near(x, which, centre, unit, 1e-5, *found)
    reference.brought_near(x, which, centre, unit, 1e-5, *expected)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6, atol=1e-37)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-6, atol=1e-37)


@given(tables)
@settings(max_examples=30)
def test_boxes_are_as_far_away_as_their_nearest_point(x: Floats) -> None:
    x = np.clip(x, -1e9, 1e9)
    lowest, highest = np.minimum(x[:3], x[-3:]), np.maximum(x[:3], x[-3:])
    found, expected = np.empty((len(x), 3)), np.empty((len(x), 3))
    near_blocks.box_distances(x, lowest, highest, found)
    reference.box_distances(x, lowest, highest, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
