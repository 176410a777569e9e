from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sonde.cli.select import read_budget
from sonde.errors import InvalidInput
from tests.cli.run import refused, sonde


@pytest.fixture
def plant(tmp_path: Path, home: Path) -> Path:
    """Rows on a line, and some beside it, which only a look at both columns finds."""
    rng = np.random.default_rng(1)
    rows = np.repeat(rng.normal(size=(300, 1)), 2, axis=1) + 0.05 * rng.normal(size=(300, 2))
    labels = np.arange(300) % 30 == 7
    rows[labels] = [[1.2, -1.2]]
    path = tmp_path / "plant.csv"
    pl.DataFrame({"a": rows[:, 0], "b": rows[:, 1], "bad": labels.astype(int)}).write_csv(path)
    return path


def test_prints_a_table_and_the_best(plant: Path) -> None:
    ran = sonde(
        "select", plant, "--detectors", "hbos,ecod,mcd", "--labels", "bad", "--kind", "table"
    )
    assert ran.code == 0, ran
    lines = [line.split() for line in ran.out.splitlines() if line.strip()]
    assert lines[0][:3] == ["detector", "average_precision", "spread"]
    assert lines[1][0] == "mcd"
    assert "By average_precision on labels: mcd." in ran.out


def test_prints_json_and_names_what_was_left(plant: Path) -> None:
    ran = sonde(
        "select", plant, "--columns", "a,b", "--detectors", "ecod+knn,hbos,ecod", "--kind",
        "table", "--budget", "0.000001s", "--json",
    )  # fmt: skip
    body = json.loads(ran.out)
    assert (ran.code, body["best"], body["not_tried"]) == (0, "hbos", ["ecod", "ecod+knn"])
    assert "budget was used up before these were tried: ecod, ecod+knn" in ran.err
    assert body["detectors"][0]["made_up"] is not None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--detectors", "zzz"], 2, "no estimator called 'zzz'"),
        (["--budget", "soon"], 2, "30s, 5m or 1h"),
        (["--labels", "nope"], 1, "nope"),
    ],
)
def test_refuses_what_can_not_be(plant: Path, words: list[str], code: int, said: str) -> None:
    assert said in refused(sonde("select", plant, *words), code)


@pytest.mark.parametrize("text", ["soon", "", "0", "-5s", "5 days", "1e3"])
def test_a_budget_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="30s, 5m or 1h"):
        read_budget(text)


def test_training_says_what_it_took(plant: Path, tmp_path: Path) -> None:
    ran = sonde(
        "train", plant, "--tune", "--label", "bad", "--output", tmp_path / "m.sonde", "--kind",
        "table",
    )  # fmt: skip
    assert ran.code == 0, ran
    assert "by average_precision on labels." in ran.err
    words = ("train", plant, "--tune", "--model", "ecod", "--output", tmp_path / "m.sonde")
    assert "--tune chooses the detector itself" in refused(sonde(*words), 2)
