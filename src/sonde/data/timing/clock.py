"""Which column tells the time, and what it says in nanoseconds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..named import column_named
from ..quoting import quoted, shortened
from .nanoseconds import nanoseconds
from .time_codes import coded_time
from .time_numbers import beyond_all, looks_like_epoch, moments, unit_change
from .time_parts import Parts, calendar_columns, time_of_day_beside
from .time_text import parse_as, parse_dates

_NAMES = {
    "time", "timestamp", "ts", "date", "datetime", "epoch", "unix", "unixtime", "unix_time", "ds",
    "timestamp_ms", "timestamp_ns", "timestamp_us", "date_time", "day", "event_time", "utc", "t",
    "year", "month", "quarter", "week", "yearmonth", "year_month", "period",
}  # fmt: skip
_ENDINGS = re.compile(
    r"(^|[_\s.-])(time|timestamp|ts|date|datetime|epoch)([_\s]?(utc|ms|us|ns|s))?$"
)
_UNNAMED = re.compile(r"(c0|unnamed: 0|column_0|0|)$")
_CALENDAR_NAMES = {"year", "month", "quarter", "week", "yearmonth", "year_month", "period"}
_DAY = 86_400 * 10**9
_DAYS_IN_DIGITS = re.compile(r"(^|[_\s.-])(date|day|ds)s?$")
_UNIT = re.compile(r"[_\s.-](s|ms|us|ns)$")
_UNITS = {
    "s": ("seconds", 10**9),
    "ms": ("milliseconds", 10**6),
    "us": ("microseconds", 10**3),
    "ns": ("nanoseconds", 1),
}
_LATEST = 9.2e18  # int64 nanoseconds end in 2262
_MODERN = (978_307_200 * 10**9, 4_102_444_800 * 10**9)  # 2001 to 2100

# Says of nanoseconds whether no moment comes twice within an id.
MayRestart = Callable[[NDArray[np.int64]], bool]


@dataclass(frozen=True, eq=False)
class Clock:
    """A column read as time: (n,) int64 nanoseconds since 1970 UTC, in input order.

    Parameters
    ----------
    note : what was assumed, as a sentence.
    is_local : the cells name no zone, so their clock may have been put forward and back.
    has_day : the cells are more than times of day.
    beside : further columns that tell part of the time.
    format : of text, what other rows of the column can be read by; None for all else.
    """

    name: str
    ns: NDArray[np.int64]
    note: str | None = None
    is_local: bool = False
    has_day: bool = True
    beside: tuple[str, ...] = ()
    format: str | None = None

    def cells(self, frame: pl.DataFrame) -> pl.Series:
        """The time as results show it: as it came, or whole where several columns tell it."""
        if not self.beside:
            return frame[self.name]
        return pl.Series(self.name, self.ns).cast(pl.Datetime("ns"))


def has_time_name(name: str) -> bool:
    """True for names that say time: time, timestamp, ts, date, created_date, time_ms, …

    >>> [has_time_name(n) for n in ("Timestamp", "event_time", "runtime", "rate")]
    [True, True, False, False]
    """
    plain = name.strip().lower()
    return plain in _NAMES or _ENDINGS.search(plain) is not None


def read_time(
    frame: pl.DataFrame,
    name: str,
    source: str,
    taken: set[str] = frozenset(),  # type: ignore[assignment]
    may_restart: MayRestart | None = None,
    like: str | None = None,
) -> Clock:
    """Column ``name`` as time, because the caller says so.

    A date that repeats is completed by a column of times of day beside it, and a year by the
    columns of months, days and hours.

    Parameters
    ----------
    taken, may_restart : as for ``find_time``.
    like : the ``format`` of other rows of the same column.

    Raises
    ------
    InvalidInput : no such column, or a cell that is missing or no time; the message names its row.
    """
    column = column_named(frame, name, source)
    _refuse_missing(column, source)
    parts = calendar_columns(frame, taken - {name})
    if parts is not None and parts.columns[0] == name:
        return _spread(parts)
    clock: Clock | None
    if column.dtype == pl.String:
        clock = _from_text(column, source, must=True, like=like)
    elif column.dtype.is_temporal():
        clock = _from_dates(column)
    else:
        clock = _from_codes(column) or _from_numbers(column, source)
    if clock is None:
        raise InvalidInput(
            f"{source}: column {quoted(name)} ({column.dtype}) cannot be read as time; it needs "
            "dates, "
            "or numbers of seconds, milliseconds, microseconds or nanoseconds",
            column=name,
        )
    return _completed(clock, frame, taken, may_restart)


def find_time(
    frame: pl.DataFrame, taken: set[str], source: str, may_restart: MayRestart
) -> Clock | None:
    """The column that tells the time, or None.

    Dates come first, then text that reads as dates, then numbers: with a name that says time
    (epochs by their magnitude; small numbers as seconds when they rise, or when
    ``may_restart(ns)`` says that they rise within each id), or an unnamed first column of
    rising epochs. Among equals a name that says time wins, then the order of columns. A date that
    repeats is completed by a column of times of day; year, month, day and hour may be columns.
    """
    free = [column for column in frame.iter_columns() if column.name not in taken]
    free.sort(key=lambda column: (not has_time_name(column.name), column.null_count() > 0))
    dates = [column for column in free if column.dtype in (pl.Date, pl.Datetime)]
    texts = [column for column in free if column.dtype == pl.String]
    for column in filter(_may_be_the_clock, dates):
        _refuse_missing(column, source)
        if clock := _from_dates(column):
            return _completed(clock, frame, taken, may_restart)
    # A day without its time may stand beside a time without its day.
    alone: Clock | None = None
    for column in filter(_may_be_the_clock, texts):
        if clock := _from_text(column, source, must=False):
            is_part = column.name.strip().lower() in _CALENDAR_NAMES and _repeats(clock.ns)
            if clock.has_day and not (is_part and not may_restart(clock.ns)):
                return _completed(clock, frame, taken, may_restart)
            alone = alone or clock
    parts = calendar_columns(frame, taken)
    spread = () if parts is None else parts.columns
    for column in free:
        if column.name in spread or not has_time_name(column.name):
            continue
        if clock := _named_number(column, source, may_restart):
            return _completed(clock, frame, taken, may_restart)
    if parts is not None and (not _repeats(parts.ns) or may_restart(parts.ns)):
        return _spread(parts)
    for column in free:
        if column.name in spread and (clock := _named_number(column, source, may_restart)):
            return clock
    if alone is not None:
        return alone
    first = frame.to_series(0) if frame.width else None
    if first is None or first.name in taken or not _UNNAMED.match(first.name.strip().lower()):
        return None
    return _unnamed_epoch(first, source)


def _spread(parts: Parts) -> Clock:
    first, *others = parts.columns
    together = " and ".join([", ".join(map(quoted, parts.columns[:-1])), quoted(parts.columns[-1])])
    note = f"the time was put together from the columns {together}"
    return Clock(first, parts.ns, note, is_local=True, beside=tuple(others))


def _completed(
    clock: Clock, frame: pl.DataFrame, taken: set[str], may_restart: MayRestart | None
) -> Clock:
    """A day that repeats, together with the time of day that a column beside it holds."""
    if np.any(clock.ns % _DAY) or not _repeats(clock.ns):
        return clock
    if may_restart is not None and may_restart(clock.ns):
        return clock  # one day for each of many series
    parts = time_of_day_beside(frame, taken | {clock.name})
    if parts is None:
        return clock
    whole = _spread(Parts(clock.ns + parts.ns, (clock.name, *parts.columns)))
    return replace(whole, note="; ".join(filter(None, (whole.note, clock.note))))


def _repeats(ns: NDArray[np.int64]) -> bool:
    steps = np.diff(ns)
    return not bool(np.all(steps > 0)) and len(np.unique(ns)) < len(ns)


def _may_be_the_clock(column: pl.Series) -> bool:
    """Not a date that only some rows have, such as the day an order was closed."""
    if has_time_name(column.name):
        return column.null_count() * 2 < column.len()
    return column.null_count() == 0


def _from_dates(column: pl.Series) -> Clock | None:
    if column.dtype not in (pl.Date, pl.Datetime):
        return None
    is_local = getattr(column.dtype, "time_zone", None) is None
    return Clock(column.name, nanoseconds(column), is_local=is_local)


def _from_text(
    column: pl.Series, source: str, *, must: bool, like: str | None = None
) -> Clock | None:
    short = must or has_time_name(column.name)
    parsed = parse_dates(column, short=short) if like is None else parse_as(column, like)
    if parsed is None:
        if not must:
            return None
        raise InvalidInput(
            f"{source}: column {quoted(column.name)} cannot be read as time, for example "
            f"{quoted(column.drop_nulls().first())}; write dates as 2024-01-31 12:00:00",
            column=column.name,
        )
    if not must and parsed.share < 1 and not has_time_name(column.name):
        return None
    if parsed.bad is not None:
        raise InvalidInput(
            f"{source}, row {parsed.bad}, column {quoted(column.name)}: "
            f"{quoted(column[parsed.bad])} "
            + (parsed.why or "is not a time like the others; correct it or drop the row"),
            source=source,
            row=parsed.bad,
            column=column.name,
            cell=shortened(str(column[parsed.bad])),
        )
    if not must:
        _refuse_missing(column, source)
    note = None if parsed.note is None else f"the times of {quoted(column.name)} {parsed.note}"
    if parsed.also is not None:
        note = (
            f"the dates of column {quoted(column.name)} could be read two ways; they were read as "
            f"{_readable(parsed.format, parsed.apart[0])}, "
            f"not {_readable(parsed.also, parsed.apart[1])}"
        )
    is_local = not parsed.zoned and parsed.has_day
    return Clock(
        column.name,
        parsed.ns,
        note,
        is_local=is_local,
        has_day=parsed.has_day,
        format=parsed.format,
    )


def _readable(form: str, apart: str) -> str:
    day = form.partition(" %H")[0]
    for sign, word in (("%m", "month"), ("%b", "month"), ("%d", "day"), ("%Y", "year")):
        day = day.replace(sign, word)
    return day.replace("%y", "year") + f" ({apart})" * bool(apart)


def _from_numbers(column: pl.Series, source: str) -> Clock | None:
    """Numbers as time; missing ones are passed over."""
    values = _plain_numbers(column.drop_nulls())
    if values is None or values.size == 0 or not np.isfinite(values).all():
        return None
    if (at := unit_change(values)) is not None:
        row = int(column.is_not_null().arg_true()[at])
        raise InvalidInput(
            f"{source}, row {row}, column {quoted(column.name)}: {column[row]} is not in the unit "
            "of the times before it (seconds, milliseconds, microseconds or nanoseconds); write "
            "all of them in one unit",
            source=source,
            row=row,
            column=column.name,
        )
    _refuse_no_day(column, values, source)
    found = moments(values)
    if (named := _in_named_unit(column.name, values, found)) is not None:
        return named
    if found is None and (at := beyond_all(values)) is not None:
        row = int(column.is_not_null().arg_true()[at])
        raise InvalidInput(
            f"{source}, row {row}, column {quoted(column.name)}: {column[row]} is no moment of the "
            "years 1677–2262 in the unit of the other times; correct it or drop the row",
            source=source,
            row=row,
            column=column.name,
        )
    if found is None:
        return None
    note = None
    if found[1] == "seconds":
        note = f"the numbers of {quoted(column.name)} were read as seconds"
        if _DAYS_IN_DIGITS.search(column.name.strip().lower()):
            note += ", not as dates; write dates as 2024-01-31"
    return Clock(column.name, found[0], note)


def _in_named_unit(
    name: str,
    values: NDArray[np.int64] | NDArray[np.float64],
    found: tuple[NDArray[np.int64], str] | None,
) -> Clock | None:
    """Numbers in the unit their column is named for; None where it names none or they deny it."""
    ending = _UNIT.search(name.strip().lower())
    if ending is None:
        return None
    unit, factor = _UNITS[ending.group(1)]
    size = np.abs(values.astype(np.float64))
    if size.max() * factor > _LATEST:
        return None
    other = found is not None and found[1] not in ("seconds", f"epoch {unit}")
    if found is not None and other and _MODERN[0] <= found[0].min() <= found[0].max() <= _MODERN[1]:
        # Moments of this century in another unit: the name is wrong, not the clock.
        return Clock(name, found[0], f"the numbers of {quoted(name)} were read as {found[1]}")
    if values.dtype.kind in "iu":
        return Clock(name, values.astype(np.int64) * factor)
    whole = np.floor(values)
    rest = np.rint((values - whole) * factor).astype(np.int64)
    return Clock(name, whole.astype(np.int64) * factor + rest)


def _refuse_no_day(
    column: pl.Series, values: NDArray[np.int64] | NDArray[np.float64], source: str
) -> None:
    """A number that is no day, in a column named for days in which most are, as 20240131 is."""
    if not _DAYS_IN_DIGITS.search(column.name.strip().lower()):
        return
    filled = column.drop_nulls()
    days = _are_days(filled)
    if days.all() or 2 * days.sum() <= len(values):
        return
    row = int(column.is_not_null().arg_true()[int(np.argmin(days))])
    raise InvalidInput(
        f"{source}, row {row}, column {quoted(column.name)}: {column[row]} is no day, while the "
        "others are (20240131 for 2024-01-31); correct it or drop the row",
        source=source,
        row=row,
        column=column.name,
    )


def _are_days(numbers: pl.Series) -> NDArray[np.bool_]:
    """(n,) bool: numbers that are a day of the years 1900–2100 in eight digits."""
    numbers = numbers.cast(pl.Float64)  # a narrow integer cannot be compared with a day
    texts = numbers.round().cast(pl.Int64, strict=False).cast(pl.String)
    in_years = numbers.is_between(19_000_101, 21_001_231) & (numbers == numbers.floor())
    days = texts.str.to_date("%Y%m%d", strict=False).is_not_null()
    return (in_years & days).fill_null(False).to_numpy()


def _from_codes(column: pl.Series) -> Clock | None:
    """Numbers that spell a date or count a spreadsheet's days, in a column that says time."""
    values = _plain_numbers(column.drop_nulls())
    if values is None or values.size == 0 or not np.isfinite(values).all():
        return None
    if (coded := coded_time(values, column.name)) is None:
        return None
    note = f"the numbers of {quoted(column.name)} were read as {coded[1]}"
    return Clock(column.name, coded[0], note, is_local=True)


def _plain_numbers(column: pl.Series) -> NDArray[np.int64] | NDArray[np.float64] | None:
    if not column.dtype.is_numeric():
        return None
    if not column.dtype.is_integer():
        return column.cast(pl.Float64).to_numpy()
    if str(column.dtype) in ("Int128", "UInt128"):
        # NumPy has no such type; what does not fit 64 bits is no time either.
        column = column.cast(pl.Int64, strict=False)
        return None if column.null_count() else column.to_numpy()
    return column.to_numpy()


def _named_number(
    column: pl.Series, source: str, may_restart: Callable[[NDArray[np.int64]], bool]
) -> Clock | None:
    if not column.dtype.is_numeric():
        return None
    filled = column.drop_nulls()
    coded = _from_codes(column)
    if coded is not None and (not _repeats(coded.ns) or may_restart(coded.ns)):
        _refuse_missing(column, source)
        return coded
    if column.name.strip().lower() in _CALENDAR_NAMES:
        return None  # a month from 1 to 12 is no number of seconds
    clock = _from_numbers(column, source)
    values = _plain_numbers(filled)
    if clock is None or values is None:
        return None
    is_epoch = looks_like_epoch(values)
    if not is_epoch and (filled.len() < column.len() or filled.n_unique() < 2):
        return None  # a duration, say, or a flag: nothing but its name speaks of time
    if not (is_epoch or bool(np.all(np.diff(clock.ns) >= 0)) or may_restart(clock.ns)):
        return None
    _refuse_missing(column, source)
    return clock


def _unnamed_epoch(column: pl.Series, source: str) -> Clock | None:
    if not column.dtype.is_numeric() or column.null_count():
        return None
    values = _plain_numbers(column)
    # Rising first: only a clock is worth a refusal, and nothing but its place speaks for this one.
    if values is None or not bool(np.all(values[1:] > values[:-1])):
        return None
    clock = _from_numbers(column, source)
    if clock is None or not looks_like_epoch(values):
        return None
    return clock if bool(np.all(np.diff(clock.ns) > 0)) else None


def _refuse_missing(column: pl.Series, source: str) -> None:
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan().fill_null(False)
    if missing.any():
        row = int(missing.arg_max() or 0)
        raise InvalidInput(
            f"{source}, row {row}: time column {quoted(column.name)} is empty; fill it in or drop "
            "the "
            "row, or name another column as time",
            source=source,
            row=row,
            column=column.name,
        )
