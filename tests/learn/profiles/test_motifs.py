"""Motifs and discords, read off profiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sonde
from sonde.errors import InvalidInput
from sonde.learn.profiles.distances import distances_to
from tests.kernels.hard_cases import HARD, hard_series

Floats = NDArray[np.float64]
SHAPE = np.sin(np.linspace(0, 9, 40)) * np.linspace(0, 3, 40)
OTHER = np.sign(np.sin(np.linspace(0, 20, 40)))


def planted(noise: float = 0.05, seed: int = 0) -> Floats:
    """Noise with four of one shape, the first two exactly alike, and three of another."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=900)
    for place in (100, 300, 500, 700):
        x[place : place + 40] = SHAPE + (noise if place > 300 else 0.0) * rng.normal(size=40)
    for place in (200, 400, 800):
        x[place : place + 40] = 5 * OTHER + 3 + 2 * noise * rng.normal(size=40)
    return x


def nearest_two(places: list[int]) -> int:
    return int(np.diff(sorted(places)).min())


def test_the_planted_shapes_are_the_motifs() -> None:
    first, second = sonde.matrix_profile(planted(), 40).motifs(k=2)
    assert (first.first, first.second) == (100, 300)
    assert first.distance == pytest.approx(0.0, abs=1e-6)
    assert sorted(first.matches) == [500, 700]
    assert first.channels == (0,)
    assert {second.first, second.second, *second.matches} == {200, 400, 800}


def test_matches_come_nearest_first_with_their_distances() -> None:
    x = planted(0.2)
    motif = sonde.matrix_profile(x, 40).motifs(k=1, max_distance=6.0, max_matches=5)[0]
    assert len(motif.matches) == 5
    assert list(motif.match_distances) == sorted(motif.match_distances)
    exact = distances_to(x[motif.first : motif.first + 40, None], x[:, None])[0]
    np.testing.assert_allclose(motif.match_distances, exact[list(motif.matches)], atol=1e-12)


def test_windows_of_all_motifs_lie_apart() -> None:
    found = sonde.matrix_profile(planted(), 40).motifs(k=8, radius=5.0)
    assert len(found) == 8
    assert min(abs(one.first - one.second) for one in found) > 10
    for side in ("first", "second"):
        places = [p for one in found for p in (getattr(one, side), *one.matches)]
        assert nearest_two(places) > 20


def test_bounds_of_motifs_are_kept() -> None:
    profile = sonde.matrix_profile(planted(), 40)
    assert profile.motifs(k=1, max_matches=1)[0].matches in ((500,), (700,))
    assert profile.motifs(k=1, max_matches=0)[0].matches == ()
    near = profile.motifs(k=50, max_distance=2.0)
    assert 2 <= len(near) < len(profile.motifs(k=50))
    assert max(one.distance for one in near) <= 2.0
    assert profile.motifs(k=1, max_distance=0.1)[0].matches == ()


def test_matches_correlate_with_the_motif() -> None:
    profile = sonde.matrix_profile(planted(), 40)
    for one in profile.motifs(k=8, radius=100.0, max_matches=50):
        assert all(distance <= max(40**0.5, one.distance) for distance in one.match_distances)


def test_constant_windows_make_no_motif() -> None:
    x = planted()
    x[600:660] = 1.0
    x[0:60] = 2.0
    for one in sonde.matrix_profile(x, 40).motifs(k=20):
        assert np.ptp(x[one.first : one.first + 40]) > 0
    assert sonde.matrix_profile(np.ones(100), 10).motifs() == []


def test_a_motif_says_which_channels_carry_it() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(600, 4))
    for channel in (1, 3):
        x[400:440, channel] = x[100:140, channel] * 2 + 0.05 * rng.normal(size=40)
    profile = sonde.matrix_profile(x, 40)
    motif = profile.motifs(k=1)[0]
    assert (motif.first, motif.second, motif.channels) == (100, 400, (1, 3))
    alone = profile.motifs(k=1, n_channels=1)[0]
    assert alone.channels in ((1,), (3,))
    assert len(profile.motifs(k=1, n_channels=4)[0].channels) == 4


def test_a_motif_of_a_join_has_its_second_window_in_the_other_series() -> None:
    x, other = np.random.default_rng(0).normal(size=(2, 300))
    other[200:230] = x[50:80] * 3
    other[20:50] = x[50:80] + 0.1
    motif = sonde.matrix_profile(x, 30, other=other).motifs(k=1)[0]
    assert (motif.first, {motif.second, *motif.matches}) == (50, {20, 200})
    assert 50 not in motif.matches


def test_the_discord_is_the_window_like_no_other() -> None:
    x = np.sin(np.arange(800) / 5) + 0.05 * np.random.default_rng(0).normal(size=800)
    x[300:320] = x[300]
    x[600:612] *= -1
    profile = sonde.matrix_profile(x, 40)
    found = profile.discords(k=3)
    assert found[0].distance == profile.distances.max()
    assert found[0].neighbour == profile.indices[found[0].start]
    assert {(one.start + 20) // 100 for one in found} == {3, 6}
    assert nearest_two([one.start for one in found]) > 20
    assert [one.distance for one in found] == sorted((o.distance for o in found), reverse=True)


def test_windows_without_a_neighbour_are_no_discords() -> None:
    x = np.sin(np.arange(300) / 5)
    x[150] = np.nan
    found = sonde.matrix_profile(x, 30).discords(k=100)
    assert all(np.isfinite(one.distance) for one in found)
    assert not any(120 < one.start <= 150 for one in found)


def test_a_discord_says_which_channels_are_strange() -> None:
    rng = np.random.default_rng(0)
    t = np.arange(600)
    x = np.column_stack([np.sin(t / 5), np.cos(t / 5), np.sin(t / 5 + 1)])
    x += 0.02 * rng.normal(size=x.shape)
    x[300:330, 1] = rng.normal(size=30)
    found = sonde.matrix_profile(x, 40).discords(k=1)[0]
    assert found.channels == (1,)
    assert 260 < found.start < 330


@pytest.mark.parametrize("name", HARD)
def test_distances_of_hard_series_are_exact(name: str) -> None:
    x = hard_series(name, 80, seed=4)
    for place in (0, 26, 40):
        found = distances_to(x[place : place + 12, None], x[:, None])[0]
        for i, distance in enumerate(found):
            assert distance == pytest.approx(exact(x[place : place + 12], x[i : i + 12]), abs=1e-6)


def exact(a: Floats, b: Floats) -> float:
    """In extended precision, from the definition."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return np.inf
    normal: list[Any] = []
    for window in (a, b):
        wide = window.astype(np.longdouble)
        wide = wide - wide.mean()
        flat = (window == window[0]).all()
        normal.append(wide * 0 if flat else wide / np.sqrt((wide * wide).mean()))
    return float(np.sqrt(((normal[0] - normal[1]) ** 2).sum()))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"k": 0}, "k must be 1 or more"),
        ({"k": 1.5}, "k must be a whole number"),
        ({"radius": -1.0}, "radius must be above 0"),
        ({"radius": np.nan}, "radius must be above 0"),
        ({"max_distance": -1.0}, "max_distance must be a distance"),
        ({"max_distance": "near"}, "max_distance must be a distance"),
        ({"max_matches": -1}, "max_matches must be 0 or more"),
        ({"n_channels": 2}, "n_channels must be at most 1"),
    ],
)
def test_arguments_out_of_range_are_refused(how: Any, told: str) -> None:
    profile = sonde.matrix_profile(planted(), 40)
    with pytest.raises(InvalidInput, match=told):
        profile.motifs(**how)
    if how.keys() <= {"k", "n_channels"}:
        with pytest.raises(InvalidInput, match=told):
            profile.discords(**how)
