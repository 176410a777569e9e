"""One database, SQLite or PostgreSQL, and its two ways in: to read and to write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ..errors import InvalidInput
from ..settings import Settings
from .failures import refusal, secrets_of
from .postgres import postgres_engine
from .sqlite import sqlite_engine

READING = "sonde_reading"


@dataclass(frozen=True)
class Database:
    """A pool of connections. Threads may share it; processes each open their own.

    ``shown`` is its address as messages may give it, without a password; ``file`` is None for
    PostgreSQL.
    """

    # An address may hold a password in more places than SQLAlchemy hides.
    engine: sa.Engine = field(repr=False)
    shown: str
    file: Path | None

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that only asks.

        Without a transaction: each statement sees what is committed when it starts, and costs no
        round trip more.

        Raises
        ------
        Unavailable : the database can't answer; the message says what to do.
        """
        with self.refusing(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it, or after an error nothing.

        SQLite lets one writer in at a time, from the start of the transaction; others wait.

        Raises
        ------
        Unavailable : the database can't answer, or another writer was in the way for too long; the
            message says what to do. Broken constraints stay SQLAlchemy's ``IntegrityError``.
        """
        with self.refusing(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Failures of the database within become errors with a remedy."""
        try:
            yield
        except SQLAlchemyError as error:
            refused = refusal(error, self.shown, secrets_of(self.engine.url))
            if refused is None:
                raise
            raise refused from None

    def close(self) -> None:
        """Close the connections; whoever asks again opens new ones."""
        self.engine.dispose()

    @cached_property
    def _readers(self) -> sa.Engine:
        options: dict[str, Any] = {READING: True}
        if not self.is_sqlite:
            options["isolation_level"] = "AUTOCOMMIT"
        readers = self.engine.execution_options(**options)
        sa.event.listen(readers, "before_execute", _refuse_changes)
        return readers


def database_of(settings: Settings, *, pool_size: int | None = None) -> Database:
    """The database that the settings name; ``pool_size`` in place of theirs."""
    given = settings.database
    return open_database(
        None if given.url is None else given.url.get_secret_value(),
        settings.home,
        pool_size=given.pool_size if pool_size is None else pool_size,
        timeout_s=given.timeout_s,
    )


def open_database(
    url: str | None, home: Path, *, pool_size: int = 5, timeout_s: float = 5.0
) -> Database:
    """The database at ``url``; nothing is made or connected to before it is used.

    Parameters
    ----------
    url : ``sqlite:///folder/sonde.db``, ``postgresql://user:password@host/name`` (psycopg 3), or
        None for the file ``sonde.db`` in ``home``.
    pool_size : connections that are kept open; more are not opened.
    timeout_s : longest wait for a connection, for a lock, or for the server's first answer.

    Raises
    ------
    InvalidInput : no such kind of database, or no URL.
    MissingExtra : PostgreSQL without its driver.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from sonde.storage.migrate import upgrade
    >>> from sonde.storage.tables import models
    >>> database = open_database(None, Path(mkdtemp()))
    >>> upgrade(database)
    >>> with database.read() as connection:
    ...     connection.execute(models.select()).all()
    []
    >>> database.close()
    """
    if url is None:
        parsed = sa.URL.create("sqlite", database=str(home.absolute() / "sonde.db"))
    else:
        parsed = _parsed(url)
    shared = {
        "poolclass": sa.QueuePool,
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": timeout_s,
        # The last one used is the first to be used again: the others may grow old unseen.
        "pool_use_lifo": True,
        # Values may be secrets; they have no place in messages and logs.
        "hide_parameters": True,
        "json_serializer": _json,
    }
    shown = parsed.set(query={}).render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        file = Path(parsed.database or "").absolute()
        engine = sqlite_engine(parsed, file, timeout_s, shared)
        sa.event.listen(engine, "begin", _take_turn)
        return Database(engine, shown, file)
    return Database(postgres_engine(parsed, timeout_s, shared), shown, None)


def _parsed(given: str) -> sa.URL:
    try:
        url = sa.make_url(given)
    except (sa.exc.ArgumentError, ValueError):
        # What can't be read as a URL may hold a password anywhere.
        raise InvalidInput(
            "the database's address is no URL; write it like sqlite:////folder/sonde.db or "
            "postgresql://user:password@host/name",
            setting="SONDE_DATABASE__URL",
        ) from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if url.database in (None, "", ":memory:") or str(url.database).startswith("file:"):
            raise InvalidInput(
                "a SQLite database needs the path of a file: sqlite:////folder/sonde.db",
                setting="SONDE_DATABASE__URL",
            )
        return url.set(drivername="sqlite", query={})
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        # SQLAlchemy hides a password only in its first place.
        found: Any = url.query.get("password", url.password)
        password = found[-1] if isinstance(found, tuple) else found
        url = url.set(drivername="postgresql+psycopg", password=password)
        return url.difference_update_query(["password"])
    raise InvalidInput(
        f"{url.drivername}:// is no database that models are kept in; write "
        "sqlite:////folder/sonde.db or postgresql://user:password@host/name",
        setting="SONDE_DATABASE__URL",
    )


def _json(value: Any) -> str:
    # Python would write NaN, which is no JSON; PostgreSQL refuses it and SQLite would not.
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _take_turn(connection: sa.Connection) -> None:
    """Take SQLite's lock at once: a reader that turns writer can't wait for it, it fails."""
    if not connection.get_execution_options().get(READING):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_changes(_: sa.Connection, statement: Any, *__: Any) -> None:
    # Each would be committed by itself.
    if getattr(statement, "is_dml", False):
        raise RuntimeError("read() was asked to change rows; write() does")
