"""The answer of a database to one question, as a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput, NotFound, SondeError, Unavailable, need
from .answers import frame_of
from .statements import one_question

if TYPE_CHECKING:
    import polars as pl

_CHUNK = 20_000  # rows asked of the server at a time
_IN_PARTS = {"stream_results": True, "yield_per": _CHUNK}
_SHOWN = 12
# What is in quotes or a comment has colons, and no parameters.
_QUOTED = re.compile(
    r"""
    '(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | --[^\n]* | /\*.*?\*/
    | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$
    """,
    re.VERBOSE | re.DOTALL,
)
_TIMEOUT_S = 10
# What SQLAlchemy's names for databases need beside it; the first is its own choice.
_DRIVERS = {
    "postgresql": ("psycopg", "psycopg[binary]"),
    "mysql": ("pymysql", "pymysql"),
    "mariadb": ("pymysql", "pymysql"),
    "mssql": ("pyodbc", "pyodbc"),
    "oracle": ("oracledb", "oracledb"),
    "duckdb": ("duckdb_engine", "duckdb-engine"),
    "snowflake": ("snowflake.sqlalchemy", "snowflake-sqlalchemy"),
    "bigquery": ("sqlalchemy_bigquery", "sqlalchemy-bigquery"),
    "clickhouse": ("clickhouse_sqlalchemy", "clickhouse-sqlalchemy"),
}


def read_sql(
    query: str,
    url: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    most_rows: int | None = None,
) -> pl.DataFrame:
    """The rows that a query gives, or those of a table.

    Numbers arrive as numbers, decimals as floats, moments with their zone as UTC, missing as null;
    what has no place in a frame of measurements (JSON, arrays) arrives as text. Nothing is
    changed: only a question is asked, in a transaction that is rolled back.

    Parameters
    ----------
    query : one SELECT, WITH, VALUES or TABLE statement, or the name of a table
        (``readings`` or ``plant.readings``).
    url : ``postgresql://user:password@host/database``, ``sqlite:///plant.db`` and so on, as
        SQLAlchemy writes it. The password appears in no message.
    parameters : values for ``:names`` in the query.
    most_rows : refuse an answer of more rows.

    Raises
    ------
    NotFound : no such table or file; the message lists the tables that are there.
    InvalidInput : anything but one question, an error of the database, two columns of one name, or
        more than ``most_rows`` rows.
    Unavailable : the database cannot be reached, or refuses the user.
    MissingExtra : SQLAlchemy is not installed; a missing driver is an InvalidInput that names it.

    Examples
    --------
    >>> read_sql("SELECT 1 AS pump, 2.5 AS pressure", "sqlite://").rows()
    [(1, 2.5)]
    """
    sa = need("sqlalchemy", extra="sql", purpose="databases")
    if most_rows is not None and most_rows < 1:
        raise InvalidInput(f"most_rows must be 1 or more, not {most_rows}", most_rows=most_rows)
    question = one_question(query)
    engine, name = _engine(sa, url)
    try:
        with _in_one_sentence(sa, engine.url, name), _asking(engine, name) as connection:
            statement = _statement(sa, connection, question, name)
            try:
                # Not on the connection: only a question can be answered in parts.
                answer = connection.execute(
                    statement, dict(parameters or {}), execution_options=_IN_PARTS
                )
                return _frame(answer, name, most_rows)
            except (sa.exc.ProgrammingError, sa.exc.OperationalError) as refused:
                raise _refusal(sa, connection, refused, name) from None
    finally:
        engine.dispose()


def _engine(sa: Any, given: str) -> tuple[Any, str]:
    """The engine, and its URL as it may be shown."""
    try:
        url = sa.engine.make_url(given)
    except (sa.exc.ArgumentError, ValueError):
        # What cannot be read as a URL may hold a password anywhere.
        raise InvalidInput(
            "the database's address is no URL; write it like sqlite:///plant.db or "
            "postgresql://user:password@host/database"
        ) from None
    kind = url.get_backend_name()
    driver, package = _DRIVERS.get(kind, (None, None))
    if "+" not in url.drivername and kind == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if kind == "postgresql" and "connect_timeout" not in url.query:
        # Its own limit is that of the network: minutes.
        url = url.update_query_dict({"connect_timeout": str(_TIMEOUT_S)})
    if "+" not in url.drivername and kind in ("mysql", "mariadb"):
        url = url.set(drivername=f"{kind}+pymysql")
    name = url.set(query={}).render_as_string(hide_password=True)
    _refuse_missing_file(url, name)
    try:
        return sa.create_engine(url, poolclass=sa.pool.NullPool, hide_parameters=True), name
    except sa.exc.NoSuchModuleError:
        install = f"pip install {package}" if package else "install SQLAlchemy's dialect for it"
        raise InvalidInput(
            f"{name}: {kind!r} is no database that is known here; {install}, or correct the URL",
            url=name,
        ) from None
    except ImportError as missing:
        package = package if (missing.name or "") == driver else missing.name
        raise InvalidInput(
            f"{name} needs a driver that is not installed: pip install '{package or kind}'",
            url=name,
        ) from None
    except (sa.exc.ArgumentError, TypeError, ValueError):
        raise InvalidInput(f"{name} is no address of a database; correct it", url=name) from None


def _refuse_missing_file(url: Any, name: str) -> None:
    """SQLite would make a missing file, and find no tables in it."""
    file = url.database or ""
    if url.get_backend_name() != "sqlite" or file in ("", ":memory:") or file.startswith("file:"):
        return
    if not Path(file).exists():
        raise NotFound(f"there is no file {file}; check the name and the folder", url=name)
    if Path(file).is_dir():
        raise InvalidInput(f"{file} is a folder; name the database in it", url=name)


@contextmanager
def _asking(engine: Any, name: str) -> Iterator[Any]:
    """A connection on which nothing can be changed for good."""
    try:
        connection = engine.connect()
    except Exception as refused:  # each driver has its own
        raise Unavailable(
            f"{name} cannot be opened: {_first_line(refused, engine.url)}; check host, name, user "
            "and password",
            url=name,
        ) from None
    with connection:
        try:
            _forbid_writing(connection)
            yield connection
        finally:
            connection.rollback()


def _forbid_writing(connection: Any) -> None:
    """Ask the database itself to refuse changes, where it can: functions in a query may make some.

    The connection is closed after the answer, so nobody else meets the setting.
    """
    ways = {
        "sqlite": "PRAGMA query_only = ON",
        "postgresql": "SET TRANSACTION READ ONLY",
        "mysql": "SET SESSION TRANSACTION READ ONLY",
        "mariadb": "SET SESSION TRANSACTION READ ONLY",
    }
    way = ways.get(connection.dialect.name)
    if way is not None:
        connection.exec_driver_sql(way)


def _statement(sa: Any, connection: Any, question: str | tuple[str, ...], name: str) -> Any:
    if isinstance(question, str):
        return sa.text(_QUOTED.sub(lambda found: found[0].replace(":", "\\:"), question))
    *schema, table = question
    inspector = sa.inspect(connection)
    where = ".".join(schema) or None
    known = [*inspector.get_table_names(where), *inspector.get_view_names(where)]
    found = table if table in known else _without_case(table, known)
    if found is None:
        raise _no_table(f"no table {'.'.join(question)!r}", known, name)
    return sa.select(sa.text("*")).select_from(sa.table(found, schema=where))


def _without_case(table: str, known: list[str]) -> str | None:
    alike = [one for one in known if one.lower() == table.lower()]
    return alike[0] if len(alike) == 1 else None


def _frame(answer: Any, name: str, most_rows: int | None) -> pl.DataFrame:
    columns = list(answer.keys())
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise InvalidInput(
            f"{name}: the answer has several columns called {twice[0]!r}; give them different "
            "names with AS",
            url=name,
            columns=twice,
        )
    return frame_of(columns, _parts(answer, name, most_rows))


def _parts(answer: Any, name: str, most_rows: int | None) -> Iterator[list[Any]]:
    rows = 0
    for part in answer.partitions(_CHUNK):
        rows += len(part)
        if most_rows is not None and rows > most_rows:
            raise InvalidInput(
                f"{name}: the answer has more than {most_rows:,} rows; ask for fewer with WHERE or "
                "LIMIT",
                url=name,
                most_rows=most_rows,
            )
        yield part


def _refusal(sa: Any, connection: Any, refused: Any, name: str) -> SondeError:
    """What the database said; with the tables that are there when it misses one."""
    said = _first_line(refused, connection.engine.url)
    missing = ("no such table", "undefinedtable", "doesn't exist", "invalid object name")
    kind = type(refused.orig).__name__.lower()
    if not any(sign in said.lower() or sign in kind for sign in missing):
        return InvalidInput(f"{name}: {said}; correct the query", url=name)
    connection.rollback()
    inspector = sa.inspect(connection)
    known = [*inspector.get_table_names(), *inspector.get_view_names()]
    return _no_table(said, known, name)


def _no_table(what: str, known: list[str], name: str) -> NotFound:
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    there = ", ".join(sorted(known)[:_SHOWN]) + more if known else "none"
    return NotFound(f"{name}: {what}; its tables: {there}", url=name, tables=sorted(known))


@contextmanager
def _in_one_sentence(sa: Any, url: Any, name: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.SQLAlchemyError as refused:
        # Where SQLAlchemy itself objects, it ends with the address of a page.
        said = _first_line(refused, url).partition(" (Background on")[0]
        raise InvalidInput(
            f"{name}: {said}; check the query and its parameters", url=name
        ) from None


def _first_line(refused: Any, url: Any) -> str:
    """The first line of the driver's own words, without SQLAlchemy's and without the password."""
    reason = getattr(refused, "orig", None) or refused
    line = next((line for line in str(reason).splitlines() if line.strip()), "")
    line = (line or type(reason).__name__).strip().rstrip(".;")
    password = None if url is None else url.password
    return line.replace(str(password), "***") if password else line
