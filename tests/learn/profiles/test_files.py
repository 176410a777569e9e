"""Profiles saved and loaded."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde
from sonde.errors import BadArtifact, InvalidInput, NotFound

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)).cumsum(axis=0)
HOLES = X[:, 0].copy()
HOLES[40], HOLES[90] = np.nan, -np.inf

CASES: dict[str, Any] = {
    "one channel": lambda: sonde.matrix_profile(HOLES, 12),
    "channels": lambda: sonde.matrix_profile(X, 12),
    "join": lambda: sonde.matrix_profile(X[:60, 0], 12, other=X[:, 1]),
    "join with a shorter one": lambda: sonde.matrix_profile(X[:, 0], 12, other=X[:20, 1]),
    "join of channels": lambda: sonde.matrix_profile(X[:60], 12, other=X),
    "time and a proposed window": lambda: sonde.matrix_profile(
        sonde.Series(HOLES, ["Füllstand, °C"], np.arange(150) * 60 * 10**9)
    ),
    "read only": lambda: sonde.matrix_profile(sonde.Series(HOLES), 12),
}


@pytest.mark.parametrize("case", CASES)
def test_comes_back_to_the_bit(case: str, tmp_path: Path) -> None:
    profile = CASES[case]()
    path = profile.save(tmp_path / "p.parquet")
    again = sonde.Profile.load(path)
    for field in fields(profile):
        ours, theirs = getattr(profile, field.name), getattr(again, field.name)
        if isinstance(ours, np.ndarray):
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), field.name
            assert ours.tobytes() == theirs.tobytes(), field.name
        else:
            assert ours == theirs
            assert type(ours) is type(theirs)
    assert again.motifs(2) == profile.motifs(2)
    assert again.discords(2) == profile.discords(2)
    assert repr(again) == repr(profile)


def test_the_file_is_a_table_that_others_can_read(tmp_path: Path) -> None:
    path = sonde.matrix_profile(HOLES, 12).save(tmp_path / "p.parquet")
    frame = pl.read_parquet(path)
    assert frame.columns[:3] == ["distance", "index", "left_distance"]
    assert frame.height == 150
    assert frame["distance"].null_count() == 11


def test_a_frame_has_a_line_for_each_window() -> None:
    wide = sonde.matrix_profile(X, 12).to_frame()
    assert wide.height == 139
    assert {"start", "distance_1", "index_3", "left_index_2", "right_distance_1"} <= set(
        wide.columns
    )
    join = sonde.matrix_profile(X[:, 0], 12, other=X[:, 1]).to_frame()
    assert join.columns == ["start", "distance", "index"]


def test_places_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    profile = sonde.matrix_profile(HOLES, 12)
    with pytest.raises(InvalidInput, match=r"use the ending \.parquet"):
        profile.save(tmp_path / "p.csv")
    with pytest.raises(InvalidInput, match="cannot be written"):
        profile.save(tmp_path / "no such folder" / "p.parquet")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no file .*p\.parquet"):
        sonde.Profile.load(tmp_path / "p.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("distance,index\n1,2\n")
    with pytest.raises(BadArtifact, match="no Parquet file"):
        sonde.Profile.load(text)
    table = tmp_path / "table.parquet"
    pl.DataFrame({"distance": [1.0]}).write_parquet(table)
    with pytest.raises(BadArtifact, match="it holds a table, and no profile"):
        sonde.Profile.load(table)


def changed(path: Path, about: dict[str, Any], **columns: Any) -> Path:
    """The saved profile with other words about itself, or other columns."""
    told = json.loads(pl.read_parquet_metadata(path)["sonde.profile"]) | about
    frame = pl.read_parquet(path)
    for name, values in columns.items():
        frame = frame.drop(name) if values is None else frame.with_columns(values.alias(name))
    other = path.with_name("changed.parquet")
    frame.write_parquet(other, metadata={"sonde.profile": json.dumps(told)})
    return other


@pytest.mark.parametrize(
    ("about", "columns", "told"),
    [
        ({"version": 2}, {}, "another version wrote it"),
        ({"n": -1}, {}, "its description is damaged"),
        ({"n": 10}, {}, "its description is damaged"),
        ({"window": True}, {}, "its description is damaged"),
        ({"n": 10**15}, {}, "does not hold"),
        ({"channels": []}, {}, "its description is damaged"),
        ({"channels": ["a", "b"]}, {}, "is missing"),
        ({"has_sides": 3}, {}, "its description is damaged"),
        ({"has_time": True}, {}, "column 'time' is missing"),
        ({}, {"left_index": None}, "column 'left_index' is missing"),
        ({}, {"distance": pl.lit("far")}, "does not hold 139 values of float64"),
        ({}, {"index": pl.lit(5000)}, "does not hold|windows that do not exist"),
        ({}, {"index": pl.lit(5000, pl.Int64)}, "column 'index' names windows that do not exist"),
        ({}, {"right_index": pl.lit(-2, pl.Int64)}, "'right_index' names windows"),
        ({}, {"x_1": pl.lit(None, pl.Float64)}, "does not hold 150 values"),
    ],
)
def test_what_cannot_be_true_is_refused(
    about: Any, columns: Any, told: str, tmp_path: Path
) -> None:
    path = sonde.matrix_profile(HOLES, 12).save(tmp_path / "p.parquet")
    assert sonde.Profile.load(changed(path, {})).window == 12
    with pytest.raises(BadArtifact, match=told):
        sonde.Profile.load(changed(path, about, **columns))


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = sonde.matrix_profile(HOLES, 12).save(tmp_path / "p.parquet").read_bytes()
    rng = np.random.default_rng(5)
    for i in range(40):
        cut = bytearray(whole)
        if i % 2:
            del cut[int(rng.integers(len(whole))) :]
        else:
            place = int(rng.integers(len(whole) - 3000, len(whole)))
            cut[place] ^= int(rng.integers(1, 256))
        path = tmp_path / "damaged.parquet"
        path.write_bytes(bytes(cut))
        with suppress(BadArtifact):
            assert sonde.Profile.load(path).n_windows == 139


def test_a_flipped_bit_is_never_read_as_another_number(tmp_path: Path) -> None:
    profile = sonde.matrix_profile(HOLES, 12)
    whole = profile.save(tmp_path / "p.parquet").read_bytes()
    rng, refused = np.random.default_rng(6), 0
    for _ in range(60):
        cut = bytearray(whole)
        cut[int(rng.integers(len(whole) - 3000))] ^= 1 << int(rng.integers(8))
        path = tmp_path / "damaged.parquet"
        path.write_bytes(bytes(cut))
        try:
            again = sonde.Profile.load(path)
        except BadArtifact:
            refused += 1
            continue
        assert again.distances.tobytes() == profile.distances.tobytes()
        assert again.values.tobytes() == profile.values.tobytes()
    assert refused > 30


@pytest.mark.parametrize(
    ("about", "columns", "told"),
    [
        ({"why": "because"}, {}, "what it holds is not what was saved"),
        ({"channels": ["b"]}, {}, "what it holds is not what was saved"),
        ({}, {"x_1": pl.col("x_1").reverse()}, "what it holds is not what was saved"),
        ({}, {"distance": -pl.col("distance")}, "'distance' holds what is no distance"),
        ({}, {"left_index": pl.lit(-1, pl.Int64)}, "'left_distance' holds what is no distance"),
        ({}, {"distance": pl.lit(np.nan)}, "'distance' holds what is no distance"),
    ],
)
def test_changed_numbers_and_names_are_refused(
    about: Any, columns: Any, told: str, tmp_path: Path
) -> None:
    path = sonde.matrix_profile(HOLES, 12).save(tmp_path / "p.parquet")
    with pytest.raises(BadArtifact, match=told):
        sonde.Profile.load(changed(path, about, **columns))


def test_what_is_no_file_and_what_has_no_bottom_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArtifact, match="a folder or a device"):
        sonde.Profile.load(tmp_path)
    with pytest.raises(BadArtifact, match="can't be read"):
        sonde.Profile.load("p" * 5000 + ".parquet")
    deep = tmp_path / "deep.parquet"
    pl.DataFrame({"x": [1.0]}).write_parquet(deep, metadata={"sonde.profile": "[" * 100_000})
    with pytest.raises(BadArtifact, match="can't be read"):
        sonde.Profile.load(deep)
