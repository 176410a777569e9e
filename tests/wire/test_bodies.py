"""Bodies of JSON: what is taken, and what is refused with a pointer to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sonde.errors import InvalidInput, Malformed, SondeError, TooLarge
from sonde.wire import media as m
from sonde.wire.bodies import Body, parse
from sonde.wire.limits import Limits

LIMITS = Limits()


def body_of(value: Any, limits: Limits = LIMITS) -> Body:
    return parse(json.dumps(value).encode(), m.JSON, limits)


def frame_of(value: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    frame = body_of(value).frame
    assert frame is not None
    return frame.columns, frame.rows()


@pytest.mark.parametrize(
    ("value", "columns", "rows"),
    [
        ({"rows": [[1, None], [3, 4.5]]}, ["c0", "c1"], [(1, None), (3, 4.5)]),
        ({"rows": [[1, "x"], [3, None]], "names": ["a", "b"]}, ["a", "b"], [(1, "x"), (3, None)]),
        ({"rows": [1, None, 3]}, ["c0"], [(1,), (None,), (3,)]),
        ([[1, True], [2, False]], ["c0", "c1"], [(1, True), (2, False)]),
        ([{"a": 1}, {"b": 2}], ["a", "b"], [(1, None), (None, 2)]),
        ({"records": [{"a": 1, "o": {"x": 2}}]}, ["a", "o.x"], [(1, 2)]),
        ({"columns": {"a": [1, 2], "b": ["1,5", "2,5"]}}, ["a", "b"], [(1, 1.5), (2, 2.5)]),
        ({"columns": {"a": ["x", True, 2]}}, ["a"], [("x",), ("true",), ("2",)]),
        ({"columns": {"a": [10**400, 1]}}, ["a"], [(float("inf"),), (1.0,)]),
        ({"columns": {"": [1, 2]}, "online": False}, [""], [(1,), (2,)]),
        ({"data": {"a": [1, 2]}, "x": 1}, ["a"], [(1,), (2,)]),
        ({"data": [1, 2]}, ["c0"], [(1,), (2,)]),
        ({"training_data": [[1, 2]], "x": 1}, ["c0", "c1"], [(1, 2)]),
    ],
)
def test_reads_data_in_every_form(value: Any, columns: list[str], rows: list[Any]) -> None:
    got, cells = frame_of(value)
    assert got == columns
    assert cells == rows


def test_not_a_number_is_missing_and_infinity_is_kept() -> None:
    body = parse(b'{"columns": {"a": [NaN, Infinity, 1e400, -1]}}', m.JSON, LIMITS)
    assert body.frame is not None
    assert body.frame["a"].to_list() == [None, float("inf"), float("inf"), -1.0]


def test_everything_beside_the_data_is_kept() -> None:
    body = body_of(
        {
            "columns": {"a": [1, 2]},
            "time": ["2024", "2025"],
            "id": "a",
            "detector": "hbos",
            "x": [1],
        }
    )
    assert (body.time, body.id, body.options) == (
        ["2024", "2025"],
        "a",
        {"detector": "hbos", "x": [1]},
    )


def test_columns_may_name_columns_and_data_may_be_elsewhere() -> None:
    body = body_of({"rows": [[1, 2.5]], "names": ["a", "b"], "columns": ["a"]})
    assert body.options == {"columns": ["a"]}
    body = body_of({"data": "s3://bucket/plant.csv"})
    assert not body.has_data
    assert body.options == {"data": "s3://bucket/plant.csv"}


def test_series_keep_their_shape() -> None:
    body = body_of({"series": [[1, None, 3], [4]], "id": ["a", "b"]})
    assert (body.n_rows, body.n_columns, body.series) == (4, 1, [[1, None, 3], [4]])
    body = body_of({"series": [[[1, 2], [3, 4]], [[5], [6]]]})
    assert (body.n_rows, body.n_columns) == (3, 2)


def test_several_data_sets_share_what_stands_beside_them() -> None:
    body = body_of(
        {
            "requests": [{"rows": [[1], [2]]}, {"rows": [[1], [2, 3]]}, {"detector": "knn"}, 5],
            "detector": "hbos",
        }
    )
    assert body.requests is not None
    first, second, third, fourth = body.requests
    assert isinstance(first, Body)
    assert first.options == {"detector": "hbos"}
    assert isinstance(second, InvalidInput)
    assert second.facts["pointer"] == "/rows/1"
    assert isinstance(third, Body)
    assert third.options == {"detector": "knn"}
    assert isinstance(fourth, InvalidInput)


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        (5, "", "it must be an object"),
        ({"rows": 5}, "/rows", "is a number: 5; it must be a list of rows"),
        ({"rows": []}, "/rows", "no rows"),
        ({"rows": [[]]}, "/rows/0", "no cells"),
        ({"rows": [[1, 2], [3]]}, "/rows/1", "row 1 has 1 cells, and row 0 has 2"),
        ({"rows": [[1, 2], 3]}, "/rows/1", "must be a list of cells"),
        ({"rows": [1, [2]]}, "/rows/1", "must be a number"),
        ({"rows": [[1, 2], [3, [4]]]}, "/rows/1/1", "is a list; it must be a number, text"),
        ({"rows": [1, {"a": 1}]}, "/rows/1", "is an object"),
        ({"rows": [{"a": 1}, 2]}, "/rows/1", "must be an object"),
        ({"rows": [[1, 2]], "names": ["a"]}, "/names", "1 names for rows of 2 cells"),
        ({"rows": [[1, 2]], "names": ["a", "a"]}, "/names", "more than once: 'a'"),
        ({"rows": [[1, 2]], "names": ["a", 5]}, "/names/1", "text, the name of a column"),
        ({"rows": [[1, 2]], "names": "a"}, "/names", "a list of names"),
        ({"rows": [1, 2], "names": ["a", "b"]}, "/names", "give one name"),
        ({"columns": {"a": [1], "b/c~": [2, 3]}}, "/columns/b~1c~0", "column 'b/c~' has 2 cells"),
        ({"columns": {"a": [1], "b": 5}}, "/columns/b", "must be a list of cells"),
        ({"columns": {"a": [1, {}]}}, "/columns/a/1", "is an object"),
        ({"columns": {"a": []}}, "/columns", "no rows"),
        ({"columns": {}}, "/columns", "no rows"),
        ({"records": [{"a": 1}, [2]]}, "/records/1", "must be an object"),
        ({"records": [{}, {}], "time": []}, "/records", "no members"),
        ({"rows": [[1]], "columns": {"a": [1]}}, "/columns", "in rows and in columns"),
        ({"rows": [[1]], "time": [1, 2]}, "/time", "2 entries for 1 rows"),
        ({"rows": [[1]], "id": 5}, "/id", "a list with an entry for each row"),
        ({"series": 5}, "/series", "a list or an object"),
        ({"series": [[1, 2], []]}, "/series/1", "one or more numbers"),
        ({"series": [[1, 2], [1, "x"]]}, "/series/1/1", "a number or null"),
        ({"series": [[[1, 2], [3]]]}, "/series/0/1", "channel 1 has 1 points"),
        ({"series": [[[1], [2]], [[1]]]}, "/series/1", "series 1 has 1 channels"),
        ({"requests": []}, "/requests", "one or more"),
    ],
)
def test_refuses_with_a_pointer(value: Any, pointer: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        body_of(value)
    assert caught.value.facts["pointer"] == pointer
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("value", "limits", "setting"),
    [
        ({"rows": [["x"]] * 11}, Limits(rows=10), "ROWS"),
        ({"columns": {str(i): ["x"] for i in range(11)}}, Limits(columns=10), "COLUMNS"),
        ({"rows": [["x"] * 4] * 4}, Limits(points=15), "POINTS"),
        ({"series": [[1, 2, 3]] * 4}, Limits(rows=10), "ROWS"),
        ({"records": [{"a": 1}] * 11}, Limits(rows=10), "ROWS"),
        ({"requests": [{"rows": [1]}] * 3}, Limits(data_sets=2), "DATA_SETS"),
        ({"x": [[[[[0]]]]], "y": 10**9}, Limits(depth=4), "DEPTH"),
    ],
)
def test_limits_are_named(value: Any, limits: Limits, setting: str) -> None:
    with pytest.raises(TooLarge) as caught:
        body_of(value, limits)
    assert caught.value.facts["setting"] == f"SONDE_LIMITS__{setting}"


def test_a_value_of_ten_megabytes_is_not_said_again() -> None:
    huge = "x" * 10_000_000
    for value in (
        {"rows": [[1], huge]},
        {"columns": {huge: 5}},
        {"rows": [[1]], "names": [huge, 1]},
    ):
        with pytest.raises(SondeError) as caught:
            body_of(value)
        assert len(str(caught.value)) < 1000


def test_what_is_no_json_is_malformed() -> None:
    with pytest.raises(Malformed, match="line 1"):
        parse(b'{"rows": [[1, 2]', m.JSON, LIMITS)
