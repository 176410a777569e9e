from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from sonde.learn.profiles import Profile
from tests.cli import run
from tests.cli.run import Ran, refused

WINDOW = 30
BEAT = 6.0 * np.sin(np.linspace(0.0, 4 * np.pi, WINDOW))


def sonde(*words: object, stdin: bytes | None = None, cwd: Path | None = None) -> Ran:
    return run.sonde(*map(str, words), stdin=stdin, cwd=cwd)


def beating(n: int, places: list[int], seed: int) -> NDArray[np.float64]:
    values = np.random.default_rng(seed).normal(size=n).cumsum()
    for place in places:
        values[place : place + WINDOW] = values[place] + BEAT
    return values


@pytest.fixture
def plant(tmp_path: Path, home: Path) -> Path:
    """A beat at rows 100 and 400, and nowhere else."""
    time = np.datetime64("2024-01-01T00:00") + np.arange(600) * np.timedelta64(5, "m")
    values = beating(600, [100, 400], 0)
    path = tmp_path / "plant.csv"
    pl.DataFrame({"ts": time.astype("datetime64[us]"), "load": values}).write_csv(path)
    return path


@pytest.fixture
def fleet(tmp_path: Path, home: Path) -> Path:
    """Two pumps with a clock; only pump b beats."""
    time = np.datetime64("2024-01-01T00:00") + np.arange(300) * np.timedelta64(1, "h")
    frames = [
        pl.DataFrame({"ts": time.astype("datetime64[us]"), "pump": [name] * 300, "load": values})
        for name, values in (("a", beating(300, [], 1)), ("b", beating(300, [50, 200], 2)))
    ]
    path = tmp_path / "fleet.csv"
    pl.concat(frames).write_csv(path)
    return path


def test_a_beat_that_comes_twice_is_the_first_motif(plant: Path) -> None:
    ran = sonde("profile", plant, "--window", WINDOW, "--json", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    body = json.loads(ran.out)
    best = body["motifs"][0]
    assert (best["first"], best["second"]) == (100, 400)
    assert best["first_time"] == "2024-01-01T08:20:00Z"
    assert best["distance"] == pytest.approx(0.0, abs=1e-6)
    assert (body["window"], body["rows"], body["input"]) == (WINDOW, 600, str(plant))
    assert len(body["distances"]) == len(body["indices"]) == 600 - WINDOW + 1
    assert body["indices"][100] == 400
    assert len(body["discords"]) == 3
    assert body["regimes"] == []


def test_a_window_is_proposed_and_the_reason_told(plant: Path, tmp_path: Path) -> None:
    frame = pl.DataFrame({"load": np.sin(np.arange(500) * 2 * np.pi / 25)})
    frame.write_csv(tmp_path / "wave.csv")
    ran = sonde("profile", tmp_path / "wave.csv")
    assert ran.code == 0
    assert "Window: 25 rows (the shortest cycle that repeats has 25 rows)" in ran.err
    assert "wave.csv for one series of 'load'" in ran.err
    assert "1 motif" in ran.out
    assert "distance to the nearest window" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_a_profile_written_as_parquet_can_be_read_off_again(plant: Path, tmp_path: Path) -> None:
    kept, page = tmp_path / "kept.parquet", tmp_path / "page.html"
    first = sonde("profile", plant, "--window", WINDOW, "--output", kept, "--report", page)
    assert first.code == 0
    assert f"Written: {kept}, {page}" in first.err
    assert "load" in page.read_text(encoding="utf-8")
    loaded = Profile.load(kept)
    assert loaded.window == WINDOW
    assert loaded.channels == ("load",)
    again = sonde("profile", kept, "--motifs", 1, "--discords", 0, "--regimes", 2, "--json")
    body = json.loads(again.out)
    assert "Read a profile from" in again.err
    assert [m["first"] for m in body["motifs"]] == [100]
    assert body["discords"] == []
    assert len(body["regimes"]) == 2
    assert body["regimes"][0]["start"] == 0
    assert len(body["arc_curve"]) == loaded.n_windows
    assert body["distances"] == [
        None if np.isinf(value) else value for value in loaded.distances.tolist()
    ]
    told = refused(sonde("profile", kept, "--window", 20), 2)
    assert "was computed already, so --window can't be followed" in told
    told = refused(sonde("profile", kept, "--precision", "float32", "--device", "gpu"), 2)
    assert "so --precision, --device can't be followed" in told
    told = refused(sonde("profile", plant, "--with", kept), 2)
    assert f"{kept} holds a profile, and --with is another series" in told


def test_a_line_per_window_is_written_by_the_ending(plant: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert sonde("profile", plant, "--window", WINDOW, "--output", out, "--quiet").code == 0
    frame = pl.read_csv(out)
    assert frame.height == 600 - WINDOW + 1
    assert frame.columns[:2] == ["start", "time"]
    assert frame["distance"].arg_min() in (100, 400)


def test_another_file_is_searched_for_what_is_like_this_one(plant: Path, tmp_path: Path) -> None:
    pl.DataFrame({"load": beating(200, [60], 5)}).write_csv(tmp_path / "other.csv")
    words = ["--with", tmp_path / "other.csv", "--columns", "load"]
    ran = sonde("profile", plant, *words, "--window", WINDOW, "--json")
    body = json.loads(ran.out)
    assert "Compared with other.csv, 200 rows." in ran.err
    assert body["motifs"][0]["second"] == 60
    assert body["motifs"][0]["first"] in (100, 400)
    assert body["other_rows"] == 200
    told = refused(sonde("profile", plant, *words, "--regimes", 3), 2)
    assert "--regimes cuts one series by itself; leave out --with" in told
    pl.DataFrame({"flow": beating(200, [60], 5)}).write_csv(tmp_path / "flow.csv")
    told = refused(sonde("profile", plant, "--with", tmp_path / "flow.csv"), 1)
    assert "flow.csv has 'flow' and plant.csv has 'load'" in told


def test_one_series_of_several_is_chosen_by_its_name(fleet: Path) -> None:
    told = refused(sonde("profile", fleet), 1)
    assert "fleet.csv is no series: time column 'ts' has several rows per moment" in told
    assert told.strip().endswith("with --id")
    told = refused(sonde("profile", fleet, "--id", "pump"), 1)
    assert "fleet.csv holds 2 series and a profile is of one: say which with --series" in told
    assert "('a', 'b')" in told
    ran = sonde("profile", fleet, "--id", "pump", "--series", "b", "--window", WINDOW, "--json")
    body = json.loads(ran.out)
    assert "Took fleet.csv, b for one series of 'load', every hour" in ran.err
    assert (body["motifs"][0]["first"], body["motifs"][0]["second"]) == (50, 200)
    told = refused(sonde("profile", fleet, "--id", "pump", "--series", "c"), 1)
    assert "no series 'c'; it has 'a', 'b'" in told


def test_several_columns_say_which_of_them_carry_a_motif(tmp_path: Path, home: Path) -> None:
    noise = np.random.default_rng(3).normal(size=(400, 3))
    noise[300 : 300 + WINDOW, [0, 2]] = noise[80 : 80 + WINDOW, [0, 2]]
    table = pl.DataFrame(noise, schema=["load", "flow", "heat"]).write_csv().encode()
    ran = sonde("profile", "-", "--window", WINDOW, "--json", stdin=table)
    body = json.loads(ran.out)
    assert body["motifs"][0]["channels"] == ["load", "heat"]
    assert (body["motifs"][0]["first"], body["motifs"][0]["second"]) == (80, 300)
    assert np.shape(body["distances"]) == (3, 400 - WINDOW + 1)
    assert body["input"] == "-"
    assert "(3 columns of numbers and no time column; rows in file order)" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--window", 2], 2, "--window"),
        (["--regimes", "some"], 2, "--regimes is a number of stretches or auto, got 'some'"),
        (["--precision", "half"], 2, "--precision is one of float64, float32"),
        (["--jobs", 0], 2, "--jobs"),
        (["--output", "profile.xlsx"], 2, "cannot write '.xlsx'"),
        (["--report", "profile.pdf"], 2, "must end in .html"),
        (["--window", 550], 1, "plant.csv: a window of 550 rows needs"),
        (["--with", "missing.csv"], 1, "missing.csv"),
    ],
)
def test_what_cant_be_done_is_refused(
    plant: Path, words: list[object], code: int, said: str
) -> None:
    assert said in refused(sonde("profile", plant, *words, cwd=plant.parent), code)


def test_missing_values_cost_windows_and_not_the_answer(plant: Path) -> None:
    frame = pl.read_csv(plant)
    holes = frame.with_columns(
        load=pl.when(pl.int_range(pl.len()) == 250).then(None).otherwise(pl.col("load"))
    )
    holes.write_csv(plant)
    ran = sonde("profile", plant, "--window", WINDOW, "--json", "--verbose")
    body = json.loads(ran.out)
    assert body["distances"].count(None) == WINDOW
    assert (body["motifs"][0]["first"], body["motifs"][0]["second"]) == (100, 400)
    assert "missing value" in ran.err


def test_gaps_in_time_are_told_with_the_profile_and_with_a_saved_one(tmp_path: Path) -> None:
    moments = np.datetime64("2024-01-01", "us") + np.arange(400) * np.timedelta64(1, "h")
    moments[200:] += np.timedelta64(50, "h")
    frame = pl.DataFrame({"time": moments, "x": np.sin(np.arange(400) / 5) + np.arange(400) % 7})
    frame.write_csv(tmp_path / "gap.csv")
    ran = sonde(
        "profile", tmp_path / "gap.csv", "--window", "24", "--output", tmp_path / "p.parquet"
    )
    again = sonde("profile", tmp_path / "p.parquet")
    assert ran.code == again.code == 0
    assert "go on over a gap in time" in ran.err
    assert "go on over a gap in time" in again.err
