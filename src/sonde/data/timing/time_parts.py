"""A moment spread over columns: a date beside a time of day, or year, month, day and hour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .time_of_day import take_apart

_OF_DAY = ("time", "time_of_day", "timeofday", "tod", "clock", "hour", "hr", "hh", "hour_of_day")
# Smallest and largest number; hours run from 0 to 23 or from 1 to 24.
_CALENDAR = {
    "year": (("year", "yr", "yyyy"), 1678, 2261),
    "month": (("month", "mon", "mo", "mm"), 1, 12),
    "day": (("day", "dd", "dom", "day_of_month", "mday"), 1, 31),
    "hour": (("hour", "hr", "hh", "hours"), 0, 24),
    "minute": (("minute", "min", "mi", "minutes"), 0, 59),
    "second": (("second", "sec", "ss", "seconds"), 0, 59),
}
_NS = {"hour": 3_600 * 10**9, "minute": 60 * 10**9, "second": 10**9}
_DAY = 86_400 * 10**9
_LARGEST = {"max", "mean", "avg", "average", "maximum"}


@dataclass(frozen=True, eq=False)
class Parts:
    """(n,) int64 nanoseconds since 1970, and the columns they came from."""

    ns: NDArray[np.int64]
    columns: tuple[str, ...]


def time_of_day_beside(frame: pl.DataFrame, taken: set[str]) -> Parts | None:
    """Nanoseconds since midnight from a column of times of day, or of hours, minutes, seconds."""
    plain = _plain(frame, taken)
    for name in _OF_DAY:
        column = plain.get(name)
        if column is None or column.null_count():
            continue
        ns = _of_day(column)
        if ns is None:
            continue
        used = [column.name]
        if name in _CALENDAR["hour"][0]:
            for unit in ("minute", "second"):
                part = _part(plain, unit)
                if part is None:
                    break
                ns = ns + part.to_numpy().astype(np.int64) * _NS[unit]
                used.append(part.name)
        return Parts(ns, tuple(used))
    return None


def calendar_columns(frame: pl.DataFrame, taken: set[str]) -> Parts | None:
    """Moments from columns year and month, with day, hour, minute and second where there are any.

    None without both, or where a number is none of a calendar.
    """
    plain = _plain(frame, taken)
    found = []
    for unit in _CALENDAR:
        part = _part(plain, unit)
        if part is None:
            break
        found.append(part)
    if len(found) < 2:
        return None
    numbers = [part.to_numpy().astype(np.int64) for part in found]
    months = ((numbers[0] - 1970) * 12 + numbers[1] - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (numbers[2] - 1 if len(found) > 2 else 0)
    if np.any(dates.astype("datetime64[M]") != months):
        return None  # a 31st of February
    ns = dates.astype("datetime64[ns]").astype(np.int64)
    used = [part.name for part in found[:3]]
    for unit, part, number in zip(_NS, found[3:], numbers[3:], strict=False):
        finer = ns + number * _NS[unit]
        # A minimum may be called min as a minute may; it would scatter moments that are even.
        if _is_short(part.name) and _is_even(ns) and not _is_even(finer):
            break
        ns = finer
        used.append(part.name)
    return Parts(ns, tuple(used))


def _is_short(name: str) -> bool:
    return name.strip().lower() in ("min", "mi", "ss", "sec")


def _is_even(ns: NDArray[np.int64]) -> bool:
    steps = np.diff(ns)
    return len(steps) > 1 and bool(np.all((steps > 0) & (steps == steps[0])))


def _plain(frame: pl.DataFrame, taken: set[str]) -> dict[str, pl.Series]:
    free = [column for column in frame.iter_columns() if column.name not in taken]
    return {column.name.strip().lower().replace(" ", "_"): column for column in free}


def _part(plain: dict[str, pl.Series], unit: str) -> pl.Series | None:
    names, low, high = _CALENDAR[unit]
    for name in names:
        column = plain.get(name)
        if name == "min" and not _LARGEST.isdisjoint(plain):
            continue  # the smallest value, not the minute
        if column is None or column.null_count() or not column.dtype.is_numeric():
            continue
        numbers = column.cast(pl.Float64).to_numpy()
        if np.all((numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers))):
            return column
    return None


def _of_day(column: pl.Series) -> NDArray[np.int64] | None:
    if column.dtype == pl.Time:
        return column.to_physical().to_numpy().astype(np.int64)
    if column.dtype == pl.String:
        apart = take_apart(column)
        alone = apart.has_time & (apart.date == "").fill_null(False).to_numpy() & ~apart.wrong
        return apart.of_day if alone.all() and apart.zone.null_count() == len(column) else None
    if not column.dtype.is_numeric():
        return None
    numbers = column.cast(pl.Float64).to_numpy()
    if numbers.min() < 0 or numbers.max() > 2400 or np.any(numbers != np.floor(numbers)):
        return None
    whole = numbers.astype(np.int64)
    if numbers.max() <= 24:
        return whole * _NS["hour"]
    if (whole % 100).max() > 59:
        return None
    # 1330 for half past one.
    return whole // 100 * _NS["hour"] + whole % 100 * _NS["minute"]
