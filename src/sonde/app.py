"""Builds every object from the settings. The only module that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from .errors import Conflict, Unavailable, need
from .registry import FileModels, RegistryModels
from .security import Keyring
from .serving import Predictor
from .settings import DatabaseSettings, Settings

if TYPE_CHECKING:
    from .registry import Registry
    from .storage import Database


@dataclass(frozen=True)
class App:
    """Everything one process needs, built once.

    ``models`` finds a model by the path of its file and by its name in the registry alike.
    """

    settings: Settings
    keyring: Keyring
    models: RegistryModels
    predictor: Predictor
    _later: _Later = field(repr=False)

    @property
    def registry(self) -> Registry:
        """Models by name, opened when it is first asked for.

        Raises
        ------
        MissingExtra : what the registry stands on is not installed.
        Unavailable : the database can't be reached, or its tables have yet to be made.
        """
        return self._later.opened()

    def close(self) -> None:
        """Let go of what was opened; who asks again opens it anew."""
        self._later.close()


def build(settings: Settings, tell: Callable[[str], None]) -> App:
    """All objects; ``tell`` hears notices for the person at the screen.

    Nothing is opened or connected to yet.
    """
    keyring = Keyring(settings.home / "keys", settings.registry.signing)
    files = FileModels(keyring, settings.max_model_mb * 2**20, tell)
    later = _Later(settings, keyring)
    models = RegistryModels(later.opened, settings.registry.models_mb, files)
    return App(settings, keyring, models, Predictor(models), later)


def open_registry(settings: Settings, keyring: Keyring) -> Registry:
    """The registry that the settings name, its tables those of this program.

    Raises
    ------
    MissingExtra, Unavailable : as ``App.registry``.
    Conflict : the tables are those of a newer program.
    """
    need("sqlalchemy", extra="registry", purpose="models by name")
    need("alembic", extra="registry", purpose="models by name")
    from .registry import Registry, open_blobs
    from .storage import database_of

    database = database_of(settings)
    try:
        bring_up(database, settings.database)
    except BaseException:
        database.close()
        raise
    blobs = open_blobs(settings.blobs.url, settings.home)
    return Registry(database, blobs, keyring, settings.max_model_mb * 2**20)


def bring_up(database: Database, given: DatabaseSettings) -> None:
    """Make the tables those of this program where that is wanted; else they must be so already."""
    from .storage.migrate import status, upgrade

    if given.upgrade or (given.upgrade is None and database.is_sqlite):
        upgrade(database)
        return
    found = status(database)
    if found.is_newer:
        raise Conflict(
            f"the tables of {database.shown} are at version {found.current}, made by a newer "
            f"Sonde (this one knows {found.head}); update Sonde",
            current=found.current,
            head=found.head,
        )
    if not found.is_current:
        lacks = "has no tables yet" if found.current is None else "has tables of an older version"
        raise Unavailable(
            f"{database.shown} {lacks}; run: sonde db upgrade",
            current=found.current,
            head=found.head,
        )


class _Later:
    """The registry, opened by whoever needs it first; threads may ask at once."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings = settings
        self._keyring = keyring
        self._registry: Registry | None = None
        self._lock = Lock()

    def opened(self) -> Registry:
        with self._lock:
            if self._registry is None:
                self._registry = open_registry(self._settings, self._keyring)
            return self._registry

    def close(self) -> None:
        with self._lock:
            if self._registry is not None:
                self._registry.database.close()
                self._registry = None
