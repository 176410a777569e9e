"""No secret gets into a line, wherever it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from sonde.telemetry.render import as_json, as_text
from sonde.telemetry.secrets import is_secret, masked

KEY = "sk_Ab12Cd34_0123456789abcdefghijABCDEFGHIJ01_x1Y2z3"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("postgresql+psycopg://app:hunter2@db:5432/x", "postgresql+psycopg://app:•••@db:5432/x"),
        ("redis://:hunter2@host:6379/0", "redis://:•••@host:6379/0"),
        ("postgresql://app:hun/ter2@db/x", "postgresql://app:•••@db/x"),
        ("postgresql://app:hun@ter2@db/x", "postgresql://app:•••@db/x"),
        ('postgresql://app:hun\\"ter2@db/x', "postgresql://app:•••@db/x"),
        (f"key {KEY}, please", "key •••, please"),
        ("sk_Ab12Cd34_cut", "•••"),
        ("Authorization: Bearer abcdefghijk", "Authorization: •••"),
        ("bearer abcdefghijk.lmn", "bearer •••"),
        ("/x?api_key=hunter2&limit=5", "/x?api_key=•••&limit=5"),
        ("/x?TOKEN=hunter2", "/x?TOKEN=•••"),
        ("host=db password=hunter2 user=app", "host=db password=••• user=app"),
        (
            "[SQL: SELECT 1]\n[parameters: ('hunter2', \"o'x\")]\n(Background on",
            "[SQL: SELECT 1]\n[parameters: •••]",
        ),
    ],
)
def test_secrets_in_text_are_masked(text: str, told: str) -> None:
    assert masked(text).startswith(told)
    assert "hunter2" not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://host:8000/models/pump@3",
        "see http://host:8000 or write to me@example.org",
        "task_long_name_of_something",
        "disk_long_name_of_something",
        "the monkey=banana",
        "a = b, 3 rows@10",
        "who bears the ring",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "name", ["password", "api_key", "X-API-Key", "Authorization", "db_password", "pepper", "body"]
)
def test_fields_with_secret_names_are_dropped(name: str) -> None:
    assert is_secret(name)
    for line in (
        as_json({"event": "x", name: "hunter2"}),
        as_text({"event": "x", name: "hunter2"}),
    ):
        assert b"hunter2" not in line
    assert name not in json.loads(as_json({"event": "x", "inner": [{name: 1, "a": 2}]}))["inner"][0]


@pytest.mark.parametrize("inner", [{"password": "hunter2"}, [{"password": "hunter2"}]])
def test_secret_names_are_found_wherever_an_object_may_stand(inner: object) -> None:
    for value in (inner, [inner], [None, inner], (1, "x", inner), {"a": 1, "b": inner}):
        for line in (as_json({"event": "x", "it": value}), as_text({"event": "x", "it": value})):
            assert b"hunter2" not in line


def test_the_id_of_a_key_is_no_secret() -> None:
    assert json.loads(as_json({"key_id": "Ab12Cd34"})) == {"key_id": "Ab12Cd34"}


def test_objects_that_hold_secrets_or_rows_are_not_spelled_out() -> None:
    import numpy as np

    fields = {"given": SecretStr("hunter2"), "rows": np.full((2, 3), 0.12345), "sent": b"hunter2"}
    for line in (as_json(fields), as_text(fields)):
        assert b"hunter2" not in line
        assert b"0.12345" not in line
    assert json.loads(as_json(fields))["rows"] == "<ndarray (2, 3)>"


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None, categories=None))
    | st.binary()
    | st.just(SecretStr("hunter2"))
    | st.just(object())
    | st.just(f"x{KEY[3:]} {KEY}"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.tuples(inner)
        | st.fixed_dictionaries({"a": inner, "password": st.just("hunter2")})
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), ANYTHING, max_size=5))
def test_whatever_the_fields_hold_they_become_one_line(fields: dict[str, Any]) -> None:
    line = as_json(fields)
    assert isinstance(json.loads(line), dict)
    assert line.count(b"\n") == 1
    told = as_text({"event": "x", **fields})
    assert "exception" in fields or len(told.decode().splitlines()) == 1
    for given_out in (line, told):
        assert KEY.encode() not in given_out
        assert b"hunter2" not in given_out


class Broken:
    def __str__(self) -> str:
        raise ValueError("no")


def test_an_object_that_cannot_say_what_it_is_costs_no_line() -> None:
    assert json.loads(as_json({"event": "x", "it": Broken()}))["it"] == "<Broken>"
    assert b"it=<Broken>" in as_text({"event": "x", "it": Broken()})


def test_a_vast_field_is_cut() -> None:
    line = as_json(
        {"event": "x" * 10**6, "many": list(range(10**5)), "deep": {"a": {"b": "c" * 9**6}}}
    )
    assert len(line) < 20_000
    assert json.loads(line)["many"][-1] == 49


def test_a_caller_cannot_write_lines_of_his_own() -> None:
    forged = 'x"}\n{"level":"info","event":"forged\x1b[2J\u2028\x85'
    line = as_json({"event": "request", "request_id": forged})
    assert json.loads(line)["request_id"] == forged
    text = as_text({"event": "request", "request_id": forged}).decode()
    assert len(text.splitlines()) == 1
    assert "\x1b" not in text
