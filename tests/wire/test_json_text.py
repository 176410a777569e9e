"""JSON text: the value, or the place where it goes wrong."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.errors import Malformed, TooLarge
from sonde.wire.json_text import loaded, refuse_vast
from sonde.wire.limits import Limits

LIMITS = Limits()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_reads_what_json_writes(value: Any) -> None:
    text = json.dumps(value).encode()
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(Malformed, match="half of a character"):
            loaded(text, LIMITS)
    else:
        assert loaded(text, LIMITS) == value


def test_names_line_and_character_of_a_fault() -> None:
    with pytest.raises(Malformed, match="line 2, character 13") as caught:
        loaded(b'{"rows": [\n[1, 2], [3, x]]}', LIMITS)
    assert caught.value.facts == {"line": 2, "character": 13, "offset": 23}


def test_the_offset_counts_bytes() -> None:
    with pytest.raises(Malformed) as caught:
        loaded('{"é": x}'.encode(), LIMITS)
    assert caught.value.facts["offset"] == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"[1] [2]", "Extra data"),
        (b"[1,]", "no JSON"),
        (b'{"a": 1, "a": 2}', "key 'a' twice"),
        (b'{"a": "\\ud800"}', "half of a character"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"[" + b"9" * 5000 + b"]", "more digits"),
        (b'{"a": 1}\x00', "Extra data"),
    ],
)
def test_says_what_is_wrong(text: bytes, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        loaded(text, LIMITS)


def test_what_many_programs_write_is_taken_as_in_files() -> None:
    found = loaded(b'\xef\xbb\xbf[NaN, Infinity, -Infinity, 1e400, "\\ud83d\\ude00"]', LIMITS)
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf, math.inf, "😀"]


@pytest.mark.parametrize("deep", [b"[" * 33 + b"]" * 33, b"[" * 100_000, b'{"a":' * 50_000])
def test_depth_is_refused_before_a_parser_sees_it(deep: bytes) -> None:
    with pytest.raises(TooLarge, match="SONDE_LIMITS__DEPTH"):
        refuse_vast(deep, LIMITS)


def test_brackets_in_text_are_no_depth() -> None:
    text = json.dumps({"a": "[" * 1000, 'b"[[': "\\" * 7 + '"[{' * 99}).encode()
    refuse_vast(text, LIMITS)
    assert loaded(text, LIMITS)["a"] == "[" * 1000


@given(VALUES, st.integers(1, 6))
def test_counts_the_depth_that_there_is(value: Any, most: int) -> None:
    def depth(one: Any) -> int:
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    text = json.dumps(value, ensure_ascii=True).encode()
    is_refused = False
    try:
        refuse_vast(text + b" " * 100, Limits(depth=most))
    except TooLarge:
        is_refused = True
    assert is_refused == (depth(value) > most)


@pytest.mark.parametrize(
    ("unit", "setting"), [(b"[],", "ROWS"), (b"{},", "ROWS"), (b"1,", "POINTS"), (b"[", "ROWS")]
)
def test_a_crowd_of_small_things_is_refused_before_memory_is_taken(
    unit: bytes, setting: str
) -> None:
    text = b"[" + unit * 3_000_000 + b"1]"
    started = time.process_time()
    with pytest.raises(TooLarge, match=f"SONDE_LIMITS__{setting}"):
        refuse_vast(text, Limits(rows=100_000, points=1_000_000))
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize("unit", [b'"",', rb'"\"[",', rb'"\\",'])
def test_a_crowd_of_short_strings_holds_nobody_up(unit: bytes) -> None:
    text = b"[" + unit * 3_000_000 + b"1]"
    started = time.process_time()
    refuse_vast(text, LIMITS)
    assert time.process_time() - started < 1.0
    with pytest.raises(TooLarge, match="SONDE_LIMITS__POINTS"):
        refuse_vast(text, Limits(rows=100, points=1_000))
