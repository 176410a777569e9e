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
    with registry_of(home) as registry:
        for name, model in models.items():
            registry.register(name, model)


@contextmanager
def registry_of(
    home: Path, *, database: str | None = None, blobs: str | None = None
) -> Iterator[Registry]:
    """The registry of the service in ``home``, or of that which has these places."""
    home.mkdir(parents=True, exist_ok=True)
    opened = open_database(database, home)
    try:
        upgrade(opened)
        yield Registry(opened, open_blobs(blobs, home), Keyring(home / "keys"))
    finally:
        opened.close()


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
