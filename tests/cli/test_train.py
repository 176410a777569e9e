"""``sonde train`` keeps models by name, says how well they do, and ``sonde score`` finds them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sonde.cli.train import read_tags
from sonde.errors import InvalidInput
from tests.cli.run import refused, sonde


@pytest.fixture
def table(tmp_path: Path, home: Path) -> Path:
    rows = np.random.default_rng(0).normal(size=(400, 2))
    labels = np.zeros(400, dtype=int)
    rows[::50] += 6.0
    labels[::50] = 1
    frame = pl.DataFrame(rows, schema=["a", "b"]).with_columns(label=pl.Series(labels))
    frame.write_csv(tmp_path / "rows.csv")
    return tmp_path / "rows.csv"


def test_a_named_model_is_registered_evaluated_and_scored_by_name(table: Path) -> None:
    ran = sonde("train", table, "--name", "pump", "--model", "ecod", "--label", "label")
    assert ran.code == 0, ran
    assert ran.out.startswith("Held out: 20% of the rows, drawn (80 rows), learning from 320")
    assert "ROC AUC" in ran.out
    assert "Registered as pump:1; use it with: sonde score pump FILE" in ran.out
    found = json.loads(sonde("score", "pump", table, "--json", "--quiet").out)
    assert (found["model"], found["version"], found["variant"]) == ("pump", "1", None)
    assert found["input"] == str(table)
    assert len(found["scores"]) == 400
    assert found["algorithm"] == "ecod"
    assert found["predictions"] == [-1 if flag else 1 for flag in found["is_anomaly"]]
    assert found["anomaly_count"] == len(found["anomalies"]) >= 8
    assert "stored in the registry as pump:1" in found["chosen"]["message"]


def test_json_is_the_record_with_evaluation_choice_and_input(table: Path) -> None:
    words = ["train", str(table), "--name", "pump", "--tag", "site=north", "--tag", "note=a=b"]
    ran = sonde(*words, "--version-label", "spring", "--description", "Pump 3", "--json", "--quiet")
    assert ran.err == ""
    told = json.loads(ran.out)
    assert (told["model"], told["version"], told["label"]) == ("pump", 1, "spring")
    assert told["tags"] == {"site": "north", "note": "a=b"}
    assert told["evaluation"]["held_out_rows"] == 80
    assert told["chosen"]["detector"] == "auto_table"
    assert told["input"] == str(table)


def test_a_file_alone_is_evaluated_only_when_asked(table: Path, tmp_path: Path) -> None:
    words = [
        "train",
        str(table),
        "--output",
        str(tmp_path / "m.sonde"),
        "--model",
        "ecod",
        "--json",
    ]
    plain, asked = json.loads(sonde(*words).out), json.loads(sonde(*words, "--evaluate").out)
    assert plain["model"] == asked["model"] == str(tmp_path / "m.sonde")
    assert plain["version"] is None
    assert plain["evaluation"] is None
    assert asked["evaluation"]["judged_rows"] == 80
    assert plain["chosen"] == asked["chosen"]


def test_too_few_rows_to_hold_out_are_said_and_the_model_is_kept(
    tmp_path: Path, home: Path
) -> None:
    (tmp_path / "few.csv").write_text("a,b\n1,2\n3,1\n")
    ran = sonde("train", tmp_path / "few.csv", "--name", "few", "--model", "ecod")
    assert ran.code == 0, ran
    assert ran.out.startswith("Not evaluated on rows held out.\nNote: 2 rows are too few")
    assert "Registered as few:1" in ran.out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["train", "rows.csv"], "--name NAME (the registry), --output FILE.sonde, or both"),
        (["train", "rows.csv", "--name", "a/b"], "a model's name is"),
        (["score", "pump@", "rows.csv"], "name@alias or name:version"),
    ],
)
def test_a_mistake_in_the_words_exits_2(
    words: list[str], part: str, table: Path, tmp_path: Path
) -> None:
    assert part in refused(sonde(*words, cwd=tmp_path), 2)


@pytest.mark.parametrize(
    ("pairs", "part"),
    [(["b"], "must look like"), (["=b"], "must look like"), (["b=1", "b=2"], "twice")],
)
def test_a_tag_that_cannot_be_read_is_refused(pairs: list[str], part: str) -> None:
    with pytest.raises(InvalidInput, match=part):
        read_tags(pairs)


def test_a_name_that_is_not_registered_is_refused(table: Path) -> None:
    assert "no model called 'pump'" in refused(sonde("score", "pump", table), 1)
