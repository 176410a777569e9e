"""The step of clocks that drift, tremble, rest at night, or change their mind."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from sonde.core import Series
from sonde.data import Policy, examine
from sonde.data.timing.steps import find_step, usual_step

SECOND = 10**9
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND
START = 1_700_000_000 * SECOND
N = 2000
RNG = np.random.default_rng(0)


def days(first: str, last: str, unit: str) -> Any:
    moments = np.arange(first, last, dtype=f"datetime64[{unit}]")
    return moments.astype("datetime64[ns]").astype(np.int64)


EVERY = np.arange(N) * MINUTE
CLOCKS = {
    "drifting": (np.arange(N) * 60_020_000_000, 60_020_000_000),
    "drifting, written in whole seconds": (
        (np.arange(N) * 60.02).astype(np.int64) * SECOND,
        MINUTE,
    ),
    "trembling by half a second": (EVERY + RNG.uniform(-5e8, 5e8, N).astype(np.int64), MINUTE),
    "trembling by a twentieth": (EVERY + RNG.normal(0, 3e9, N).astype(np.int64), MINUTE),
    "missing one in forty": (np.delete(EVERY, np.arange(7, N, 40)), MINUTE),
    "doubled twice": (np.sort(np.append(EVERY, EVERY[[50, 900]] + SECOND)), MINUTE),
    "of two milliseconds": (np.arange(N) * 2 * 10**6, 2 * 10**6),
    "out for a while": (np.append(EVERY[:1000], EVERY[1400:]), MINUTE),
    "of random moments": (np.cumsum(RNG.exponential(6e10, N)).astype(np.int64), None),
    "of random seconds": (np.cumsum(RNG.integers(1, 1000, N)) * SECOND, None),
    "of months": (days("2000-01", "2010-01", "M"), None),
    "of quarters": (days("2000-01", "2010-01", "M")[::3], None),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_finds_the_step_of_a_clock(clock: str) -> None:
    time, step = CLOCKS[clock]
    assert find_step(START + time).ns == step


def test_rests_at_weekends_are_no_gaps() -> None:
    every = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")
    working = every[np.is_busday(every)].astype("datetime64[ns]").astype(np.int64)
    found = find_step(working)
    assert found.ns is None
    assert found.notes == (
        "2 of the 7 steps of 1 day in a week are always closed; rows are taken in order",
    )
    # A week without work beside them is still a week without rows.
    assert "5 others are missing" in find_step(np.delete(working, slice(100, 105))).notes[0]


def test_nights_and_weekends_of_trading_are_no_gaps() -> None:
    every = np.arange("2020-01-01T00:00", "2020-02-01T00:00", 5, dtype="datetime64[m]")
    day = every.astype("datetime64[D]")
    minute = (every - day).astype(int)
    is_open = (minute >= 570) & (minute < 960) & np.is_busday(day)
    found = find_step(every[is_open].astype("datetime64[ns]").astype(np.int64))
    assert found.ns is None
    assert "1626 of the 2016 steps of 5 minutes in a week are always closed" in found.notes[0]


def test_every_night_off_is_told_from_rows_missing_at_random() -> None:
    hours = np.arange(24 * 30)
    by_day = hours[(hours % 24 >= 8) & (hours % 24 < 20)] * 3600 * SECOND
    assert "12 of the 24 steps of 1 hour in a day" in find_step(START + by_day).notes[0]
    at_random = np.sort(RNG.choice(hours, 480, replace=False)) * 3600 * SECOND
    assert find_step(START + at_random).ns == 3600 * SECOND


def test_a_step_that_changes_is_said_and_none() -> None:
    time = START + np.append(EVERY[:1000], EVERY[999] + np.arange(1, 200) * 5 * MINUTE)
    found = find_step(time)
    assert found.ns is None
    assert found.notes == (
        "the step changes from 1 minute to 5 minutes after 2023-11-15T14:52:20Z; rows are taken "
        "in order",
    )
    reading = examine(Series(np.sin(np.arange(len(time))), time=time))
    assert (reading.step_ns, reading.problems) == (None, list(found.notes))


def test_series_with_other_steps_have_none_in_common() -> None:
    time = START + np.concatenate([EVERY[:300], EVERY[:200] * 5])
    found = find_step(time, np.array([0, 300, 500]), ("a", "b"))
    assert found.ns is None
    assert found.notes == (
        "series differ in their steps: 1 minute in most, 5 minutes in 'b'; rows are taken in order",
    )
    same = find_step(START + np.concatenate([EVERY[:300], EVERY[:200]]), np.array([0, 300, 500]))
    assert (same.ns, same.notes) == (MINUTE, ())


def test_empty_series_of_a_panel_have_no_steps() -> None:
    time = START + np.concatenate([EVERY[:30], EVERY[:20]])
    assert find_step(time, np.array([0, 0, 30, 30, 50, 50])).ns == MINUTE


@pytest.mark.parametrize(("n", "step"), [(5, None), (60, MINUTE)])
def test_a_rough_step_needs_more_than_a_few_rows(n: int, step: int | None) -> None:
    rough = MINUTE + np.random.default_rng(3).integers(-9, 9, n) * SECOND
    assert usual_step(rough) == step


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(1, 10**6))
def test_neither_unit_nor_start_matters(steps: list[int], factor: int) -> None:
    short = np.array(steps)
    found, scaled = usual_step(short), usual_step(short * factor)
    assert (found is None) is (scaled is None)
    time = np.concatenate([[0], np.cumsum(short)])
    moved = find_step(time + START)
    assert moved.ns == find_step(time).ns or moved.ns is not None


def test_a_doubled_row_does_not_keep_gaps_from_being_seen() -> None:
    time = START + np.sort(np.append(np.delete(EVERY, [500, 501]), EVERY[50] + SECOND))
    applied = Policy("auto").apply(Series(np.sqrt(np.arange(float(len(time)))), time=time), MINUTE)
    assert isinstance(applied.data, Series)
    assert applied.data.time is not None
    assert len(applied.data) == N
    assert 51 not in applied.rows
    assert applied.notes == (
        "2 rows inserted into 1 gap in time",
        "1 row closer than half a step to the row before left unscored (row 51 first)",
    )


def test_a_late_row_beside_an_early_one_is_no_gap() -> None:
    time = EVERY.copy()
    time[100] += 40 * SECOND
    series = Series(np.sqrt(np.arange(float(N))), time=START + time)
    applied = Policy("auto").apply(series, MINUTE)
    assert applied.data is series
    assert all(a < b for a, b in pairwise(time.tolist()))
