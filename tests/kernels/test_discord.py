from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import discord
from tests.reference import discord as reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FLAWS = ("none", "constant", "missing", "step", "spike", "burst", "rounded", "tiny", "huge")


def flawed(n: int, seed: int, offset: float, flaw: str) -> Floats:
    """A random walk with the kind of flaw that costs running sums their digits."""
    generator = np.random.default_rng(seed)
    x = np.cumsum(generator.normal(size=n)) + generator.normal(size=n)
    third = n // 3
    if flaw == "constant":
        x[third : 2 * third] = x[third]
    if flaw == "missing":
        x[third], x[2 * third : 2 * third + 3] = np.nan, np.inf
    if flaw == "step":
        x[third:] += 1e8
    if flaw == "spike":
        x[third] = 1e9
    if flaw == "burst":
        x[third : third + 5] *= 1e6
    if flaw == "rounded":
        x = x.round()
    if flaw == "tiny":
        x *= 1e-200
    if flaw == "huge":
        x *= 1e300
    return x + offset


Windows = tuple[Floats, Floats, int, int, int]
offsets = st.sampled_from([0.0, 1e8, -1e8])
joins = st.builds(
    lambda n, r, m, zone, shift, seed, offset, flaws: (
        flawed(n, seed, offset, flaws[0]),
        flawed(r, seed + 1, offset, flaws[1]),
        m,
        zone,
        shift,
    ),
    n=st.integers(8, 90),
    r=st.integers(8, 90),
    m=st.integers(2, 8),
    zone=st.sampled_from([-1, 0, 3, 40]),
    shift=st.integers(-50, 50),
    seed=st.integers(0, 1000),
    offset=offsets,
    flaws=st.tuples(st.sampled_from(FLAWS), st.sampled_from(FLAWS)),
)


def nearest(
    query: Floats, other: Floats, m: int, zone: int = -1, shift: int = 0
) -> tuple[Floats, Integers]:
    n = len(query) - m + 1
    best, where = np.empty(n), np.empty(n, np.int64)
    discord.nearest_windows(query, other, m, zone, shift, 0, n, best, where)
    return best, where


def check(join: Windows) -> None:
    query, other, m, zone, shift = join
    best, where = nearest(*join)
    expected, expected_where = np.empty_like(best), np.empty_like(where)
    reference.nearest_windows(query, other, m, zone, shift, 0, len(best), expected, expected_where)
    np.testing.assert_array_equal(where < 0, expected_where < 0)
    known = where >= 0
    assert (abs((where - shift) - np.arange(len(where)))[known] > zone).all()
    # A correlation has most of its digits, so that another window may be named where it is as near
    # by them; the distance to the one that is named has all.
    np.testing.assert_allclose(best, expected, atol=1e-8)
    distances = discord.window_distances(query, other, m, where)
    exact = reference.window_distances(query, other, m, where)
    np.testing.assert_allclose(distances, exact, rtol=1e-9, atol=1e-12)
    least = reference.window_distances(query, other, m, expected_where)
    assert (distances[known] ** 2 <= least[known] ** 2 + 2 * m * 1e-8).all()


@given(joins)
@settings(max_examples=60)
def test_agrees_with_comparing_every_pair(join: Windows) -> None:
    check(join)


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize("flaw", FLAWS)
def test_stays_exact_on_longer_series(flaw: str, offset: float) -> None:
    if flaw == "tiny" and offset:
        offset = 1e-200
    query, other = flawed(560, 5, offset, flaw), flawed(110, 6, offset, flaw)
    check((query, other, 20, 5, -200))


@given(joins, st.lists(st.integers(0, 80), max_size=3))
def test_parts_change_no_bit(join: Windows, cuts: list[int]) -> None:
    query, other, m, zone, shift = join
    best, where = nearest(*join)
    parts, places = np.empty_like(best), np.empty_like(where)
    bounds = [0, *sorted(min(cut, len(best)) for cut in cuts), len(best)]
    for start, stop in itertools.pairwise(bounds):
        discord.nearest_windows(query, other, m, zone, shift, start, stop, parts, places)
    assert parts.tobytes() == best.tobytes()
    assert places.tobytes() == where.tobytes()


def test_parts_of_a_longer_series_change_no_bit() -> None:
    x, y = flawed(1100, 3, 1e8, "burst"), flawed(60, 4, 1e8, "step")
    best, where = nearest(x, y, 16, 4)
    parts, places = np.empty_like(best), np.empty_like(where)
    for start, stop in ((0, 3), (3, 700), (700, 1024), (1024, len(best))):
        discord.nearest_windows(x, y, 16, 4, 0, start, stop, parts, places)
    assert parts.tobytes() == best.tobytes()
    assert places.tobytes() == where.tobytes()


@given(st.integers(0, 1000), st.sampled_from([0.5, 2.0, 1024.0]), st.integers(-64, 64))
@settings(max_examples=30)
def test_neither_unit_nor_offset_counts(seed: int, unit: float, offset: int) -> None:
    x, y = flawed(60, seed, 0.0, "none"), flawed(50, seed + 1, 0.0, "none")
    best, _ = nearest(x, y, 6)
    other, _ = nearest(x * unit + offset, y, 6)
    np.testing.assert_allclose(other, best, atol=1e-9)


def test_a_repeated_shape_is_its_own_nearest_neighbour() -> None:
    x = flawed(300, 1, 0.0, "none")
    x[200:240] = 3.0 * x[50:90] + 7.0
    best, where = nearest(x, x, 40, 10)
    assert where[50] == 200
    assert where[200] == 50
    assert discord.window_distances(x, x, 40, where)[50] < 1e-6
    assert best[50] == pytest.approx(1.0)


def test_constant_and_missing_windows_follow_the_rules() -> None:
    m = 4
    flat, ramp = np.full(4, 3.0), np.array([0.0, 1.0, 0.0, -5.0])
    unlike = -ramp
    gap = np.array([1.0, np.nan, 2.0, 3.0])
    for query, other, expected in (
        (flat, np.full(4, 8.0), 0.0),
        (flat, ramp, math.sqrt(m)),
        (ramp, flat, math.sqrt(m)),
        (ramp, unlike, 2.0 * math.sqrt(m)),
        (gap, ramp, math.inf),
        (ramp, gap, math.inf),
        (gap, flat, math.inf),
    ):
        best, where = nearest(query, other, m)
        distance = discord.window_distances(query, other, m, where)
        assert distance[0] == pytest.approx(expected)
        assert math.sqrt(2 * m * (1 - best[0])) == pytest.approx(expected)


def test_no_window_allowed_means_infinitely_far() -> None:
    x = flawed(30, 2, 0.0, "none")
    best, where = nearest(x, x, 5, 100)
    assert (best == -np.inf).all()
    assert (where == -1).all()
    assert np.isinf(discord.window_distances(x, x, 5, where)).all()
