from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import sonde as package
from sonde.cli.true_labels import read_scored, true_rows
from sonde.errors import InvalidInput, NotFound
from tests.cli.run import refused, sonde


@pytest.fixture
def scores(tmp_path: Path, home: Path) -> Path:
    """Rows 60–64 of 100 are strange, and so the scores say, all but one row."""
    rng = np.random.default_rng(0)
    strange = rng.random(100)
    strange[60:64] += 2.0
    time = np.datetime64("2024-01-01T00:00") + np.arange(100) * np.timedelta64(1, "h")
    frame = pl.DataFrame(
        {
            "row": np.arange(100),
            "ts": time.astype("datetime64[us]"),
            "score": strange,
            "is_anomaly": (strange > 1.0).astype(int),
            "truth": ((np.arange(100) >= 60) & (np.arange(100) < 65)).astype(int),
        }
    )
    path = tmp_path / "scores.csv"
    frame.write_csv(path)
    return path


@pytest.fixture
def fleet(tmp_path: Path, home: Path) -> Path:
    frames = []
    for name, at in (("a.csv", 30), ("b.csv", 70)):
        strange = np.random.default_rng(at).random(100)
        strange[at : at + 5] += 1.0
        frames.append(pl.DataFrame({"file": [name] * 100, "row": np.arange(100), "score": strange}))
    path = tmp_path / "fleet.csv"
    pl.concat(frames).write_csv(path)
    return path


def told(*words: object) -> dict[str, object]:
    ran = sonde("evaluate", *map(str, words), "--json", "--quiet")
    assert (ran.code, ran.err) == (0, ""), ran
    body = json.loads(ran.out)
    assert isinstance(body, dict)
    return body


def test_a_column_of_the_file_is_the_truth(scores: Path) -> None:
    body = told(scores, "--labels", "truth")
    frame = pl.read_csv(scores)
    expected = package.evaluate(
        frame["score"].to_numpy(), frame["truth"].to_numpy(), flags=frame["is_anomaly"].to_numpy()
    )
    assert body == expected.to_dict() | {"input": str(scores)}
    assert body["metrics"]["recall"] == 0.8  # type: ignore[index]


def test_the_table_shows_every_metric(scores: Path) -> None:
    ran = sonde("evaluate", scores, "--labels", "truth", "--metric", "VUS-PR", "--metric", "f1")
    assert ran.code == 0
    assert "100 rows, 5 of them anomalous in 1 event" in ran.out
    assert "vus_pr" in ran.out
    assert "0.8889" in ran.out


def test_labels_in_another_form_give_the_same(scores: Path, tmp_path: Path) -> None:
    scored = read_scored(str(scores), None, None)
    expected = true_rows(scored, "truth", None).tolist()
    assert expected == [60 <= row < 65 for row in range(100)]
    pl.read_csv(scores).select("row", label="truth").write_csv(tmp_path / "labels.csv")
    pl.DataFrame({"start": [60], "end": [65]}).write_csv(tmp_path / "intervals.csv")
    (tmp_path / "rows.json").write_text("[[60, 65]]")
    (tmp_path / "found.json").write_text('[{"start": 60, "end": 63}, {"start": 62, "end": 65}]')
    (tmp_path / "times.json").write_text('[["2024-01-03 12:00:00", "2024-01-03 16:00:00"]]')
    (tmp_path / "named.json").write_text('{"plant/scores.csv": [[60, 65]]}')
    for name in ("labels.csv", "intervals.csv", "rows.json", "found.json", "times.json"):
        assert true_rows(scored, str(tmp_path / name), None).tolist() == expected, name
    assert true_rows(scored, str(tmp_path / "named.json"), None).tolist() == expected
    ran = told(scores, "--labels", tmp_path / "times.json", "--metric", "recall")
    assert ran["metrics"] == {"recall": 0.8}


def test_rows_are_taken_in_the_order_of_time(scores: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled.csv"
    pl.read_csv(scores).sample(fraction=1.0, shuffle=True, seed=3).write_csv(shuffled)
    frame = pl.read_csv(scores)
    ordered = package.evaluate(frame["score"].to_numpy(), frame["truth"].to_numpy(), ["vus_pr"])
    body = told(shuffled, "--labels", "truth", "--metric", "vus_pr")
    assert body["metrics"] == ordered.mean


def test_files_are_series_and_intervals_are_by_series(fleet: Path, tmp_path: Path) -> None:
    windows = tmp_path / "windows.json"
    windows.write_text('{"plant/a.csv": [[30, 35]], "b": [], "plant/b.csv": [[70, 75]]}')
    body = told(fleet, "--labels", windows, "--metric", "roc_auc", "--metric", "nab")
    assert body["series"]["a.csv"]["roc_auc"] == 1.0  # type: ignore[index]
    assert body["events"] == 2
    out = tmp_path / "out.parquet"
    ran = sonde("evaluate", fleet, "--labels", windows, "--output", out)
    assert ran.code == 0
    assert "mean" in ran.out
    lines = pl.read_parquet(out)
    assert lines["series"].unique().sort(nulls_last=False).to_list() == [None, "a.csv", "b.csv"]


def test_an_id_column_tells_series_apart(fleet: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(fleet).rename({"file": "pump"})
    truth = frame["row"].is_between(30, 34) & (frame["pump"] == "a.csv")
    truth |= frame["row"].is_between(70, 74) & (frame["pump"] == "b.csv")
    path = tmp_path / "pumps.csv"
    frame.with_columns(y=truth.cast(pl.Int8)).write_csv(path)
    body = told(path, "--labels", "y", "--id", "pump", "--metric", "roc_auc")
    assert list(body["series"]) == ["a.csv", "b.csv"]  # type: ignore[call-overload]
    assert body["metrics"] == {"roc_auc": 1.0}


def test_what_detect_writes_can_be_evaluated(tmp_path: Path, home: Path) -> None:
    values = np.random.default_rng(0).normal(size=(200, 2))
    values[20:23] = 9.0
    frame = pl.DataFrame({"a": values[:, 0], "b": values[:, 1]})
    frame = frame.with_columns(label=pl.int_range(200).is_between(20, 22).cast(pl.Int8))
    frame.write_csv(tmp_path / "rows.csv")
    out = tmp_path / "scores.csv"
    assert sonde("detect", tmp_path / "rows.csv", "--scores", out, "-q").code == 0
    body = told(out, "--labels", tmp_path / "rows.csv", "--metric", "auroc")
    assert body["metrics"] == {"roc_auc": 1.0}


def test_the_buffer_can_come_from_the_values(scores: Path, tmp_path: Path) -> None:
    wave = np.sin(np.arange(100) * 2 * np.pi / 10)
    path = tmp_path / "with_values.csv"
    pl.read_csv(scores).with_columns(load=pl.Series(wave)).write_csv(path)
    assert told(path, "--labels", "truth", "--values", "load")["buffers"] == {"": 10}
    assert told(path, "--labels", "truth", "--buffer", 3)["buffers"] == {"": 3}


def test_mistakes_are_named_with_a_remedy(scores: Path, fleet: Path, tmp_path: Path) -> None:
    pl.DataFrame({"label": [0, 1]}).write_csv(tmp_path / "short.csv")
    pl.DataFrame({"a": [0, 1], "b": [0, 1]}).write_csv(tmp_path / "which.csv")
    (tmp_path / "none.json").write_text("[[500, 600]]")
    (tmp_path / "other.json").write_text('{"c.csv": [[1, 2]]}')
    (tmp_path / "times.json").write_text('[["2024-01-03 12:00:00", "2024-01-03 16:00:00"]]')
    (tmp_path / "broken.json").write_text("[[1,")
    scored = read_scored(str(scores), None, None)
    for labels, said in (
        ("short.csv", "100 rows and"),
        ("which.csv", "--label-column"),
        ("none.json", "no row of"),
        ("broken.json", "is no JSON"),
    ):
        with pytest.raises(InvalidInput, match=said):
            true_rows(scored, str(tmp_path / labels), None)
    of_files = read_scored(str(fleet), None, None)
    with pytest.raises(InvalidInput, match="--time"):
        true_rows(of_files, str(tmp_path / "times.json"), None)
    with pytest.raises(NotFound, match=r"a\.csv, b\.csv"):
        true_rows(of_files, str(tmp_path / "other.json"), None)
    assert "neither a column of" in refused(sonde("evaluate", scores, "--labels", "nope"), 1)
    words = ("--labels", "truth", "--score", "points")
    assert "no column 'points'" in refused(sonde("evaluate", scores, *words), 1)


def test_mistakes_in_the_words_are_usage(scores: Path, tmp_path: Path) -> None:
    for words, said in (
        (("--metric", "foo"), "vus_pr"),
        (("--output", tmp_path / "x.xlsx"), "cannot write"),
        (("--buffer", "3", "--values", "ts"), "one of them"),
    ):
        assert said in refused(sonde("evaluate", scores, "--labels", "truth", *words), 2)
