"""The tables brought to another version, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from ..errors import Conflict, InvalidInput, NotFound, Unavailable, need
from .database import Database
from .failures import is_missing_table
from .sqlite import is_missing_file, make_file
from .tables import metadata

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

# Its own name, because other programs may keep theirs in the same database.
VERSION_TABLE = "sonde_version"
_SCRIPTS = Path(__file__).parent / "migrations"
_LOCK = 0x736F6E6465  # "sonde"; whoever changes the tables holds it
_PATIENCE_S = 60  # for another process that changes the tables
_one_thread = Lock()
_CURRENT = sa.select(sa.table(VERSION_TABLE, sa.column("version_num")).c.version_num)


@dataclass(frozen=True)
class Status:
    """Where the tables stand.

    ``current`` is None without tables; ``pending`` are the versions up to ``head`` that are still
    to come, oldest first.
    """

    current: str | None
    head: str
    pending: list[str]

    @property
    def is_current(self) -> bool:
        return self.current == self.head

    @property
    def is_newer(self) -> bool:
        """Made by a later program than this one."""
        return self.current is not None and not self.is_current and not self.pending


def upgrade(database: Database, to: str = "head") -> None:
    """Bring the tables to a version, from any older one or from nothing.

    All steps are one transaction: a process that dies within leaves the tables as they were. Two
    processes take turns, and the second finds nothing to do.

    Raises
    ------
    Conflict : the tables are newer than this program, or belong to another program.
    NotFound : no such version.
    InvalidInput : ``to`` is older than what is there; ``downgrade`` does that.
    Unavailable : the database can't be reached or written, or another process holds it for more
        than a minute.
    """
    target = _known(to)
    if status(database).current == target:
        return
    scripts = _scripts(_SCRIPTS)
    if database.file is not None:
        _make(database)
    with _alone(database) as connection:
        current = _checked(database, connection)
        if current is not None and _position(current) > _position(target):
            raise InvalidInput(
                f"the database {database.shown} is at version {current}, which is later than "
                f"{target}; run `sonde db downgrade --to {target}`",
                current=current,
                to=target,
            )
        _run(connection, scripts, lambda at: scripts._upgrade_revs(target, at))


def downgrade(database: Database, to: str) -> None:
    """Bring the tables back to an older version; ``base`` removes them, with all that is in them.

    Raises
    ------
    Conflict, NotFound, Unavailable : as for ``upgrade``.
    InvalidInput : ``to`` is later than what is there.
    """
    scripts = _scripts(_SCRIPTS)
    target = None if to == "base" else _known(to)
    with _alone(database) as connection:
        current = _checked(database, connection)
        if _position(current) < _position(target):
            raise InvalidInput(
                f"the database {database.shown} is at version {current}, which is older than "
                f"{target}; run `sonde db upgrade --to {target}`",
                current=current,
                to=target,
            )
        _run(connection, scripts, lambda at: scripts._downgrade_revs(to, at))


def status(database: Database) -> Status:
    """Where the tables stand: one question, cheap enough to be asked every second.

    Raises
    ------
    Unavailable : the database can't be reached.
    """
    known = _versions(_SCRIPTS)
    is_missing = database.file is not None and is_missing_file(database.file)
    current = None if is_missing else _current(database)
    if current is not None and current not in known:
        return Status(current, known[-1], [])
    return Status(current, known[-1], list(known[_position(current) + 1 :]))


def _current(database: Database) -> str | None:
    with database.read() as connection:
        try:
            found: str | None = connection.execute(_CURRENT).scalar()
        except sa.exc.DBAPIError as error:
            if is_missing_table(error):
                return None
            raise
    return found


def _checked(database: Database, connection: sa.Connection) -> str | None:
    """The version of the tables, which must be one that is known here."""
    from alembic.runtime.migration import MigrationContext

    options = {"version_table": VERSION_TABLE}
    current = MigrationContext.configure(connection, opts=options).get_current_revision()
    known = _versions(_SCRIPTS)
    if current is None:
        taken = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
        if taken:
            raise Conflict(
                f"the database {database.shown} has tables of another program "
                f"({', '.join(taken)}); give Sonde a database or a schema of its own",
                tables=taken,
            )
    elif current not in known:
        raise Conflict(
            f"the database {database.shown} is at version {current}, made by a newer Sonde; this "
            f"one knows versions up to {known[-1]}: update Sonde, or point SONDE_DATABASE__URL "
            "elsewhere",
            current=current,
            head=known[-1],
        )
    return current


def _run(
    connection: sa.Connection,
    scripts: ScriptDirectory,
    steps: Callable[[Any], list[Any]],
) -> None:
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    options = {"version_table": VERSION_TABLE, "script": scripts, "fn": lambda at, _: steps(at)}
    # Scripts speak to the one `alembic.op` of this process.
    with _one_thread:
        context = MigrationContext.configure(connection, opts=options)
        with Operations.context(context):
            context.run_migrations()


@contextmanager
def _alone(database: Database) -> Iterator[sa.Connection]:
    """A transaction in which no other process changes the tables."""
    with database.refusing(), database.engine.connect() as connection:
        if database.is_sqlite:
            plain = connection.connection.dbapi_connection
            assert plain is not None
            cursor = plain.cursor()
            # A table is changed by copying it and dropping the old one, which must not take the
            # rows that refer to it along; nor can this be switched within a transaction.
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_S * 1000}")
            cursor.close()
            connection.detach()
            with connection.begin():
                yield connection
                _refuse_dangling(connection)
            return
        with connection.begin():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_PATIENCE_S}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection


def _refuse_dangling(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise RuntimeError(f"the migration leaves rows that refer to nothing: {broken[:3]}")


def _make(database: Database) -> None:
    assert database.file is not None
    try:
        make_file(database.file)
    except OSError as error:
        raise Unavailable(
            f"the database {database.shown} can't be made ({error.strerror}: {error.filename}); "
            "make the folder writable, or point SONDE_DATABASE__URL or SONDE_HOME elsewhere"
        ) from None


def _known(to: str) -> str:
    known = _versions(_SCRIPTS)
    if to == "head":
        return known[-1]
    if to not in known:
        raise NotFound(
            f"there is no version {to!r} of the tables; there are {', '.join(known)}", known=known
        )
    return to


def _position(version: str | None) -> int:
    return -1 if version is None else _versions(_SCRIPTS).index(version)


def _scripts(folder: Path) -> ScriptDirectory:
    need("alembic", extra="registry", purpose="migrations of the database")
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(folder))


@cache
def _versions(folder: Path) -> tuple[str, ...]:
    """All versions, oldest first.

    Files are named for their version, so that who asks where the tables stand needs not load them.
    """
    scripts = (folder / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(script.name.partition("_")[0] for script in scripts))
