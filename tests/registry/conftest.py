"""A registry over SQLite, and the same over PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from sonde.learn import Detector, create
from sonde.registry import Registry, open_blobs
from sonde.security import Keyring
from sonde.storage import open_database
from sonde.storage.migrate import upgrade

Make = Callable[..., Registry]


def a_model(seed: int = 0) -> Detector:
    model = create("hbos").fit(np.random.default_rng(seed).normal(size=(60, 2)))
    assert isinstance(model, Detector)
    return model


@pytest.fixture
def registry_at(tmp_path: Path) -> Iterator[Make]:
    """Registries over one home; each call opens a database of its own, as a process does."""
    opened: list[Registry] = []

    def make(url: str | None = None, home: Path = tmp_path, blobs: str | None = None) -> Registry:
        database = open_database(url, home)
        if not opened:
            upgrade(database)
        registry = Registry(database, open_blobs(blobs, home), Keyring(home / "keys"), 2**26)
        opened.append(registry)
        return registry

    yield make
    for registry in opened:
        registry.database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite's file, or a database of PostgreSQL."""
    if request.param == "sqlite":
        return None
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def registry(registry_at: Make, database_url: str | None) -> Registry:
    return registry_at(database_url)
