from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.core.progress import listening
from sonde.errors import InvalidInput
from sonde.kernels._jit import config
from sonde.learn.profiles.channels import carrying_channels, channels_join
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import profile_channels as reference
from tests.reference.channel_windows import mean_distances

Floats = NDArray[np.float64]

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)


def three(name: str, n: int, seed: int) -> Floats:
    """(n, 3): a hard series beside two plain ones."""
    return np.stack(
        [hard_series(kind, n, seed + c) for c, kind in enumerate(("plain", name, "plain"))], axis=1
    )


@pytest.mark.parametrize("name", HARD)
def test_a_series_with_itself_agrees_with_all_pairs(name: str) -> None:
    m = 18
    x = three(name, 250, 3)
    found = channels_join(x, m)
    places = np.arange(250 - m + 1)
    gap = places[None, :] - places[:, None]
    zone = math.ceil(m / 4)
    for distances, indices, allowed in (
        (found.distances, found.indices, abs(gap) > zone),
        (found.left_distances, found.left_indices, gap < -zone),
        (found.right_distances, found.right_indices, gap > zone),
    ):
        assert distances is not None
        assert indices is not None
        least, where = reference.nearest_by_channels(x, x, m, allowed)
        np.testing.assert_allclose(distances, least, atol=1e-6, rtol=0)
        np.testing.assert_array_equal(indices < 0, where < 0)
        named = mean_distances(x, x, m, indices)
        np.testing.assert_allclose(distances, named, atol=1e-9, rtol=0)


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("sizes", [(200, 90), (60, 230)])
def test_two_series_agree_with_all_pairs(name: str, sizes: tuple[int, int]) -> None:
    m = 15
    x, y = three(name, sizes[0], 1), three(name, sizes[1], 2)
    found = channels_join(x, m, other=y)
    everything = np.ones((sizes[0] - m + 1, sizes[1] - m + 1), dtype=bool)
    least, where = reference.nearest_by_channels(x, y, m, everything)
    np.testing.assert_allclose(found.distances, least, atol=1e-6, rtol=0)
    np.testing.assert_array_equal(found.indices < 0, where < 0)
    assert found.left_distances is None
    assert found.right_indices is None


@pytest.mark.parametrize("name", ["plain", "constant stretch", "burst 1e6", "missing", "quantised"])
def test_the_number_of_threads_changes_no_bit(name: str) -> None:
    x, y = three(name, 4200, 4), three(name, 1900, 5)
    for other in (None, y):
        one = channels_join(x, 24, other=other)
        for threads in (2, 3):
            more = channels_join(x, 24, other=other, threads=threads)
            for field in ("distances", "indices", "left_distances", "right_indices"):
                a, b = getattr(one, field), getattr(more, field)
                assert a is b is None or a.tobytes() == b.tobytes()


def test_a_series_hardly_longer_than_a_window() -> None:
    x = three("plain", 34, 0)
    for n in (30, 31, 34):
        found = channels_join(x[:n], 30)
        assert np.isinf(found.distances).all()
        assert (found.indices == -1).all()
        assert found.distances.shape == (3, n - 29)
    assert np.isfinite(channels_join(x[:30], 30, other=x).distances).all()


def test_one_channel_counts_as_one_series() -> None:
    x = hard_series("plain", 300, 1)[:, None]
    found = channels_join(x, 20)
    assert found.distances.shape == (1, 281)
    allowed = abs(np.subtract.outer(np.arange(281), np.arange(281))) > 5
    least, _ = reference.nearest_by_channels(x, x, 20, allowed)
    np.testing.assert_allclose(found.distances, least, atol=1e-6)


def test_a_shape_that_two_channels_repeat_is_carried_by_them() -> None:
    x = np.random.default_rng(7).normal(size=(400, 4))
    x[300:330, [0, 3]] = x[80:110, [0, 3]] * [2.0, 0.5] + 9.0
    found = channels_join(x, 30)
    assert found.indices[1, 80] == 300
    assert found.distances[1, 80] < 1e-6 < 1.0 < found.distances[2, 80]
    assert carrying_channels(x, 80, 300, 30, 1) == (0, 3)
    assert carrying_channels(x, 80, 300, 30, 3) == (0, 1, 2, 3)
    assert carrying_channels(x[:200], 80, 100, 30, 1, other=x[200:]) == (0, 3)


def test_unknown_channels_carry_nothing() -> None:
    x = np.random.default_rng(7).normal(size=(100, 3))
    x[45, 0] = np.nan
    assert carrying_channels(x, 10, 40, 12, 1) == (1, 2)
    with pytest.raises(InvalidInput, match="windows 10 and 40 have 2 channels without missing"):
        carrying_channels(x, 10, 40, 12, 2)


def test_of_an_earlier_and_a_later_window_as_near_the_earlier_is_named() -> None:
    x = np.full((60, 2), 1.0)
    found = channels_join(x, 8)
    assert found.indices[0, 30] < 30
    assert found.left_indices is not None
    np.testing.assert_array_equal(found.indices[:, 20], found.left_indices[:, 20])


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_is_told_to_the_end(threads: int) -> None:
    x = three("plain", 3000, 0)
    heard: list[tuple[str, float]] = []
    with listening(lambda stage, share: heard.append((stage, share))):
        channels_join(x, 20, other=x[:1000], threads=threads)
    assert {stage for stage, _ in heard} == {"comparing windows"}
    assert len(heard) > 20
    assert max(share for _, share in heard) == pytest.approx(1.0)
