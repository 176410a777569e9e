"""Bodies of nothing but numbers: the quick ways give what the careful way gives."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.data.frames import values_of
from sonde.errors import TooLarge
from sonde.wire import numbers
from sonde.wire.limits import Limits
from sonde.wire.numbers import numbers_of
from sonde.wire.reading import parse_with_care

LIMITS = Limits()
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308, 2**53 + 1, 2**64 - 1])
)


@st.composite
def tables(draw: st.DrawFn) -> Any:
    n_rows, width = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    row = st.lists(NUMBERS, min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=n_rows, max_size=n_rows))
    names = draw(st.lists(st.text(max_size=6), min_size=width, max_size=width, unique=True))
    form = draw(st.sampled_from(["rows", "named", "columns"]))
    if form == "rows":
        return {"rows": rows}
    if form == "named":
        return {"names": names, "rows": rows, "key": draw(st.text(max_size=4))}
    return {"columns": {name: [row[j] for row in rows] for j, name in enumerate(names)}}


def both_ways(text: bytes) -> list[numbers.Numbers | None]:
    return [numbers._of_small(text, LIMITS), numbers._of_large(text, LIMITS)]


@given(tables(), st.sampled_from([None, 1]), st.booleans())
def test_the_quick_ways_give_the_same_bits_as_the_careful_one(
    body: Any, indent: int | None, is_ascii: bool
) -> None:
    try:
        text = json.dumps(body, indent=indent, ensure_ascii=is_ascii).encode()
    except UnicodeEncodeError:
        return
    found = [one for one in both_ways(text) if one is not None]
    if not found:
        return
    careful = parse_with_care(text, LIMITS)
    assert careful.frame is not None
    expected = values_of(careful.frame, careful.frame.columns)
    for one in found:
        assert one.values.tobytes() == expected.tobytes()
        assert one.names == careful.names
        assert one.others == careful.options


def test_plain_bodies_take_the_quick_ways() -> None:
    for text in (
        b'{"rows": [[1, 2.5], [3, 4]]}',
        b' {"rows":[[1,2.5],[3,4]], "names": ["a [C]", "b"], "key": "ann"}',
        b'{"columns": {"a": [1, 3], "b": [2.5, 4]}}',
        b'{"columns": {"a": [1, 3], "b": [2.5, 4]}, "key": "ann"}',
    ):
        for found in both_ways(text):
            assert found is not None, text
            assert found.values.tolist() == [[1.0, 2.5], [3.0, 4.0]]


@pytest.mark.parametrize(
    "text",
    [
        b'{"rows": [[1, 2], [3]]}',  # as a buffer 3 numbers
        b'{"rows": [[1, 2], [3, 4, 5], [6]]}',  # as a buffer 3 rows of 2
        b'{"rows": [[1, [2]], [3, 4]]}',
        b'{"rows": [[1, [2, 3]], [4, 5, 6]]}',
        b'{"rows": [[[1, 2]], [[3, 4]]]}',
        b'{"rows": [1, 2]}',
        b'{"rows": []}',
        b'{"rows": [[]]}',
        b'{"rows": [[], []]}',
        b'{"rows": [[1, null]]}',
        b'{"rows": [[1, true]]}',
        b'{"rows": [[1, "2"]]}',
        b'{"rows": [[1, NaN]]}',
        b'{"rows": [[1, 1e400]]}',
        b'{"rows": [[1, {}]]}',
        b'{"rows": [[1]], "rows": [[2]]}',
        b'{"rows": [[1]], "r\\u006fws": [[2]]}',
        b'{"rows": [[1]], "key": "a", "key": "b"}',
        b'{"rows": [[1]], "columns": {"a": [1]}}',
        b'{"rows": [[1, 2]], "names": ["a"]}',
        b'{"rows": [[1, 2]], "names": ["a", "a"]}',
        b'{"rows": [[1, 2]], "names": ["a", 5]}',
        b'{"rows": [[1, 2]], "names": "ab"}',
        b'{"columns": {"a": [1], "a": [2]}}',
        b'{"columns": {"a": [1], "b": [2, 3]}}',
        b'{"columns": {"a": [1, [2]], "b": [3, 4]}}',
        b'{"columns": {"a": []}}',
        b'{"columns": {}}',
        b'{"columns": {"a": 1}}',
        b'{"columns": {"a": {}, "b": [1]}}',
        b'{"columns": {"a": {}, "b": [1]}, "x": [2]}',
        b'{"columns": ["a", "b"]}',
        b'{"columns": [[1]]}',
        b'{"columns": {"a": [1]}, "names": ["b"]}',
        b'{"parameters": {"x": 1}, "rows": [[1]]}',
        b"[[1, 2]]",
        b'{"rows": [[1, 2]]',
        b'{"rows": [[1, 2]]} x',
        b"",
        b"\xff",
        b"[" * 5000,
        b'{"rows":' + b"[" * 5000,
    ],
)
def test_all_else_is_left_to_the_careful_way(text: bytes) -> None:
    assert both_ways(text) == [None, None]


def test_other_members_are_handed_on_by_the_large_way() -> None:
    text = b'{"rows": [[1.5]], "contamination": 0.1, "detector": "hbos", "columns2": ["a"]}'
    found = numbers._of_large(text, LIMITS)
    assert found is not None
    assert found.others == {"contamination": 0.1, "detector": "hbos", "columns2": ["a"]}


def test_a_large_body_and_a_small_one_go_through_the_same_door() -> None:
    x = np.random.default_rng(3).normal(size=(300, 20))
    for body in (
        {"rows": x.tolist()},
        {"columns": dict(zip("abcdefghijklmnopqrst", x.T.tolist(), strict=True))},
    ):
        found = numbers_of(json.dumps(body).encode(), LIMITS)
        assert found is not None
        assert found.values.tobytes() == x.tobytes()


@pytest.mark.parametrize(
    ("limits", "setting"),
    [(Limits(rows=7), "ROWS"), (Limits(columns=4), "COLUMNS"), (Limits(points=39), "POINTS")],
)
def test_limits_hold_on_both_ways(limits: Limits, setting: str) -> None:
    by_row = {"rows": [[1.0] * 5] * 8}
    by_column = {"columns": {name: [1.0] * 8 for name in "abcde"}}
    for body in (by_row, by_column):
        text = json.dumps(body).encode()
        for quick in (numbers._of_small, numbers._of_large):
            with pytest.raises(TooLarge, match=f"SONDE_LIMITS__{setting}"):
                quick(text, limits)
            # The refusal's traceback still holds the document; the parser is ready all the same.
            assert quick(text, LIMITS) is not None


def test_a_crowd_of_numbers_is_refused_before_they_are_parsed() -> None:
    with pytest.raises(TooLarge, match="SONDE_LIMITS__POINTS"):
        numbers_of(b'{"rows": [[' + b"1," * 50_000 + b"1]]}", Limits(rows=10, points=10_000))
