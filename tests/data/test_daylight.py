"""Clocks put back in autumn and forward in spring are one series; other repeats are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray

from sonde.core import Panel, Series, Table
from sonde.data import examine
from sonde.data.timing.daylight import on_winter_time

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
# The day on which clocks go back, and its neighbours.
AUTUMN = {
    "Europe/Berlin": ("2021-10-28", "2021-11-03"),
    "Europe/London": ("2021-10-28", "2021-11-03"),
    "America/New_York": ("2021-11-05", "2021-11-09"),
    "America/Los_Angeles": ("2021-11-05", "2021-11-09"),
    "Australia/Sydney": ("2021-04-02", "2021-04-06"),
    "Pacific/Auckland": ("2021-04-02", "2021-04-06"),
    "America/Santiago": ("2021-04-02", "2021-04-06"),
}


def wall_clock(zone: str, start: str, end: str, step: str) -> NDArray[np.int64]:
    moments = pd.date_range(start, end, freq=step, tz=zone).tz_localize(None)
    return np.array(moments.as_unit("ns").asi8)


def frame_of(ns: NDArray[np.int64]) -> pl.DataFrame:
    time = pl.Series(ns).cast(pl.Datetime("ns"))
    return pl.DataFrame({"ts": time, "v": np.sin(np.arange(len(ns)) / 7)})


@pytest.mark.parametrize("step", ["1min", "15min", "30min", "1h"])
@pytest.mark.parametrize("zone", AUTUMN)
def test_the_repeated_hour_is_told_apart(zone: str, step: str) -> None:
    frame = frame_of(wall_clock(zone, *AUTUMN[zone], step))
    reading = examine(frame)
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    assert reading.step_ns == pd.Timedelta(step).value
    assert np.unique(np.diff(reading.data.time)).tolist() == [reading.step_ns]
    assert reading.rows.tolist() == list(range(frame.height))
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith("the clock of 'ts' went back after 2021-")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_years_of_changes_are_one_even_clock(zone: str) -> None:
    frame = frame_of(wall_clock(zone, "2018-01-01", "2021-12-31", "1h"))
    reading = examine(frame.with_columns(pl.col("ts").dt.strftime("%d.%m.%Y %H:%M")))
    assert (type(reading.data), reading.step_ns) == (Series, HOUR)
    assert len(reading.problems) == 1
    assert "and forward after 2018-" in reading.problems[0]


def test_winter_is_where_it_was() -> None:
    ns = wall_clock("Europe/Berlin", "2021-01-01", "2021-12-31", "1h")
    reading = examine(frame_of(ns))
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    moved = ns - reading.data.time
    assert np.unique(moved).tolist() == [0, HOUR]
    months = ns.astype("datetime64[ns]").astype("datetime64[M]").astype(int) % 12 + 1
    assert set(months[moved == 0]) == {1, 2, 3, 10, 11, 12}


@pytest.mark.parametrize("named", [None, "host"])
def test_each_of_interleaved_series_has_its_repeated_hour(named: str | None) -> None:
    ns = wall_clock("Europe/Berlin", "2021-10-28", "2021-11-03", "15min")
    frame = pl.DataFrame(
        {
            "ts": pl.Series(np.repeat(ns, 3)).cast(pl.Datetime("ns")),
            "host": ["a", "b", "c"] * len(ns),
            "v": np.sin(np.arange(3 * len(ns))),
        }
    )
    reading = examine(frame, id=named)
    assert isinstance(reading.data, Panel)
    assert (reading.data.ids, reading.step_ns) == (("a", "b", "c"), 15 * MINUTE)
    assert [len(series) for series in reading.data] == [len(ns)] * 3


def test_irregular_rows_are_told_apart_too() -> None:
    rng = np.random.default_rng(0)
    seconds = np.cumsum(rng.exponential(120, 6000))
    moments = pd.Timestamp("2021-10-28", tz="Europe/Berlin") + pd.to_timedelta(seconds, unit="s")
    ns = np.array(moments.tz_localize(None).as_unit("ns").asi8)
    reading = examine(frame_of(ns))
    assert isinstance(reading.data, Series)
    assert reading.data.time is not None
    wanted = moments.as_unit("ns").asi8 - moments.as_unit("ns").asi8[0]
    np.testing.assert_array_equal(reading.data.time - reading.data.time[0], wanted)
    assert not any("out of time order" in problem for problem in reading.problems)


def utc(start: str, end: str, step: str) -> NDArray[np.int64]:
    return wall_clock("UTC", start, end, step)


def with_row(ns: NDArray[np.int64], moment: str) -> NDArray[np.int64]:
    return np.sort(np.append(ns, pd.Timestamp(moment).value))


AUTUMN_HOURS = wall_clock("Europe/Berlin", "2021-10-28", "2021-11-03", "1h")
MINUTES = utc("2021-10-30", "2021-11-01", "1min")
REFUSED = {
    "a row twice on another day": with_row(AUTUMN_HOURS[90:], "2021-11-01 12:00"),
    "a minute twice in the repeated hour": with_row(MINUTES, "2021-10-31 02:30"),
    "an hour twice and none skipped in spring": with_row(
        utc("2021-01-01", "2021-12-31", "1h"), "2021-10-31 02:00"
    ),
    "shuffled": np.random.default_rng(1).permutation(AUTUMN_HOURS),
    "a clock set back by half an hour": MINUTES - np.where(np.arange(2881) > 1619, 30 * MINUTE, 0),
    "hours set back by an hour on another day": with_row(
        utc("2021-06-01", "2021-06-05", "1h"), "2021-06-02 12:00"
    ),
    "a clock set back by an hour twice": np.concatenate(
        [utc(f"2021-06-01 0{h}:00", f"2021-06-01 0{h + 1}:59", "1min") for h in (0, 1, 2)]
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_other_repeats_are_no_change_of_clocks(what: str) -> None:
    ns = REFUSED[what]
    assert isinstance(examine(frame_of(ns)).data, Table)


def test_a_clock_that_shows_what_was_skipped_in_spring_was_not_changed() -> None:
    ns = REFUSED["an hour twice and none skipped in spring"]
    codes = np.zeros(len(ns), dtype=np.int64)
    assert on_winter_time(ns, codes, "ts", lambda i, j: False) is None


def test_a_row_sent_twice_in_the_repeated_hour_is_no_change_of_clocks() -> None:
    codes = np.zeros(len(AUTUMN_HOURS), dtype=np.int64)
    assert on_winter_time(AUTUMN_HOURS, codes, "ts", lambda i, j: False) is not None
    assert on_winter_time(AUTUMN_HOURS, codes, "ts", lambda i, j: True) is None


def test_times_with_a_zone_are_left_alone() -> None:
    frame = frame_of(AUTUMN_HOURS)
    shown = frame.with_columns(pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%SZ"))
    assert isinstance(examine(shown).data, Table)


def test_a_clock_set_back_by_an_hour_on_any_day_is_one_series() -> None:
    first, second = (utc(*span, "5min") for span in SET_BACK)
    reading = examine(frame_of(np.concatenate([first, second])))
    assert isinstance(reading.data, Series)
    assert reading.step_ns == 5 * MINUTE
    assert reading.problems == [
        "the clock of 'ts' went back after 2021-06-02 02:55:00 by an hour; earlier times were "
        "moved back by it"
    ]


def test_an_hour_of_rows_sent_twice_is_no_clock_set_back() -> None:
    ns = np.concatenate([utc(*span, "5min") for span in SET_BACK])
    frame = frame_of(ns)
    first = len(utc(*SET_BACK[0], "5min"))
    again = [*range(first), *range(first - 12, first), *range(first + 12, len(ns))]
    assert isinstance(examine(frame[again]).data, Table)


SET_BACK = (("2021-06-01", "2021-06-02 02:55"), ("2021-06-02 02:00", "2021-06-03"))


def test_anomalies_are_told_by_the_clock_of_the_file() -> None:
    import sonde

    hours = pl.datetime_range(
        pl.datetime(2024, 10, 1), pl.datetime(2024, 11, 15), "1h", time_zone="UTC", eager=True
    )
    text = hours.dt.convert_time_zone("Europe/Berlin").dt.to_string("%Y-%m-%d %H:%M")
    values = np.sin(np.arange(len(text)) / 24 * 2 * np.pi)
    values += np.random.default_rng(0).normal(scale=0.1, size=len(text))
    values[[169, 900]] += 8.0
    found = sonde.detect(pl.DataFrame({"ts": text, "v": values}), detector="seasonal_residual")
    assert {a.peak for a in found.anomalies} >= {169, 900}
    for anomaly in found.anomalies:
        assert anomaly.start_time is not None
        told = str(np.datetime64(anomaly.start_time, "ns"))[:16].replace("T", " ")
        assert told == text[anomaly.start]
