"""Errors as problem+json."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import InvalidInput, NotFound, SondeError, TooLarge, Unavailable
from sonde.wire import media as m
from sonde.wire.bodies import Body, parse, reading_of
from sonde.wire.limits import Limits
from sonde.wire.problems import failure, pointed, problem


def test_says_what_a_program_and_a_person_need() -> None:
    error = TooLarge("there are 9 rows; send fewer", limit=5, setting="SONDE_LIMITS__ROWS")
    assert problem(error, 413, request_id="r1", instance="/api/v1/detect") == {
        "type": "/problems/too_large",
        "title": "Too large",
        "status": 413,
        "detail": "there are 9 rows; send fewer",
        "instance": "/api/v1/detect",
        "code": "too_large",
        "message": "there are 9 rows; send fewer",
        "facts": {"limit": 5, "setting": "SONDE_LIMITS__ROWS"},
        "errors": [],
        "request_id": "r1",
    }


def test_fields_at_fault_are_pointed_at() -> None:
    told = problem(InvalidInput("no number", pointer="/rows/3/1", row=3), 422)
    assert told["errors"] == [{"pointer": "/rows/3/1", "message": "no number"}]
    assert told["facts"] == {"row": 3}
    several = [{"pointer": "/a", "message": "x"}, {"pointer": "/b", "message": "y"}]
    assert problem(InvalidInput("two", errors=several), 422)["errors"] == several


def test_callers_of_predict_find_their_two_fields() -> None:
    told = failure(problem(NotFound("no model"), 404))
    assert (told["success"], told["error"], told["code"]) == (False, "no model", "not_found")


def test_facts_become_plain_and_short() -> None:
    error = SondeError(
        "x",
        text="y" * 10_000_000,
        many=list(range(10**6)),
        deep={"a": {"b": {"c": {"d": 1}}}},
        array=np.arange(3),
        number=np.float64("nan"),
        infinite=float("inf"),
        huge=10**5000,
        whole=np.int64(7),
        thing=object(),
        pair=(1, "two"),
        error=ValueError("no"),
    )
    told = problem(error, 500)
    text = json.dumps(told, allow_nan=False)
    assert len(text) < 5000
    facts = told["facts"]
    assert facts["array"] == [0, 1, 2]
    assert facts["pair"] == [1, "two"]
    assert (facts["whole"], facts["infinite"], facts["number"]) == (7, "inf", "nan")
    assert facts["huge"].startswith("an integer of")


def test_a_message_is_cut() -> None:
    told = problem(InvalidInput("z" * 10_000_000, pointer="/" + "p" * 10_000_000), 422)
    assert len(json.dumps(told)) < 6000


def test_secrets_are_not_told() -> None:
    error = Unavailable(
        "no answer of postgresql://ann:hunter2@db/plant with sk_ab12cd34_Zz9yX0_q1",
        url="redis://:hunter2@cache:6379/0",
        password="hunter2",
        api_key="sk_ab12cd34_Zz9yX0_q1",
        inner={"token": "hunter2", "host": "db"},
    )
    text = json.dumps(problem(error, 503), ensure_ascii=False)
    assert "hunter2" not in text
    assert "Zz9yX0" not in text
    assert "postgresql://ann:•••@db/plant" in text
    assert '"host": "db"' in text


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.text(), st.dictionaries(st.text(min_size=1), PLAIN, max_size=5))
def test_any_error_becomes_json(message: str, facts: dict[str, Any]) -> None:
    error = SondeError(message)
    error.facts = facts
    json.dumps(problem(error, 400, request_id="r"), allow_nan=False).encode()


# --- pointers --------------------------------------------------------------------------------

ROWS = {"rows": [[1, 2], [3, "x"], [5, 6]], "names": ["a", "b"]}
COLUMNS = {"columns": {"a": [1, 3, 5], "b": [2, "x", 6]}}
RECORDS = {"records": [{"a": 1, "b": 2}, {"a": 3, "b": "x"}, {"a": 5, "b": 6}]}


def body_of(value: Any) -> Body:
    return parse(json.dumps(value).encode(), m.JSON, Limits())


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (ROWS, "/rows/1/1"),
        (COLUMNS, "/columns/b/1"),
        (RECORDS, "/records/1/b"),
        ({"data": COLUMNS["columns"]}, "/data/b/1"),
    ],
)
def test_a_cell_at_fault_is_pointed_at_in_the_body_as_it_came(value: Any, pointer: str) -> None:
    body = body_of(value)
    with pytest.raises(InvalidInput) as caught:
        reading_of(body)
    assert pointed(caught.value, body).facts["pointer"] == pointer


@pytest.mark.parametrize(
    ("value", "facts", "pointer"),
    [
        ({"rows": [[1, 2]]}, {"row": 0, "column": "c1"}, "/rows/0/1"),
        ({"rows": [[1, 2]]}, {"row": 0, "column": "of the model"}, "/rows/0"),
        ({"rows": [[1, 2]]}, {"column": "c1"}, "/rows"),
        ({"rows": [1, 2], "time": [5, 6]}, {"row": 1, "column": "time"}, "/time/1"),
        ([[1, 2]], {"row": 0}, "/0"),
        ({"columns": {"a": [1]}}, {"column": "a"}, "/columns/a"),
        ({"columns": {"a": [1]}}, {"column": "b"}, "/columns"),
        ({"columns": {"a": [1]}}, {"row": 0}, "/columns"),
        ({"series": [[1, 2], [3, 4]]}, {"row": 3}, "/series/1/1"),
        ({"series": [[[1, 2]], [[3, 4]]]}, {"row": 3, "column": "c0"}, "/series/1"),
        ({"series": [[1, 2]]}, {"row": 9}, "/series"),
    ],
)
def test_rows_and_columns_become_pointers(value: Any, facts: dict[str, Any], pointer: str) -> None:
    error = pointed(InvalidInput("no", **facts), body_of(value))
    assert error.facts == facts | {"pointer": pointer}


def test_columns_without_names_are_those_of_the_model() -> None:
    error = pointed(InvalidInput("no", row=0, column="load"), body_of([[1, 2]]), ("rate", "load"))
    assert error.facts["pointer"] == "/0/1"


def test_what_has_a_pointer_or_no_place_stays_as_it_is() -> None:
    body = body_of(ROWS)
    assert pointed(InvalidInput("no", pointer="/x", row=1), body).facts["pointer"] == "/x"
    assert "pointer" not in pointed(InvalidInput("no"), body).facts
    table = parse(b"a,b\n1,2\n", m.CSV, Limits())
    assert "pointer" not in pointed(InvalidInput("no", row=0, column="a"), table).facts
