"""Times in the formats that people and programs write, alone and spread over columns."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sonde.core import Panel, Series, Table
from sonde.data import examine
from sonde.data.timing.time_codes import coded_time
from sonde.data.timing.time_text import parse_dates
from sonde.errors import InvalidInput

MOMENT = np.datetime64("2024-01-31T12:30:00")
HOUR = 3600 * 10**9
DAY = 24 * HOUR


def moments_of(cells: list[Any], name: str = "ts") -> list[str]:
    reading = examine({name: cells, "v": np.arange(len(cells)) ** 2}, kind="series")
    assert reading.time_column == name
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    return [
        str(moment) for moment in reading.data.time.astype("datetime64[ns]").astype("datetime64[s]")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-31T12:30:00", "2024-01-31 12:30", "2024-W05-3T12:30:00", "2024W053T123000",
        "2024-031T12:30:00", "2024-031 12:30", "20240131T123000", "20240131T1230Z",
        "2024-01-31T12:30:00,000", "2024-01-31T13:30:00+01", "2024-01-31T13:30:00+0100",
        "2024-01-31T13:30:00 +01:00", "2024-01-31 13:30:00 Europe/Berlin", "2024-01-31 07:30 EST",
        "2024-01-31 13:30 UTC+1", "2024-01-31 12:30 GMT", "2024-01-31T13:30:00+01:00[Europe/Paris]",
        "01/31/2024 12:30", "31/01/2024 12:30", "31.01.2024 12:30", "31.01.24 12:30",
        "1/31/24 12:30 PM", "12:30:00 31/01/2024", "12:30 Jan 31 2024", "31 January 2024 12:30",
        "January 31, 2024, 12:30 PM", "Jan 31, 2024 at 12:30 p.m.", "31-Jan-24 12:30",
        "31JAN2024:12:30:00", "[31/Jan/2024:12:30:00 +0000]", "Wed, 31 Jan 2024 12:30:00 GMT",
        "Wed Jan 31 12:30:00 2024", "Wed Jan 31 13:30:00 CET 2024", "31st January 2024 12:30",
        "Wed Jan 31 2024 13:30:00 GMT+0100 (Central European Standard Time)",
        "2024/01/31 12:30:00.000", "2024.01.31 12:30:00", "2024-Jan-31 12:30", "20240131 12:30:00",
        "2024-01-31T12:30:00.000000Z",
    ],
)  # fmt: skip
def test_reads_a_moment_however_it_is_written(cell: str) -> None:
    parsed = parse_dates(pl.Series("ts", [cell]), short=True)
    assert parsed is not None
    assert parsed.bad is None
    assert parsed.ns.astype("datetime64[ns]")[0] == MOMENT


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2020Q1", "2020Q2"], ["2020-01-01", "2020-04-01"]),
        (["2020-Q3", "2020-Q4"], ["2020-07-01", "2020-10-01"]),
        (["Q2 2020", "Q3 2020"], ["2020-04-01", "2020-07-01"]),
        (["2024-03", "2024-04"], ["2024-03-01", "2024-04-01"]),
        (["Jan 2024", "Feb 2024"], ["2024-01-01", "2024-02-01"]),
        (["2024-W05", "2024-W06"], ["2024-01-29", "2024-02-05"]),
        (["2024-031", "2024-032"], ["2024-01-31", "2024-02-01"]),
        (["31.12.98", "01.01.99"], ["1998-12-31", "1999-01-01"]),
        ([2019, 2020, 2021], ["2019-01-01", "2020-01-01", "2021-01-01"]),
        ([202311, 202312, 202401], ["2023-11-01", "2023-12-01", "2024-01-01"]),
        ([45322, 45323], ["2024-01-31", "2024-02-01"]),
    ],
)
def test_reads_days_months_quarters_and_years(cells: list[Any], days: list[str]) -> None:
    assert moments_of(cells, "date") == [f"{day}T00:00:00" for day in days]


@pytest.mark.parametrize("factor", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [int, float, str])
def test_reads_epochs_in_four_units(factor: int, kind: type) -> None:
    cells = [kind((1_706_704_200 + 60 * i) * factor) for i in range(3)]
    if kind is str:
        text = "ts,v\n" + "".join(f"{cell},{i * i}\n" for i, cell in enumerate(cells))
        reading = examine(__import__("io").BytesIO(text.encode()))
    else:
        reading = examine({"ts": cells, "v": [0, 1, 4]})
    assert reading.step_ns == 60 * 10**9
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    assert reading.data.time.astype("datetime64[ns]")[0] == MOMENT


@pytest.mark.parametrize(
    ("values", "name", "wanted"),
    [
        ([20240131123000], "ts", "2024-01-31T12:30:00"),
        ([202401311230], "ts", "2024-01-31T12:30:00"),
        ([2024013112], "t", "2024-01-31T12:00:00"),
        ([2024031], "day", "2024-01-31T00:00:00"),
        ([45322.520833333336], "ts", "2024-01-31T12:30:00"),
        ([45322], "seconds", None),
        ([2024], "t", None),
        ([20240131126100], "ts", None),
        ([202413], "date", None),
        ([2023366], "date", None),
    ],
)
def test_numbers_that_spell_a_date(values: list[Any], name: str, wanted: str | None) -> None:
    found = coded_time(np.array(values), name)
    assert (found is None) is (wanted is None)
    if found is not None:
        assert found[0].astype("datetime64[ns]")[0] == np.datetime64(str(wanted))


def test_says_how_numbers_were_read() -> None:
    reading = examine({"date": [45322.0, 45322.5, 45323.0], "v": [1, 5, 2]})
    assert reading.step_ns == 12 * HOUR
    assert reading.problems == [
        "the numbers of 'date' were read as days of a spreadsheet, counted from 1899-12-30"
    ]


def test_a_month_from_one_to_twelve_is_a_value() -> None:
    reading = examine({"month": [1, 2, 4, 7], "v": [3, 1, 4, 1]})
    assert reading.time_column is None
    years_that_repeat = examine({"year": [2020, 2020, 2021], "v": [3, 1, 4]})
    assert years_that_repeat.data.channels == ("year", "v")


def test_mixed_offsets_are_moments() -> None:
    cells = ["2024-03-31T00:30:00+01:00", "2024-03-31T01:30:00+01:00", "2024-03-31T03:30:00+02:00"]
    assert moments_of(cells) == [f"2024-03-{d}:30:00" for d in ("30T23", "31T00", "31T01")]


def test_a_named_zone_knows_the_repeated_hour() -> None:
    cells = [f"2023-10-29 {t} Europe/Berlin" for t in ("02:00", "02:30", "02:00", "02:30")]
    assert moments_of(cells) == [f"2023-10-29T{t}:00" for t in ("00:00", "00:30", "01:00", "01:30")]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["2024-01-01 00:00Z", "2024-01-01 01:00"], "row 1, .* names no time zone and others do"),
        (["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00 CET"], "row 2, .* alone names"),
        (["2024-01-01 00:00 Europe/Berlin", "2024-01-01 25:00 Europe/Berlin"], "row 1, .* '2024-"),
        (["2023-03-26 01:30 Europe/Berlin", "2023-03-26 02:30 Europe/Berlin"], "row 1, "),
        (["10:00", "09:00", "08:30"], "cannot be read as time"),
    ],
    ids=["without", "with", "25 o'clock", "skipped in spring", "times of day that go back"],
)
def test_refuses_times_that_say_different_things(cells: list[str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        examine({"ts": cells, "v": np.arange(len(cells)) ** 2}, time="ts")


def test_an_abbreviation_is_taken_for_its_offset_and_said() -> None:
    reading = examine({"ts": ["2024-01-31 10:00 CST", "2024-01-31 11:00 CST"], "v": [1, 5]})
    assert reading.problems == ["the times of 'ts' were read with CST as UTC-06:00"]


def test_times_of_day_pass_midnight() -> None:
    reading = examine({"time": ["23:58", "23:59", "00:00", "00:01"], "v": [1, 5, 2, 9]})
    assert reading.step_ns == 60 * 10**9
    assert reading.problems == [
        "the times of 'time' are times of day; they were counted from the first midnight and 1 "
        "midnight passed"
    ]
    assert examine({"time": ["10:00", "09:00", "11:00"], "v": [1, 5, 2]}).time_column is None


def test_days_without_a_year_pass_new_year() -> None:
    cells = ["Dec 31 23:59:58", "Dec 31 23:59:59", "Jan  1 00:00:00"]
    reading = examine({"ts": cells, "v": [1, 5, 2]})
    assert reading.step_ns == 10**9
    assert "have no year" in reading.problems[0]


def test_versions_are_no_dates() -> None:
    reading = examine({"version": ["1.2.3", "1.2.4", "1.3.0"], "v": [1, 5, 2]})
    assert reading.time_column is None


SPREAD: list[dict[str, list[Any]]] = [
    {"date": ["2024-01-31"] * 3, "time": ["12:30", "13:30", "14:30"]},
    {"date": [dt.date(2024, 1, 31)] * 3, "time": [dt.time(h, 30) for h in (12, 13, 14)]},
    {"Date": [20240131] * 3, "Time": [1230, 1330, 1430]},
    {"date": ["31/01/2024"] * 3, "hour": [12, 13, 14], "minute": [30] * 3},
    {"year": [2024] * 3, "month": [1] * 3, "day": [31] * 3, "hour": [12, 13, 14], "min": [30] * 3},
]


@pytest.mark.parametrize("columns", SPREAD, ids=["text", "dates", "digits", "hour", "calendar"])
def test_puts_a_time_together_from_columns(columns: dict[str, list[Any]]) -> None:
    frame = columns | {"v": [1.0, 5.0, 2.0]}
    reading = examine(frame)
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    assert reading.data.time.astype("datetime64[ns]")[0] == MOMENT
    assert (reading.step_ns, reading.data.channels) == (HOUR, ("v",))
    assert "put together from the columns" in reading.problems[0]
    assert reading.time_values is not None
    assert reading.time_values[0] == dt.datetime(2024, 1, 31, 12, 30)
    # What a stored model asks for: its time column by name.
    again = examine(frame, time=reading.time_column)
    assert isinstance(again.data, Series)
    np.testing.assert_array_equal(again.data.time, reading.data.time)


def test_an_hour_beside_days_of_many_series_stays_a_value() -> None:
    days = [f"2024-01-{d:02d}" for d in range(1, 6)]
    frame = {
        "date": days * 2,
        "sensor": ["a"] * 5 + ["b"] * 5,
        "hour": [3, 7, 5, 9, 1, 4, 4, 8, 2, 6],
        "v": np.sqrt(np.arange(10)),
    }
    reading = examine(frame)
    assert isinstance(reading.data, Panel)
    assert reading.data.channels == ("hour", "v")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_columns_with_a_zone_are_moments_in_every_frame(zone: str) -> None:
    index = pd.date_range("2023-10-20", "2023-11-10", freq="h", tz=zone)
    frame = pd.DataFrame({"ts": index, "v": np.sin(np.arange(len(index)))})
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    for given in (frame, pl.from_pandas(frame), arrow, frame.set_index("ts")):
        reading = examine(given)
        assert (reading.step_ns, reading.problems) == (HOUR, [])
        assert isinstance(reading.data, Series)
        assert reading.data.time is not None
        assert reading.data.time[0] == index.as_unit("ns").asi8[0]


# Several rows per moment

TWICE = {
    "ts": ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"],
    "v": [1.0, 2.0, 9.0, 4.0],
}


def test_several_rows_per_moment_are_a_table_and_the_reason_names_the_way_out() -> None:
    reading = examine(TWICE)
    assert isinstance(reading.data, Table)
    assert reading.kind_reason.endswith("; kind series keeps the first row of each moment")


def test_a_series_keeps_the_first_row_of_each_moment() -> None:
    reading = examine(TWICE, kind="series")
    assert reading.data.values.ravel().tolist() == [1, 2, 4]
    assert (reading.rows.tolist(), reading.n_rows, reading.step_ns) == ([0, 1, 3], 4, DAY)
    assert reading.problems == [
        "1 row has the time of an earlier row (row 2); the first row of each moment was kept, the "
        "others get no score"
    ]


def test_ids_that_are_named_keep_the_first_row_of_each_moment() -> None:
    frame = {
        "ts": [3, 1, 2, 2, 1, 2, 3],
        "k": ["b", "a", "a", "a", "b", "b", "b"],
        "v": [1.0, 2.0, 9.0, 4.0, 5.0, 6.0, 7.0],
    }
    reading = examine(frame, id="k", time="ts")
    assert isinstance(reading.data, Panel)
    assert reading.data.offsets.tolist() == [0, 3, 5]
    assert reading.data.values.ravel().tolist() == [5, 6, 1, 2, 9]
    assert reading.rows.tolist() == [4, 5, 0, 1, 2]
    assert "2 rows have the time of an earlier row of one 'k' (row 3, 6)" in reading.problems[0]
