"""Connections to a SQLite file."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

_PAUSE_S = 0.01
_SETUP = (
    "PRAGMA synchronous=NORMAL",
    "PRAGMA foreign_keys=ON",
    # LIKE then means the same as in PostgreSQL.
    "PRAGMA case_sensitive_like=ON",
)


def sqlite_engine(url: sa.URL, file: Path, timeout_s: float, shared: dict[str, Any]) -> sa.Engine:
    """An engine for ``file``, which must be there when it is first asked (``make_file``)."""
    engine = sa.create_engine(url, creator=lambda: connect(file, timeout_s), **shared)
    sa.event.listen(engine, "connect", lambda _, record: record.info.update(seen=_identity(file)))

    def check(_: Any, record: Any, __: Any) -> None:
        # A connection goes on in the old file when a backup takes its place: what is written
        # there would be lost.
        if record.info["seen"] != _identity(file):
            raise sa.exc.InvalidatePoolError

    sa.event.listen(engine, "checkout", check)
    return engine


def connect(file: Path, timeout_s: float) -> sqlite3.Connection:
    """A connection that begins no transaction by itself, to a file that is there."""
    connection = sqlite3.connect(
        # Read and write, but never make: a path that is wrong is told, not filled.
        file.as_uri() + "?mode=rw",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _write_ahead(connection, timeout_s)
        for statement in _SETUP:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def make_file(file: Path) -> None:
    """An empty file for the database, for its owner only, where there is none.

    Raises
    ------
    OSError : the folder can't be made or written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def is_missing_file(file: Path) -> bool:
    """True where there is none; one that can't be looked at is there."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _write_ahead(connection: sqlite3.Connection, timeout_s: float) -> None:
    """Readers and a writer at once. SQLite does not wait for others when it switches to it."""
    give_up = time.monotonic() + timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_S)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
