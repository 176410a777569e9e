"""``sonde doctor`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.run import sonde


def test_a_whole_installation_is_fine(home: Path) -> None:
    ran = sonde("doctor")
    assert (ran.code, ran.err) == (0, "")
    assert "Nothing is wrong." in ran.out
    assert str(home) in ran.out.replace("\n", "").replace(" ", "")
    assert not home.exists()


def test_only_settings_that_somebody_chose_are_shown_unless_all_are_asked_for(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONDE_SERVER__PORT", "8123")
    few, everything = sonde("doctor").out, sonde("doctor", "--all").out
    assert "SONDE_SERVER__PORT" in few
    assert "SONDE_LIMITS__DEPTH" not in few
    assert "SONDE_LIMITS__DEPTH" in everything
    assert "more settings have their defaults" in few
    assert "more settings" not in everything


def test_a_fault_is_the_last_thing_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONDE_DATABASE__URL", "postgresql+psycopg://app:hunter2@127.0.0.1:9/none")
    ran = sonde("doctor")
    assert ran.code == 1
    told = ran.out.split("Wrong: 1")[1]
    assert "database" in told
    assert "127.0.0.1" in told
    assert "hunter2" not in ran.out
    assert "can be started" not in ran.out


def test_json_is_one_document_with_every_group(home: Path) -> None:
    ran = sonde("doctor", "--json")
    body = json.loads(ran.out)
    assert (ran.code, ran.err, body["fine"]) == (0, "", True)
    assert list(dict.fromkeys(finding["group"] for finding in body["findings"])) == [
        "python",
        "packages",
        "extras",
        "machine",
        "folders",
        "service",
        "settings",
    ]


def test_a_home_that_is_a_file_is_told_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "home"
    broken.write_text("no folder")
    monkeypatch.setenv("SONDE_HOME", str(broken))
    ran = sonde("doctor")
    assert ran.code == 1
    assert "✗" in ran.out
    assert "point SONDE_HOME to a folder that can be written" in " ".join(ran.out.split())
    wrong = [f for f in json.loads(sonde("doctor", "--json").out)["findings"] if f["remedy"]]
    assert "data folder" in [finding["name"] for finding in wrong if finding["state"] == "wrong"]


def test_a_setting_that_cant_be_used_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONDE_MAX_MODEL_MB", "many")
    ran = sonde("doctor")
    assert ran.code == 1
    assert "SONDE_MAX_MODEL_MB" in ran.out
    assert "numpy" in ran.out
