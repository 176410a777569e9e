"""Keys: their text, their life, and that nothing gives them away."""

from __future__ import annotations

import logging
import math
import re
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    SondeError,
    Unauthenticated,
    Unavailable,
)
from sonde.security.key_text import ALPHABET, new_key_text, read_key_text
from sonde.security.keys import Keys, first_key_text, pepper_of
from sonde.storage import Database, open_database
from sonde.storage.migrate import upgrade
from sonde.storage.tables import events
from sonde.storage.tables import keys as table
from tests import campaigns
from tests.servers import running_postgres

PEPPER = b"a pepper for the tests"
START = 1_795_276_800.0  # 2026-11-21T16:00:00Z
on_both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


class Clock:
    def __init__(self, at: float = START) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    kind = getattr(request, "param", "sqlite")
    url = request.getfixturevalue("postgres_url") if kind == "postgres" else None
    opened = open_database(url, tmp_path / "db")
    upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(database: Database, clock: Clock) -> Iterator[Keys]:
    made = Keys(database, PEPPER, clock)
    yield made
    made.close()


def reason(refused: pytest.ExceptionInfo[SondeError]) -> object:
    return refused.value.facts["reason"]


def test_a_key_says_what_it_is_and_no_two_are_alike() -> None:
    made = {new_key_text().text for _ in range(1000)}
    assert len(made) == 1000
    form = re.compile(r"sk_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")
    assert all(form.fullmatch(text) for text in made)
    used = set("".join(text[3:11] + text[12:44] for text in made))
    assert used == set(ALPHABET)


@given(st.integers(0, 50), st.sampled_from(ALPHABET))
def test_a_typing_mistake_is_told_without_a_database(place: int, letter: str) -> None:
    text = new_key_text().text
    mistaken = text[:place] + letter + text[place + 1 :]
    if mistaken == text:
        assert read_key_text(mistaken).text == text
        return
    with pytest.raises(Unauthenticated) as refused:
        read_key_text(mistaken)
    assert reason(refused) in ("checksum", "malformed")
    assert text[12:44] not in str(refused.value)


@given(st.text())
def test_any_text_is_a_key_or_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        read_key_text(text)


@on_both
def test_a_key_works_until_it_is_revoked(keys: Keys) -> None:
    assert not keys.any_exist()
    text, key = keys.create("line 4", ["write", "predict"], by="ada")
    assert keys.any_exist()
    assert (key.name, key.scopes, key.created_by) == ("line 4", ("predict", "write"), "ada")
    assert keys.known(text) is None
    assert keys.check(text) == key
    assert keys.known(text) == key
    assert [
        keys.check(text).allows(s) for s in ("predict", "read", "write", "detect", "admin")
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]
    with pytest.raises(Forbidden, match=r"predict, write and this needs admin"):
        key.require("admin")
    keys.revoke(key.id, by="ada")
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="was revoked on 2026-11-21T16:00:00") as refused:
            keys.check(text)
        assert reason(refused) == "revoked"
    assert keys.any_exist()


def test_a_key_expires_also_while_it_is_known(keys: Keys, clock: Clock) -> None:
    text, key = keys.create("for an hour", ["detect"], 3600)
    keys.check(text)
    clock.at += 3599
    assert keys.known(text) is not None
    clock.at += 1
    assert keys.known(text) is None
    with pytest.raises(Unauthenticated, match="expired on 2026-11-21T17:00:00") as refused:
        keys.check(text)
    assert reason(refused) == "expired"
    assert key.state(keys.now()) == "expired"


def test_an_unknown_key_and_a_wrong_secret_are_refused_alike(keys: Keys) -> None:
    text, _ = keys.create("line 4", ["detect"])
    body = text[:12] + "x" * 32
    from sonde.security.key_text import _checksum

    said = set()
    for wrong in (new_key_text().text, f"{body}_{_checksum(body)}"):
        with pytest.raises(Unauthenticated) as refused:
            keys.check(wrong)
        assert reason(refused) == "unknown"
        said.add(str(refused.value))
    assert len(said) == 1


@on_both
def test_rotation_leaves_both_working_until_the_overlap_ends(keys: Keys, clock: Clock) -> None:
    old_text, old = keys.create("line 4", ["predict"], 90 * 86_400)
    keys.check(old_text)
    clock.at += 86_400
    new_text, new = keys.rotate(old.id, 3600)
    assert (new.name, new.scopes, new.replaces) == (old.name, old.scopes, old.id)
    assert new.expires_at is not None
    assert new.expires_at - new.created_at == 90 * 86_400 * 10**6
    clock.at += 3599
    assert keys.check(old_text).id == old.id
    assert keys.check(new_text).id == new.id
    clock.at += 1
    with pytest.raises(Unauthenticated, match="expired"):
        keys.check(old_text)
    assert keys.check(new_text).id == new.id


def test_an_overlap_never_lengthens_a_life(keys: Keys, clock: Clock) -> None:
    text, old = keys.create("line 4", ["predict"], 60)
    keys.rotate(old.id, 3600)
    clock.at += 61
    with pytest.raises(Unauthenticated, match="expired"):
        keys.check(text)
    with pytest.raises(Conflict, match="is expired; make another"):
        keys.rotate(old.id)


@on_both
def test_what_ended_is_not_rotated_and_what_is_not_there_is_not_found(keys: Keys) -> None:
    _, key = keys.create("line 4", ["predict"])
    keys.revoke(key.id)
    with pytest.raises(Conflict, match="is revoked; make another"):
        keys.rotate(key.id)
    with pytest.raises(NotFound, match="there is no key AAAAAAAA"):
        keys.revoke("AAAAAAAA")
    with pytest.raises(NotFound, match="sonde keys list"):
        keys.rotate("x" * 5000)


def test_a_leaked_key_can_be_revoked_by_its_text(keys: Keys) -> None:
    text, key = keys.create("line 4", ["predict"])
    assert keys.revoke(text).id == key.id
    unknown = new_key_text()
    with pytest.raises(NotFound) as refused:
        keys.revoke(unknown.text)
    assert unknown.text[12:44] not in str(refused.value)


@on_both
def test_each_change_leaves_one_event_without_the_key(
    keys: Keys, database: Database, clock: Clock
) -> None:
    text, key = keys.create("line 4", ["predict"], by="ada")
    clock.at += 1
    new_text, new = keys.rotate(key.id, by="bob")
    keys.revoke(new.id, by="eve")
    keys.revoke(new.id, by="eve")
    with database.read() as connection:
        rows = connection.execute(events.select().order_by(events.c.id)).all()
    assert [(row.actor, row.action, row.object) for row in rows] == [
        ("ada", "key.created", key.id),
        ("bob", "key.rotated", key.id),
        ("eve", "key.revoked", new.id),
    ]
    assert rows[0].at == key.created_at
    assert rows[1].details["replaced_by"] == new.id
    assert text[12:44] not in repr(rows)
    assert new_text[12:44] not in repr(rows)


def test_the_database_holds_neither_keys_nor_plain_digests(keys: Keys, database: Database) -> None:
    from hashlib import sha256

    text, _ = keys.create("line 4", ["predict"])
    with database.read() as connection:
        stored = repr(connection.execute(table.select()).all())
    assert text[12:44] not in stored
    assert sha256(text.encode()).hexdigest() not in stored


def test_nothing_shows_a_key_or_the_pepper(keys: Keys) -> None:
    text, key = keys.create("line 4", ["predict"])
    keys.check(text)
    shown = [repr(keys), repr(keys._cache), repr(vars(keys._cache)), repr(key), repr(key.plain())]
    shown.append(repr(read_key_text(text)))
    with pytest.raises(Unauthenticated) as refused:
        keys.check(text[:-1] + "!")
    shown.append("".join(traceback.format_exception(refused.value)))
    shown.append(repr(refused.value.facts))
    for one in shown:
        assert text[12:44] not in one
        assert PEPPER.decode() not in one


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "two\nlines", "\x1b[31mred"])
def test_a_name_must_be_one_that_can_be_shown(keys: Keys, name: str) -> None:
    with pytest.raises(InvalidInput, match="name has 1 to 100 printable"):
        keys.create(name, ["read"])


def test_scopes_and_times_are_checked(keys: Keys) -> None:
    with pytest.raises(InvalidInput, match=r"no scope 'raed'; did you mean read\?"):
        keys.create("a", ["raed"])
    with pytest.raises(InvalidInput, match="needs a scope or more"):
        keys.create("a", [])
    for seconds in (0, -1, 1e18, math.nan, math.inf):
        with pytest.raises(InvalidInput, match="expires_in_s"):
            keys.create("a", ["read"], seconds)
        if seconds:
            with pytest.raises(InvalidInput, match="overlap_s"):
                keys.rotate("AAAAAAAA", seconds)
    assert keys.list() == []


def test_the_list_is_in_order_and_complete(keys: Keys, clock: Clock) -> None:
    made = []
    for n in range(3):
        made.append(keys.create(f"key {n}", ["read"])[1])
        clock.at += 1
    assert keys.list() == made


def eventually(what: Callable[[], bool], within_s: float) -> float:
    """Seconds until ``what`` is true."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < within_s
        time.sleep(0.01)
    return time.monotonic() - started


REVOKE = """
import sys; from pathlib import Path
from sonde.security.keys import Keys
from sonde.storage import open_database
database = open_database(sys.argv[1] or None, Path(sys.argv[2]))
Keys(database, sys.argv[3].encode()).revoke(sys.argv[4], by="another process")
database.close()
"""


@on_both
def test_a_key_revoked_by_another_process_is_refused_within_two_seconds(
    database: Database, tmp_path: Path
) -> None:
    keys = Keys(database, PEPPER)
    text, key = keys.create("line 4", ["predict"])
    other_text, _ = keys.create("line 5", ["predict"])
    keys.check(text)
    keys.check(other_text)
    url = "" if database.is_sqlite else database.engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", REVOKE, url, str(tmp_path / "db"), PEPPER.decode(), key.id]
    subprocess.run(words, check=True, timeout=60)
    eventually(lambda: keys.known(text) is None, 2.0)
    with pytest.raises(Unauthenticated, match="revoked"):
        keys.check(text)
    assert keys.check(other_text).name == "line 5"
    keys.close()


def test_a_rotation_elsewhere_ends_the_old_key_here(database: Database, clock: Clock) -> None:
    here, there = Keys(database, PEPPER, clock), Keys(database, PEPPER, clock)
    text, key = here.create("line 4", ["predict"])
    here.check(text)
    there.rotate(key.id, 10.0)
    here._cache.refresh()
    assert here.known(text) is not None
    clock.at += 10
    assert here.known(text) is None
    here.close()


@on_both
def test_when_a_key_was_used_is_written_at_most_once_a_minute(keys: Keys, clock: Clock) -> None:
    text, _ = keys.create("line 4", ["predict"])

    def used() -> float | None:
        keys._cache.refresh()
        (found,) = keys.list()
        return None if found.last_used_at is None else found.last_used_at / 1e6 - START

    assert used() is None
    keys.check(text)
    assert used() == 0
    clock.at += 59
    keys.check(text)
    assert used() == 0
    clock.at += 1
    assert used() == 59
    clock.at += 5
    keys.check(text)
    keys.close()
    (found,) = keys.list()
    assert found.last_used_at == round((START + 65) * 1e6)


def test_idle_keys_are_forgotten_and_looked_up_anew(keys: Keys, clock: Clock) -> None:
    text, _ = keys.create("line 4", ["predict"])
    keys.check(text)
    clock.at += 61
    keys._cache.refresh()
    clock.at += 600
    keys._cache.refresh()
    assert keys.known(text) is None
    assert keys.check(text).name == "line 4"


def test_no_more_keys_are_kept_than_may_be(
    keys: Keys, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonde.security.key_cache.MOST_KNOWN", 10)
    texts = [keys.create(f"{n}", ["read"])[0] for n in range(25)]
    for text in texts:
        clock.at += 1
        keys.check(text)
        assert sum(keys.known(one) is not None for one in texts) <= 10
        assert keys.known(text) is not None


def test_known_keys_outlive_a_database_that_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file, away = tmp_path / "sonde.db", tmp_path / "away.db"

    def take_away() -> None:
        file.rename(away)

    def bring_back() -> None:
        away.rename(file)

    live_through(open_database(None, tmp_path), take_away, bring_back, caplog)


@pytest.mark.skipif(not campaigns.FULL, reason="starts a server of its own, for 10 s")
def test_known_keys_outlive_a_server_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    with running_postgres() as server:
        database = open_database(server.url(), Path("unused"), timeout_s=1.0)
        live_through(database, server.stop, server.start, caplog)


def live_through(
    database: Database,
    take_away: Callable[[], None],
    bring_back: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    upgrade(database)
    keys = Keys(database, PEPPER)
    text, _ = keys.create("line 4", ["predict"])
    unknown, key = keys.create("line 5", ["predict"])
    keys.check(text)
    database.close()
    take_away()
    with caplog.at_level(logging.WARNING, "sonde.security.key_cache"):
        eventually(lambda: keys.problem is not None, 10.0)
        assert keys.check(text).name == "line 4"
        with pytest.raises(Unavailable):
            keys.check(unknown)
        time.sleep(1.2)
        assert len(caplog.records) == 1
    bring_back()
    eventually(lambda: keys.problem is None, 15.0)
    assert keys.check(unknown).id == key.id
    keys.close()
    database.close()


def test_a_closed_keyring_leaves_no_thread(database: Database) -> None:
    import threading

    keys = Keys(database, PEPPER)
    text, _ = keys.create("line 4", ["predict"])
    keys.check(text)
    assert "sonde-keys" in {thread.name for thread in threading.enumerate()}
    keys.close()
    assert "sonde-keys" not in {thread.name for thread in threading.enumerate()}


@on_both
def test_a_first_key_is_recorded_once(keys: Keys, database: Database) -> None:
    text = new_key_text().text
    first = keys.use_first(text)
    assert keys.use_first(f" {text}\n") == first
    assert keys.check(text).scopes == ("admin",)
    assert len(keys.list()) == 1
    with database.read() as connection:
        assert len(connection.execute(events.select()).all()) == 1


def test_a_revoked_first_key_stays_revoked(keys: Keys) -> None:
    text = new_key_text().text
    keys.revoke(keys.use_first(text).id)
    assert keys.use_first(text).revoked_at is not None
    with pytest.raises(Unauthenticated, match="revoked"):
        keys.check(text)


def test_a_first_key_under_another_pepper_is_told(keys: Keys, database: Database) -> None:
    text = new_key_text().text
    keys.use_first(text)
    with pytest.raises(Conflict, match="SONDE_KEYS__PEPPER"):
        Keys(database, b"another pepper altogether").use_first(text)


@on_both
def test_two_processes_that_start_together_record_one_first_key(database: Database) -> None:
    from concurrent.futures import ThreadPoolExecutor

    text = new_key_text().text
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: Keys(database, PEPPER).use_first(text), range(8)))
    assert len({key.created_at for key in found}) == 1


def test_the_first_key_comes_from_the_setting_or_its_file(tmp_path: Path) -> None:
    text, file = new_key_text().text, tmp_path / "first"
    file.write_text(text + "\n")
    assert first_key_text(None, None) is None
    assert first_key_text(text, None) == first_key_text(None, file) == text
    with pytest.raises(InvalidInput, match="both set"):
        first_key_text(text, file)
    with pytest.raises(Unavailable, match=r"gone.*--print-only"):
        first_key_text(None, tmp_path / "gone")
    for wrong in ("hunter2", text[:-1], ""):
        file.write_text(wrong)
        for settings in ((wrong, None), (None, file)):
            with pytest.raises(InvalidInput, match="sonde keys create --print-only") as refused:
                first_key_text(*settings)
            assert not wrong or wrong not in str(refused.value)


def test_the_pepper_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    made = pepper_of(None, tmp_path)
    assert len(made) == 32
    assert pepper_of(None, tmp_path) == made
    assert pepper_of("a pepper that is given", tmp_path) == b"a pepper that is given"
    file = tmp_path / "keys" / "pepper"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["pepper"]


def test_threads_that_start_together_get_one_pepper(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: pepper_of(None, tmp_path), range(32)))) == 1


@pytest.mark.parametrize("content", ["", "zz", "ab" * 31, "not a pepper"])
def test_a_pepper_that_is_none_is_not_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "pepper").write_text(content)
    with pytest.raises(InvalidInput, match="does not hold a pepper"):
        pepper_of(None, tmp_path)
    assert (tmp_path / "keys" / "pepper").read_text() == content


def test_a_weak_pepper_and_a_home_that_is_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="SONDE_KEYS__PEPPER") as refused:
        pepper_of("hunter2", tmp_path)
    assert "hunter2" not in str(refused.value)
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        pepper_of(None, tmp_path / "file")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "pepper").symlink_to(tmp_path / "gone")
    with pytest.raises(InvalidInput, match="pepper"):
        pepper_of(None, tmp_path)
