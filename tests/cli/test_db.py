"""``sonde db`` as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sonde.storage import open_database
from tests.cli.run import refused, sonde
from tests.journeys.doors import here
from tests.storage.rows import all_rows, fill


def test_from_no_tables_to_tables_and_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sonde("db", "status")
    assert before.code == 1
    assert "no tables yet" in before.out
    assert "To come: 0001. Run: sonde db upgrade" in before.err
    assert not home.exists()

    up = here(capsys, "db", "upgrade")
    assert (up.code, up.out) == (0, "")
    assert "is now at version 0001" in up.err
    assert "is at version 0001" in here(capsys, "db", "upgrade").err
    after = here(capsys, "db", "status", "--json")
    assert (after.code, after.err) == (0, "")
    assert json.loads(after.out) == {
        "database": f"sqlite:///{home}/sonde.db",
        "current": "0001",
        "head": "0001",
        "pending": [],
        "is_current": True,
    }

    database = open_database(None, home)
    fill(database)
    rows = all_rows(database)
    assert "add --yes" in refused(here(capsys, "db", "downgrade", "--to", "base"), 2)
    assert all_rows(database) == rows
    database.close()
    down = here(capsys, "db", "downgrade", "--to", "base", "--yes")
    assert down.code == 0
    assert "has no tables any more" in down.err
    assert here(capsys, "db", "status").code == 1


def test_words_that_are_wrong(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no version '0009'" in refused(here(capsys, "db", "upgrade", "--to", "0009"), 1)
    assert "--to" in refused(here(capsys, "db", "downgrade"), 2)
    assert "db --help" in refused(here(capsys, "db"), 2)
    assert not home.exists()


def test_a_database_on_a_server(
    home: Path,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SONDE_DATABASE__URL", postgres_url)
    assert here(capsys, "db", "upgrade").code == 0
    ran = here(capsys, "db", "status")
    assert (ran.code, ran.err) == (0, "")
    assert "current   0001" in ran.out
    assert not home.exists()


def test_a_server_that_is_away_is_told_without_the_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SONDE_DATABASE__URL", "postgresql://me:secret@127.0.0.1:1/plant")
    for words in (["status"], ["upgrade"], ["downgrade", "--to", "base", "--yes"]):
        message = refused(here(capsys, "db", *words), 1)
        assert "can't be reached" in message
        assert "secret" not in message
