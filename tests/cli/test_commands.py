from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import sonde as package
import sonde.learn as learn
from tests.cli.run import refused, sonde

ANOMALY_FIELDS = {
    "series", "start", "end", "start_time", "end_time", "peak", "score", "probability",
    "expected", "columns",
}  # fmt: skip


@pytest.fixture
def table(tmp_path: Path, home: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 2))
    rows[123] = 9.0
    path = tmp_path / "plant.csv"
    pl.DataFrame({"name": ["x"] * 400, "a": rows[:, 0], "b": rows[:, 1]}).write_csv(path)
    return path


@pytest.fixture
def series(tmp_path: Path, home: Path) -> Path:
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(900) * 2 * np.pi / 24) + 0.1 * rng.normal(size=900)
    values[700] += 4
    time = np.datetime64("2024-01-01T00:00") + np.arange(900) * np.timedelta64(1, "h")
    path = tmp_path / "pump.csv"
    pl.DataFrame({"ts": time.astype("datetime64[us]"), "load": values}).write_csv(path)
    return path


def test_detect_says_what_it_took_the_file_for(table: Path) -> None:
    ran = sonde("detect", table)
    assert ran.code == 0
    assert "plant.csv for a table of 'a', 'b'" in ran.err
    assert "leaving out 'name' (" in ran.err
    assert "auto_table" in ran.err
    assert "123" in ran.out


def test_detect_prints_one_json_document_and_nothing_else(series: Path) -> None:
    ran = sonde("detect", series, "--json", "--quiet")
    body = json.loads(ran.out)
    assert ran.err == ""
    assert set(body) >= {"scores", "is_anomaly", "probability", "anomalies", "chosen", "input"}
    assert body["input"] == str(series)
    assert len(body["scores"]) == len(body["is_anomaly"]) == 900
    assert set(body["anomalies"][0]) >= ANOMALY_FIELDS
    assert 690 <= body["anomalies"][0]["peak"] <= 710


def test_scores_have_one_line_per_row(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    assert sonde("detect", series, "--detector", "seasonal_residual", "--scores", out).code == 0
    frame = pl.read_csv(out)
    assert frame.columns == [
        "row", "ts", "score", "is_anomaly", "probability", "expected", "lower", "upper",
    ]  # fmt: skip
    assert frame["row"].to_list() == list(range(900))
    assert frame["score"].arg_max() == 700
    assert frame["is_anomaly"].to_list()[700] == 1
    assert set(frame["is_anomaly"].unique()) == {0, 1}


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_writes_every_ending(table: Path, tmp_path: Path, ending: str) -> None:
    scores, found = tmp_path / f"s.{ending}", tmp_path / f"a.{ending}"
    assert sonde("detect", table, "--scores", scores, "--anomalies", found).code == 0
    read: Any = {
        "csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson,
        "json": pl.read_json,
    }[ending]  # fmt: skip
    assert read(scores).height == 400
    assert read(found)["peak"][0] == 123


def test_reads_standard_input(table: Path) -> None:
    piped = json.loads(sonde("detect", "-", "--json", stdin=table.read_bytes()).out)
    named = json.loads(sonde("detect", table, "--json").out)
    assert piped["scores"] == named["scores"]
    assert piped["input"] == "-"


def test_train_and_score_give_the_scores_of_detect(series: Path, tmp_path: Path) -> None:
    # The others in one process: tests/runtimes/test_one_answer.py.
    for name in ["discord", "ewma", "ecod"]:
        found = json.loads(sonde("detect", series, "--detector", name, "--json").out)
        model = tmp_path / f"{name}.sonde"
        trained = sonde("train", series, "--model", name, "--output", model)
        assert trained.code == 0, trained
        scored = json.loads(sonde("score", model, series, "--json").out)
        for field in ("scores", "is_anomaly", "probability", "anomalies"):
            assert scored[field] == found[field], (name, field)


def test_a_model_and_data_that_changed_places_are_told(series: Path, tmp_path: Path) -> None:
    ran = sonde("score", series, tmp_path / "m.sonde")
    assert ran.code == 2
    assert "the model comes first" in ran.err
    assert "m.sonde" in ran.err


def test_score_warns_of_a_foreign_model(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "m.sonde"
    assert sonde("train", table, "--output", model).code == 0
    assert "not trusted" not in sonde("score", model, table).err
    monkeypatch.setenv("SONDE_HOME", str(tmp_path / "another"))
    assert "not trusted" in sonde("score", model, table).err


def test_report_is_written(series: Path, tmp_path: Path) -> None:
    ran = sonde("detect", series, "--report", tmp_path / "r.html")
    assert ran.code == 0
    assert "r.html" in ran.err
    assert "<html" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_fail_on_anomaly_exits_3_only_when_something_was_found(table: Path, tmp_path: Path) -> None:
    assert sonde("detect", table, "--fail-on-anomaly").code == 3
    quiet = tmp_path / "quiet.csv"
    pl.DataFrame({"a": np.random.default_rng(0).uniform(size=300)}).write_csv(quiet)
    ran = sonde("detect", quiet, "--fail-on-anomaly", "--kind", "table")
    assert ran.code == 0
    assert "strongest candidate is row" in ran.out


def test_online_scores_of_a_cut_file_begin_those_of_the_whole(series: Path, tmp_path: Path) -> None:
    lines = series.read_text().splitlines(keepends=True)
    whole = json.loads(sonde("detect", series, "--online", "--json").out)["scores"]
    for rows in (100, 500, 750, 800):
        cut = tmp_path / "cut.csv"
        cut.write_text("".join(lines[: rows + 1]))
        part = json.loads(sonde("detect", cut, "--online", "--json").out)["scores"]
        assert part == whole[:rows]


def test_detectors_lists_the_catalogue() -> None:
    ran = sonde("detectors")
    for name in learn.names():
        if issubclass(learn.find(name), learn.Detector):
            assert name in ran.out
    assert {e["name"] for e in json.loads(sonde("detectors", "--json").out)["detectors"]}


def test_version() -> None:
    assert sonde("--version").out == f"sonde {package.__version__}\n"


USAGE = [
    (["detect"], "Missing argument"),
    (["detcet", "x.csv"], "detect"),
    (["detect", "{table}", "--detector", "isolation_forrest"], "isolation_forest"),
    (["detect", "{table}", "--detector", "robust_scaler"], "not a detector"),
    (["detect", "{table}", "--detector", "knn", "--param", "neighbors=3"], "n_neighbors"),
    (["detect", "{table}", "--detector", "knn", "--param", "n_neighbors=0"], "1 or more"),
    (["detect", "{table}", "--param", "n_neighbors=3"], "--detector"),
    (["detect", "{table}", "--param", "what"], "name=value"),
    (["detect", "{table}", "--contamination", "0.9"], "at most 0.5"),
    (["detect", "{table}", "--contamination", "much"], "--contamination"),
    (["detect", "{table}", "--false-alarms", "2/year"], "2/day"),
    (["detect", "{table}", "--contamination", "0.1", "--labels", "a"], "one of"),
    (["detect", "{table}", "--kind", "cube"], "auto, series, table"),
    (["detect", "{table}", "--missing", "guess"], "auto, drop"),
    (["detect", "{table}", "--scores", "{tmp}/x.xlsx"], "xlsx"),
    (["detect", "{table}", "--scores", "{tmp}/no/x.csv"], "no folder"),
    (["detect", "{table}", "--report", "{tmp}/r.pdf"], ".html"),
    (["detect", "{table}", "--fit-rows", "1"], "--fit-rows"),
    (["detect", "{table}", "--jobs", "0"], "--jobs"),
    (["train", "{table}", "--output", "{tmp}/m.pkl"], ".sonde"),
    (["train", "{table}", "--task", "fly", "--output", "{tmp}/m.sonde"], "detect"),
]


@pytest.mark.parametrize(("words", "part"), USAGE)
def test_a_mistake_in_the_command_exits_2(
    words: list[str], part: str, table: Path, tmp_path: Path
) -> None:
    filled = [word.format(table=table, tmp=tmp_path) for word in words]
    assert part in refused(sonde(*filled), 2)


DATA = [
    (["detect", "{tmp}/nowhere.csv"], "nowhere.csv"),
    (["detect", "{tmp}"], "folder"),
    (["detect", "{table}", "--columns", "a,z"], "'z'"),
    (["detect", "{table}", "--columns", "name"], "name"),
    (["detect", "{table}", "--labels", "z"], "'z'"),
    (["detect", "{table}", "--false-alarms", "2/day"], "1000rows"),
    (["detect", "{table}", "--online"], "order"),
    (["detect", "{table}", "--fit-rows", "5000"], "400 rows"),
    (["score", "{tmp}/nowhere.sonde", "{table}"], "nowhere.sonde"),
    (["score", "{table}", "{table}"], "not a Sonde model"),
]


@pytest.mark.parametrize(("words", "part"), DATA)
def test_a_mistake_in_the_data_exits_1(
    words: list[str], part: str, table: Path, tmp_path: Path
) -> None:
    filled = [word.format(table=table, tmp=tmp_path) for word in words]
    assert part in refused(sonde(*filled, "--quiet"), 1)


def test_a_model_for_other_columns_names_the_missing_one(table: Path, tmp_path: Path) -> None:
    model, other = tmp_path / "m.sonde", tmp_path / "other.csv"
    assert sonde("train", table, "--output", model).code == 0
    pl.read_csv(table).rename({"b": "c"}).write_csv(other)
    assert "'b'" in refused(sonde("score", model, other, "--quiet"), 1)


def quiet_file(path: Path, *, timed: bool) -> Path:
    values = np.random.default_rng(5).normal(size=(300, 2))
    frame = pl.DataFrame({"a": values[:, 0], "b": values[:, 1]})
    if timed:
        time = np.datetime64("2024-01-01T00:00") + np.arange(300) * np.timedelta64(1, "h")
        frame = frame.with_columns(ts=pl.Series(time.astype("datetime64[us]")))
    frame.write_csv(path)
    return path


@pytest.mark.parametrize(
    ("detector", "another"),
    [("ecod", "knn"), ("isolation_forest", "hbos"), ("ewma", "random_cut_forest")],
)
def test_a_quiet_file_is_told_of_another_detector(
    detector: str, another: str, tmp_path: Path, home: Path
) -> None:
    path = quiet_file(tmp_path / "quiet.csv", timed=True)
    ran = sonde("detect", path, "--detector", detector)
    assert ran.out.startswith("Nothing unusual was found.")
    assert len(ran.out.strip().splitlines()) <= 3
    assert f"--detector {another}." in ran.out
    assert sonde("detect", path, "--detector", another, "--quiet").code == 0


def test_a_stored_model_that_finds_nothing_is_to_be_trained_again(
    tmp_path: Path, home: Path
) -> None:
    path, model = quiet_file(tmp_path / "quiet.csv", timed=False), tmp_path / "m.sonde"
    assert sonde("train", path, "--model", "ecod", "--output", model).code == 0
    said = sonde("score", model, path).out
    assert "train again and say how much (--contamination" in said
    assert "--model knn." in said


def test_every_detector_names_another() -> None:
    from sonde.cli.answers import _ANOTHER
    from sonde.learn import detector_entries

    names = {entry.name for entry in detector_entries()}
    assert set(_ANOTHER) == names
    assert set(_ANOTHER.values()) <= names
    assert all(one != another for one, another in _ANOTHER.items())
