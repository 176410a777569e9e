"""What ``sonde.matrix_profile`` takes, refuses and gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import sonde
from sonde.errors import InvalidInput, MissingValues, NotFound, SchemaMismatch, TooShort

RNG = np.random.default_rng(3)
WAVE = np.sin(np.arange(200) / 6.0) + 0.1 * RNG.normal(size=200)
TWO = np.column_stack([WAVE, RNG.normal(size=200)])


def test_the_profile_is_that_of_the_definition() -> None:
    profile = sonde.matrix_profile(WAVE, 20)
    windows = np.lib.stride_tricks.sliding_window_view(WAVE, 20)
    normal = (windows - windows.mean(axis=1, keepdims=True)) / windows.std(axis=1, keepdims=True)
    for i in (0, 77, 180):
        distances = np.linalg.norm(normal - normal[i], axis=1)
        distances[max(0, i - 5) : i + 6] = np.inf
        assert profile.distances[i] == pytest.approx(distances.min(), abs=1e-9)
        assert profile.indices[i] == np.argmin(distances)
        left = distances[:i].min(initial=np.inf)
        assert profile.left_distances is not None
        assert profile.left_distances[i] == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        WAVE.tolist(),
        tuple(WAVE.tolist()),
        WAVE[:, None],
        sonde.Series(WAVE),
        sonde.Table(WAVE),
        sonde.Panel.of([sonde.Series(WAVE)]),
        {"rate": WAVE},
        pd.DataFrame({"rate": WAVE}),
        pd.Series(WAVE),
        pl.DataFrame({"rate": WAVE}),
        pl.Series(WAVE),
        np.ma.MaskedArray(WAVE),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_shape_of_one_series_gives_the_same(given: Any) -> None:
    expected, found = sonde.matrix_profile(WAVE, 20), sonde.matrix_profile(given, 20)
    np.testing.assert_array_equal(found.distances, expected.distances)
    np.testing.assert_array_equal(found.values, WAVE)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.uint8, bool])
def test_numbers_of_other_types_are_taken(dtype: Any) -> None:
    x = (WAVE > 0.3).astype(dtype) if dtype is bool else (WAVE * 50 + 100).astype(dtype)
    found = sonde.matrix_profile(x, 20)
    np.testing.assert_array_equal(
        found.distances, sonde.matrix_profile(x.astype(float), 20).distances
    )


def test_rows_are_put_in_the_order_of_time_and_columns_chosen() -> None:
    day = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 9, 7), "1h", eager=True
    ).alias("at")
    frame = pl.DataFrame({"at": day, "rate": WAVE, "other": TWO[:, 1]})
    found = sonde.matrix_profile(frame.reverse(), 20, columns=["rate"])
    np.testing.assert_array_equal(found.values, WAVE)
    assert found.channels == ("rate",)
    assert found.time is not None
    assert found.to_frame()["time"][0].isoformat() == "2024-01-01T00:00:00+00:00"
    assert sonde.matrix_profile(frame, 20).channels == ("rate", "other")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    pl.DataFrame({"rate": WAVE}).write_csv(path)
    np.testing.assert_array_equal(sonde.matrix_profile(path, 20).values, WAVE)
    with pytest.raises(NotFound, match=r"nowhere\.csv"):
        sonde.matrix_profile(tmp_path / "nowhere.csv", 20)


def test_missing_values_reach_as_far_as_their_windows() -> None:
    holes = WAVE.copy()
    holes[100], holes[150] = np.nan, np.inf
    found = sonde.matrix_profile(holes, 20)
    missing = np.isinf(found.distances)
    assert np.flatnonzero(missing).tolist() == [*range(81, 101), *range(131, 151)]
    assert (found.indices[missing] == -1).all()


def test_channels_give_a_row_each() -> None:
    found = sonde.matrix_profile(TWO, 20)
    assert found.distances.shape == (2, 181)
    assert (np.diff(found.distances, axis=0) > -1e-12).all()
    assert found.values.shape == (200, 2)


def test_a_join_looks_in_the_other_series() -> None:
    other = np.concatenate([RNG.normal(size=60), 7 * WAVE[40:80] + 3, RNG.normal(size=30)])
    found = sonde.matrix_profile(WAVE, 30, other=other)
    assert found.distances.shape == (171,)
    assert found.indices[40:51].tolist() == list(range(60, 71))
    assert found.left_distances is None
    np.testing.assert_array_equal(found.other, other)


def test_channels_of_a_join_are_matched_by_name() -> None:
    mine = pl.DataFrame({"a": TWO[:, 0], "b": TWO[:, 1]})
    expected = sonde.matrix_profile(mine, 20, other=mine)
    swapped = sonde.matrix_profile(mine, 20, other=mine.select("b", "a"))
    np.testing.assert_array_equal(swapped.indices, expected.indices)
    with pytest.raises(SchemaMismatch, match="missing: 'b'"):
        sonde.matrix_profile(mine, 20, other=mine.rename({"b": "c"}))


def test_any_number_of_threads_gives_the_same_bits() -> None:
    one, two = (sonde.matrix_profile(WAVE, 20, n_jobs=n) for n in (1, 2))
    assert one.distances.tobytes() == two.distances.tobytes()
    assert one.indices.tobytes() == two.indices.tobytes()


def test_single_precision_and_tiles_give_the_same_neighbours_here() -> None:
    whole = sonde.matrix_profile(WAVE, 20)
    quick = sonde.matrix_profile(WAVE, 20, precision="float32")
    np.testing.assert_allclose(quick.distances, whole.distances, atol=5e-3)
    tiled = sonde.matrix_profile(WAVE, 20, tile=64)
    np.testing.assert_array_equal(tiled.distances, whole.distances)
    np.testing.assert_array_equal(tiled.indices, whole.indices)


def test_a_long_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "long.npy"
    np.save(path, WAVE)
    found = sonde.matrix_profile(path, 20, tile=64)
    np.testing.assert_array_equal(found.distances, sonde.matrix_profile(WAVE, 20).distances)
    for named in ({"columns": ["a"]}, {"time": "t"}):
        with pytest.raises(InvalidInput, match="an array has no names"):
            sonde.matrix_profile(path, 20, tile=64, **named)
    frame = pl.DataFrame({"rate": WAVE, "other": WAVE[::-1]})
    join = sonde.matrix_profile(frame, 20, other=path, columns=["rate"], tile=64)
    np.testing.assert_allclose(join.distances, 0.0, atol=1e-7)


def test_a_window_is_proposed_and_explained() -> None:
    found = sonde.matrix_profile(np.sin(np.arange(300) * 2 * np.pi / 30))
    assert found.window == 30
    assert found.why == "the shortest cycle that repeats has 30 rows"
    assert sonde.matrix_profile(WAVE, 20).why == ""


REFUSED = [
    ({"window": 2}, InvalidInput, "window must be 3 or more, got 2"),
    ({"window": 0}, InvalidInput, "window must be 3 or more"),
    ({"window": 20.0}, InvalidInput, "window must be a whole number"),
    ({"window": True}, InvalidInput, "window must be a whole number"),
    ({"window": "20"}, InvalidInput, "window must be a whole number"),
    ({"window": 201}, TooShort, "a window of 201 rows needs 253 rows or more"),
    ({"window": 160}, TooShort, "there are 200: take a shorter window"),
    ({"window": 20, "other": WAVE[:10]}, TooShort, "does not fit into other, which has 10"),
    ({"window": 20, "other": TWO}, SchemaMismatch, "other has 2 channels and x has 1"),
    ({"window": 20, "precision": "float16"}, InvalidInput, "one of float64, float32"),
    ({"window": 20, "device": "tpu"}, InvalidInput, "one of cpu, gpu"),
    ({"window": 20, "n_jobs": 0}, InvalidInput, "n_jobs must be"),
    ({"window": 20, "tile": 0}, InvalidInput, "tile must be 1 or more"),
    ({"window": 20, "tile": 64, "precision": "float32"}, InvalidInput, "precision and tile"),
    ({"window": 20, "columns": ["a"]}, InvalidInput, "an array has no names"),
]


@pytest.mark.parametrize(("options", "error", "told"), REFUSED, ids=lambda one: str(one)[:40])
def test_options_that_cannot_be_used_are_refused(options: Any, error: Any, told: str) -> None:
    with pytest.raises(error, match=told):
        sonde.matrix_profile(WAVE, **options)


NO_SERIES = [
    (np.zeros((2, 3, 50)), "1 or 2 dimensions"),
    (["a", "b", "c"] * 20, "could not convert text"),
    (np.zeros(50, dtype=complex), "Complex"),
    ([], "0 sample"),
    (5.0, "single float"),
    (TWO.T, "more channels than points.*pass its transpose"),
    (sonde.Panel.of([sonde.Series(WAVE), sonde.Series(WAVE)]), "there are 2 series"),
    (np.full(60, np.nan), "no window of 10 rows of x is without a missing value"),
    (np.where(np.arange(60) % 8, 1.0, np.nan), "the longest stretch has 7 rows"),
]


@pytest.mark.parametrize(("given", "told"), NO_SERIES, ids=lambda one: type(one).__name__)
def test_what_is_no_series_of_numbers_is_refused(given: Any, told: str) -> None:
    with pytest.raises((InvalidInput, NotFound), match=told):
        sonde.matrix_profile(given, 10)


def test_no_known_window_is_a_matter_of_missing_values() -> None:
    with pytest.raises(MissingValues):
        sonde.matrix_profile(np.full(60, np.inf), 10)


@pytest.mark.parametrize("option", [{"precision": "float32"}, {"device": "gpu"}, {"tile": 64}])
def test_what_is_for_one_channel_is_refused_for_more(option: Any) -> None:
    with pytest.raises(InvalidInput, match="is for one channel, and there are 2"):
        sonde.matrix_profile(TWO, 20, **option)


@pytest.mark.parametrize("n", [5, 6, 7])
def test_the_shortest_series_have_a_profile(n: int) -> None:
    found = sonde.matrix_profile(np.arange(n) ** 2.0, 3)
    assert found.distances.shape == (n - 2,)
    assert np.isfinite(found.distances[0])
