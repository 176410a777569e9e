"""What ships is whole: every data set loads, is described, licensed, small."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sonde
from sonde.core import Panel, Series, Table
from sonde.core.labelled import Labelled
from sonde.datasets import describe, events, load, names, path
from sonde.errors import InvalidInput, NotFound
from tests.cli.run import refused
from tests.cli.run import sonde as command

FOLDER = Path(sonde.datasets.__file__).parent
GIVEN = Path(__file__).parents[3] / "shared" / "data"
COLLECTIONS = [name for name in names() if describe(name).kind == "collection"]
LABELLED = [name for name in names() if describe(name).label is not None]
KINDS: dict[str, Any] = {"series": Series, "table": Table, "collection": Panel}


def container_of(name: str, split: str | None = None) -> Any:
    loaded = load(name, split)
    return loaded.X if isinstance(loaded, Labelled) else loaded


@pytest.mark.parametrize("name", names())
def test_loads_with_the_shape_that_is_stated(name: str) -> None:
    entry, data = describe(name), container_of(name)
    assert type(data) is KINDS[entry.kind]
    assert (len(data), data.values.shape[1]) == (entry.rows, entry.channels)
    share_missing = np.mean(np.isnan(data.values))
    assert (share_missing > 0) == (name in ("co2", "mushroom"))
    assert share_missing < 0.03


@pytest.mark.parametrize("name", names())
def test_time_is_there_where_the_series_has_one(name: str) -> None:
    if describe(name).kind == "series":
        assert container_of(name).time is not None


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_one_per_row_or_series(name: str) -> None:
    X, y = load(name)
    assert isinstance(y, np.ndarray)
    assert y.shape == (len(X),)
    assert y.dtype.kind in "Uif"
    assert len(np.unique(y)) > 1


def test_labels_are_those_of_the_source() -> None:
    _, thyroid = load("thyroid")
    _, breast = load("breast_cancer")
    _, mushroom = load("mushroom")
    assert np.sum(thyroid == 1) == 534
    assert np.sum(breast == "malignant") == 212
    assert np.sum(mushroom == "e") == 4208
    _, deaths = load("covid_deaths", split="train")
    assert deaths.dtype == np.float64


def test_thyroid_columns_carry_their_names_rightly() -> None:
    # The free thyroxine index is the total over the uptake: the names are in the right places.
    table = container_of("thyroid")
    column = {name: table.values[:, i] for i, name in enumerate(table.channels)}
    index = column["tt4"] / column["t4u"] / 10
    assert np.median(np.abs(index - column["fti"])) < 0.001


@pytest.mark.parametrize("name", COLLECTIONS)
def test_splits_have_the_stated_sizes_and_make_the_whole(name: str) -> None:
    entry = describe(name)
    parts = [load(name, split) for split in entry.splits]
    assert [len(part.X) for part in parts] == list(entry.splits.values())
    whole = load(name)
    assert isinstance(whole, Labelled)
    np.testing.assert_array_equal(whole.y, np.concatenate([part.y for part in parts]))
    np.testing.assert_array_equal(whole.X.values, np.concatenate([part.X.values for part in parts]))


def test_arrow_head_is_the_one_that_is_known() -> None:
    X, y = load("arrow_head", split="train")
    assert isinstance(X, Panel)
    assert X[0].values[:2, 0].tolist() == [-1.9630089, -1.9578249]
    assert {len(series) for series in X} == {251}
    assert np.unique(y).tolist() == ["0", "1", "2"]


def test_japanese_vowels_keep_their_lengths() -> None:
    X = container_of("japanese_vowels")
    lengths = [len(series) for series in X]
    assert (min(lengths), max(lengths)) == (7, 29)


@pytest.mark.parametrize("name", names())
def test_events_lie_within_the_series_in_order(name: str) -> None:
    spans = [(event.start, event.end) for event in events(name)]
    assert all(0 <= start < end <= describe(name).rows for start, end in spans)
    assert spans == sorted(spans)
    assert all(event.what for event in events(name))


def test_events_are_where_the_calendar_says() -> None:
    dates = container_of("nyc_taxi").time.astype("datetime64[ns]")
    known = {"a marathon": "2014-11-02", "Thanksgiving": "2014-11-27", "Christmas": "2014-12-25"}
    for what, date in known.items():
        (event,) = [event for event in events("nyc_taxi") if event.what.startswith(what)]
        assert dates[event.start] < np.datetime64(date) < dates[event.end - 1], what


@pytest.mark.skipif(not GIVEN.is_dir(), reason="the benchmark's windows lie beside a checkout")
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("nyc_taxi", "nyc_taxi"),
        ("ambient_temperature", "ambient_temperature_system_failure"),
        ("machine_temperature", "machine_temperature_system_failure"),
        ("cpu_utilization", "cpu_utilization_asg_misconfiguration"),
    ],
)
def test_events_are_the_benchmarks_windows(name: str, file: str) -> None:
    windows = json.loads((GIVEN / "nab" / "windows.json").read_text())
    clock = container_of(name).time.astype("datetime64[ns]")
    ours = [(clock[event.start], clock[event.end - 1]) for event in events(name)]
    theirs = windows[f"realKnownCause/{file}.csv"]
    assert ours == [(np.datetime64(a, "ns"), np.datetime64(b, "ns")) for a, b in theirs]


def test_an_unknown_name_gets_a_hint() -> None:
    with pytest.raises(NotFound, match="did you mean 'nyc_taxi'") as refused_:
        load("nyc_taxy")
    assert "arrow_head" in str(refused_.value)


def test_an_unknown_split_names_the_splits() -> None:
    with pytest.raises(InvalidInput, match="no split 'validation'; there are: train, test"):
        load("gun_point", split="validation")
    with pytest.raises(InvalidInput, match="nyc_taxi has no splits"):
        load("nyc_taxi", split="train")
    with pytest.raises(InvalidInput, match="name one of: train, test"):
        path("gun_point")


def test_every_licence_is_beside_the_data() -> None:
    texts = {
        "LICENSE-NAB.txt": "Permission is hereby granted",
        "LICENSE-aeon.txt": "BSD 3-Clause License",
        "LICENSE-ADBench.txt": "BSD 2-Clause License",
        "LICENSE-CC-BY-4.0.txt": "Attribution 4.0 International",
        "PUBLIC-DOMAIN.txt": "public domain",
    }
    assert {describe(name).licence_file for name in names()} == set(texts)
    for file, sentence in texts.items():
        assert sentence in (FOLDER / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", names())
def test_the_page_has_a_line_that_agrees(name: str) -> None:
    entry = describe(name)
    page = (FOLDER / "datasets.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    told = [entry.about, f"| {entry.rows:,} |", f"| {entry.channels} |", entry.source]
    told += [f"{entry.licence} (`{entry.licence_file}`)", *(event.what for event in entry.events)]
    told += [f"{split} {n:,}" for split, n in entry.splits.items()]
    assert [part for part in told if part not in line] == []


def test_there_is_no_file_without_an_entry_and_all_is_small() -> None:
    data = {file for file in FOLDER.iterdir() if file.suffix == ".gz"}
    assert {file.name for file in data} == {
        file for name in names() for file in describe(name).files.values()
    }
    assert sum(file.stat().st_size for file in FOLDER.iterdir() if file.is_file()) < 5_000_000


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("arrow_head", "a83c470aaf611a5f5284377cce27a5fc9f6292bc3d110257b0fd4905ced5ee72"),
        ("japanese_vowels", "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd"),
    ],
)
def test_collections_are_byte_for_byte_those_of_their_source(name: str, digest: str) -> None:
    text = gzip.decompress(path(name, "train").read_bytes())
    assert hashlib.sha256(text).hexdigest() == digest


def test_the_command_lists_them_and_prints_paths() -> None:
    listed = json.loads(command("datasets", "--json").out)["datasets"]
    assert [entry["name"] for entry in listed] == names()
    ran = command("datasets", "--path", "gun_point", "--split", "test")
    assert (ran.code, Path(ran.out.strip())) == (0, path("gun_point", "test"))
    assert "name one of: train, test" in refused(command("datasets", "--path", "gun_point"), 2)
    assert "--path" in refused(command("datasets", "--split", "test"), 2)
    assert "nyc_taxi" in command("datasets").out
