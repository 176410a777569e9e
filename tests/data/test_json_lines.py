"""JSON lines and JSON documents, and the sentence for each fault in them."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import polars as pl
import pytest

from sonde.data.formats.files import load, read_frame
from sonde.errors import InvalidInput


def frame_of(text: str) -> pl.DataFrame:
    return read_frame(io.BytesIO(text.encode()))[0]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ('{"a":1,"b":2.5}\n{"a":3,"b":4}\n', ["a", "b"], [(1, 2.5), (3, 4.0)]),
        ('{"b":1}\n\n{"a":2,"b":3}', ["b", "a"], [(1, None), (3, 2)]),
        ('{"a":1}\r\n{"a":null}\r\n', ["a"], [(1,), (None,)]),
        ('{"a":NaN}\n{"a":Infinity}\n{"a":-1}\n', ["a"], [(None,), (float("inf"),), (-1.0,)]),
        ('{"a":{"x":1,"y":2}}\n{"a":{"x":3}}\n', ["a.x", "a.y"], [(1, 2), (3, None)]),
        ('{"a":99999999999999999999}\n{"a":1}\n', ["a"], [(1e20,), (1.0,)]),
        ('{"a":true}\n{"a":false}\n', ["a"], [(True,), (False,)]),
        ('{"a":[1,2],"b":1}\n{"a":[3],"b":2}\n', ["a", "b"], [("[1, 2]", 1), ("[3]", 2)]),
        ("[1,2.5]\n[3,4]\n", ["c0", "c1"], [(1, 2.5), (3, 4.0)]),
        ('[{"a":1},{"a":2}]', ["a"], [(1,), (2,)]),
        ('[\n  {"a": 1},\n  {"a": 2}\n]\n', ["a"], [(1,), (2,)]),
        ("[[1,2],[3,4]]", ["c0", "c1"], [(1, 2), (3, 4)]),
        ("[1,2,null,4]", ["c0"], [(1,), (2,), (None,), (4,)]),
        ('{"a":[1,2],"b":["x",null]}', ["a", "b"], [(1, "x"), (2, None)]),
        ('{\n "a": [1, 2],\n "b": [3, 4]\n}\n', ["a", "b"], [(1, 3), (2, 4)]),
        ('{"columns":{"a":[1,2]}}', ["a"], [(1,), (2,)]),
        ('{"rows":[[1,2],[3,4]],"names":["x","y"]}', ["x", "y"], [(1, 2), (3, 4)]),
        ('{"rows":[{"x":1},{"x":2}]}', ["x"], [(1,), (2,)]),
        ('{"a":1,"b":2}', ["a", "b"], [(1, 2)]),
        ('\ufeff{"a":1}\n{"a":2}\n', ["a"], [(1,), (2,)]),
        ('{"a":"1,5"}\n{"a":"2,5"}\n', ["a"], [(1.5,), (2.5,)]),
    ],
)
def test_reads(text: str, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
    frame = frame_of(text)
    assert (frame.columns, frame.rows()) == (columns, rows)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a":1}\n{"a":\n{"a":3}\n', "line 2: this is no JSON"),
        ('{"a":1}\n{"a":2,"a":3}\n', "line 2: the key 'a' is given twice"),
        ('[{"a":1},{"a":2,"a":3}]', "the key 'a' is given twice"),
        ('{"a":1}\n"x"\n', "line 2: 'x' is no row"),
        ('{"a":{"b":{"c":1}}}\n{"a":1}\n', "key 'a.b' holds an object within an object"),
        ('{"a":{"b":1},"a.b":2}\n{"a":1}\n', "'a.b' is a key and also a key within an object"),
        ('{"a":[1,2],"b":[3]}', "different lengths: a 2, b 1"),
        ('{"rows":[[1,2],[3]],"names":["x","y"]}', "row 1: [3] does not have the 2 cells"),
        ('{"rows":[[1,2]],"names":["x","x"]}', "gives a name twice"),
        ('{"a":[1,2],"b":3}', "holds no table"),
        ("[1,2", "line 1, character 5: this is no JSON"),
        ("[]", "no columns"),
        ('{"a":1}\n{"a":2}\n{"a":3}\n{"a":"x"}\n', "row 3, column 'a': 'x' is not a number"),
        ("[" * 100_000, "too deeply"),
        ("[" + "9" * 5000 + "]", "more digits"),
    ],
)
def test_refuses_with_the_place(text: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def rows_as_lines(n: int) -> list[str]:
    return [json.dumps({"t": i, "v": i / 8, "s": "x" if i % 2 else None}) for i in range(n)]


def test_the_quick_way_reads_what_the_careful_way_reads() -> None:
    lines = rows_as_lines(4000)
    quick = frame_of("\n".join(lines))
    # Blanks before a key's colon are what the quick way leaves to the careful one.
    careful = frame_of("\n".join(line.replace('"v":', '"v" :') for line in lines[:500]))
    assert quick.head(500).equals(careful)
    assert quick["t"].to_list() == [*range(4000)]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"t": 1, "v": 2, "v": 3}', "line 4001: the key 'v' is given twice"),
        ('{"t": 1, "v": ', "line 4001: this is no JSON"),
        ('{"t": 1, "v": "x"}', "row 4000, column 'v': 'x' is not a number"),
    ],
)
def test_a_fault_late_in_a_long_file_is_named(line: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        frame_of("\n".join([*rows_as_lines(4000), line]))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("line", "column", "last"),
    [
        ('{"t": 1.5}', "t", 1.5),
        ('{"t": 1, "late": 7}', "late", 7),
        ('{"t": 1, "s": "with \\"quotes\\": here"}', "s", 'with "quotes": here'),
        ('{"t": null, "v": 1}', "t", None),
    ],
)
def test_a_key_or_type_that_comes_late_is_kept(line: str, column: str, last: Any) -> None:
    frame = frame_of("\n".join([*rows_as_lines(4000), line]))
    assert frame.height == 4001
    assert frame[column][-1] == last
    assert frame["v"][3999] == 3999 / 8


def test_reads_two_hundred_thousand_lines_in_a_moment() -> None:
    data = "\n".join(rows_as_lines(200_000)).encode()
    start = time.perf_counter()
    text, _ = load(io.BytesIO(data))
    took = time.perf_counter() - start
    assert text.frame.height == 200_000
    # Row by row in Python took more than ten times what it takes; machines differ.
    assert took < 5
