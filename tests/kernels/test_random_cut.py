from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import random_cut as k
from tests.reference import random_cut as reference
from tests.reference.random import stream

Floats = NDArray[np.float64]

# Few different numbers: equal rows, equal columns and gaps are the cases to get right.
numbers = st.sampled_from([-1.5, 0.0, 0.25, 1.0, 3.0, 1e300, -1e300, 5e-324, np.nan])
streams = arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=numbers)
seeds = st.integers(0, 2**63 - 1)
decays = st.sampled_from([0.0, 0.01, 1.0])


def blank(n_trees: int, most: int, d: int, shingle: int, seed: int) -> dict[str, Any]:
    wide = shingle * d
    return {
        "clock": np.zeros(k.N_CLOCK, np.int64),
        "scale": np.stack([np.zeros(d), np.ones(d)]),
        "recent": np.zeros((shingle, d)),
        "nodes": np.zeros((n_trees, 2 * most - 1, k.N_LINKS), np.int32),
        "cuts": np.zeros((n_trees, most - 1)),
        "boxes": np.zeros((n_trees, most - 1, 2, wide)),
        "points": np.zeros((n_trees, most, wide)),
        "spare": np.tile(np.arange(most, dtype=np.int32), (n_trees, 2, 1)),
        "weights": np.zeros((n_trees, most)),
        "items": np.zeros((n_trees, most), np.int32),
        "heads": np.zeros((n_trees, k.N_HEADS), np.int32),
        "random": np.stack([stream(seed, t) for t in range(n_trees)]),
    }


def run(x: Floats, forest: dict[str, Any], decay: float = 0.0, blame: bool = False) -> Any:
    scores, shares = np.empty(len(x)), np.empty((len(x) if blame else 0, x.shape[1]))
    over: Any = k.random_cut_run
    over(x, decay, *forest.values(), scores, shares)
    return (scores, shares) if blame else scores


def tree_of(forest: dict[str, Any], t: int) -> reference.Leaf | reference.Inner | None:
    """The kernel's arrays as the reference's nodes, every link and box looked at on the way."""
    nodes, n_inner = forest["nodes"][t], forest["cuts"].shape[1]

    def node(number: int, parent: int) -> reference.Leaf | reference.Inner:
        above, left, right, count, column = nodes[number].tolist()
        assert above == parent
        if number >= n_inner:
            return reference.Leaf(tuple(forest["points"][t, number - n_inner].tolist()), count)
        made = reference.Inner(
            column, forest["cuts"][t, number], node(left, number), node(right, number)
        )
        assert made.count == count
        assert [tuple(side) for side in forest["boxes"][t, number].T.tolist()] == reference.box(
            made
        )
        return made

    root, leaves, _ = forest["heads"][t].tolist()
    return node(root, k.NONE) if leaves else None


@given(streams, st.integers(1, 3), st.integers(2, 8), seeds, decays)
@settings(max_examples=60, deadline=None)
def test_agrees_with_the_definition(
    x: Floats, shingle: int, most: int, seed: int, decay: float
) -> None:
    forest = blank(3, most, x.shape[1], shingle, seed)
    scores = run(x, forest, decay)
    expected, trees = reference.random_cut_run(x, decay, forest["scale"], shingle, 3, most, seed)
    np.testing.assert_allclose(scores, expected, rtol=1e-12)
    for t, tree in enumerate(trees):
        assert tree_of(forest, t) == tree.root
        assert forest["random"][t].tobytes() == tree.random.tobytes()
        held = forest["heads"][t, k.HELD]
        assert sorted(forest["weights"][t, :held]) == sorted(weight for weight, _ in tree.held)
        leaves = Counter(forest["items"][t, :held].tolist())
        counts = forest["nodes"][t, most - 1 :, k.COUNT]
        assert all(counts[leaf] == n for leaf, n in leaves.items())


@given(streams, st.integers(0, 40), seeds, decays)
@settings(max_examples=30, deadline=None)
def test_stopping_in_between_changes_no_bit(x: Floats, cut: int, seed: int, decay: float) -> None:
    whole, halves = blank(3, 4, x.shape[1], 2, seed), blank(3, 4, x.shape[1], 2, seed)
    at_once = run(x, whole, decay)
    parts = [run(x[:cut], halves, decay), run(x[cut:], halves, decay)]
    assert at_once.tobytes() == np.concatenate(parts).tobytes()
    for name, array in whole.items():
        assert array.tobytes() == halves[name].tobytes(), name


def test_the_depth_in_a_tree_made_by_hand() -> None:
    # Points 0, 1 and 4 on a line: cut at 2 first, then at 0.5.
    forest = blank(1, 3, 1, 1, 0)
    forest["nodes"][0] = [[-1, 1, 4, 3, 0], [0, 2, 3, 2, 0], [1, 0, 0, 1, 0], [1, 0, 0, 1, 0],
                          [0, 0, 0, 1, 0]]  # fmt: skip
    forest["cuts"][0] = [2.0, 0.5]
    forest["boxes"][0, :, :, 0] = [[0.0, 4.0], [0.0, 1.0]]
    forest["points"][0, :, 0] = [0.0, 1.0, 4.0]
    forest["heads"][0] = [0, 3, 3]
    forest["weights"][0] = -1e9  # nothing held is given up
    for value, depth in [
        (6.0, 1 * 2 / 6 + 2 * 4 / 6),  # cut off at the root with 2 of 6, else at the leaf 4
        (3.0, 2.0),  # inside the root's box, at the leaf 4
        (1.5, 2 * 0.5 / 1.5 + 3 * 1.0 / 1.5),
        (4.0, 2.0),  # two equal rows would need one more cut than the one above them
        (-4.0, 1 * 4 / 8 + 4 / 8 * (2 * 4 / 5 + 3 * 1 / 5)),
    ]:
        usual = 2 * (np.log(2) + np.euler_gamma) - 4 / 3
        np.testing.assert_allclose(run(np.array([[value]]), forest), usual / depth)


def cuts_at_the_root(forest: dict[str, Any]) -> Floats:
    return np.array(
        [forest["cuts"][t, forest["heads"][t, k.ROOT]] for t in range(len(forest["cuts"]))]
    )


@pytest.mark.parametrize("order", [[0, 1, 3, 7], [3, 0, 7, 1]])
@pytest.mark.parametrize("passing", [[], [20.0, -5.0, 3.5]])
def test_cuts_stay_uniform_whatever_came_and_went(order: list[float], passing: list[float]) -> None:
    # At a decay of 50 each row drives out the oldest: only the last four are held.
    n = 1500
    forest = blank(n, 4, 1, 1, 11)
    run(np.array([*passing, *order])[:, None] * 1.0, forest, 50.0)
    roots = cuts_at_the_root(forest)
    shares = np.array(
        [(roots < 1).mean(), ((roots >= 1) & (roots < 3)).mean(), (roots >= 3).mean()]
    )
    np.testing.assert_allclose(shares, np.array([1, 2, 4]) / 7, atol=4 * 0.5 / np.sqrt(n))
    # Below the cut between 3 and 7, the three others are cut as if they were alone.
    left = [
        forest["cuts"][t, forest["nodes"][t, forest["heads"][t, k.ROOT], k.LEFT]]
        for t in np.flatnonzero(roots >= 3)
    ]
    assert abs((np.array(left) < 1).mean() - 1 / 3) < 4 * 0.5 / np.sqrt(len(left))


def test_columns_are_cut_by_their_range() -> None:
    x = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 0.5], [0.5, 0.2]])
    forest = blank(1500, 4, 2, 1, 3)
    run(x, forest)
    roots = [forest["nodes"][t, forest["heads"][t, k.ROOT], k.COLUMN] for t in range(1500)]
    assert abs(np.mean(roots) - 1 / 4) < 4 * 0.5 / np.sqrt(1500)


@pytest.mark.parametrize(("decay", "first_half"), [(0.0, 0.5), (0.02, 0.12), (1.0, 0.0)])
def test_rows_are_held_by_their_age(decay: float, first_half: float) -> None:
    x = np.arange(200.0)[:, None]
    forest = blank(150, 10, 1, 1, 5)
    run(x, forest, decay)
    assert abs((forest["points"] < 100).mean() - first_half) < 0.05
    if decay == 1.0:
        assert forest["points"].min() > 170


def test_equal_rows_share_a_leaf_and_leave_one_by_one() -> None:
    forest = blank(5, 4, 2, 1, 0)
    run(np.ones((9, 2)), forest, 50.0)
    assert (forest["heads"][:, k.LEAVES] == 1).all()
    run(np.array([[2.0, 1.0]] * 3), forest, 50.0)
    assert (forest["heads"][:, [k.LEAVES, k.HELD]] == [2, 4]).all()
    run(np.array([[2.0, 1.0]]), forest, 50.0)
    assert (forest["heads"][:, [k.LEAVES, k.HELD]] == [1, 4]).all()


def test_the_far_row_scores_highest_and_the_far_column_is_blamed() -> None:
    x = np.random.default_rng(0).normal(size=(200, 3))
    x[150, 1] = 9.0
    scores, shares = run(x, blank(20, 64, 3, 1, 0), blame=True)
    assert int(np.nanargmax(scores)) == 150
    assert shares[150, 1] > 0.8 * shares[150].sum()
    assert (shares[1:] >= 0).all()
    np.testing.assert_array_equal(scores, run(x, blank(20, 64, 3, 1, 0)))


def test_huge_numbers_and_tiny_differences_stay_finite() -> None:
    x = np.array([0.0, 5e-324, 1e-310, 1e300, -1e300, 1.7e308, 0.0, 1.0] * 20)[:, None]
    scores, shares = run(x, blank(10, 16, 1, 2, 0), blame=True)
    assert np.isfinite(scores[2:]).all()
    assert np.isfinite(shares).all()
    assert (scores[2:] > 0).all()
