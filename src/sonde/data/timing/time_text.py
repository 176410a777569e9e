"""Dates written as text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .time_fixed import fixed_times
from .time_of_day import Apart, take_apart
from .zones import to_utc

_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d",
    "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%b %d %Y", "%b-%d-%Y", "%Y %b %d", "%Y-%b-%d", "%d%b%Y",
    "%Y%m%d", "%G-W%V-%u", "%Y-%j", "%Y %m %d", "%d %m %Y",
)  # fmt: skip
# Read in one pass, without taking cells apart, eight times faster: what programs write.
_QUICK = (
    *(f"%Y-%m-%d{t}%H:%M{s}{z}" for t in " T" for s in (":%S%.f", "") for z in ("", "%#z")),
    *(f"{day} %H:%M{s}" for day in _DAYS[1:8] for s in (":%S%.f", "")),
    *_DAYS[:8],
)
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%b-%Y", "%Y %b", "%Y-%b")
# So short that only a column with a name that says time is read in this way.
_SHORT = (
    "%d.%m.%y", "%y.%m.%d", "%m/%d/%y", "%d/%m/%y", "%y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y/%m/%d",
    "%d %b %y", "%d-%b-%y", "%b %d %y", "%Y%j", "%Y",
)  # fmt: skip
_NO_YEAR = ("%b %d", "%d %b")
_NO_DATE = "time of day"
_LEAP = 2000  # the year of dates without one; it has a 29th of February
_DAY = 86_400 * 10**9
_MINUTE = 60 * 10**9
# More than 14 hours ahead of UTC or 12 behind it, as no clock is; Polars takes up to 24.
_TOO_FAR = (
    r"(?:\+(?:14:?(?:0[1-9]|[1-5]\d)|(?:1[5-9]|2\d)(?::?\d{2})?)"
    r"|-(?:12:?(?:0[1-9]|[1-5]\d)|(?:1[3-9]|2\d)(?::?\d{2})?))$"
)
_SAMPLE = 200
_YEAR_1000_US = -30_610_224_000_000_000  # "%Y" reads the 24 of 31-01-24 as a year, too
# int64 nanoseconds reach from 1677 to 2262; outside Polars wraps around without a word.
_EARLIEST_US, _LATEST_US = -9_223_372_036_854_775, 9_223_372_036_854_775


@dataclass(frozen=True, eq=False)
class Parsed:
    """Text read as dates: (n,) int64 ns since 1970 UTC, and where that failed.

    ``bad`` is the first row whose cell is neither missing nor a date like the others (None: all
    are), ``why`` what is wrong with it where more is known; ``share`` is the share of filled cells
    that are dates; ``also`` names another reading of the same text (month and day exchanged) when
    little or nothing tells them apart, and ``apart`` how far apart the moments lie in this reading
    and in that one; ``zoned`` says that the text names its zone, ``note`` what was assumed.
    """

    ns: NDArray[np.int64]
    missing: NDArray[np.bool_]
    bad: int | None
    share: float
    format: str
    also: str | None = None
    apart: tuple[str, str] = ("", "")
    zoned: bool = False
    note: str | None = None
    why: str | None = None

    @property
    def has_day(self) -> bool:
        """False for times of day alone."""
        return self.format != _NO_DATE


def parse_dates(column: pl.Series, *, short: bool = False) -> Parsed | None:
    """Dates in the format that fits most cells; None when not even half of a sample fit any.

    Without a zone the clock is taken as UTC. Where month and day could be exchanged, the
    reading with rising times wins, then one that is not of the same day in each year, then the
    one with even steps (months are), then month first. A leap second, 23:59:60, is the last
    nanosecond before midnight.

    Parameters
    ----------
    short : also read two-digit years, years alone, days without a year and times without a day,
        as a column whose name says time may hold.
    """
    filled = column.drop_nulls()
    if filled.is_empty():
        return None
    sample = filled.gather_every(max(1, filled.len() // _SAMPLE)).str.strip_chars()
    # A year in four digits settles most columns of text; short forms have at least a digit.
    digits = r"\d" if short else r"\d{4}"
    if sample.str.contains(digits).sum() * 2 < sample.len():
        return None
    if (quick := _quickly(column, sample)) is not None:
        return _leap_seconds_held(quick, column)
    apart = take_apart(sample)
    forms = _forms(apart, short)
    counts = {f: n for f in forms if (n := _fits(apart.date, f)) * 2 >= sample.len()}
    if not counts:
        return _times_of_day(column) if short and _has_no_date(apart) else None
    most = max(counts.values())
    whole = take_apart(column)
    readings = [_parsed(whole, column, f) for f, n in counts.items() if n == most]
    best = _leap_seconds_held(_best(readings), column)
    if best.bad is None or best.why is not None:
        return best
    return replace(best, bad=_change(whole, column, best.bad))


def parse_as(column: pl.Series, form: str) -> Parsed:
    """Dates in the format that ``parse_dates`` found in other rows of the same column."""
    if form in _QUICK:
        quick = _parse(column, form)
        if quick.bad is None:
            return quick
    return _parsed(take_apart(column), column, form)


def _quickly(column: pl.Series, sample: pl.Series) -> Parsed | None:
    """The whole column in formats of programs, or None."""
    if (ns := fixed_times(column)) is not None:
        first = str(column[0])
        is_zoned = first.endswith("Z")
        form = _DAYS[0]
        if len(first) > 10:
            seconds, zone = ":%S%.f" if len(first) > 17 else "", "%#z" if is_zoned else ""
            form = f"%Y-%m-%d{first[10]}%H:%M{seconds}{zone}"
        nothing = np.zeros(len(column), dtype=np.bool_)
        return _told(ns, nothing, nothing, form, zoned=is_zoned)
    fitting = [form for form in _QUICK if _fits(sample, form) == sample.len()]
    readings = [parsed for form in fitting if (parsed := _parse(column, form)).bad is None]
    return _best(readings) if readings else None


def _forms(apart: Apart, short: bool) -> tuple[str, ...]:
    if not short:
        return _DAYS + _MONTHS
    return _DAYS + _MONTHS + _SHORT + (_NO_YEAR if apart.has_time.any() else ())


def _has_no_date(apart: Apart) -> bool:
    return bool(apart.has_time.all() and (apart.date == "").all() and not apart.wrong.any())


def _best(readings: list[Parsed]) -> Parsed:
    share = max(reading.share for reading in readings)
    best = [reading for reading in readings if reading.share == share]
    best = [r for r in best if bool(np.all(np.diff(r.ns) >= 0))] or best
    best = [r for r in best if not _is_yearly(np.diff(r.ns))] or best
    # Few moments are even by chance in the wrong reading too, so those that are not count as well.
    chosen = _most_even(best)
    others = [r for r in best if not np.array_equal(r.ns, chosen.ns)]
    if not others:
        return chosen
    other = _most_even(others)
    spaced = (_spacing(np.diff(chosen.ns)), _spacing(np.diff(other.ns)))
    return replace(chosen, also=other.format, apart=spaced)


def _leap_seconds_held(parsed: Parsed, column: pl.Series) -> Parsed:
    """A minute's second 60 at its very end, for the next minute has a moment of its own."""
    if not column.str.contains(":60", literal=True).any():
        return parsed
    leaps = column.str.contains(r":\d{2}:60(\D|$)").fill_null(False).to_numpy()
    held = parsed.ns - parsed.ns % _MINUTE - 1
    return replace(parsed, ns=np.where(leaps, held, parsed.ns))


def _change(whole: Apart, column: pl.Series, bad: int) -> int:
    """The row to blame: where the rows from ``bad`` on, all in one other format, end.

    ``bad`` itself unless the column begins with several such rows, which are then rather the
    rule that a later row breaks.
    """
    filled = column.is_not_null()
    if bad != filled.arg_max():
        return bad
    first = whole.date[bad : bad + 1]
    for form in _DAYS + _MONTHS:
        if _fits(first, form):
            later = _parsed(whole, column, form).bad
            if later is not None and filled[bad:later].sum() > 1:
                return later
    return bad


def _most_even(readings: list[Parsed]) -> Parsed:
    """The first with equal steps, else the first with one in each month, else the first."""
    steps = [np.diff(reading.ns) for reading in readings]
    order = [0 if _is_even(s) else 1 if _is_monthly(s) else 2 for s in steps]
    return readings[order.index(min(order))]


def _is_even(steps: NDArray[np.int64]) -> bool:
    return steps.size > 0 and bool(np.all(steps == steps[0]))


def _is_monthly(steps: NDArray[np.int64]) -> bool:
    whole = (steps % _DAY == 0) & (steps >= 28 * _DAY) & (steps <= 31 * _DAY)
    return steps.size > 0 and bool(np.all(whole))


def _is_yearly(steps: NDArray[np.int64]) -> bool:
    return steps.size > 0 and bool(np.all(steps >= 365 * _DAY))


def _spacing(steps: NDArray[np.int64]) -> str:
    if steps.size < 2:
        return ""
    if _is_monthly(steps):
        return "a month apart"
    if not _is_even(steps) or steps[0] % _DAY or steps[0] <= 0:
        return ""
    days = int(steps[0]) // _DAY
    return "a day apart" if days == 1 else f"{days} days apart"


def _microseconds(cells: pl.Series, form: str) -> pl.Series:
    if form in _NO_YEAR:
        cells, form = f"{_LEAP} " + cells, "%Y " + form
    if form in _MONTHS and "%d" not in form:
        # A month is read as its first day.
        cells, form = "01 " + cells, "%d " + form
    us = cells.str.to_datetime(form, time_unit="us", strict=False).to_physical()
    wrong = (us < _YEAR_1000_US).fill_null(False)
    if "%j" in form:
        wrong |= ~cells.str.contains(r"\d{4}-?\d{3}$").fill_null(True)  # 2024-03 is a month
    return us.set(wrong, None)


def _fits(cells: pl.Series, form: str) -> int:
    return cells.len() - _microseconds(cells, form).null_count()


def _outside(us: pl.Series) -> NDArray[np.bool_]:
    return ((us < _EARLIEST_US) | (us > _LATEST_US)).fill_null(False).to_numpy()


def _parse(column: pl.Series, form: str) -> Parsed:
    cells = column.str.strip_chars()
    us = _microseconds(cells, form)
    missing = column.is_null().to_numpy()
    failed = (us.is_null().to_numpy() & ~missing) | _outside(us)
    if "%#z" in form:
        failed |= cells.str.contains(_TOO_FAR).fill_null(False).to_numpy()
    ns = us.fill_null(0).to_numpy() * 1000
    if "%.f" in form and cells.str.contains(r"\.\d{7,9}(?:\D|$)").any():
        exact = cells.str.to_datetime(form, time_unit="ns", strict=False).to_physical()
        ns = exact.fill_null(0).to_numpy()
    return _told(ns, missing, failed, form, zoned="%#z" in form)


def _parsed(apart: Apart, column: pl.Series, form: str) -> Parsed:
    us = _microseconds(apart.date, form)
    missing = column.is_null().to_numpy()
    failed = (us.is_null().to_numpy() | apart.wrong | _outside(us)) & ~missing
    local = us.fill_null(0).to_numpy() * 1000
    local = np.where(failed, 0, local + apart.of_day).astype(np.int64)
    note = None
    if form in _NO_YEAR:
        local, note = _years_added(local)
    has_zone = apart.zone.is_not_null().to_numpy() & ~missing & ~failed
    if not has_zone.any():
        return replace(_told(local, missing, failed, form, zoned=False), note=note)
    if (without := ~has_zone & ~missing & ~failed).any():
        rows = np.flatnonzero(without if without.sum() <= has_zone.sum() else has_zone)
        says = "names no time zone and others do" if without[rows[0]] else "alone names a time zone"
        told = _told(local, missing, failed, form, zoned=True)
        return replace(told, bad=int(rows[0]), why=f"{says}; write all times in one way")
    ns, wrong, taken = to_utc(local, apart.zone)
    told = _told(ns, missing, failed | (wrong.to_numpy() & ~missing), form, zoned=True)
    return replace(told, note=taken or note)


def _told(
    ns: NDArray[np.int64],
    missing: NDArray[np.bool_],
    failed: NDArray[np.bool_],
    form: str,
    *,
    zoned: bool,
) -> Parsed:
    n = int((~missing).sum())
    bad = int(np.argmax(failed)) if failed.any() else None
    share = 1 - int(failed.sum()) / max(n, 1)
    return Parsed(ns.astype(np.int64), missing, bad, share, form, zoned=zoned)


def _years_added(ns: NDArray[np.int64]) -> tuple[NDArray[np.int64], str]:
    """Days without a year: a year more after each fall from December back to January."""
    falls = np.diff(ns) < -180 * _DAY
    years = np.concatenate([[0], np.cumsum(falls)])
    months = ns.astype("datetime64[ns]").astype("datetime64[M]")
    rest = ns - months.astype("datetime64[ns]").astype(np.int64)
    moved = (months + 12 * years).astype("datetime64[ns]").astype(np.int64) + rest
    return moved, f"have no year; they were counted from {_LEAP}"


def _times_of_day(column: pl.Series) -> Parsed | None:
    """Times without a day that rise, past midnight too; None where they go back otherwise."""
    apart = take_apart(column)
    missing = column.is_null().to_numpy()
    failed = (~apart.has_time | apart.wrong | (apart.date != "").fill_null(True).to_numpy()) & ~(
        missing
    )
    steps = np.diff(apart.of_day[~missing])
    if failed.any() or bool(np.any((steps < 0) & (steps > -_DAY // 2))):
        return None
    nights = np.zeros(len(column), dtype=np.int64)
    nights[~missing] = np.concatenate([[0], np.cumsum(steps < 0)])
    told = _told(apart.of_day + nights * _DAY, missing, failed, _NO_DATE, zoned=False)
    many = int(nights.max())
    passes = f" and {many} midnight{'s' * (many != 1)} passed" if many else ""
    told = replace(
        told, note=f"are times of day; they were counted from the first midnight{passes}"
    )
    return _leap_seconds_held(told, column)
