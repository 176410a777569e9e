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
    said = "2 rows have the time of an earlier row of one 'k' (row 3, 6)"
    assert any(said in problem for problem in reading.problems)


# What could be read in several ways

BOTH = (
    "the dates of column 'date' could be read two ways; they were read as month/day/year (a day "
    "apart), not day/month/year (a month apart)"
)


def problems_of(cells: list[Any], name: str = "date") -> list[str]:
    return examine({name: cells, "v": np.arange(len(cells)) ** 2}, kind="series").problems


@pytest.mark.parametrize("year", ["2024", "24"])
def test_twelve_firsts_of_a_month_may_be_twelve_days_and_that_is_said(year: str) -> None:
    cells = [f"01/{m:02d}/{year}" for m in range(1, 13)]
    assert problems_of(cells) == [BOTH]
    assert moments_of(cells, "date")[11] == "2024-01-12T00:00:00"


def test_even_steps_decide_and_the_other_reading_is_said() -> None:
    cells = ["01/02/2024", "08/02/2024", "11/02/2024"]
    assert "not day/month/year" in problems_of(cells)[0]
    weekly = ["01/02/2024", "08/02/2024", "15/02/2024"]
    assert problems_of(weekly) == []


@pytest.mark.parametrize("form", ["24.03.{:02d}", "{:02d}.03.24", "24-03-{:02d}"])
def test_days_go_on_and_do_not_return_each_year(form: str) -> None:
    cells = [form.format(i) for i in (1, 2, 3, 7)]
    days = [f"2024-03-0{i}T00:00:00" for i in (1, 2, 3, 7)]
    assert moments_of(cells, "date") == days
    assert problems_of(cells[:3]) == []


@pytest.mark.parametrize(
    ("name", "cells", "second_ns", "says"),
    [
        ("t", [0, 10, 20], 10 * 10**9, ["the numbers of 't' were read as seconds"]),
        ("time_s", [0, 10, 20], 10 * 10**9, []),
        ("time_ms", [0, 10, 20], 10**7, []),
        ("time_ms", [0.0, 10.5, 21.0], 10_500_000, []),
        ("time_us", [0, 10, 20], 10**4, []),
        ("time_ns", [0, 10**12, 2 * 10**12], 10**12, []),
        ("time_ms", [0, 2 * 10**8, 4 * 10**8], 2 * 10**14, []),
        (
            "time_ms",
            [1_706_704_200, 1_706_704_260],
            1_706_704_260 * 10**9,
            ["the numbers of 'time_ms' were read as epoch seconds"],
        ),
    ],
)
def test_small_numbers_are_in_the_unit_of_their_name_or_that_is_said(
    name: str, cells: list[float], second_ns: int, says: list[str]
) -> None:
    reading = examine({name: cells, "v": [1, 5, 2][: len(cells)]})
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    assert int(reading.data.time.astype(np.int64)[1]) == second_ns
    assert reading.problems == says


def test_numbers_in_a_column_of_dates_are_dates_or_a_sentence() -> None:
    assert moments_of([20240130, 20240131, 20240201], "date")[1] == "2024-01-31T00:00:00"
    with pytest.raises(InvalidInput, match=r"row 2, column 'date': 20240132 is no day"):
        examine({"date": [20240130, 20240131, 20240132], "v": [1, 5, 2]})
    for cells in ([13012024, 14012024, 15012024], [240113, 240114, 240115]):
        assert problems_of(cells)[0] == (
            "the numbers of 'date' were read as seconds, not as dates; write dates as 2024-01-31"
        )


def test_microseconds_begin_at_the_boundary() -> None:
    # 1975 in microseconds; as milliseconds, it would be the year 6976.
    ns = moments_of([157_766_400_000_000 + 10**6 * i for i in range(3)])
    assert ns[0] == "1975-01-01T00:00:00"


@pytest.mark.parametrize("offset", ["+9900", " +9900", "+14:01", "-1300", "-12:30", " +01:75"])
def test_an_offset_that_no_clock_has_is_refused_with_its_row(offset: str) -> None:
    cells = [f"2024-01-31 1{i}:00:00{offset if i == 2 else '+01:00'}" for i in range(4)]
    with pytest.raises(InvalidInput, match=r"row 2, column 'ts'"):
        examine({"ts": cells, "v": [1, 5, 2, 4]}, time="ts")


@pytest.mark.parametrize(
    ("zone", "utc"),
    [("+14:00", "2024-01-30T22:30"), ("-12:00", "2024-02-01T00:30"), ("AEDT", "2024-01-31T01:30")],
)
def test_the_farthest_offsets_and_abbreviations_are_read(zone: str, utc: str) -> None:
    for blank in ("", " "):
        parsed = parse_dates(pl.Series([f"2024-01-31T12:30:00{blank}{zone}"]))
        assert parsed is not None
        assert parsed.bad is None
        assert parsed.ns.astype("datetime64[ns]")[0] == np.datetime64(utc)


def berlin(*times: str) -> list[str]:
    parsed = parse_dates(pl.Series([f"2024-10-27 {t} Europe/Berlin" for t in times]))
    assert parsed is not None
    assert parsed.bad is None
    return [str(t)[11:16] for t in parsed.ns.astype("datetime64[ns]")]


def test_series_one_after_the_other_do_not_turn_the_clock_back() -> None:
    # The first ends in the repeated hour, and the second begins before it.
    assert berlin("01:45", "02:15", "02:45", "01:45", "02:15", "02:45") == [
        "23:45", "00:15", "00:45", "23:45", "00:15", "00:45",
    ]  # fmt: skip
    # Each shows the whole of it.
    whole = ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")
    read = ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
    assert berlin(*whole, *whole) == read * 2


def test_series_mixed_row_by_row_do_not_turn_the_clock_back() -> None:
    once = ("01:45", "02:15", "02:45")
    assert berlin(*(t for t in once for _ in "ab")) == [
        "23:45", "23:45", "00:15", "00:15", "00:45", "00:45",
    ]  # fmt: skip
    whole = ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")
    read = ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
    assert berlin(*(t for t in whole for _ in "ab")) == [t for t in read for _ in "ab"]
    # One is a little behind the other, again and again.
    assert berlin("02:10", "02:05", "02:20", "02:15") == ["00:10", "00:05", "00:20", "00:15"]


def test_hours_show_the_same_twice() -> None:
    assert berlin("01:00", "02:00", "02:00", "03:00") == ["23:00", "00:00", "01:00", "02:00"]


@pytest.mark.parametrize(
    "cells",
    [
        ["2016-12-31 23:59:59", "2016-12-31 23:59:60", "2017-01-01 00:00:00"],
        ["2016-12-31T23:59:59Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00Z"],
        ["31 Dec 2016 23:59:59", "31 Dec 2016 23:59:60", "1 Jan 2017 00:00:00"],
    ],
)
def test_a_leap_second_is_not_the_next_minutes_first(cells: list[str]) -> None:
    parsed = parse_dates(pl.Series(cells))
    assert parsed is not None
    assert [str(t) for t in parsed.ns.astype("datetime64[ns]")] == [
        "2016-12-31T23:59:59.000000000",
        "2016-12-31T23:59:59.999999999",
        "2017-01-01T00:00:00.000000000",
    ]


def test_nanoseconds_are_kept_in_text_that_names_an_offset() -> None:
    parsed = parse_dates(pl.Series(["2024-01-31T12:30:00.123456789+01:00"]))
    assert parsed is not None
    assert int(parsed.ns[0]) % 10**9 == 123_456_789


def test_a_smallest_value_beside_a_largest_is_no_minute() -> None:
    day: dict[str, list[Any]] = {"year": [2024] * 4, "month": [1] * 4, "day": [1] * 4}
    frame = day | {"hour": [0, 1, 3, 4], "min": [3, 5, 4, 8], "max": [30, 31, 33, 35]}
    assert examine(frame).data.channels == ("min", "max")
    scattered = day | {"hour": [0, 1, 2, 3], "min": [3, 5, 4, 8], "v": [30, 31, 33, 35]}
    assert examine(scattered).data.channels == ("min", "v")
    needed = day | {"hour": [0, 0, 1, 1], "min": [0, 30, 0, 30], "v": [30, 31, 33, 35]}
    assert examine(needed).step_ns == HOUR // 2


def test_hours_may_run_from_one_to_twenty_four() -> None:
    frame: dict[str, list[Any]] = {"year": [2024] * 24, "month": [1] * 24, "day": [31] * 24}
    reading = examine(frame | {"hour": list(range(1, 25)), "v": [i * i % 7 for i in range(24)]})
    assert (reading.step_ns, reading.data.channels) == (HOUR, ("v",))
    dates = {"date": ["2024-01-31"] * 24, "hour": list(range(1, 25))}
    reading = examine(dates | {"v": [i * i % 7 for i in range(24)]})
    assert (reading.step_ns, reading.data.channels) == (HOUR, ("v",))
