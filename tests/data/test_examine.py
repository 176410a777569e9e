"""What a file is: its time, its ids, its kind, its columns."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given

from sonde.core import Panel, Series, Table
from sonde.data import Reading, examine, read
from sonde.errors import InvalidInput

DAY = 86_400 * 10**9


def of(text: str, **options: Any) -> Reading:
    return examine(io.BytesIO(text.encode()), **options)


LONG = "".join(f"{t},{i},{(7 * i + 3 * t) % 5}\n" for t in range(5) for i in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("ts,v\n2024-01-01,1\n2024-01-02,3\n", Series, "time column 'ts', one row per moment"),
        ("v\n1\n3\n2\n", Series, "one column of numbers, in file order"),
        ("n,v\nx,1\ny,3\nz,2\n", Series, "one column of numbers, in file order"),
        ("a,b\n1,4\n3,9\n2,2\n", Table, "2 columns of numbers and no time column"),
        (
            "time,a,b\n2024-01-01,1,2\n2024-01-01,4,3\n2024-01-02,4,9\n",
            Table,
            "time column 'time' has several rows per moment (rows 0 and 1 first) and no id column "
            "tells them apart",
        ),
        (f"time,id,v\n{LONG}", Panel, "time column 'time', one row per moment for each of 3 'id'"),
        (f"time,sensor_id,v\n{LONG}", Panel, "one row per moment for each of 3 'sensor_id'"),
        (f"time,level,v\n{LONG}", Table, "several rows per moment"),
        (
            "time,id,v\n1,1,1\n1,2,3\n2,1,4\n2,2,2\n",
            Table,
            "several rows per moment",
        ),
        (
            "time,host,v\n" + "".join(f"{t // 2},{'ab'[t % 2]},{t * t % 7}\n" for t in range(20)),
            Panel,
            "one row per moment for each of 2 'host'",
        ),
        (
            "time,unit,v\n" + "".join(f"{t},{t % 2},{t * t % 7}\n" for t in range(20)),
            Series,
            "one row per moment",
        ),
    ],
)
def test_kind_follows_from_the_data(text: str, kind: type, reason: str) -> None:
    reading = of(text)
    assert type(reading.data) is kind
    assert reason in reading.kind_reason


def test_kind_may_be_told() -> None:
    two = "a,b\n1,4\n3,9\n2,2\n"
    assert isinstance(of(two, kind="series").data, Series)
    series = "ts,v\n2024-01-02,1\n2024-01-01,3\n"
    table = of(series, kind="table")
    assert isinstance(table.data, Table)
    assert table.data.channels == ("v",)
    assert table.data.values.ravel().tolist() == [1.0, 3.0]
    repeated = of("t,a\n2024-01-01,1\n2024-01-02,2\n2024-01-01,3\n", kind="series")
    assert repeated.data.values.ravel().tolist() == [1.0, 2.0]
    with pytest.raises(InvalidInput, match="a panel needs a column of ids"):
        of(two, kind="panel")
    with pytest.raises(InvalidInput, match="kind must be auto, series, panel or table"):
        of(two, kind="cube")


def test_a_panel_holds_each_series_in_time_order_and_knows_the_rows_of_the_file() -> None:
    text = "id,time,v\nb,2,20\na,3,3\nb,1,10\na,1,1\na,2,2\nb,3,30\n"
    reading = of(text)
    panel = reading.data
    assert isinstance(panel, Panel)
    assert panel.ids == ("b", "a")
    assert panel.values.ravel().tolist() == [10, 20, 30, 1, 2, 3]
    assert reading.rows.tolist() == [2, 0, 5, 3, 4, 1]
    assert reading.problems[1] == (
        "2 rows are out of time order (row 2 first); rows were sorted by time"
    )
    assert reading.id_values is not None
    assert reading.id_values.to_list() == ["b", "a", "b", "a", "a", "b"]


def test_ids_without_time_make_series_in_file_order() -> None:
    reading = of("k,v\na,1\nb,9\na,3\nb,4\na,2\nb,7\n", id="k")
    assert isinstance(reading.data, Panel)
    assert [s.values.ravel().tolist() for s in reading.data] == [[1, 3, 2], [9, 4, 7]]
    assert isinstance(of("k,v\na,1\na,3\na,2\n", id="k").data, Series)


@given(st.permutations(range(12)))
def test_the_order_of_the_rows_does_not_matter(order: list[int]) -> None:
    time = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]).cumsum() * DAY
    frame = pl.DataFrame(
        {"time": pl.Series(time).cast(pl.Datetime("ns")), "v": np.sqrt(np.arange(12) + 1.0)}
    )
    sorted_, mixed = examine(frame), examine(frame[order])
    np.testing.assert_array_equal(mixed.data.values, sorted_.data.values)
    np.testing.assert_array_equal(np.array(order)[mixed.rows], np.arange(12))


# Time


@pytest.mark.parametrize(
    ("name", "cells", "step"),
    [
        ("ts", ["2024-01-31", "2024-02-01"], DAY),
        ("ts", ["2024-01-31 10:00:00", "2024-01-31 10:00:01"], 10**9),
        ("ts", ["2024-01-31T10:00:00Z", "2024-01-31T10:05:00Z"], 300 * 10**9),
        ("ts", ["2024-01-31T10:00:00.250", "2024-01-31T10:00:00.500"], 250 * 10**6),
        ("ts", ["2024-01-31T10:00:00.000000001", "2024-01-31T10:00:00.000000003"], 2),
        ("ts", ["2024-01-31T10:00:00+01:00", "2024-01-31T10:00:00+00:00"], 3600 * 10**9),
        ("ts", ["2024-01-31 10:00 ", "2024-01-31 10:30"], 1800 * 10**9),
        ("ts", ["31.01.2024 10:00", "31.01.2024 11:00"], 3600 * 10**9),
        ("ts", ["01/30/2024 11:00 PM", "01/31/2024 01:00 AM"], 7200 * 10**9),
        ("ts", ["30/01/2024", "31/01/2024"], DAY),
        ("ts", ["30 Jan 2024", "31 Jan 2024"], DAY),
        ("when", ["2024/01/30 00:00:00", "2024/01/31 00:00:00"], DAY),
        ("epoch", [1_600_000_000, 1_600_000_060], 60 * 10**9),
        ("ts", [1_600_000_000.25, 1_600_000_000.75], 5 * 10**8),
        ("timestamp", [1_600_000_000_000, 1_600_000_000_500], 5 * 10**8),
        ("unix", [1_600_000_000_000_000, 1_600_000_000_000_500], 500_000),
        ("event_time", [1_600_000_000_000_000_000, 1_600_000_000_000_000_007], 7),
        ("date", [20240229, 20240301], DAY),
        ("time", [0, 5], 5 * 10**9),
        ("time_s", [0.0, 0.01], 10**7),
    ],
)
def test_finds_the_time(name: str, cells: list[Any], step: int) -> None:
    reading = examine({name: cells, "v": [1.0, 2.0]})
    assert reading.time_column == name
    assert reading.step_ns == step
    assert reading.data.channels == ("v",)
    assert reading.time_values is not None
    assert reading.time_values.to_list() == cells


def test_takes_an_unnamed_first_column_of_rising_epochs_as_time() -> None:
    reading = of("1600000000,7\n1600000060,9\n1600000120,8\n")
    assert (reading.time_column, reading.step_ns) == ("c0", 60 * 10**9)


@pytest.mark.parametrize(
    "columns",
    [
        {"time": [5, 3, 5], "v": [1, 2, 7]},
        {"runtime": [1, 2, 3], "v": [1, 2, 7]},
        {"time": [1.5, None, 2.5], "v": [1, 2, 7]},
        {"x": [1_600_000_000, 1_600_000_060, 1_600_000_120], "v": [1, 2, 7]},
        {"code": ["A-2024", "B-2025", "C-2026"], "v": [1, 2, 7]},
    ],
    ids=["a duration", "only part of the name", "with holes", "no name", "text"],
)
def test_leaves_other_columns_alone(columns: dict[str, Any]) -> None:
    assert examine(columns).time_column is None


def test_months_and_days_are_told_apart_by_their_order_or_else_said() -> None:
    rising = examine({"day": ["01/02/2024", "02/02/2024", "03/02/2024"], "v": [1, 2, 4]})
    assert rising.step_ns == DAY
    open_to_doubt = examine({"day": ["01/02/2024", "05/03/2024"], "v": [1, 2]})
    assert open_to_doubt.problems == [
        "the dates of column 'day' could be read two ways; they were read as month/day/year, not "
        "day/month/year"
    ]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("ts,v\n2024-01-01,1\nsoon,2\n2024-01-03,4\n", {}, "row 1, column 'ts': 'soon' is not"),
        ("ts,v\n2024-01-01,1\n,2\n2024-01-03,4\n", {}, "row 1: time column 'ts' is empty"),
        ("ts,v\n1600000000,1\n,2\n1600000100,3\n", {}, "row 1: time column 'ts' is empty"),
        ("a,v\nx,1\ny,2\n", {"time": "a"}, "column 'a' cannot be read as time"),
        ("a,v\n1,1\nx,2\n3,3\n", {"time": "a"}, "row 1: 'x' in time column 'a' is not a time"),
        ("a,v\ntrue,1\nfalse,2\n", {"time": "a"}, "column 'a' .* cannot be read as time"),
        ("a,v\n1,1\n2,2\n", {"time": "t"}, "has no column 't'; there are 'a', 'v'"),
        ("a,v\n1,1\n2,2\n", {"id": "k"}, "has no column 'k'"),
        ("k,v\nx,1\n,2\n", {"id": "k"}, "row 1: id column 'k' is empty"),
        ("t,v\n1400-01-01,1\n1400-01-02,2\n", {"time": "t"}, "row 0, column 't'"),
    ],
)
def test_refuses_time_and_ids_with_the_place(text: str, options: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        of(text, **options)


def test_a_named_time_column_may_be_any_numbers() -> None:
    reading = of("t,v\n30,3\n10,1\n20,2\n", time="t")
    assert reading.data.values.ravel().tolist() == [1, 2, 3]
    assert reading.step_ns == 10 * 10**9


def test_a_pandas_index_of_dates_is_the_time() -> None:
    frame = pd.DataFrame({"v": [1.0, 4.0, 2.0]}, index=pd.date_range("2024", periods=3, freq="h"))
    reading = examine(frame)
    assert isinstance(reading.data, Series)
    assert reading.step_ns == 3600 * 10**9


# Steps


def test_says_where_moments_are_missing() -> None:
    days = [1, 2, 3, 6, 7, 8, 9, 11]
    reading = examine({"ts": [f"2024-01-{d:02d}" for d in days], "v": [d * d for d in days]})
    assert reading.step_ns == DAY
    assert reading.problems == [
        "2 gaps in time, the longest of 2 steps of 1 day after 2024-01-03T00:00:00Z"
    ]


def test_says_that_steps_are_irregular() -> None:
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.integers(1, 1000, 50)) * 10**9 + 10**18
    reading = examine({"ts": time, "v": rng.normal(size=50)})
    assert reading.step_ns is None
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith("the steps are irregular: ")


def test_months_are_no_problem() -> None:
    reading = examine({"ts": [f"2024-{m:02d}-01" for m in range(1, 13)], "v": np.arange(12) ** 2})
    assert reading.step_ns is None
    assert reading.problems == []


def test_a_step_may_jitter_by_one_per_cent() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(100) * 10**9 + rng.integers(0, 4 * 10**6, 100)
    reading = examine({"ts": time + 10**18, "v": rng.normal(size=100)})
    assert reading.step_ns is not None
    assert abs(reading.step_ns - 10**9) < 10**7


def test_counts_steps_within_each_series_of_a_panel() -> None:
    text = "id,time,v\n" + "".join(
        f"{i},{100 * i + t},{t * t % 7}\n" for i in (1, 2) for t in range(5)
    )
    reading = of(text, id="id")
    assert reading.step_ns == 10**9
    assert reading.problems == ["the numbers of 'time' were read as seconds"]


# Columns


def test_leaves_out_what_is_no_measurement_and_says_why() -> None:
    columns = {
        "id": [7, 9, 1, 4],
        "ZIP": [3, 4, 4, 9],
        "who": ["ann", "bob", "cyd", "dee"],
        "x": [1.5, 1.7, 1.9, 1.1],
        "k": [1, 1, None, 1],
        "n": [0, 1, 2, 3],
        "on": [True, False, False, True],
        "label": [0, 0, 1, 0],
        "void": [None, None, None, None],
        "y": [3, 4, 4, 9],
        "target": [3, 4, 4, 9],
    }
    reading = examine(columns, kind="table")
    assert reading.data.channels == ("x", "on", "y", "target")
    assert reading.data.values[:, 1].tolist() == [1, 0, 0, 1]
    assert reading.left_out == {
        "id": "called 'id'",
        "ZIP": "called 'ZIP'",
        "who": "text",
        "k": "constant",
        "n": "row counter",
        "label": "called 'label', 0 or 1",
        "void": "empty",
    }


@pytest.mark.parametrize("name", ["label", "anomaly", "is_anomaly", "target", "class", "Class"])
@pytest.mark.parametrize(
    "cells", [[0, 1, 0], [0.0, 1.0, None], [True, False, True], ["a", "b", "a"]]
)
def test_leaves_out_what_is_called_a_label(name: str, cells: list[Any]) -> None:
    reading = examine({"x": [1.0, 5.0, 2.0], "y": [2.0, 2.5, 9.0], name: cells})
    assert reading.data.channels == ("x", "y")
    assert name in reading.left_out


@pytest.mark.parametrize("name", ["id", "index", "uuid", "zip", "phone", "Unnamed: 0"])
def test_leaves_out_numbers_that_are_names(name: str) -> None:
    assert name in examine({name: [9.0, 3.0, 5.0], "x": [1, 5, 2], "y": [3, 4, 9]}).left_out


def test_the_columns_asked_for_are_taken_whatever_they_are_called() -> None:
    columns = {"id": [7, 9, 1], "k": [1, 1, 1], "x": [1.5, 1.7, 1.9]}
    reading = examine(columns, columns=["k", "id"])
    assert reading.data.channels == ("k", "id")
    assert reading.left_out == {"x": "not chosen"}


def test_a_time_column_asked_for_as_a_value_is_a_value() -> None:
    assert examine({"time": [1, 2, 3], "v": [3, 1, 2]}, columns=["time"]).time_column is None


def test_a_counter_may_start_again_in_each_series() -> None:
    text = "id,date,cycle,v\n" + "".join(
        f"{i},2024-01-{t + 1:02d},{t},{(i * 7 + t * 3) % 5}\n" for i in (1, 2) for t in range(6)
    )
    assert of(text).left_out == {"cycle": "row counter"}


def test_a_lone_ramp_is_data() -> None:
    assert examine(np.arange(20.0)).data.channels == ("c0",)
    assert examine({"n": [1, 2, 3, 4]}).data.channels == ("n",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"x": [5, 5, 5]}, "the only column of numbers, 'x', is 5 in all 3 rows"),
        (np.full(9, 2.5), "the only column of numbers, 'c0', is 2.5 in all 9 rows"),
        (Series(np.ones(4)), "the only column of numbers, 'c0', is 1.0 in all 4 rows"),
        ({"ts": ["2024-01-01", "2024-01-02"], "x": [5, 5]}, "the only column of numbers, 'x'"),
        ({"a": ["x", "y"], "b": ["z", "z"]}, r"no column of numbers .* 'a' \(text\), 'b' \(text\)"),
        ({"a": [1, 1], "b": [2, 2]}, r"'a' \(constant\), 'b' \(constant\)"),
        ({"ts": ["2024-01-01", "2024-01-02"]}, "there are no other columns"),
        ({"a": []}, "has no rows"),
    ],
)
def test_refuses_data_in_which_nothing_can_stand_out(data: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        examine(data)


def test_a_constant_column_is_taken_when_named() -> None:
    assert examine({"x": [5, 5, 5]}, columns=["x"]).data.values.ravel().tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (["c"], "has no column 'c'; there are 'a', 'b'"),
        (["b"], "column 'b' is text, not numbers"),
        (["a", "a"], "one or more different columns"),
        ([], "one or more different columns"),
    ],
)
def test_refuses_columns_it_cannot_take(columns: list[str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        examine({"a": [1, 2], "b": ["x", "y"]}, columns=columns)


def test_text_among_numbers_is_refused_only_where_it_is_in_the_way() -> None:
    text = "a,b,id\n1,2,3\n2,oops,A7\n3,4,9\n"
    with pytest.raises(InvalidInput, match="row 1, column 'b': 'oops' is not a number"):
        of(text)
    with pytest.raises(InvalidInput, match="row 1, column 'b': 'oops' is not a number"):
        of(text, columns=["b"])
    assert of(text, columns=["a"]).data.values.ravel().tolist() == [1, 2, 3]


# Labels, problems, containers


@pytest.mark.parametrize(
    "cells",
    [
        [0, 1, 0],
        [0.0, 1.0, 0.0],
        [False, True, False],
        ["normal", "Anomaly", "normal "],
        ["0", "1", "0"],
        ["false", "TRUE", "false"],
    ],
)
def test_reads_labels(cells: list[Any]) -> None:
    reading = examine({"x": [1, 5, 2], "truth": cells}, labels="truth")
    assert reading.labels is not None
    assert reading.labels.tolist() == [False, True, False]
    assert reading.data.channels == ("x",)
    assert "truth" not in reading.left_out


def test_refuses_labels_that_are_neither() -> None:
    with pytest.raises(InvalidInput, match="row 2: 7 in labels column 'l' is neither 0 nor 1"):
        examine({"x": [1, 5, 2], "l": [0, 1, 7]}, labels="l")
    with pytest.raises(InvalidInput, match="row 1: None in labels column 'l'"):
        examine({"x": [1, 5, 2], "l": [0, None, 1]}, labels="l")
    with pytest.raises(InvalidInput, match="has no column 'truth'"):
        examine({"x": [1, 5, 2]}, labels="truth")


def test_says_which_values_are_missing_or_infinite_and_keeps_them() -> None:
    reading = examine({"a": [1.0, None, 3.0, 4.0], "b": [2.0, np.inf, -np.inf, 3.0]})
    assert reading.problems == [
        "column 'a' has 1 missing value (row 1 first)",
        "column 'b' has 2 infinite values (row 1 first)",
    ]
    wanted = [[1, 2], [np.nan, np.inf], [3, -np.inf], [4, 3]]
    np.testing.assert_array_equal(reading.data.values, wanted)


def test_counts_columns_instead_of_naming_many() -> None:
    values = np.random.default_rng(0).normal(size=(20, 8))
    values[3:, :] = np.where(np.arange(17)[:, None] % 3 == 0, np.nan, values[3:, :])
    values[5, 2] = np.nan
    assert examine(values).problems == [
        "8 columns have missing values, 49 in all, most in 'c2' (7)"
    ]


def test_the_source_has_a_name(tmp_path: Any) -> None:
    path = tmp_path / "plant.csv"
    path.write_text("v\n1\n3\n")
    assert examine(path).source == "plant.csv"
    assert examine(np.array([1.0, 3.0])).source == "array"
    assert examine(pl.DataFrame({"a": [1, 3]})).source == "data frame"


def test_a_container_is_taken_as_it_is() -> None:
    series = Series([[1.0, 0.0], [5.0, 1.0], [2.0, 0.0]], ["x", "truth"], time=[10, 20, 30])
    reading = examine(series)
    assert reading.data is series
    assert reading.rows.tolist() == [0, 1, 2]
    assert reading.step_ns == 10
    labelled = examine(series, labels="truth")
    assert labelled.data.channels == ("x",)
    assert labelled.labels is not None
    assert labelled.labels.tolist() == [False, True, False]
    assert isinstance(examine(series, kind="table").data, Table)
    assert examine(series, columns=["truth"]).data.channels == ("truth",)
    panel = Panel.of([series[:2], series[2:]], ids=["a", "b"])
    ids = examine(panel).id_values
    assert ids is not None
    assert ids.to_list() == ["a", "a", "b"]
    with pytest.raises(InvalidInput, match="a series knows its own time"):
        examine(series, time="x")


def test_read_gives_the_container_alone() -> None:
    assert isinstance(read(np.array([[1.0, 2.0], [3.0, 9.0]])), Table)
    assert isinstance(read([1.0, 2.0, 9.0]), Series)


def test_moments_that_never_repeat_are_one_series_whatever_else_the_rows_carry() -> None:
    text = "time,region,v\n" + "".join(f"{t},{'nsew'[t % 4]},{t * t % 7}\n" for t in range(40))
    reading = of(text)
    assert reading.kind_reason == "time column 'time', one row per moment"
    assert reading.left_out == {"region": "text"}


# One role, one unit, one format


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"columns": ["v"], "time": "v"}, "column 'v' is named in both time and columns"),
        ({"id": "t", "time": "t"}, "column 't' is named in both time and id"),
        ({"labels": "v", "columns": "v"}, "column 'v' is named in both labels and columns"),
    ],
)
def test_refuses_one_column_in_two_roles(roles: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        examine({"t": [1, 2, 3], "v": [0, 1, 0], "w": [4, 2, 9]}, **roles)


@pytest.mark.parametrize("factor", [10**3, 10**6, 10**9])
def test_names_the_row_where_the_unit_of_time_changes(factor: int) -> None:
    cells: list[int | None] = [1_700_000_000 + 60 * i for i in range(20)]
    cells[12:] = [cell * factor for cell in cells[12:] if cell]
    with pytest.raises(InvalidInput, match=r"row 12, column 'timestamp': 17\d+ is not in the unit"):
        examine({"timestamp": cells, "v": np.arange(20) ** 2})


def test_milliseconds_may_pass_the_size_of_the_first_epoch_seconds() -> None:
    time = np.arange(50, 150) * 10**9 * 2  # 1973 and before and after
    assert examine({"timestamp": time, "v": np.sin(time)}).time_column == "timestamp"


def test_names_the_row_where_the_format_of_dates_changes() -> None:
    iso = [f"2024-01-{d:02d}" for d in range(1, 7)]
    other = [f"01/{d:02d}/2024" for d in range(7, 15)]
    with pytest.raises(InvalidInput, match="row 6, column 'ts': '01/07/2024' is not a time like"):
        examine({"ts": iso + other, "v": range(14)})
    with pytest.raises(InvalidInput, match="row 0, column 'ts': '2024-01-01' is not a time like"):
        examine({"ts": iso[:1] + other, "v": range(9)})


@pytest.mark.parametrize(
    "cells",
    [
        pl.Series([2**64 - 1 - i for i in range(9)], dtype=pl.UInt64),
        pl.Series([2**100 + i for i in range(9)], dtype=pl.Int128),
        pl.Series([2**62 + i for i in range(9)]),
        pl.Series([1.7e21 + i for i in range(9)]),
    ],
)
def test_integers_that_float64_cannot_tell_apart_are_not_called_constant(cells: pl.Series) -> None:
    frame = pl.DataFrame({"x": cells, "v": [3, 1, 4, 1, 5, 9, 2, 6, 5]})
    assert examine(frame).left_out == {
        "x": "integers too large to tell apart; subtract the first of them"
    }
    if cells.dtype.is_integer():
        with pytest.raises(InvalidInput, match="'x' holds integers too large to tell apart"):
            examine(frame, columns=["x"])


def test_small_integers_of_128_bits_are_numbers_like_others() -> None:
    big = pl.Series([3, 1, 4, 1, 5], dtype=pl.Int128)
    assert examine(pl.DataFrame({"a": big})).data.values.ravel().tolist() == [3, 1, 4, 1, 5]
    rising = pl.Series([10, 20, 30, 40, 50], dtype=pl.Int128)
    frame = pl.DataFrame({"time": rising, "v": big})
    assert examine(frame).time_column == "time"
    assert examine(frame, time="time").step_ns == 10 * 10**9
    with pytest.raises(InvalidInput, match="cannot be read as time"):
        examine(pl.DataFrame({"x": pl.Series([2**100 + i for i in range(5)]), "v": big}), time="x")


@pytest.mark.parametrize("role", ["id", "labels"])
@pytest.mark.parametrize(
    "cells",
    [[[1], [2]] * 3, [b"\xff"] * 6, [dt.timedelta(1)] * 6, [{"a": 1}] * 6],
    ids=["lists", "bytes", "durations", "structs"],
)
def test_refuses_ids_and_labels_that_are_no_names(role: str, cells: list[Any]) -> None:
    roles: dict[str, Any] = {role: "x"}
    frame = pl.DataFrame({"x": cells, "v": range(6)})
    with pytest.raises(InvalidInput, match=r"column 'x' .*; name a column of"):
        examine(frame, **roles)


@pytest.mark.parametrize(
    ("name", "ids", "kind"),
    [
        ("id", "aaabbb", Panel),
        ("sensor_id", "ababab", Panel),
        ("id", "aaaabb", Series),
        ("id", "aaaaaa", Series),
        ("note", "aaabbb", Series),
    ],
)
def test_ids_of_text_make_a_panel_of_one_column_without_time(
    name: str, ids: str, kind: type
) -> None:
    reading = examine({name: list(ids), "v": [3, 1, 4, 1, 5, 9]})
    assert type(reading.data) is kind
    assert reading.id_column == (name if kind is Panel else None)
    assert type(examine({name: list(ids), "v": [3, 1, 4, 1, 5, 9]}, kind="series").data) is Series


def test_refuses_a_container_without_columns() -> None:
    with pytest.raises(InvalidInput, match="no columns of numbers"):
        examine(Table(np.empty((5, 0))))
