from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import profile_stream as kernel
from sonde.kernels._jit import config
from sonde.learn.profiles.stream_state import blank, kept
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import profile_stream as reference

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NEAR = 1e-6  # what the definition in extended precision is met by, at the least


class Run:
    """A stream that is fed as a test wants it."""

    def __init__(self, m: int, most: int | None, room: int = 0) -> None:
        self.state = blank(m, most=most or room)
        if not most:
            self.state["clock"][kernel.MOST] = 2**62
        self.floats, self.integers = self.state["floats"], self.state["integers"]
        self.clock, self.scale = self.state["clock"], self.state["scale"]

    def extend(self, x: Floats) -> tuple[Floats, Integers]:
        distances, indices = np.empty(len(x)), np.empty(len(x), dtype=np.int64)
        kernel.stream_extend(
            self.floats, self.integers, self.clock, self.scale, x.copy(), distances, indices
        )
        return distances, indices

    def update(self, x: Floats) -> tuple[Floats, Integers]:
        found = [
            kernel.stream_update(self.floats, self.integers, self.clock, self.scale, float(value))
            for value in x
        ]
        return np.array([d for d, _ in found]), np.array([i for _, i in found], dtype=np.int64)

    def later(self) -> tuple[Floats, Integers]:
        columns = kept(self.state)
        n = columns.stop - columns.start
        distances, indices = np.empty(n), np.empty(n, dtype=np.int64)
        kernel.stream_later(self.floats, self.integers, self.clock, distances, indices)
        return distances, indices


def off(ours: Floats, theirs: Floats) -> float:
    """The largest difference; infinite where only one of both is."""
    known = ~(np.isinf(ours) & np.isinf(theirs))
    return float(np.abs(ours[known] - theirs[known]).max(initial=0.0))


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize(("m", "most"), [(24, 200), (24, None), (3, 120)])
def test_every_hard_series_is_exact(name: str, m: int, most: int | None) -> None:
    x = hard_series(name, 480)
    run = Run(m, most, room=len(x))
    distances, indices = run.extend(x)
    distances, indices = distances[m - 1 :], indices[m - 1 :]
    nearest, all_distances = reference.stream_extend(x, m, most)
    assert off(distances, nearest) < NEAR
    has = indices >= 0
    np.testing.assert_array_equal(has, np.isfinite(nearest))
    assert off(all_distances[np.flatnonzero(has), indices[has]], nearest[has]) < NEAR
    later, places = run.later()
    first, has = max(0, len(x) - most) if most else 0, places >= 0
    assert off(later, all_distances.min(axis=0)[first:]) < NEAR
    assert off(all_distances[places[has], first + np.flatnonzero(has)], later[has]) < NEAR


def long_series(name: str) -> Floats:
    """Thousands of points in which large numbers come and go."""
    generator = np.random.default_rng(8)
    x = np.sin(np.arange(9000) / 11.0) + 0.3 * generator.normal(size=9000)
    if name == "spikes":
        x[200::611] += 1e9
    if name == "bursts":
        for start in range(300, 9000, 777):
            x[start : start + 9] *= 1e6
    if name == "steps":
        x += np.cumsum(generator.normal(size=9000) * (generator.random(9000) < 0.003)) * 1e8
    if name == "scales":
        x *= 10.0 ** generator.integers(-9, 9, 300).repeat(30)
    if name == "offset 1e12":
        x += 1e12
    return x


@pytest.mark.parametrize("name", ["spikes", "bursts", "steps", "scales", "offset 1e12"])
def test_thousands_of_points_leave_no_error(name: str) -> None:
    x, m, most = long_series(name), 30, 400
    run = Run(m, most)
    run.extend(x[:5000])
    distances = np.concatenate([run.update(x[5000:8000])[0], run.extend(x[8000:])[0]])
    for end in (7000, 9000):
        nearest = reference.stream_extend(x[end - 700 : end], m, most)[0]
        assert off(distances[end - 5300 : end - 5000], nearest[-300:]) < NEAR
    assert off(run.later()[0], reference.stream_later(x[-400:], m, most)) < NEAR


def test_falls_without_number_leave_no_error() -> None:
    generator = np.random.default_rng(2)
    x = generator.normal(size=12_000)
    x[::7] *= 1e5
    run = Run(3, 150)
    assert run.integers.shape[1] < len(x) // 7  # so that what is kept of the falls wraps around
    distances = run.extend(x)[0]
    assert off(distances[-300:], reference.stream_extend(x[-500:], 3, 150)[0][-300:]) < NEAR


values = st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, -3.5, 1e6, 1e12, np.nan, np.inf, 1e300])
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@given(st.integers(0, 2**32), st.lists(values, max_size=30), sizes, st.integers(3, 12))
def test_points_that_come_together_give_the_bits_of_one_by_one(
    seed: int, odd: list[float], parts: list[int], m: int
) -> None:
    generator = np.random.default_rng(seed)
    x = np.round(generator.normal(size=sum(parts) + 60), 1)
    x[generator.integers(0, len(x), len(odd))] = odd
    flat = int(generator.integers(0, len(x)))
    x[flat : flat + 2 * m] = x[flat]
    one, together = Run(m, 50), Run(m, 50)
    single, many = [one.update(x)], []
    for part in [*np.split(x[:-60], np.cumsum(parts)[:-1]), x[-60:]]:
        many.append(together.extend(part))
    for k in (0, 1):
        np.testing.assert_array_equal(
            np.concatenate([a[k] for a in single]), np.concatenate([b[k] for b in many])
        )
        np.testing.assert_array_equal(one.later()[k], together.later()[k])
    used = kept(one.state)
    np.testing.assert_array_equal(one.clock, together.clock)
    np.testing.assert_array_equal(one.scale, together.scale)
    np.testing.assert_array_equal(
        one.floats[: kernel.COVARIANCE, used], together.floats[: kernel.COVARIANCE, used]
    )
    np.testing.assert_array_equal(
        one.integers[: kernel.RESTARTS, used], together.integers[: kernel.RESTARTS, used]
    )


@given(st.integers(0, 2**32), st.integers(3, 12))
def test_every_kind_of_window_keeps_its_rule(seed: int, m: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 3, 160).astype(float)
    for start in generator.integers(0, 160, 3):
        x[start : start + 2 * m] = x[start]
    x[generator.integers(0, 160, 2)] = np.nan
    run = Run(m, 70)
    distances = run.extend(x)[0][m - 1 :]
    assert off(distances, reference.stream_extend(x, m, 70)[0]) < NEAR
    assert off(run.later()[0], reference.stream_later(x, m, 70)) < NEAR
    assert off(distances[-1:], np.array([reference.stream_update(x, m, 70)])) < NEAR


@pytest.mark.parametrize("factor", [2.0**-400, 2.0**300, -4.0])
def test_the_unit_changes_no_bit(factor: float) -> None:
    x = hard_series("plain", 600)
    plain, scaled = Run(20, 200).extend(x), Run(20, 200).extend(x * factor)
    np.testing.assert_array_equal(plain[0], scaled[0])
    np.testing.assert_array_equal(plain[1], scaled[1])


def test_of_equal_neighbours_the_newest_is_told() -> None:
    x = np.tile([0.0, 1.0, 5.0, 2.0, 2.5, -1.0, 4.0, 4.5], 12)
    distances, indices = Run(8, 90).extend(x)
    assert (distances[16:] < 1e-7).all()
    np.testing.assert_array_equal(indices[16:], np.arange(16, 96) - 7 - 8)
