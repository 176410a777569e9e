from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.core.progress import listening
from sonde.kernels._jit import config
from sonde.learn.profiles import joins
from sonde.learn.profiles.joins import Neighbours, cross_join, self_join
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import profile as reference

Floats = NDArray[np.float64]

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)


def same(a: Neighbours, b: Neighbours) -> bool:
    """To the bit."""
    pairs = zip(vars(a).values(), vars(b).values(), strict=True)
    return all(p is q or p.tobytes() == q.tobytes() for p, q in pairs)


def check_named(found: Neighbours, twin: reference.Twin) -> None:
    """The distance told is that to the window named."""
    rows = np.flatnonzero(found.indices >= 0)
    exact = twin.all[rows, found.indices[rows]]
    np.testing.assert_allclose(found.distances[rows], exact, rtol=0, atol=1e-9)
    assert np.isinf(found.distances[found.indices < 0]).all()


@pytest.mark.parametrize("m", [3, 5, 8, 40])
@pytest.mark.parametrize("name", HARD)
def test_hard_series_have_exact_profiles(name: str, m: int) -> None:
    x, other = hard_series(name, 350), hard_series(name, 240, 1)
    twin, found = reference.self_join(x, m), self_join(x, m)
    np.testing.assert_allclose(found.distances, twin.distances, rtol=0, atol=1e-6)
    assert found.left_distances is not None
    assert found.right_distances is not None
    np.testing.assert_allclose(found.left_distances, twin.left, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.right_distances, twin.right, rtol=0, atol=1e-6)
    check_named(found, twin)
    twin, found = reference.cross_join(x, other, m), cross_join(x, other, m)
    np.testing.assert_allclose(found.distances, twin.distances, rtol=0, atol=1e-6)
    check_named(found, twin)


@pytest.mark.parametrize("name", HARD)
def test_float32_names_a_neighbour_nearly_as_near_and_tells_its_exact_distance(name: str) -> None:
    x, other, m = hard_series(name, 350, 2), hard_series(name, 240, 3), 30
    for found, twin in (
        (self_join(x, m, precision="float32"), reference.self_join(x, m)),
        (cross_join(x, other, m, precision="float32"), reference.cross_join(x, other, m)),
    ):
        check_named(found, twin)
        assert (found.indices[np.isinf(twin.distances)] == -1).all()
        known = np.isfinite(twin.distances)
        least = twin.distances[known] ** 2
        assert (found.distances[known] ** 2 <= least + 2 * m * 1e-5).all()


def test_windows_far_apart_in_size_are_compared_in_float64() -> None:
    x = hard_series("plain", 200)
    x[100:120] *= 1e25
    twin = reference.self_join(x, 10)
    found = self_join(x, 10, precision="float32")
    np.testing.assert_allclose(found.distances, twin.distances, rtol=0, atol=1e-6)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("name", ["plain", "missing", "constant stretch", "quantised", "burst 1e6"])
def test_threads_and_the_order_of_tiles_change_no_bit(
    name: str, precision: joins.Precision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joins, "tile_side", lambda window: 64)
    x, other, m = hard_series(name, 400, 4), hard_series(name, 300, 5), 12
    one = self_join(x, m, precision=precision)
    across = cross_join(x, other, m, precision=precision)
    for threads in (2, 5):
        assert same(self_join(x, m, precision=precision, threads=threads), one)
        assert same(cross_join(x, other, m, precision=precision, threads=threads), across)
    over = joins._over
    monkeypatch.setattr(joins, "_over", lambda tiles, *rest: over(backwards(tiles), *rest))
    assert same(self_join(x, m, precision=precision), one)
    assert same(cross_join(x, other, m, precision=precision), across)


def backwards(tiles: list[joins._Tile]) -> list[joins._Tile]:
    """In another order, since tiles of one size are worked on in the order in which they came."""
    return [joins._Tile(tile.i, tile.j, 1) for tile in tiles[::-1]]


@pytest.mark.parametrize("name", ["plain", "missing", "constant stretch", "level step 1e8"])
def test_small_tiles_find_what_one_tile_finds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, other, m = hard_series(name, 300, 6), hard_series(name, 200, 7), 16
    whole, across = self_join(x, m), cross_join(x, other, m)
    monkeypatch.setattr(joins, "tile_side", lambda window: 50)
    for found, expected in ((self_join(x, m), whole), (cross_join(x, other, m), across)):
        np.testing.assert_allclose(found.distances, expected.distances, rtol=0, atol=1e-9)


def test_a_series_of_several_tiles_is_compared_whole() -> None:
    x, m = hard_series("plain", 4700, 8), 40
    windows = np.lib.stride_tricks.sliding_window_view(x, m)
    shapes = windows - windows.mean(axis=1, keepdims=True)
    shapes /= np.linalg.norm(shapes, axis=1, keepdims=True)
    found = self_join(x, m)
    places = np.arange(len(shapes))
    for start in range(0, len(shapes), 500):
        close = shapes[start : start + 500] @ shapes.T
        close[abs(places[start : start + 500, None] - places) <= 10] = -np.inf
        least = np.sqrt(2 * m * (1 - close.max(axis=1)))
        np.testing.assert_allclose(found.distances[start : start + 500], least, atol=1e-6)


@given(
    st.sampled_from(HARD),
    st.integers(40, 90),
    st.integers(40, 90),
    st.integers(2, 9),
    st.integers(-1, 20),
    st.integers(-60, 60),
)
@settings(max_examples=50)
def test_a_zone_around_the_same_place_is_left_out(
    name: str, n: int, r: int, m: int, zone: int, shift: int
) -> None:
    x, other = hard_series(name, n, 9), hard_series(name, r, 10)
    found = cross_join(x, other, m, zone=zone, shift=shift)
    twin = reference.cross_join(x, other, m, zone, shift)
    np.testing.assert_allclose(found.distances, twin.distances, rtol=0, atol=1e-6)
    check_named(found, twin)


@pytest.mark.parametrize("name", HARD)
def test_a_series_with_itself_is_a_self_join(name: str) -> None:
    x, m, zone = hard_series(name, 200, 11), 14, 13
    alone, across = self_join(x, m, zone=zone), cross_join(x, x, m, zone=zone)
    np.testing.assert_allclose(alone.distances, across.distances, rtol=0, atol=1e-9)


@given(st.integers(0, 999), st.sampled_from([0.5, 2.0, 1024.0]), st.integers(-64, 64))
@settings(max_examples=30)
def test_neither_unit_nor_offset_counts(seed: int, unit: float, offset: int) -> None:
    x = hard_series("quantised", 80, seed)
    found, moved = self_join(x, 7), self_join(x * unit + offset, 7)
    np.testing.assert_allclose(found.distances, moved.distances, rtol=0, atol=1e-7)


def test_the_earlier_and_the_later_neighbour_of_a_repeated_shape() -> None:
    x = hard_series("plain", 300, 12)
    x[200:240] = 3.0 * x[50:90] + 7.0
    found = self_join(x, 40)
    assert found.right_indices is not None
    assert found.left_indices is not None
    assert (found.indices[50], found.right_indices[50]) == (200, 200)
    assert (found.indices[200], found.left_indices[200]) == (50, 50)
    assert found.distances[50] < 1e-6
    assert (found.left_indices[:11] == -1).all()
    assert (found.right_indices[-11:] == -1).all()


@pytest.mark.parametrize("m", [3, 8])
def test_the_shortest_series_have_no_neighbours(m: int) -> None:
    zone = math.ceil(m / 4)
    for n in range(m, m + zone + 1):
        found = self_join(hard_series("plain", 40)[:n], m)
        assert found.indices.tolist() == [-1] * (n - m + 1)
        assert np.isinf(found.distances).all()
    found = self_join(hard_series("plain", 40)[: m + zone + 1], m)
    assert found.indices.tolist() == [zone + 1] + [-1] * zone + [0]


def test_constant_and_missing_windows_follow_the_rules() -> None:
    flat = self_join(np.full(40, 5.0), 8)
    assert (flat.distances == 0.0).all()
    nothing = self_join(np.full(40, np.nan), 8)
    assert np.isinf(nothing.distances).all()
    assert (nothing.indices == -1).all()
    ramp = np.arange(8.0) ** 2
    for x, other, expected in (
        (np.full(8, 5.0), ramp, math.sqrt(8)),
        (ramp, np.full(8, 5.0), math.sqrt(8)),
        (ramp, -ramp, 2 * math.sqrt(8)),
        (np.full(8, 5.0), np.full(8, 7.0), 0.0),
        (np.where(ramp == 9, np.inf, ramp), ramp, math.inf),
        (ramp, np.where(ramp == 9, np.nan, ramp), math.inf),
    ):
        assert cross_join(x, other, 8).distances[0] == pytest.approx(expected)


def test_progress_goes_up_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "tile_side", lambda window: 64)
    heard: list[tuple[str, float]] = []
    with listening(lambda stage, share: heard.append((stage, share))):
        self_join(hard_series("plain", 300), 10, threads=2)
    shares = [share for _, share in heard]
    assert {stage for stage, _ in heard} == {"comparing windows"}
    assert len(heard) == 15
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
