from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import profile_channels as kernels
from sonde.kernels._jit import config
from sonde.kernels.channel_windows import BLOCK, channels_of
from tests.kernels.test_channel_windows import NAMES, channels, distances
from tests.reference import profile_channels as reference
from tests.reference.channel_windows import all_means

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)


def nearest(
    query: Floats, other: Floats, m: int, first: int, last: int | None = None
) -> tuple[kernels.Nearest, kernels.Nearest]:
    """Of each window i of the query and i + gap of the other, first ≤ gap: the best of each."""
    d, n, r = query.shape[1], len(query) - m + 1, len(other) - m + 1
    row, column = kernels.nothing_found(d, n), kernels.nothing_found(d, r)
    kernels.nearest_by_channels(
        channels_of(query, m),
        channels_of(other, m),
        kernels.comparators(d),
        m,
        first,
        r if last is None else last,
        row,
        column,
    )
    return row, column


def check_side(
    query: Floats, other: Floats, m: int, allowed: NDArray[np.bool_], found: kernels.Nearest
) -> None:
    n = len(query) - m + 1
    where = found.where[:, :n]
    least, _ = reference.nearest_by_channels(query, other, m, allowed)
    np.testing.assert_array_equal(where < 0, np.isinf(least))
    for k, i in np.argwhere(where >= 0):
        assert allowed[i, where[k, i]]
    np.testing.assert_allclose(distances(query, other, m, where), least, atol=1e-6, rtol=0)


def check(query: Floats, other: Floats, m: int, first: int) -> None:
    row, column = nearest(query, other, m, first)
    gaps = np.arange(len(other) - m + 1)[None, :] - np.arange(len(query) - m + 1)[:, None]
    check_side(query, other, m, first <= gaps, row)
    check_side(other, query, m, first <= gaps.T, column)


@given(
    st.integers(30, 90),
    st.integers(30, 90),
    st.integers(1, 6),
    st.integers(2, 8),
    st.integers(0, 60),
    st.integers(0, 1000),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
)
@settings(max_examples=60)
def test_agrees_with_comparing_every_pair(
    n: int, r: int, d: int, m: int, gap: int, seed: int, name: str, other: str
) -> None:
    query = channels(n, d, seed, name, seed % d)
    check(query, channels(r, d, seed + 1, other, d - 1), m, gap)


@pytest.mark.parametrize("first", [2, 0], ids=["one channel", "all channels"])
@pytest.mark.parametrize("name", NAMES)
def test_stays_exact_whatever_a_channel_holds(name: str, first: int) -> None:
    x, y = channels(260, 3, 5, name, first), channels(200, 3, 6, name, first)
    check(x, x, 20, 6)
    check(x, y, 20, 0)


def test_stays_exact_over_many_restarts() -> None:
    m, first = 16, 5
    x = channels(5000, 2, 8)
    x[1000:1010, 0] *= 1e6
    x[2500:, 1] += 1e8
    x[3000:3040] = 7.0
    row, column = nearest(x, x, m, first)
    places = np.arange(len(x) - m + 1)
    later = distances(x, x, m, row.where[:, : len(places)])
    earlier = distances(x, x, m, column.where[:, : len(places)])
    for i in (0, 985, 1000, 1012, 2048, 2490, 2500, 2990, 3003, 4100, 4984):
        means = all_means(x[i : i + m], x, m)[:, 0]
        for found, allowed in ((later, places - i >= first), (earlier, i - places >= first)):
            least = np.where(allowed, means, np.inf).min(axis=1)
            np.testing.assert_allclose(found[:, i], least, atol=1e-6)


@pytest.mark.parametrize("d", [1, 2, 4, 7, 12, 33])
def test_any_number_of_channels(d: int) -> None:
    check(channels(120, d, d), channels(90, d, d + 1), 10, 0)


def test_comparators_sort() -> None:
    # What sorts all zeros and ones sorts everything (Knuth, The Art of Computer Programming 3).
    for d in range(1, 11):
        values = np.array(list(itertools.product([0, 1], repeat=d)))
        for low, high in kernels.comparators(d):
            pair = values[:, [low, high]]
            values[:, low], values[:, high] = pair.min(axis=1), pair.max(axis=1)
        assert (np.diff(values, axis=1) >= 0).all(), d
    values = np.random.default_rng(0).permutation(200)
    for low, high in kernels.comparators(200):
        values[low], values[high] = sorted((values[low], values[high]))
    assert (values == np.arange(200)).all()


@pytest.mark.parametrize("name", NAMES)
def test_parts_put_together_in_order_change_no_bit(name: str) -> None:
    x, y = channels(230, 3, 1, name, 1), channels(300, 3, 2, name, 1)
    whole = nearest(x, y, 10, 3)
    cuts = [3, 3 + BLOCK, 3 + 4 * BLOCK, 291]
    parts = [nearest(x, y, 10, a, b) for a, b in itertools.pairwise(cuts)]
    for side in (0, 1):
        closeness, where = (np.array(a) for a in parts[0][side])
        for part in parts[1:]:
            is_closer = part[side].closeness > closeness
            closeness[is_closer] = part[side].closeness[is_closer]
            where[is_closer] = part[side].where[is_closer]
        assert closeness.tobytes() == whole[side].closeness.tobytes()
        assert where.tobytes() == whole[side].where.tobytes()


def test_of_equally_close_later_windows_the_next_is_taken() -> None:
    # In both channels only constant windows, at distance 0 from each other.
    row, _ = nearest(np.full((80, 2), 3.0), np.full((80, 2), 3.0), 5, 2)
    places = np.arange(76)
    np.testing.assert_array_equal(row.where[1, :76], np.where(places + 2 < 76, places + 2, -1))


def test_an_unknown_channel_is_sorted_last() -> None:
    x = channels(60, 3, 1)
    x[30, 0], x[31, 1] = np.nan, np.inf
    row, _ = nearest(x, x, 8, 3)
    i = 26  # holds both
    assert (row.where[:, i] >= 0).tolist() == [True, False, False]
    found = distances(x, x, 8, row.where[:, :53])
    assert np.isfinite(found[0, i])
    assert np.isinf(found[1:, i]).all()


@given(st.integers(0, 1000), st.sampled_from([0.5, 2.0, 1024.0]), st.integers(-64, 64))
@settings(max_examples=20)
def test_neither_unit_nor_offset_nor_order_of_channels_counts(
    seed: int, unit: float, offset: int
) -> None:
    x = channels(100, 4, seed)
    y = (x * unit + offset)[:, ::-1].copy()
    found, other = nearest(x, x, 8, 3)[0], nearest(y, y, 8, 3)[0]
    np.testing.assert_allclose(
        distances(y, y, 8, other.where[:, :93]), distances(x, x, 8, found.where[:, :93]), atol=1e-9
    )
