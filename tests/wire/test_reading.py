"""The same rows give the same reading, whether they come as a file or as a body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonde.core import Panel, Schema, Series, Table
from sonde.data import Categories, Reading, examine
from sonde.errors import InvalidInput, SchemaMismatch, SondeError
from sonde.wire import media as m
from sonde.wire.bodies import Body, container_of, parse, reading_of
from sonde.wire.limits import Limits
from sonde.wire.options import DetectOptions

LIMITS = Limits()
N = 40
RNG = np.random.default_rng(7)
DAYS = [f"2024-01-{1 + i % 28:02d}T{i // 28:02d}:00:00" for i in range(N)]
FLOATS = RNG.normal(size=N).round(3).tolist()
WHOLE = RNG.integers(0, 50, N).tolist()
DATA: dict[str, dict[str, list[Any]]] = {
    "a table": {"rate": FLOATS, "load": WHOLE},
    "a series": {"ts": DAYS, "rate": FLOATS},
    "an epoch": {"ts": [1_700_000_000_000 + 60_000 * i for i in range(N)], "rate": FLOATS},
    "a shuffled series": {"ts": DAYS[::-1], "rate": FLOATS, "load": WHOLE},
    "ids": {"ts": DAYS[:20] * 2, "pump": ["p1"] * 20 + ["p2"] * 20, "rate": FLOATS},
    "whole ids": {"ts": DAYS[:20] * 2, "device": [1] * 20 + [2] * 20, "rate": FLOATS},
    "a counter and a constant": {"n": list(range(N)), "k": [3.5] * N, "a": FLOATS, "b": WHOLE},
    "text": {"what": ["x", "y"] * 20, "a": FLOATS, "b": WHOLE, "is_anomaly": [0, 1] * 20},
    "missing cells": {"a": [None, *FLOATS[1:]], "b": [*WHOLE[1:], None]},
    "commas": {"a": [f"{x:.2f}".replace(".", ",") for x in FLOATS], "b": WHOLE},
    "one column": {"rate": FLOATS},
}


def as_csv(columns: dict[str, list[Any]], folder: Path) -> Path:
    path = folder / "plant.csv"
    pl.DataFrame(columns).write_csv(path)
    return path


def bodies(columns: dict[str, list[Any]]) -> list[Body]:
    """The columns in every form of JSON, and as CSV."""
    names = list(columns)
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    forms: list[Any] = [
        {"columns": columns},
        {"rows": rows, "names": names},
        {"records": [dict(zip(names, row, strict=True)) for row in rows]},
        {"data": columns},
        {"columns": columns, "padding": " " * 9000},  # large enough for the other parser
    ]
    made = [parse(json.dumps(form).encode(), m.JSON, LIMITS) for form in forms]
    return [*made, parse(pl.DataFrame(columns).write_csv().encode(), m.CSV, LIMITS)]


def same(got: Reading, expected: Reading) -> None:
    assert type(got.data) is type(expected.data)
    assert got.data.channels == expected.data.channels
    np.testing.assert_array_equal(got.data.values, expected.data.values)
    if not isinstance(got.data, Table) and not isinstance(expected.data, Table):
        np.testing.assert_array_equal(
            np.asarray(got.data.time, dtype=object), np.asarray(expected.data.time, dtype=object)
        )
    if isinstance(got.data, Panel) and isinstance(expected.data, Panel):
        assert got.data.ids == expected.data.ids
    np.testing.assert_array_equal(got.rows, expected.rows)
    for name in ("n_rows", "kind_reason", "time_column", "id_column", "left_out", "step_ns"):
        assert getattr(got, name) == getattr(expected, name), name
    assert got.problems == expected.problems


@pytest.mark.parametrize("name", list(DATA))
def test_a_body_reads_as_the_file_does(name: str, tmp_path: Path) -> None:
    expected = examine(as_csv(DATA[name], tmp_path))
    for body in bodies(DATA[name]):
        same(reading_of(body, options=DetectOptions()), expected)


@pytest.mark.parametrize(
    "options",
    [
        {"time": "ts", "id": "pump", "columns": ["rate"]},
        {"kind": "table"},
        {"kind": "series"},
        {"id": "pump", "kind": "panel"},
        {"columns": ["rate"], "categories": ["pump"], "kind": "table"},
        {"columns": ["ts"]},
        {"columns": ["nosuch"]},
        {"labels": "rate"},
    ],
)
def test_options_mean_the_same_and_so_do_refusals(options: dict[str, Any], tmp_path: Path) -> None:
    try:
        expected: Any = examine(as_csv(DATA["ids"], tmp_path), **options)
    except SondeError as error:
        expected = error
    for body in bodies(DATA["ids"]):
        if isinstance(expected, SondeError):
            with pytest.raises(type(expected)) as caught:
                reading_of(body, options=DetectOptions(**options))
            assert str(caught.value) == str(expected).replace("plant.csv", "request")
        else:
            same(reading_of(body, options=DetectOptions(**options)), expected)


def test_a_column_that_is_mostly_numbers_is_refused_as_in_a_file(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "a": ["1.5", "2.5", "x", "4.5"],
        "b": [1, 2, 3, 5],
        "id": ["7", "8", "9a", "9"],
    }
    with pytest.raises(InvalidInput) as expected:
        examine(as_csv(columns, tmp_path))
    for body in bodies(columns):
        with pytest.raises(InvalidInput) as caught:
            reading_of(body)
        assert str(caught.value) == str(expected.value).replace("plant.csv", "request")
        assert caught.value.facts["row"] == 2
        same(
            reading_of(body, options=DetectOptions(columns=["b"])),
            examine(as_csv(columns, tmp_path), columns=["b"]),
        )


SCHEMAS = {
    "a table": Schema("table", ("load", "rate"), True),
    "a series": Schema("series", ("rate",), True, time_column="ts"),
    "ids": Schema("panel", ("rate",), True, time_column="ts", id_column="pump"),
    "missing cells": Schema("table", ("a", "b"), True),
    "one column": Schema("series", ("rate",), True),
    "text": Schema("table", ("a", "what"), True, categories={"what": {"x": 0.5, "y": 0.5}}),
}


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_a_stored_model_reads_a_body_as_it_reads_a_file(name: str, tmp_path: Path) -> None:
    schema = SCHEMAS[name]
    expected = examine(
        as_csv(DATA[name], tmp_path),
        time=schema.time_column,
        id=schema.id_column,
        columns=list(schema.channels),
        categories=Categories(schema.categories) if schema.categories else None,
        kind=schema.kind,
    )
    for body in bodies(DATA[name]):
        got = reading_of(body, schema=schema)
        same(got, expected)
        quick = container_of(body, schema)
        if quick is not None:
            assert quick.channels == got.data.channels
            assert quick.values.tobytes() == got.data.values.tobytes()


def test_times_and_ids_beside_the_rows_are_columns_of_their_own() -> None:
    rows = [[x, float(w)] for x, w in zip(FLOATS, WHOLE, strict=True)]
    beside = {
        "rows": rows,
        "names": ["rate", "load"],
        "time": DAYS[:20] * 2,
        "id": [1] * 20 + [2] * 20,
    }
    within = {"ts": DAYS[:20] * 2, "id": [1] * 20 + [2] * 20, "rate": FLOATS, "load": WHOLE}
    got = reading_of(parse(json.dumps(beside).encode(), m.JSON, LIMITS))
    expected = examine(within, time="ts", id="id")
    assert isinstance(got.data, Panel)
    assert isinstance(expected.data, Panel)
    assert (got.data.ids, got.time_column, got.id_column) == (("1", "2"), "time", "id")
    np.testing.assert_array_equal(got.data.values, expected.data.values)
    np.testing.assert_array_equal(got.data.time, expected.data.time)


def test_names_of_columns_beside_the_data_are_followed() -> None:
    body = parse(
        json.dumps({"columns": DATA["ids"], "time": "ts", "id": "pump"}).encode(), m.JSON, LIMITS
    )
    same(
        reading_of(body),
        reading_of(bodies(DATA["ids"])[0], options=DetectOptions(time="ts", id="pump")),
    )


def test_rows_without_names_are_the_columns_of_the_model() -> None:
    schema = Schema("table", ("load", "rate"), True)
    for rows in ([[1, 2.5]], [[1, 2], [1, 2]], [[1, None], [3, 4]], [[1.5, 2.5], [2.5, 2.5]]):
        body = parse(json.dumps({"rows": rows}).encode(), m.JSON, LIMITS)
        got = reading_of(body, schema=schema).data
        assert got.channels == ("load", "rate")
        np.testing.assert_array_equal(got.values, np.array(rows, dtype=float))
        quick = container_of(body, schema)
        assert quick is None or quick.values.tobytes() == got.values.tobytes()


def test_rows_without_names_and_of_another_width_are_refused() -> None:
    schema = Schema("table", ("load", "rate"), True)
    body = parse(b'{"rows": [[1, 2, 3]]}', m.JSON, LIMITS)
    assert container_of(body, schema) is None
    with pytest.raises(SchemaMismatch, match=r"X has 3 features.* expecting 2"):
        reading_of(body, schema=schema)


def test_times_that_came_beside_rows_without_names_stay_times() -> None:
    schema = Schema("series", ("time", "rate"), True, time_column="ts")
    body = parse(
        b'{"rows": [[1, 2], [3, 4]], "time": ["2024-01-02", "2024-01-01"]}', m.JSON, LIMITS
    )
    got = reading_of(body, schema=schema)
    assert got.data.values.tolist() == [[3, 4], [1, 2]]
    assert got.rows.tolist() == [1, 0]


def test_other_columns_than_the_model_learned_from_are_refused_by_name() -> None:
    schema = Schema("table", ("load", "rate"), True)
    body = parse(b'{"columns": {"load": [1.5], "rte": [2.5]}}', m.JSON, LIMITS)
    assert container_of(body, schema) is None
    with pytest.raises(SchemaMismatch, match=r"missing: .rate. \(there are .load., .rte.\)"):
        reading_of(body, schema=schema)


def test_a_model_that_learned_from_times_or_ids_says_which_column_is_missing() -> None:
    series = Schema("series", ("a",), True, time_column="ts")
    panel = Schema("panel", ("a",), True, id_column="unit")
    for schema, column in ((series, "ts"), (panel, "unit")):
        body = parse(b'{"columns": {"a": [1.5, 2.5], "t": [1, 2]}}', m.JSON, LIMITS)
        with pytest.raises(SchemaMismatch, match=rf"column '{column}', which is missing") as caught:
            reading_of(body, schema=schema)
        assert caught.value.facts["missing"] == [column]


CELLS = st.floats(-1e6, 1e6) | st.integers(-(2**70), 2**70) | st.integers(-5, 5)


@given(st.data(), st.integers(1, 5), st.integers(1, 3), st.booleans(), st.booleans())
def test_the_quick_container_equals_the_reading_to_the_bit(
    data: st.DataObject, n: int, width: int, is_named: bool, is_series: bool
) -> None:
    names = ["a", "b", "c"][:width]
    schema = Schema("series" if is_series else "table", tuple(reversed(names)), True)
    rows = data.draw(
        st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=n, max_size=n)
    )
    text = json.dumps({"rows": rows} | ({"names": names} if is_named else {})).encode()
    body = parse(text, m.JSON, LIMITS)
    quick = container_of(body, schema)
    if quick is None:
        return
    slow = reading_of(body, schema=schema).data
    assert type(quick) is type(slow)
    assert quick.channels == slow.channels
    assert quick.values.tobytes() == slow.values.tobytes()


@pytest.mark.parametrize(
    "schema",
    [
        Schema("series", ("a",), True, time_column="ts"),
        Schema("table", ("a",), True, id_column="id"),
        Schema("table", ("a",), True, categories={"a": {"x": 1.0}}),
        Schema("panel", ("a",), True),
        Schema("table", ("a", "b"), True),
        Schema("table", ("b",), True),
    ],
)
def test_the_quick_container_leaves_all_else_to_the_reading(schema: Schema) -> None:
    body = parse(b'{"columns": {"a": [1.5, 2.5]}}', m.JSON, LIMITS)
    assert body.values is not None
    assert container_of(body, schema) is None


def test_whole_numbers_that_fall_together_are_left_to_the_reading() -> None:
    schema = Schema("table", ("a",), True)
    body = parse(b'{"columns": {"a": [9007199254740993, 9007199254740992]}}', m.JSON, LIMITS)
    assert container_of(body, schema) is None
    with pytest.raises(InvalidInput, match="too large to tell apart"):
        reading_of(body, schema=schema)


def test_labels_may_be_a_list() -> None:
    body = bodies(DATA["a table"])[0]
    reading = reading_of(body, options=DetectOptions(labels=[False, True] * 20))
    assert reading.labels is not None
    assert reading.labels.tolist() == [False, True] * 20
    with pytest.raises(InvalidInput, match="40 rows, 1 labels"):
        reading_of(body, options=DetectOptions(labels=[True]))


def test_a_body_without_data_says_what_to_send() -> None:
    with pytest.raises(InvalidInput, match="send rows, columns or series"):
        reading_of(Body(options={"detector": "hbos"}))


# --- series ----------------------------------------------------------------------------------


def series_body(value: dict[str, Any]) -> Body:
    return parse(json.dumps(value).encode(), m.JSON, LIMITS)


def test_series_are_a_panel() -> None:
    reading = reading_of(series_body({"series": [[1, None, 3], [4, 10**400]]}))
    assert isinstance(reading.data, Panel)
    assert reading.data.offsets.tolist() == [0, 3, 5]
    np.testing.assert_array_equal(reading.data.values.ravel(), [1, np.nan, 3, 4, np.inf])
    assert (reading.source, reading.data.ids) == ("request", ("0", "1"))


def test_series_of_channels_have_their_names() -> None:
    body = series_body(
        {"series": [[[1, 2], [3, 4]], [[5], [6]]], "names": ["x", "y"], "id": ["a", 7]}
    )
    data = reading_of(body).data
    assert isinstance(data, Panel)
    assert (data.channels, data.ids) == (("x", "y"), ("a", "7"))
    assert data.values.tolist() == [[1, 3], [2, 4], [5, 6]]


def test_one_series_is_a_series() -> None:
    assert isinstance(reading_of(series_body({"series": [[1, 2, 4]]})).data, Series)
    assert isinstance(reading_of(series_body({"series": [[1, 2, 4]], "id": ["a"]})).data, Panel)
    schema = Schema("panel", ("rate",), True, id_column="pump")
    got = reading_of(series_body({"series": [[1, 2, 4]]}), schema=schema).data
    assert isinstance(got, Panel)
    assert got.channels == ("rate",)


def test_times_of_series_are_read_as_those_of_a_table() -> None:
    times = ["2024-01-03", "2024-01-01", "2024-01-02"]
    for time in ([times, times], times):
        reading = reading_of(series_body({"series": [[1, 2, 4], [5, 6, 7]], "time": time}))
        assert isinstance(reading.data, Panel)
        assert reading.data.values.ravel().tolist() == [2, 4, 1, 6, 7, 5]
        assert reading.rows.tolist() == [1, 2, 0, 4, 5, 3]
        assert reading.step_ns == 86_400 * 10**9
    reading = reading_of(series_body({"series": [[1, 2, 4]], "time": times}))
    assert isinstance(reading.data, Series)


@pytest.mark.parametrize(
    ("beside", "pointer"),
    [
        ({"id": ["a"]}, "/id"),
        ({"id": ["a", "a"]}, "/id"),
        ({"id": ["a", 1.5]}, "/id/1"),
        ({"id": "a"}, "/id"),
        ({"time": "a"}, "/time"),
        ({"time": [1, 2]}, "/time"),
        ({"time": [[1, 2, 3], [1, 2]]}, "/time/1"),
        ({"time": [[1, 2, 3], 4]}, "/time"),
        ({"names": ["a", "b"]}, "/names"),
    ],
)
def test_what_does_not_fit_the_series_is_pointed_at(beside: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reading_of(series_body({"series": [[1, 2, 4], [5, 6, 7]]} | beside))
    assert caught.value.facts["pointer"] == pointer
