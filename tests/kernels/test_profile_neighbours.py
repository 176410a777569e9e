from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels._jit import config
from sonde.kernels.profile_neighbours import nearest_several, split_scores
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import profile_neighbours as reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def assert_as_near(x: Floats, m: int, k: int, zone: int) -> None:
    """What was found is as near as what the twin finds; which of equals it is does not matter."""
    found, wanted = nearest_several(x, m, k, zone), reference.nearest_several(x, m, k, zone)
    np.testing.assert_array_equal(found >= 0, wanted >= 0)
    table = reference.pairs(x, m)
    for i in range(len(found)):
        known = found[i][found[i] >= 0]
        assert len(set(known.tolist())) == len(known)
        assert (abs(known - i) > zone).all()
        expected = table[i, wanted[i][wanted[i] >= 0]]
        np.testing.assert_allclose(table[i, known], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("m", [3, 10])
def test_finds_the_nearest_windows_of_hard_series(name: str, m: int) -> None:
    assert_as_near(hard_series(name, 60, seed=1)[np.newaxis], m, 3, -(-m // 4))


@pytest.mark.parametrize("name", HARD)
def test_channels_count_together(name: str) -> None:
    x = np.stack([hard_series(name, 48, seed=2), hard_series("plain", 48, seed=3)])
    assert_as_near(x, 8, 3, 2)


@settings(max_examples=20, deadline=None)
@given(
    n=st.integers(9, 30),
    m=st.integers(3, 8),
    k=st.integers(1, 5),
    zone=st.integers(0, 6),
    seed=st.integers(0, 99),
)
def test_finds_the_nearest_windows_of_short_series(
    n: int, m: int, k: int, zone: int, seed: int
) -> None:
    assert_as_near(np.random.default_rng(seed).normal(size=(1, n)), m, k, zone)


@pytest.mark.skipif(config.DISABLE_JIT, reason="4 million pairs; too slow without the compiler")
def test_long_runs_restart_and_stay_exact() -> None:
    x = np.random.default_rng(0).normal(size=(1, 2200)).cumsum(axis=1) + 1e6
    x[0, 700:706], x[0, 1400:1403] = 1e12, -1e13  # columns that start anew, in many stretches
    found = nearest_several(x, 12, 3, 3)
    rows = [5, 255, 256, 257, 690, 707, 1405, 1550, 2047, 2048, 2049, 2180]
    for i in rows:
        closeness = np.array(
            [reference.closeness(x[0, i : i + 12], x[0, j : j + 12]) for j in range(2189)]
        )
        closeness[max(0, i - 3) : i + 4] = -np.inf
        np.testing.assert_allclose(closeness[found[i]], np.sort(closeness)[::-1][:3], atol=1e-9)


_MEMORY = """
import resource
import numpy as np
from sonde.kernels.profile_neighbours import nearest_several
x = np.where(np.arange(12_000) // 10 % 2, np.random.default_rng(0).normal(size=12_000), 0.0)[None]
nearest_several(x[:, :200].copy(), 8, 3, 2)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
nearest_several(x, 8, 3, 2)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(config.DISABLE_JIT, reason="144 million pairs; too slow without the compiler")
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere ru_maxrss has other units")
def test_a_series_that_is_switched_on_and_off_takes_little_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 20 * 1024  # KiB; a number for each row and fall would be 56 MiB


def test_constant_and_missing_windows_follow_the_rules() -> None:
    x = np.random.default_rng(0).normal(size=60)
    x[10:20] = 2.0
    x[40:50] = 7.0
    x[30] = np.nan
    found = nearest_several(x[np.newaxis], 8, 1, 2)
    assert set(range(10, 13)) >= set(found[40:43, 0].tolist())
    assert (found[23:31] == -1).all()
    assert not set(range(23, 31)) & set(found.ravel().tolist())


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(4, 60),
    k=st.sampled_from([1, 3, 5]),
    margin=st.integers(1, 10),
    holes=st.sampled_from([0.0, 0.2, 1.0]),
    seed=st.integers(0, 99),
)
def test_a_cut_moved_on_has_the_score_of_counting_anew(
    n: int, k: int, margin: int, holes: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    where = rng.integers(0, n, size=(n, k))
    where[rng.random(n) < holes, -1] = -1
    np.testing.assert_allclose(
        split_scores(where, margin), reference.split_scores(where, margin), atol=1e-12
    )


def test_neighbours_on_their_own_sides_score_one() -> None:
    where = np.array([[1], [0], [1], [4], [5], [4]])
    scores = split_scores(where, 1)
    assert np.isnan(scores[0])
    assert scores[3] == 1.0
    assert (scores[[1, 2, 4, 5]] < 1.0).all()
