"""What a database refuses, as a sentence with a remedy."""

from __future__ import annotations

import sqlalchemy as sa

from ..errors import InvalidInput, SondeError, Unavailable

_UPGRADE = "run `sonde db upgrade`"
_AWAY_S, _BUSY_S = 5, 1
_FULL = (
    "all connections to it are in use; try again, or set SONDE_DATABASE__POOL_SIZE or "
    "SONDE_DATABASE__TIMEOUT_S higher"
)

# By the beginning of SQLite's name of the error: what is wrong, and after how long to try again.
_SQLITE = {
    "SQLITE_BUSY": (
        "another process is writing to it; try again, or set SONDE_DATABASE__TIMEOUT_S higher",
        _BUSY_S,
    ),
    "SQLITE_LOCKED": ("it is in use; try again", _BUSY_S),
    "SQLITE_READONLY": (
        "it can't be written; make the file and its folder writable for this user",
        _AWAY_S,
    ),
    "SQLITE_PERM": ("it can't be opened; make it readable and writable for this user", _AWAY_S),
    "SQLITE_FULL": ("the disk is full; free some space", _AWAY_S),
    "SQLITE_IOERR": ("the disk fails; see the system's log", _AWAY_S),
    "SQLITE_NOTADB": ("the file is no SQLite database; point SONDE_DATABASE__URL elsewhere", None),
    "SQLITE_CORRUPT": ("the file is damaged; put a backup in its place", None),
}
_NO_TABLES = "it has not the tables of this version; " + _UPGRADE

# By PostgreSQL's code of the error.
_POSTGRES = {
    "28P01": ("it refuses the password; correct SONDE_DATABASE__URL", None),
    "28000": ("it refuses the user; correct SONDE_DATABASE__URL", None),
    "3D000": ("there is no such database on the server; make it, or correct the URL", None),
    "53300": ("the server has no connection to spare; close some, or allow more there", _AWAY_S),
    "53100": ("the server's disk is full; free some space there", _AWAY_S),
    "53200": ("the server is out of memory", _AWAY_S),
    "57P01": ("the server is shutting down; try again", _AWAY_S),
    "57P02": ("the server had a crash; try again", _AWAY_S),
    "57P03": ("the server is starting; try again", _AWAY_S),
    "57014": ("the server gave the statement up; try again", _BUSY_S),
    "55P03": (
        "another process is writing to it; try again, or set SONDE_DATABASE__TIMEOUT_S higher",
        _BUSY_S,
    ),
    "40001": ("another process changed the same rows; try again", _BUSY_S),
    "40P01": ("another process changed the same rows; try again", _BUSY_S),
    "25006": ("it is a copy that can't be written; point the URL to the first server", _AWAY_S),
    "42501": ("the user may not do this; grant it the rights on the schema and its tables", None),
    "42P01": (_NO_TABLES, None),
    "42703": (_NO_TABLES, None),
    "3F000": ("there is no schema to keep tables in; make it, or correct search_path", None),
}
# Before there is a connection there are no codes, only sentences.
_CONNECTING = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("database", "does not exist", "3D000"),
    ("role", "does not exist", "28000"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("the database system is starting up", "57P03"),
    ("the database system is shutting down", "57P01"),
)


def refusal(
    error: sa.exc.SQLAlchemyError, shown: str, secrets: frozenset[str]
) -> SondeError | None:
    """``error`` as one of ours; None where the statement itself is at fault.

    What the driver says is left out where it holds one of ``secrets``.
    """
    if isinstance(error, sa.exc.TimeoutError):
        return _unavailable(shown, _FULL, _BUSY_S)
    if not isinstance(error, sa.exc.DBAPIError) or isinstance(error, sa.exc.IntegrityError):
        return None
    said = " ".join(str(error.orig).split())
    if any(secret in said for secret in secrets):
        said = "connection failed"
    name = getattr(error.orig, "sqlite_errorname", None)
    is_too_large = str(getattr(error.orig, "sqlstate", None)).startswith("54")
    if isinstance(error, sa.exc.DataError) or is_too_large:
        # The caller's doing: PostgreSQL takes no NUL, no number of other size than its column's,
        # and no vast text into an index. What it says may hold the value.
        return InvalidInput(
            "a value that was given can't be kept or looked for; take NUL characters out of it, or "
            "give a shorter one"
        )
    found = _of_postgres(error, said) if name is None else _of_sqlite(str(name), said)
    return None if found is None else _unavailable(shown, *found)


def secrets_of(url: sa.URL) -> frozenset[str]:
    """The passwords in an address."""
    given = [value for name, value in url.query.items() if "password" in name]
    return frozenset(str(text) for text in (url.password, *given) if text)


def is_missing_table(error: sa.exc.DBAPIError) -> bool:
    """The statement names a table that is not there."""
    missing = getattr(error.orig, "sqlstate", None) == "42P01"
    return missing or str(error.orig).startswith("no such table")


def _of_sqlite(name: str, said: str) -> tuple[str, int | None] | None:
    if name.startswith("SQLITE_CANTOPEN"):
        return (
            "there is no database, or it can't be opened; " + _UPGRADE + ", which makes it, or "
            "make its folder writable for this user",
            _AWAY_S,
        )
    if said.startswith(("no such table", "no such column")) or " has no column named" in said:
        return _NO_TABLES, None
    return next((found for start, found in _SQLITE.items() if name.startswith(start)), None)


def _of_postgres(error: sa.exc.DBAPIError, said: str) -> tuple[str, int | None] | None:
    code = getattr(error.orig, "sqlstate", None)
    if code is None:
        code = next(
            (code for *parts, code in _CONNECTING if all(part in said for part in parts)), None
        )
    if code is None and error.statement is None and isinstance(error, sa.exc.ProgrammingError):
        return f"its address can't be used ({said}); correct SONDE_DATABASE__URL", None
    if code in _POSTGRES:
        return _POSTGRES[code]
    if error.connection_invalidated or isinstance(
        error, (sa.exc.OperationalError, sa.exc.InterfaceError)
    ):
        return (
            f"it can't be reached ({said}); start the server, or correct SONDE_DATABASE__URL",
            _AWAY_S,
        )
    return None


def _unavailable(shown: str, trouble: str, retry_after_s: int | None) -> Unavailable:
    facts = {} if retry_after_s is None else {"retry_after_s": retry_after_s}
    return Unavailable(f"the database {shown}: {trouble}", **facts)
