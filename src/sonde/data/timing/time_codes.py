"""Numbers that spell a date, or count days as spreadsheets do."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400 * 10**9
_YEARS = (1800, 2200)
_EXCEL_FROM, _EXCEL_TO = 20_000, 80_000  # 1954-10-03 to 2119-01-10
_EXCEL_ZERO = -25_569  # 1899-12-30, from which spreadsheets count after their false leap day
_DATE_NAME = re.compile(r"(^|[_\s.-])(date|day|ds|datetime|year|yr|month|period|yearmonth)s?$")


def coded_time(
    values: NDArray[np.int64] | NDArray[np.float64], name: str
) -> tuple[NDArray[np.int64], str] | None:
    """Nanoseconds since 1970 and how the numbers were read, or None for no such code.

    20240131123000, 202401311230 and 2024013112 are a date with hours, minutes and seconds; 202401,
    2024031 (the day of the year) and 2024 are read so only in columns named for a date; 45322.5
    is a spreadsheet's day in such a column, and in any column of time where all numbers are whole
    hours, minutes or seconds.

    Parameters
    ----------
    values : (n,) finite.
    name : of the column, which says time.

    Examples
    --------
    >>> ns, how = coded_time(np.array([45322.5]), "date")
    >>> str(ns.astype("datetime64[ns]").astype("datetime64[m]")[0]), how
    ('2024-01-31T12:00', 'days of a spreadsheet, counted from 1899-12-30')
    """
    whole = bool(np.all(values == np.floor(values)))
    if whole and values.min() >= 1 and values.max() < 2**63:
        digits = {len(str(int(v))) for v in (values.min(), values.max())}
        if len(digits) == 1:
            spelled = _spelled(values.astype(np.int64), digits.pop(), name)
            if spelled is not None:
                return spelled
    return _spreadsheet(values.astype(np.float64), name, whole)


def _spelled(
    values: NDArray[np.int64], digits: int, name: str
) -> tuple[NDArray[np.int64], str] | None:
    named = _DATE_NAME.search(name.strip().lower()) is not None
    of_day = np.zeros(len(values), dtype=np.int64)
    if digits in (10, 12, 14):
        seconds = 100 ** ((14 - digits) // 2)
        clock = values % 10 ** (digits - 8) * seconds
        hour, minute, second = clock // 10_000, clock // 100 % 100, clock % 100
        if hour.max() > 23 or minute.max() > 59 or second.max() > 59:
            return None
        of_day = (hour * 3600 + minute * 60 + second) * 10**9
        days, how = _days(values // 10 ** (digits - 8)), "dates with their time in digits"
    elif digits == 6 and named:
        days, how = _days(values * 100 + 1), "years and months"
    elif digits == 7 and named:
        days, how = _days_of_year(values), "years and days of the year"
    elif digits == 4 and named:
        days, how = _days(values * 10_000 + 101), "years"
    else:
        return None
    return None if days is None else (days * _DAY + of_day, how)


def _days(codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """20240131 as days since 1970; None unless every number is a day."""
    year, month, day = codes // 10_000, codes // 100 % 100, codes % 100
    if not _in_years(year) or month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (day - 1)
    if np.any(dates.astype("datetime64[M]") != months):
        return None
    return np.asarray(dates.astype(np.int64))


def _days_of_year(codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    year, day = codes // 1000, codes % 1000
    if not _in_years(year) or day.min() < 1:
        return None
    years = (year - 1970).astype("datetime64[Y]")
    dates = years.astype("datetime64[D]") + (day - 1)
    if np.any(dates.astype("datetime64[Y]") != years):
        return None
    return np.asarray(dates.astype(np.int64))


def _in_years(year: NDArray[np.int64]) -> bool:
    return bool(year.min() >= _YEARS[0] and year.max() <= _YEARS[1])


def _spreadsheet(
    values: NDArray[np.float64], name: str, whole: bool
) -> tuple[NDArray[np.int64], str] | None:
    if values.min() < _EXCEL_FROM or values.max() > _EXCEL_TO:
        return None
    if _DATE_NAME.search(name.strip().lower()) is None and (whole or not _of_a_clock(values)):
        return None
    days = np.floor(values)
    # A double holds a day's fraction to a microsecond or so; milliseconds are what was meant.
    of_day = np.rint((values - days) * 86_400_000).astype(np.int64) * 10**6
    ns = (days.astype(np.int64) + _EXCEL_ZERO) * _DAY + of_day
    return ns, "days of a spreadsheet, counted from 1899-12-30"


def _of_a_clock(values: NDArray[np.float64]) -> bool:
    """True where all fractions of a day are whole seconds."""
    seconds = (values - np.floor(values)) * 86_400
    return bool(np.all(np.abs(seconds - np.rint(seconds)) < 1e-3))
