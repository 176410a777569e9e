"""Tables brought up and down with rows in them, by several at once, and by one that dies."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from sonde.errors import Conflict, InvalidInput, NotFound, Unavailable
from sonde.storage import Database, migrate, open_database
from sonde.storage.migrate import VERSION_TABLE, downgrade, status, upgrade
from sonde.storage.sqlite import make_file
from sonde.storage.tables import metadata, models
from tests.storage.rows import all_rows, count, fill

NEXT = Path(__file__).parent / "next_release" / "0002_next.py"
# Another process, of this release or, given a folder of scripts, of the next.
ELSEWHERE = """
import sys
from pathlib import Path
from sonde.storage import migrate, open_database
url, to, scripts = sys.argv[1:]
if scripts:
    migrate._SCRIPTS = Path(scripts)
database = open_database(url, Path("unused"))
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(database, to)
print(migrate.status(database).current)
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The migrations of this release, and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(NEXT, folder / "versions")
    return folder


def elsewhere(url: str, to: str = "head", scripts: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ELSEWHERE, url, to, "" if scripts is None else str(scripts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def described(database: Database) -> Any:
    """All that the database knows of its tables."""
    if database.is_sqlite:
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    else:
        query = """
            SELECT c.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod)
                || ' ' || a.attnotnull || ' ' || coalesce(l.collname, '')
                || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '') AS sql
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            LEFT JOIN pg_collation l ON l.oid = a.attcollation
            WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
            UNION SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
            UNION SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        """
    with database.read() as connection:
        rows = connection.execute(sa.text(query)).all()
    # In SQLite the text of a statement, whose parts may stand in another order.
    parts = {name: sorted(re.split(r",\s|\s*[()]\s*", sql)) for name, sql in rows}
    return {name: part for name, part in parts.items() if VERSION_TABLE not in name}


def test_migrations_give_exactly_the_tables_that_are_declared(
    empty: Database,
) -> None:
    if empty.file is not None:
        make_file(empty.file)
    with empty.engine.begin() as connection:
        metadata.create_all(connection)
    declared = described(empty)
    with empty.engine.begin() as connection:
        metadata.drop_all(connection)
    assert described(empty) == {}
    upgrade(empty)
    assert described(empty) == declared
    assert len(declared) > 10


def test_migrations_pass_alembics_own_comparison(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    options = {"version_table": VERSION_TABLE, "compare_type": True}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
        connection.exec_driver_sql("ALTER TABLE keys DROP COLUMN replaces")
        assert len(compare_metadata(context, metadata)) == 1


def test_each_version_is_named_by_its_file(next_release: Path) -> None:
    for folder in (migrate._SCRIPTS, next_release):
        scripts = ScriptDirectory(str(folder))
        loaded = [script.revision for script in scripts.walk_revisions()][::-1]
        assert list(migrate._versions(folder)) == loaded
    assert loaded == ["0001", "0002"]


def test_status_before_and_after(empty: Database) -> None:
    found = status(empty)
    assert (found.current, found.head, found.pending) == (None, "0001", ["0001"])
    assert not found.is_current
    upgrade(empty)
    found = status(empty)
    assert (found.current, found.head, found.pending) == ("0001", "0001", [])
    assert found.is_current
    assert not found.is_newer


def test_status_is_one_question(database: Database) -> None:
    said: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    status(database)
    upgrade(database)
    assert len(said) == 2


def test_status_loads_no_migrations(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from sonde.storage import open_database, migrate; "
        "print(migrate.status(open_database(None, Path(sys.argv[1]))).head, "
        "'alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0001 False\n"


def test_up_and_down_with_rows_in_all_tables(
    database: Database, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    rows, tables = all_rows(database), described(database)
    monkeypatch.setattr(migrate, "_SCRIPTS", next_release)
    assert status(database).pending == ["0002"]
    upgrade(database)
    assert status(database).is_current
    with database.read() as connection:
        row = connection.execute(sa.text("SELECT owner, about FROM models")).one()
        versions = connection.execute(sa.text("SELECT count(*) FROM versions, aliases")).scalar()
    assert tuple(row) == ("nobody", "of hall 2")
    assert versions == 1
    downgrade(database, "0001")
    assert all_rows(database) == rows
    if not database.is_sqlite:  # which keeps the words of statements, not their sense
        assert described(database) == tables
    # What is referred to is guarded again.
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        connection.execute(sa.text("DELETE FROM versions"))
    downgrade(database, "base")
    assert described(database) == {}
    upgrade(database, "0001")
    assert described(database) == tables
    assert count(database, models) == 0


def test_a_migration_that_leaves_rows_without_what_they_refer_to_is_undone(
    tmp_path: Path, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(None, tmp_path)
    upgrade(database)
    fill(database)
    script = next_release / "versions" / NEXT.name
    script.write_text(
        script.read_text().replace("    _wait()\n", "    op.execute('DELETE FROM versions')\n", 1)
    )
    monkeypatch.setattr(migrate, "_SCRIPTS", next_release)
    with pytest.raises(RuntimeError, match="refer to nothing"):
        upgrade(database)
    assert status(database).current == "0001"
    assert len(all_rows(database)["versions"]) == 1
    database.close()


def test_processes_that_upgrade_at_once_take_turns(empty: Database, url: str) -> None:
    processes = [elsewhere(url) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "0001\n"), err
    fill(empty)
    assert status(empty).is_current


def test_a_process_that_is_killed_within_leaves_what_was(
    database: Database,
    url: str,
    next_release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(database)
    rows = all_rows(database)
    sign = tmp_path / "sign"
    monkeypatch.setenv("SONDE_TEST_WAIT", str(sign))
    process = elsewhere(url, scripts=next_release)
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    give_up = time.monotonic() + 30
    while not sign.exists():
        assert time.monotonic() < give_up
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert all_rows(database) == rows
    assert status(database).current == "0001"
    monkeypatch.delenv("SONDE_TEST_WAIT")
    monkeypatch.setattr(migrate, "_SCRIPTS", next_release)
    upgrade(database)
    assert status(database).current == "0002"


def test_somebody_who_holds_the_tables_is_not_waited_for_for_ever(
    database: Database, url: str, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "_SCRIPTS", next_release)
    monkeypatch.setattr(migrate, "_PATIENCE_S", 1)
    with migrate._alone(database):
        other = open_database(url, Path("unused"))
        with pytest.raises(Unavailable, match="another process is writing"):
            upgrade(other)
        other.close()


def test_tables_of_a_newer_sonde_are_refused(
    database: Database, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(migrate, "_SCRIPTS", next_release)
        upgrade(database)
    found = status(database)
    assert found.is_newer
    assert (found.current, found.head, found.pending) == ("0002", "0001", [])
    for change in (upgrade, lambda given: downgrade(given, "base")):
        with pytest.raises(Conflict, match=r"version 0002, made by a newer Sonde.*update") as error:
            change(database)
        assert error.value.facts == {"current": "0002", "head": "0001"}
    assert status(database).current == "0002"


def test_tables_of_another_program_are_left_alone(empty: Database) -> None:
    if empty.file is not None:
        make_file(empty.file)
    with empty.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE models (a int)")
    with pytest.raises(Conflict, match=r"tables of another program \(models\)"):
        upgrade(empty)
    assert list(described(empty))[:1] == ["models" if empty.is_sqlite else "models.a"]


def test_versions_that_are_not_there_or_on_the_wrong_side(
    database: Database, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change in (upgrade, downgrade):
        with pytest.raises(NotFound, match="there is no version '0009' of the tables"):
            change(database, "0009")
    monkeypatch.setattr(migrate, "_SCRIPTS", next_release)
    with pytest.raises(InvalidInput, match=r"sonde db upgrade --to 0002"):
        downgrade(database, "0002")
    upgrade(database)
    with pytest.raises(InvalidInput, match=r"sonde db downgrade --to 0001"):
        upgrade(database, "0001")
    upgrade(database)
    assert status(database).current == "0002"
