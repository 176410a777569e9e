"""A profile that is cut into tiles is the profile, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.core.progress import listening
from sonde.errors import InvalidInput, NotFound
from sonde.learn.profiles import joins, tiles
from sonde.learn.profiles.joins import Neighbours
from sonde.learn.profiles.long_series import long_series

Floats = NDArray[np.float64]
WINDOW = 40


@pytest.fixture(scope="module")
def series() -> Floats:
    """Longer than two squares of the grid, with what a merge of tiles could get wrong."""
    generator = np.random.default_rng(20)
    x = np.cumsum(generator.normal(size=9_500))
    x[100:200] = x[100]  # constant here and in another tile
    x[8_900:8_990] = 3.0
    x[4_100], x[9_300] = np.nan, np.inf
    x[5_000:5_003] = 1e8
    x[9_000:9_080] = x[600:680]  # neighbours in different tiles
    return x


@pytest.fixture(scope="module")
def other() -> Floats:
    return np.cumsum(np.random.default_rng(21).normal(size=5_000))


@pytest.fixture(scope="module")
def in_one_pass(series: Floats) -> Neighbours:
    return joins.self_join(series, WINDOW)


def same(one: Neighbours, two: Neighbours) -> None:
    for name in vars(two):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@pytest.mark.parametrize("tile", [1, 8_192, 100_000])
@pytest.mark.parametrize("threads", [1, 2])
def test_tiles_give_what_one_pass_gives(
    series: Floats, in_one_pass: Neighbours, tile: int, threads: int
) -> None:
    same(tiles.self_join(series, WINDOW, tile=tile, threads=threads), in_one_pass)


def test_what_is_chosen_when_nothing_is_told_gives_the_same() -> None:
    # Windows a period apart are equal but for rounding, so that only the same sums in the same
    # order name the same ones. So long that stretches would not be 4,096 windows.
    x = np.tile(np.cumsum(np.random.default_rng(24).normal(size=90)), 200)
    same(tiles.self_join(x, WINDOW), joins.self_join(x, WINDOW))


def test_neighbours_across_tiles_are_found(in_one_pass: Neighbours) -> None:
    assert in_one_pass.indices[610] == 9_010
    assert in_one_pass.indices[9_010] == 610


@pytest.mark.parametrize("tile", [4_096, 8_192])
def test_tiles_of_two_series_give_what_one_pass_gives(
    series: Floats, other: Floats, tile: int
) -> None:
    whole = joins.cross_join(series, other, WINDOW)
    same(tiles.cross_join(series, other, WINDOW, tile=tile), whole)
    assert whole.left_indices is None


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int16, ">f8"])
def test_a_file_is_read_in_stretches(tmp_path: Path, other: Floats, kind: str) -> None:
    path = tmp_path / "series.npy"
    numbers = other.astype(kind)
    np.save(path, numbers)
    found = tiles.self_join(path, WINDOW, tile=4_096)
    same(found, joins.self_join(numbers.astype(np.float64), WINDOW))
    np.testing.assert_array_equal(np.load(path), numbers)  # and not written


def test_a_stretch_of_a_file_is_that_of_the_array(tmp_path: Path, other: Floats) -> None:
    path = tmp_path / "series.npy"
    np.save(path, other)
    held, filed = long_series(other), long_series(path)
    from_array = list(held.stretches(1_000, WINDOW, by_path=True))
    from_file = list(filed.stretches(1_000, WINDOW, by_path=True))
    assert [len(one.values()) - WINDOW + 1 for one in from_array] == [1_000] * 4 + [961]
    for one, two in zip(from_array, from_file, strict=True):
        assert isinstance(two.source, str)
        np.testing.assert_array_equal(one.values(), two.values())


def test_progress_is_told_tile_by_tile(other: Floats) -> None:
    heard: list[float] = []
    with listening(lambda stage, share: heard.append(share)):
        tiles.self_join(other, WINDOW, tile=4_096)
    assert [share for share in heard if share <= 1.0] == heard
    assert heard[-1] == 1.0
    assert len(heard) >= 3


def test_a_listener_that_raises_stops_the_work(series: Floats) -> None:
    def stop(stage: str, share: float) -> None:
        raise KeyboardInterrupt

    with listening(stop), pytest.raises(KeyboardInterrupt):
        tiles.self_join(series, WINDOW, tile=4_096, threads=2)


def test_memory_decides_the_tile() -> None:
    small, large = tiles.tile_for(400, 100), tiles.tile_for(1_000, 100)
    assert small % 4_096 == 0
    assert small * tiles.BYTES_A_WINDOW <= (400 - tiles.OWN_MB) * 2**20
    assert large > 5 * small
    assert tiles.tile_for(1_000, 100, at_once=2) <= large / 2
    with pytest.raises(InvalidInput, match=r"memory_mb must be at least 281 for windows of"):
        tiles.tile_for(280, 100)


def test_a_bound_on_memory_gives_the_same(other: Floats) -> None:
    found = tiles.self_join(other, WINDOW, memory_mb=290, threads=2)
    same(found, joins.self_join(other, WINDOW))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tile": 0}, "tile must be 1 or more windows, got 0"),
        ({"tile": 5_000, "memory_mb": 900}, "give tile or memory_mb, not both"),
    ],
)
def test_bounds_that_cannot_be_kept_are_refused(
    other: Floats, given: dict[str, int], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        tiles.self_join(other, WINDOW, **given)


def test_files_that_hold_no_series_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file .*nothing\.npy"):
        tiles.self_join(tmp_path / "nothing.npy", WINDOW)
    wrong = {
        "text.npy": "can't be read as a .npy file",
        "wide.npy": r"holds an array of shape \(4, 2\)",
        "complex.npy": "holds an array of complex128",
        "objects.npy": "can't be read as a .npy file",
        "many.npz": "holds several arrays",
    }
    (tmp_path / "text.npy").write_text("1,2,3")
    np.save(tmp_path / "wide.npy", np.zeros((4, 2)))
    np.save(tmp_path / "complex.npy", np.zeros(4, complex))
    np.save(tmp_path / "objects.npy", np.array([{}, 1], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "many.npz", a=np.zeros(3))
    for name, said in wrong.items():
        with pytest.raises(InvalidInput, match=said):
            tiles.self_join(tmp_path / name, WINDOW)
