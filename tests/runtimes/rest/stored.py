"""Models in the registry of a home, before a service looks there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sonde.registry.blobs import open_blobs
from sonde.registry.versions import Registry
from sonde.security import Keyring
from sonde.security.keys import Keys, pepper_of
from sonde.storage import open_database
from sonde.storage.migrate import upgrade


def store(home: Path, **models: Any) -> None:
    """Register each fitted model under its name, as the service in ``home`` would."""
    home.mkdir(parents=True, exist_ok=True)
    database = open_database(None, home)
    upgrade(database)
    registry = Registry(database, open_blobs(None, home), Keyring(home / "keys"))
    for name, model in models.items():
        registry.register(name, model)
    database.close()


@contextmanager
def keys_of(home: Path) -> Iterator[Keys]:
    """The keys of the service in ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    database = open_database(None, home)
    upgrade(database)
    keys = Keys(database, pepper_of(None, home))
    try:
        yield keys
    finally:
        keys.close()
        database.close()
