"""Reading and writing, on SQLite and on PostgreSQL: the same rows, the same refusals."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sonde.errors import InvalidInput, Unavailable
from sonde.storage import Database, open_database
from sonde.storage.migrate import upgrade
from sonde.storage.tables import aliases, events, keys, metadata, models, versions
from tests.storage.rows import ALIAS, MODEL, ROWS, VERSION, all_rows, count, fill


def model(name: str, **changes: Any) -> dict[str, Any]:
    return {**MODEL, "name": name, **changes}


def test_what_is_written_comes_back_as_it_was(database: Database) -> None:
    fill(database)
    for name, (row,) in all_rows(database).items():
        given = ROWS[name]
        assert {column: row[column] for column in given} == given
        assert all(value is None for column, value in row.items() if column not in {*given, "id"})
    share = all_rows(database)["versions"][0]["parameters"]["share"]
    assert str(share) == "-0.0"
    floor = all_rows(database)["versions"][0]["parameters"]["floor"]
    assert type(floor) is float


def test_numbers_that_json_has_not_are_refused(database: Database) -> None:
    refusals = (ValueError, sa.exc.StatementError)
    with pytest.raises(refusals, match="not JSON compliant"), database.write() as connection:
        connection.execute(models.insert().values(**model("a", tags={"x": float("nan")})))


def test_a_failure_within_a_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(models.insert().values(**MODEL))
            raise KeyError

    with pytest.raises(KeyError):
        fail()

    def repeat() -> None:
        with database.engine.begin() as connection:
            for _ in range(2):
                connection.execute(models.insert().values(**MODEL))

    with pytest.raises(sa.exc.IntegrityError):
        repeat()
    assert count(database, models) == 0


def test_a_part_of_a_transaction_can_be_taken_back(database: Database) -> None:
    with database.write() as connection:
        connection.execute(models.insert().values(**MODEL))
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            connection.execute(models.insert().values(**MODEL))
        connection.execute(models.insert().values(**model("fans")))
    assert count(database, models) == 2


def test_reading_refuses_changes(database: Database) -> None:
    with pytest.raises(RuntimeError, match="write"), database.read() as connection:
        connection.execute(models.insert().values(**MODEL))
    assert count(database, models) == 0


def test_reading_costs_no_transaction(database: Database) -> None:
    said: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    sa.event.listen(database.engine, "commit", lambda *_: said.append("COMMIT"))
    with database.read() as connection:
        connection.execute(models.select())
        connection.execute(models.select())
        if not database.is_sqlite:
            raw: Any = connection.connection.dbapi_connection
            assert raw.info.transaction_status.name == "IDLE"
    assert len(said) == 2
    assert all(statement.startswith("SELECT") for statement in said)


def test_readers_go_on_while_somebody_writes(database: Database) -> None:
    with database.write() as connection:
        connection.execute(models.insert().values(**MODEL))
        assert count(database, models) == 0
    assert count(database, models) == 1


def test_who_reads_slowly_holds_no_writer_up(database: Database) -> None:
    with database.write() as connection:
        connection.execute(models.insert(), [model(f"pump-{n}") for n in range(1000)])
    with database.read() as connection:
        rows = connection.execute(models.select())
        assert rows.fetchone() is not None
        with database.write() as other:
            other.execute(models.insert().values(**model("fans")))
        assert len(rows.fetchall()) == 999
    assert count(database, models) == 1001


def test_writers_take_turns(database: Database) -> None:
    def write(n: int) -> None:
        for i in range(10):
            with database.write() as connection:
                connection.execute(models.insert().values(**model(f"pump-{n}-{i}")))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database, models) == 40


def test_a_writer_does_not_wait_for_ever(database: Database, url: str, tmp_path: Path) -> None:
    fill(database)
    other = open_database(url, tmp_path, timeout_s=0.2)
    change = models.update().values(description="x")

    def change_too() -> None:
        with other.write() as second:
            second.execute(change)

    with database.write() as first:
        first.execute(change)
        with pytest.raises(Unavailable, match="another process is writing") as refused:
            change_too()
    other.close()
    assert refused.value.facts == {"retry_after_s": 1}
    assert "SONDE_DATABASE__TIMEOUT_S" in str(refused.value)


def test_a_full_pool_says_which_setting(url: str, tmp_path: Path) -> None:
    small = open_database(url, tmp_path, pool_size=1, timeout_s=0.2)
    upgrade(small)
    with small.read(), pytest.raises(Unavailable) as refused, small.read():
        pass
    assert "SONDE_DATABASE__POOL_SIZE" in str(refused.value)
    assert refused.value.facts == {"retry_after_s": 1}
    small.close()


def test_what_belongs_to_a_model_goes_with_it_and_events_stay(database: Database) -> None:
    fill(database)
    with database.write() as connection:
        connection.execute(models.delete())
    left = {name for name, rows in all_rows(database).items() if rows}
    assert left == {"counters", "events", "keys", "idempotency"}


def test_a_version_that_an_alias_points_at_stays(database: Database) -> None:
    fill(database)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(versions.delete())
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(aliases.insert().values(**{**ALIAS, "alias": "x", "version_id": 9}))
    assert count(database, versions) == 1


@pytest.mark.parametrize("changes", [{"label": "autumn"}, {"number": 2}], ids=["number", "label"])
def test_no_two_versions_share_a_number_or_a_label(
    database: Database, changes: dict[str, Any]
) -> None:
    fill(database)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(versions.insert().values(**{**VERSION, **changes}))


def test_ids_are_never_used_again(database: Database) -> None:
    for table, row in ((models, MODEL), (events, ROWS["events"])):
        found = []
        for _ in range(2):
            with database.write() as connection:
                found.append(connection.execute(table.insert().values(**row)).inserted_primary_key)
                connection.execute(table.delete())
        assert found == [(1,), (2,)]


def test_names_have_one_order_and_one_case_in_both(database: Database) -> None:
    names = ["A", "Z", "_", "a", "a-b", "a.b", "aB", "a_b", "ab", "b", "é"]
    with database.write() as connection:
        connection.execute(models.insert(), [model(name) for name in reversed(names)])
    query = sa.select(models.c.name).order_by(models.c.name)
    with database.read() as connection:
        assert list(connection.scalars(query)) == names
        assert list(connection.scalars(query.where(models.c.name > "a_b"))) == names[8:]
        found = connection.scalars(query.where(models.c.name.startswith("a", autoescape=True)))
        assert list(found) == names[3:9]


def test_rows_are_found_by_a_tag(database: Database) -> None:
    tags = [{"team.a/b-c": "ä"}, {"team.a/b-c": "b"}, {"other": "ä"}, {}]
    with database.write() as connection:
        rows = [model(f"m{i}", tags=one) for i, one in enumerate(tags)]
        connection.execute(models.insert(), rows)
    query = sa.select(models.c.name).where(models.c.tags["team.a/b-c"].as_string() == "ä")
    with database.read() as connection:
        assert list(connection.scalars(query)) == ["m0"]


def test_without_tables_it_says_what_to_run(empty: Database) -> None:
    with pytest.raises(Unavailable, match="run `sonde db upgrade`"):
        count(empty, models)
    upgrade(empty)
    assert count(empty, models) == 0
    with empty.write() as connection:
        connection.execute(sa.text("ALTER TABLE keys DROP COLUMN replaces"))
    with pytest.raises(Unavailable, match="run `sonde db upgrade`"), empty.read() as connection:
        connection.execute(keys.select())


def test_a_mistake_in_a_statement_stays_what_it_is(database: Database) -> None:
    with pytest.raises(sa.exc.DBAPIError), database.read() as connection:
        connection.execute(sa.text("SELEC 1"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("plant.db", "is no URL"),
        ("postgresql://me:secret@host:port/x", "is no URL"),
        ("mysql://me:secret@host/x", "mysql:// is no database"),
        ("postgresql+asyncpg://me:secret@host/x", "postgresql.asyncpg:// is no database"),
        ("sqlite://", "needs the path of a file"),
        ("sqlite:///:memory:", "needs the path of a file"),
        ("sqlite:///file:plant.db?mode=ro&uri=true", "needs the path of a file"),
    ],
)
def test_refuses_addresses_of_nothing_that_is_kept_in(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        open_database(url, tmp_path)
    assert "secret" not in str(refused.value)
    assert refused.value.facts == {"setting": "SONDE_DATABASE__URL"}


def test_every_constraint_has_a_name() -> None:
    for table in metadata.tables.values():
        assert all(part.name for part in table.constraints)
        assert all(part.name for part in table.indexes)
