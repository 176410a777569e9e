"""``sonde keys`` as a person runs it: the key on standard output, all else beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sonde.errors import Unauthenticated
from sonde.security.key_text import read_key_text
from sonde.security.keys import Keys, pepper_of
from sonde.storage import open_database
from tests.cli.run import Ran, refused, sonde


def made(*words: str) -> tuple[str, str, Ran]:
    """The text and id of a key that a command printed, alone on standard output."""
    ran = sonde("keys", *words)
    assert ran.code == 0, ran
    (text,) = ran.out.splitlines()
    key = read_key_text(text)
    assert text not in ran.err
    assert key.id in ran.err
    return text, key.id, ran


def listed() -> dict[str, dict[str, object]]:
    ran = sonde("keys", "list", "--json")
    assert (ran.code, ran.err) == (0, "")
    return {key["id"]: key for key in json.loads(ran.out)["keys"]}


def test_a_key_is_made_used_rotated_and_revoked(home: Path) -> None:
    text, id, ran = made(
        "create", "--name", "line 4", "--scope", "write", "--scope", "predict", "--expires", "90d"
    )
    assert "shown this once" in ran.err
    database = open_database(None, home)
    keys = Keys(database, pepper_of(None, home))
    key = keys.check(text)
    assert (key.name, key.scopes) == ("line 4", ("predict", "write"))
    assert key.expires_at is not None
    assert key.expires_at - key.created_at == 90 * 86_400 * 10**6

    new_text, new_id, _ = made("rotate", id, "--overlap", "0s")
    assert keys.check(new_text).replaces == id
    assert {one: key["state"] for one, key in listed().items()} == {
        id: "expired",
        new_id: "active",
    }
    ran = sonde("keys", "revoke", new_id)
    assert (ran.code, ran.out) == (0, "")
    assert f"Key {new_id} (line 4) is revoked." in ran.err
    fresh = Keys(database, pepper_of(None, home))
    for one in (text, new_text):
        with pytest.raises(Unauthenticated):
            fresh.check(one)
    keys.close()
    database.close()
    table = sonde("keys", "list").out
    assert "line 4" in table
    assert "revoked" in table
    assert text not in table


def test_print_only_records_nothing(home: Path) -> None:
    ran = sonde("keys", "create", "--print-only")
    assert ran.code == 0
    read_key_text(ran.out.strip())
    assert ran.out.count("\n") == 1
    assert "SONDE_KEYS__FIRST" in ran.err
    assert not home.exists()


MISTAKES = {
    "no name": (["create", "--scope", "read"], "--name"),
    "no such scope": (["create", "--name", "a", "--scope", "raed"], "did you mean read?"),
    "no time": (["create", "--name", "a", "--scope", "read", "--expires", "soon"], "'soon'"),
    "no unit": (["rotate", "AAAAAAAA", "--overlap", "90"], "90d"),
    "print only and more": (["create", "--print-only", "--scope", "read"], "stands alone"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_before_anything_is_made(home: Path, words: list[str], said: str) -> None:
    assert said in refused(sonde("keys", *words), 2)
    assert not home.exists()


def test_a_key_that_is_not_there_is_told(home: Path) -> None:
    assert "there is no key AAAAAAAA" in refused(sonde("keys", "revoke", "AAAAAAAA"), 1)


def test_a_setting_that_cant_be_used_is_told_without_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONDE_KEYS__PEPPER", "hunter2")
    said = refused(sonde("keys", "list"), 1)
    assert "SONDE_KEYS__PEPPER" in said
    assert "hunter2" not in said
