"""Whatever comes is read or refused by an error of ours, in little time."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.core import Schema
from sonde.errors import SondeError
from sonde.wire import media as m
from sonde.wire.bodies import Body, container_of, parse, reading_of
from sonde.wire.limits import Limits
from sonde.wire.options import detect_options
from sonde.wire.problems import pointed, problem

LIMITS = Limits(rows=50, columns=20, points=200, depth=10, data_sets=3)
SCHEMAS = (
    Schema("table", ("a", "b"), True),
    Schema("series", ("c0",), False),
    Schema("series", ("a",), True, time_column="time"),
    Schema("panel", ("a",), True, id_column="id"),
    Schema("table", ("a", "b"), True, categories={"b": {"x": 0.5}}),
)
CELL = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-3, 3)
    | st.floats()
    | st.sampled_from(["x", "1.5", "2024-01-01", "", "NaN", 10**400, "\ud800", [1], {"a": 1}])
)
LIST = st.lists(CELL, max_size=6)
NAME = st.sampled_from(["a", "b", "time", "id", "c0", "", "x/y"])
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "rows": st.lists(LIST | CELL, max_size=5) | CELL,
    "columns": st.dictionaries(NAME, LIST | CELL, max_size=4) | LIST,
    "records": st.lists(st.dictionaries(NAME, CELL, max_size=3) | CELL, max_size=4),
    "series": st.lists(LIST | st.lists(LIST, max_size=3), max_size=3) | CELL,
    "data": LIST | st.dictionaries(NAME, LIST, max_size=3) | CELL,
    "names": st.lists(NAME | CELL, max_size=4) | CELL,
    "time": LIST | NAME | st.lists(LIST, max_size=3),
    "id": LIST | NAME | CELL,
    "labels": LIST | NAME,
    "detector": NAME | st.sampled_from(["hbos", "auto"]),
    "kind": st.sampled_from(["auto", "series", "panel", "table", 5]),
    "online": CELL,
    "categories": st.lists(NAME, max_size=2),
    "requests": st.lists(st.dictionaries(st.sampled_from(["rows", "columns"]), LIST), max_size=4),
}


@st.composite
def documents(draw: st.DrawFn) -> Any:
    names = draw(st.lists(st.sampled_from(list(MEMBERS)), max_size=4, unique=True))
    return {name: draw(MEMBERS[name]) for name in names}


def use(body: Body) -> None:
    """Everything that a door does with a body, short of learning."""
    for one in body.requests or (body,):
        if isinstance(one, SondeError):
            json.dumps(problem(one, 400), allow_nan=False).encode()
            continue
        doors: list[Any] = [lambda one=one: reading_of(one, options=detect_options(one))]
        doors += [lambda one=one, s=schema: reading_of(one, schema=s) for schema in SCHEMAS]
        doors += [lambda one=one, s=schema: container_of(one, s) for schema in SCHEMAS]
        for door in doors:
            try:
                found = door()
            except SondeError as error:
                told = problem(pointed(error, one), 400)
                json.dumps(told, allow_nan=False).encode()
            else:
                values = None if found is None else getattr(found, "data", found).values
                assert values is None or values.dtype == np.float64


def survive(data: bytes, media: str, limits: Limits = LIMITS) -> None:
    try:
        body = parse(data, media, limits)
    except SondeError as error:
        json.dumps(problem(error, 400), allow_nan=False).encode()
    else:
        use(body)


@given(documents(), st.booleans())
def test_any_document_is_read_or_refused(document: Any, is_large: bool) -> None:
    text = json.dumps(document).encode()
    survive(text + (b" " * 9000 if is_large else b""), m.JSON)


@given(documents(), st.data())
def test_a_document_with_a_byte_changed_is_read_or_refused(
    document: Any, data: st.DataObject
) -> None:
    text = bytearray(json.dumps(document).encode())
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255))
    survive(bytes(text), m.JSON)
    survive(bytes(text[:at]), m.JSON)


@given(st.binary(max_size=300), st.sampled_from(m.BODIES))
def test_any_bytes_are_read_or_refused(data: bytes, media: str) -> None:
    survive(data, media)


@given(st.text(alphabet='[]{},:"\\ 01eE.-ntf\n', max_size=60))
def test_any_text_of_json_marks_is_read_or_refused(text: str) -> None:
    survive(text.encode(), m.JSON)
    survive(b'{"rows": ' + text.encode() + b"}" + b" " * 9000, m.JSON)


MEGABYTE = 1 << 20
BOMBS = {
    "opened lists": b"[" * MEGABYTE,
    "rows of nothing": b'{"rows": [' + b"[]," * 300_000 + b"[]]}",
    "rows of one": b'{"rows": [' + b"[1]," * 300_000 + b"[1]]}",
    "one long row": b'{"rows": [[' + b"1," * 500_000 + b"1]]}",
    "objects": b'{"records": [' + b"{}," * 300_000 + b"{}]}",
    "many keys": b'{"columns": {' + b",".join(b'"%d": [1]' % i for i in range(90_000)) + b"}}",
    "a long name": b'{"columns": {"' + b"x" * MEGABYTE + b'": [1, "y"]}}',
    "a long number": b'{"rows": [[' + b"1" * MEGABYTE + b"]]}",
    "a long fraction": b'{"rows": [[0.' + b"1" * MEGABYTE + b"]]}",
    "a long exponent": b'{"rows": [[1e' + b"1" * MEGABYTE + b"]]}",
    "escapes": b'{"key": "' + b"\\u0041" * 150_000 + b'", "rows": [[1]]}',
    "quotes": b'"' * MEGABYTE,
    "half an escape": b'{"a": "' + b"\\" * MEGABYTE,
    "names twice": b'{"rows": [[1]], "names": [' + b'"a",' * 250_000 + b'"a"]}',
    "names": b'{"rows": [[1]], "names": [' + b",".join(b'"%d"' % i for i in range(90_000)) + b"]}",
    "keys twice": b'{"rows": [[1]]' + b', "rows": [[1]]' * 60_000 + b"}",
    "requests": b'{"requests": [' + b'{"rows": [[1]]},' * 60_000 + b"5]}",
    "requests within": b'{"requests": [' * 50_000 + b"]}" * 50_000,
}


@pytest.mark.parametrize("name", list(BOMBS))
@pytest.mark.parametrize("limits", [LIMITS, Limits()], ids=["narrow", "usual"])
def test_a_megabyte_of_trouble_is_over_soon(name: str, limits: Limits) -> None:
    started = time.process_time()
    try:
        parse(BOMBS[name], m.JSON, limits)
    except SondeError as error:
        assert len(json.dumps(problem(error, 400))) < 6000  # noqa: PT017
    assert time.process_time() - started < 3.0
