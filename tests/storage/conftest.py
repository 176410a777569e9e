"""Each test on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sonde.storage import Database, open_database
from sonde.storage.migrate import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path}/home/sonde.db"


@pytest.fixture
def empty(url: str, tmp_path: Path) -> Iterator[Database]:
    database = open_database(url, tmp_path, timeout_s=2.0)
    yield database
    database.close()


@pytest.fixture
def database(empty: Database) -> Database:
    """With the tables of this release."""
    upgrade(empty)
    return empty
