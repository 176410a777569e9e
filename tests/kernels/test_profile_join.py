from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import profile_block, profile_join, windows
from sonde.kernels._jit import config
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import profile_block as block_reference
from tests.reference import profile_join as reference
from tests.reference.profile import all_distances

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

NAMES = (*HARD, "all missing", "all constant", "amplitude 1e-200", "amplitude 1e300")


def series(name: str, n: int, seed: int) -> Floats:
    if name == "all missing":
        return np.full(n, np.nan)
    if name == "all constant":
        return np.full(n, 3.0)
    if name.startswith("amplitude"):
        return hard_series("plain", n, seed) * float(name.removeprefix("amplitude "))
    return hard_series(name, n, seed)


def best(n: int, known: float = -np.inf) -> tuple[Floats, Integers]:
    return np.full(n, known), np.full(n, -7, np.int64)


def joined(
    a: Floats, b: Floats, m: int, ahead: int = 0, zone: int = -1, single: bool = False
) -> tuple[Floats, Integers, Floats, Integers]:
    rows, columns = best(len(a) - m + 1), best(len(b) - m + 1)
    profile_join.join_tile(a, b, m, ahead, zone, *rows, *columns, single)
    return *rows, *columns


tiles = st.builds(
    lambda name, other, n, r, m, seed, ahead, zone: (
        series(name, n + m, seed),
        series(other, r + m, seed + 1),
        m,
        ahead,
        zone,
    ),
    name=st.sampled_from(NAMES),
    other=st.sampled_from(NAMES),
    n=st.integers(30, 130),
    r=st.integers(30, 130),
    m=st.integers(2, 9),
    seed=st.integers(0, 99),
    ahead=st.integers(-60, 90),
    zone=st.sampled_from([-1, 0, 2, 30]),
)


@pytest.mark.parametrize("single", [False, True])
@given(tile=tiles)
@settings(max_examples=60)
def test_a_tile_finds_what_comparing_every_pair_finds(
    single: bool, tile: tuple[Floats, Floats, int, int, int]
) -> None:
    a, b, m, ahead, zone = tile
    best_a, where_a, best_b, where_b = joined(a, b, m, ahead, zone, single)
    with np.errstate(over="ignore", under="ignore"):
        distances = all_distances(a, b, m)
    i, j = np.indices(distances.shape)
    if zone >= 0:
        distances[j + ahead - i <= zone] = np.inf
    tolerance = 1e-4 if single else 1e-10
    for found, where, expected in (
        (best_a, where_a, distances),
        (best_b, where_b, distances.T),
    ):
        least = expected.min(axis=1)
        np.testing.assert_array_equal(where < 0, np.isinf(least))
        some = np.flatnonzero(where >= 0)
        np.testing.assert_allclose(
            found[some], 1 - least[some] ** 2 / (2 * m), rtol=0, atol=tolerance
        )
        named = expected[some, where[some]]
        np.testing.assert_array_less(named**2, least[some] ** 2 + 2 * m * tolerance)
        assert (found[where < 0] == -np.inf).all()


@given(tile=tiles, bound=st.sampled_from([-1.0, 0.3, 0.5, 0.9, 1.0]))
@settings(max_examples=40)
def test_what_is_known_already_changes_no_bit_of_what_is_better(
    tile: tuple[Floats, Floats, int, int, int], bound: float
) -> None:
    a, b, m, ahead, zone = tile
    best_a, where_a, _, _ = joined(a, b, m, ahead, zone)
    # An equal correlation must be found too: it may have the lower window.
    known = np.where(np.arange(len(best_a)) % 3 == 0, best_a, bound)
    rows, columns = (known.copy(), np.full(len(known), -1)), best(len(b) - m + 1, np.inf)
    profile_join.join_tile(a, b, m, ahead, zone, *rows, *columns)
    kept = (where_a >= 0) & (best_a >= known)
    np.testing.assert_array_equal(rows[0][kept], best_a[kept])
    np.testing.assert_array_equal(rows[1][kept], where_a[kept])


def side(x: Floats, m: int, single: bool) -> Any:
    clean, known = windows.cleaned(x), np.full(len(x) - m + 1, -np.inf)
    kinds = windows.kinds(x, m)
    return profile_join._prepared(clean, windows.moments(clean, m), kinds, known, m, single)


def copied(sides: tuple[Any, ...]) -> list[Any]:
    return [type(one)(*(np.copy(field) for field in one)) for one in sides]


@pytest.mark.parametrize(("single", "tolerance"), [(False, 1e-13), (True, 1e-4)])
@pytest.mark.parametrize("name", ["plain", "missing", "spike 1e6", "quantised"])
def test_a_block_goes_along_its_diagonals(name: str, single: bool, tolerance: float) -> None:
    x, y, m = hard_series(name, 200), hard_series(name, 230, 1), 8
    rows, columns = side(x, m, single), side(y, m, single)
    again = copied((rows, columns))
    width = 64 if single else 32
    lanes = np.linspace(-1, 1, width).astype(rows.df.dtype)
    expected_lanes = lanes.astype(np.float64)
    places = np.arange(400, dtype=rows.where.dtype)
    profile_block.walk(rows, columns, places, 5, 3, 120, lanes)
    block_reference.walk(again[0], again[1], places, 5, 3, 120, expected_lanes)
    np.testing.assert_allclose(lanes, expected_lanes, atol=tolerance)
    for mine, expected in zip((rows, columns), again, strict=True):
        largest = np.nanmax(expected.inverse) ** 2
        np.testing.assert_allclose(mine.best, expected.best, rtol=0, atol=tolerance * largest)
        if not single:
            np.testing.assert_array_equal(mine.where, expected.where)


@given(
    name=st.sampled_from(HARD),
    low=st.integers(0, 40),
    high=st.integers(0, 120),
    m=st.integers(3, 9),
    period=st.sampled_from([7, 1000]),
)
@settings(max_examples=20)
def test_diagonals_keep_their_bounds(name: str, low: int, high: int, m: int, period: int) -> None:
    rows, columns = side(hard_series(name, 60), m, False), side(hard_series(name, 90, 1), m, False)
    again = copied((rows, columns))
    places = np.arange(200)
    profile_join.join_diagonals(tuple(rows), tuple(columns), m, period, low, high, places)
    reference.join_diagonals(tuple(again[0]), tuple(again[1]), m, period, low, high, places)
    for mine, expected in zip((rows, columns), again, strict=True):
        found = expected.where >= 0
        np.testing.assert_array_equal(mine.where >= 0, found)
        np.testing.assert_allclose(mine.best[found], expected.best[found], atol=1e-11)


kinds = st.lists(st.integers(0, 2), min_size=1, max_size=12).map(np.array)


@given(
    own=kinds,
    others=kinds,
    first=st.integers(-13, 13),
    last=st.integers(-13, 13),
    known=st.sampled_from([-np.inf, 0.2, 0.5, 0.7]),
)
def test_constant_windows_match_the_first_that_they_may(
    own: Integers, others: Integers, first: int, last: int, known: float
) -> None:
    found, expected = best(len(own), known), best(len(own), known)
    found[1][::2] = expected[1][::2] = 99
    profile_join.settle_constants(own, others, first, last, *found)
    reference.settle_constants(own, others, first, last, *expected)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([-np.inf, 0.1, 0.5]),
            st.integers(-1, 9),
            st.sampled_from([0.1, 0.5]),
            st.integers(-1, 9),
        ),
        min_size=1,
    ),
    st.integers(0, 5),
)
def test_merging_keeps_the_better_and_of_equals_the_lower(
    rows: list[tuple[float, int, float, int]], first: int
) -> None:
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    columns[0][columns[1] < 0] = -np.inf
    mine, theirs = [c.copy() for c in columns], [c.copy() for c in columns]
    profile_join.merge(*mine, first)  # type: ignore[call-arg, arg-type]
    reference.merge(*theirs, first)  # type: ignore[call-arg, arg-type]
    for one, other in itertools.islice(zip(mine, theirs, strict=True), 2):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("m", [2, 3, 8, 21])
@pytest.mark.parametrize("name", NAMES)
def test_distances_of_found_windows_are_exact(name: str, m: int) -> None:
    x, y = series(name, 90, 3), series("quantised" if name == "missing" else name, 70, 4)
    where = np.random.default_rng(1).integers(-1, 70 - m + 1, 90 - m + 1)
    found = profile_join.window_distances(x, y, m, where)
    expected = reference.window_distances(x, y, m, where)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-7 if m == 2 else 1e-9)


@pytest.mark.parametrize("spiked", ["rows", "columns"])
def test_every_lane_starts_anew_after_a_fall_of_the_norm(spiked: str) -> None:
    generator, m = np.random.default_rng(0), 8
    a, b = generator.normal(size=400), generator.normal(size=400)
    (a if spiked == "rows" else b)[150] = 1e9
    exact = 1 - all_distances(a, b, m) ** 2 / (2 * m)
    best_a, where_a, best_b, where_b = joined(a, b, m)
    places = np.arange(len(best_a))
    np.testing.assert_allclose(best_a, exact[places, where_a], rtol=0, atol=1e-13)
    np.testing.assert_allclose(best_b, exact[where_b, places], rtol=0, atol=1e-13)
