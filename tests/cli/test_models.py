"""``sonde models`` as a person runs it."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import sonde
from sonde.learn import create
from tests.cli.run import Ran, refused
from tests.cli.run import sonde as run
from tests.journeys.doors import here

Capsys = pytest.CaptureFixture[str]


def a_file(path: Path, seed: int = 0) -> Path:
    rows = np.random.default_rng(seed).normal(size=(80, 2))
    sonde.save(create("hbos").fit(rows), path)
    return path


@pytest.fixture
def pump(tmp_path: Path, home: Path, capsys: Capsys) -> Path:
    """A model with two versions; the file of the first."""
    for seed in (0, 1):
        path = a_file(tmp_path / f"{seed}.sonde", seed)
        assert here(capsys, "models", "import", path, "--name", "pump").code == 0
    return tmp_path / "0.sonde"


def said(ran: Ran, code: int = 0) -> str:
    assert (ran.code, ran.err) == (code, ""), ran
    return ran.out


def test_a_file_goes_in_and_comes_out_as_it_was(pump: Path, tmp_path: Path, capsys: Capsys) -> None:
    out = tmp_path / "out.sonde"
    assert said(here(capsys, "models", "export", "pump:1", out)) == f"pump:1 written to {out}\n"
    assert out.read_bytes() == pump.read_bytes()
    words = ("--name", "tank", "--label", "v7", "--description", "Tanks", "--alias", "champion")
    told = said(here(capsys, "models", "import", out, *words))
    assert told == f"{out} is now tank:1; champion points at it\n"
    body = json.loads(said(here(capsys, "models", "show", "tank@champion", "--json")))
    assert (body["version"], body["label"], body["estimator"]) == (1, "v7", "hbos")


def test_it_runs_as_a_command(pump: Path) -> None:
    ran = run("models", "list")
    assert ran.code == 0
    assert re.search(r"pump +detect +2", ran.out)
    help_ = run("models", "--help")
    assert "validate" in help_.out


def test_models_are_listed_and_shown(pump: Path, capsys: Capsys) -> None:
    said(here(capsys, "models", "describe", "pump", "Pumps [of the north]"))
    said(here(capsys, "models", "alias", "pump", "champion", "1"))
    said(here(capsys, "models", "tag", "pump", "site=north"))
    listed = said(here(capsys, "models", "list", "--tag", "site=north"))
    assert "champion=1" in listed
    assert "Pumps [of the north]" in listed
    shown = said(here(capsys, "models", "show", "pump"))
    assert re.search(r"\n 2 .*hbos", shown)
    assert re.search(r"\n 1 +champion", shown)
    one = said(here(capsys, "models", "show", "pump:2"))
    assert "What it expects" in one
    assert "SHA-256" in one
    body = json.loads(said(here(capsys, "models", "list", "--json")))
    assert body["models"][0]["aliases"] == {"champion": 1}
    versions = json.loads(said(here(capsys, "models", "show", "pump", "--json")))["versions"]
    assert [version["version"] for version in versions] == [2, 1]
    assert json.loads(said(here(capsys, "models", "list", "--prefix", "x", "--json"))) == {
        "models": []
    }


def test_an_alias_moves_and_is_dropped(pump: Path, capsys: Capsys) -> None:
    told = said(here(capsys, "models", "alias", "pump", "champion", "1"))
    assert told == "pump@champion is now version 1.\n"
    assert "has no version '9'" in refused(
        here(capsys, "models", "alias", "pump", "champion", "9"), 1
    )
    assert "can't be deleted" in refused(here(capsys, "models", "delete", "pump:1", "--yes"), 1)
    said(here(capsys, "models", "alias", "pump", "champion", "--drop"))
    assert "no alias 'champion'" in refused(here(capsys, "models", "show", "pump@champion"), 1)
    assert "--drop" in refused(here(capsys, "models", "alias", "pump", "champion"), 2)
    refused(here(capsys, "models", "alias", "pump", "champion", "1", "--drop"), 2)


def test_nothing_is_deleted_without_yes(pump: Path, capsys: Capsys) -> None:
    assert "all versions of pump" in refused(here(capsys, "models", "delete", "pump"), 2)
    assert "version 1 of pump" in refused(here(capsys, "models", "delete", "pump:1"), 2)
    refused(here(capsys, "models", "delete", "pump@champion", "--yes"), 2)
    said(here(capsys, "models", "delete", "pump:1", "--yes"))
    assert "has no version '1'" in refused(here(capsys, "models", "show", "pump:1"), 1)
    said(here(capsys, "models", "delete", "pump", "--yes"))
    assert "no model called 'pump'" in refused(here(capsys, "models", "show", "pump"), 1)


def test_tags_are_added_and_taken_away(pump: Path, capsys: Capsys) -> None:
    assert said(here(capsys, "models", "tag", "pump", "a=1", "b=x=y")) == "pump: a=1, b=x=y\n"
    assert said(here(capsys, "models", "tag", "pump", "a=")) == "pump: b=x=y\n"
    said(here(capsys, "models", "tag", "pump:2", "c=3"))
    assert json.loads(said(here(capsys, "models", "show", "pump:2", "--json")))["tags"] == {
        "c": "3"
    }
    assert "KEY=VALUE" in refused(here(capsys, "models", "tag", "pump", "a"), 2)


def test_the_card_is_printed_and_written(pump: Path, tmp_path: Path, capsys: Capsys) -> None:
    assert said(here(capsys, "models", "card", "pump")).startswith("# pump:2\n")
    page = tmp_path / "card.html"
    said(here(capsys, "models", "card", "pump:1", "--html", page))
    assert "<h1>pump <span>version 1</span></h1>" in page.read_text()
    assert ".html" in refused(here(capsys, "models", "card", "pump", "--html", "card.txt"), 2)


def test_a_version_that_was_tampered_with_is_found(pump: Path, home: Path, capsys: Capsys) -> None:
    assert said(here(capsys, "models", "verify")) == "2 versions checked, 0 wrong.\n"
    blob = next(path for path in (home / "blobs").glob("??/*") if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1])
    told = said(here(capsys, "models", "verify", "pump"), 1)
    assert re.match(r"✗ pump:[12]: .*are not those that were put there", told)
    body = json.loads(said(here(capsys, "models", "verify", "--json"), 1))
    assert sorted(one["fine"] for one in body["versions"]) == [False, True]


def test_the_checklist_says_what_is_missing_and_what_to_do(pump: Path, capsys: Capsys) -> None:
    told = said(here(capsys, "models", "validate", "pump"), 1)
    assert "✓ file" in re.sub(" +", " ", told)
    assert "→ sonde models describe pump" in told
    checks = json.loads(said(here(capsys, "models", "validate", "pump", "--json"), 1))["checks"]
    assert {check["name"]: check["ok"] for check in checks} == {
        "file": True,
        "answers": True,
        "evaluated on rows held out": False,
        "threshold holds on rows held out": False,
        "data known": False,
        "packages known": False,
        "described": False,
        "rollback": True,
        "monitoring": False,
        "retraining": False,
    }


def test_files_that_are_not_taken_are_named_with_the_reason(
    tmp_path: Path, home: Path, capsys: Capsys
) -> None:
    forest = tmp_path / "forest.joblib"
    forest.write_bytes(pickle.dumps({"a": 1}))
    message = refused(here(capsys, "models", "import", forest, "--name", "forest"), 1)
    assert f"{forest} is a pickle" in message
    assert "run whatever it says" in message
    onnx = tmp_path / "forest.onnx"
    onnx.write_bytes(b"\x08\x07")
    message = refused(here(capsys, "models", "import", onnx, "--name", "forest"), 1)
    assert "ONNX file; the models that are read here are .sonde files" in message
    assert "no model file" in refused(
        here(capsys, "models", "import", tmp_path / "gone.sonde", "--name", "a"), 1
    )
    assert "model's name" in refused(here(capsys, "models", "import", onnx, "--name", "a/b"), 2)


def test_a_model_of_a_stranger_is_not_taken(
    tmp_path: Path, home: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(tmp_path / "m.sonde")
    monkeypatch.setenv("SONDE_HOME", str(tmp_path / "other"))
    message = refused(here(capsys, "models", "import", path, "--name", "pump"), 1)
    assert "not trusted here" in message
    assert "keys/trusted/NAME.pub" in message


@pytest.mark.parametrize("name", ["@champion", "pump@", "pump:", ":3"])
def test_a_reference_without_its_parts_is_a_mistake_of_usage(
    home: Path, capsys: Capsys, name: str
) -> None:
    assert "NAME:VERSION or NAME@ALIAS" in refused(here(capsys, "models", "show", name), 2)


def test_a_file_of_the_same_name_is_not_meant(
    pump: Path, tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pump").write_text("something else")
    assert "pump: no description yet" in said(here(capsys, "models", "show", "pump"))


def test_a_sweep_frees_what_no_version_names_when_told_so(
    pump: Path, home: Path, capsys: Capsys
) -> None:
    folder = home / "blobs" / "ab"
    folder.mkdir()
    orphan = folder / ("c" * 62)
    orphan.write_bytes(b"of a process that died")
    now = ("--older-than", "0")
    assert "Nothing is unused." in said(here(capsys, "models", "sweep"))  # an hour at least
    assert "1 unused" in said(here(capsys, "models", "sweep", *now))
    assert orphan.exists()
    assert "1 deleted" in said(here(capsys, "models", "sweep", *now, "--yes"))
    assert not orphan.exists()
    assert said(here(capsys, "models", "verify"))  # the models are whole
