"""Honest files whose times are written in unusual ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from .cases import N_HOURS, PEAK, Odd, file, moment, pump, series_csv, with_cell

_START = 1_704_067_200  # 2024-01-01 in seconds since 1970
_BERLIN = ZoneInfo("Europe/Berlin")


def _clock(row: int) -> str:
    """Day first, the hours from 1 to 12."""
    hour = row % 24
    half = "AM" if hour < 12 else "PM"
    return f"{1 + row // 24:02d}.01.2024 {(hour - 1) % 12 + 1}:00:00 {half}"


def _in_berlin(row: int, start: datetime) -> datetime:
    return (start + timedelta(hours=row)).astimezone(_BERLIN)


def _spring(row: int) -> str:
    return _in_berlin(row, datetime(2024, 3, 29, tzinfo=UTC)).isoformat()


def _autumn(row: int) -> str:
    moment_there = _in_berlin(row, datetime(2024, 10, 24, 22, tzinfo=UTC))
    return moment_there.strftime("%Y-%m-%d %H:%M:%S")


def _unsorted() -> str:
    head, *lines = series_csv().splitlines(keepends=True)
    lines[10], lines[50] = lines[50], lines[10]
    return head + "".join(lines)


def _twice() -> str:
    head, *lines = series_csv().splitlines(keepends=True)
    return head + "".join(lines[:20] + lines[15:])


def _gaps(folder: Path) -> None:
    head, *lines = series_csv().splitlines(keepends=True)
    del lines[30:40]
    (folder / "plant.csv").write_text(head + "".join(lines))


def _two_pumps() -> str:
    rows = [f"{name},{moment(i)},{v}\n" for i, v in enumerate(pump()) for name in ("a", "b")]
    rows[2 * PEAK + 1] = f"b,{moment(PEAK)},{pump()[PEAK - 24]}\n"
    return "id,t,v\n" + "".join(rows)


CASES = (
    Odd("milliseconds since 1970", file(series_csv(lambda i: (_START + 3600 * i) * 1000))),
    Odd(
        "seconds since 1970, with a fraction", file(series_csv(lambda i: f"{_START + 3600 * i}.0"))
    ),
    Odd("seconds with an exponent", file(series_csv(lambda i: f"{_START + 3600 * i:.9e}"))),
    Odd("days first and a clock of twelve hours", file(series_csv(_clock))),
    Odd("offsets on both sides of a change of the clocks", file(series_csv(_spring))),
    Odd("an hour that comes twice in autumn", file(series_csv(_autumn)), notes=("clock",)),
    Odd(
        "the day and the hour in two columns",
        file(series_csv(lambda i: moment(i).replace(" ", ","), head="date,time,v\n")),
        notes=("put together from the columns 'date' and 'time'",),
    ),
    Odd(
        "year, month, day and hour in columns",
        file(
            series_csv(lambda i: f"2024,1,{1 + i // 24},{i % 24}", head="year,month,day,hour,v\n")
        ),
        notes=("put together",),
    ),
    Odd("rows out of order", file(_unsorted()), notes=("rows were sorted by time",)),
    Odd(
        "rows sent twice",
        file(_twice()),
        n_rows=N_HOURS + 5,
        strongest=PEAK + 5,
        words="detect plant.csv --kind series",
        notes=("5 rows have the time of an earlier row", "the first row of each moment was kept"),
    ),
    Odd(
        "gaps",
        _gaps,
        n_rows=N_HOURS - 10,
        strongest=PEAK - 10,
        notes=("1 gap in time, the longest of 10 steps",),
    ),
    Odd(
        "two pumps one below the other",
        file(_two_pumps()),
        "2 series of 'v', every hour",
        2 * N_HOURS,
        2 * PEAK,
    ),
    Odd("days before 1970", file(series_csv(lambda i: moment(i).replace("2024", "1921")))),
    Odd("moments with a zone", file(series_csv(lambda i: moment(i).replace(" ", "T") + "Z"))),
    Odd(
        "a placeholder among the times",
        file(with_cell(series_csv(), 17, "1900-01-01 00:00:00", 0)),
        notes=(r"1 row is out of time order \(row 17 first\)", "moments are missing"),
    ),
    Odd(
        "an epoch of zero among the times",
        file(series_csv(lambda i: 0 if i == 17 else _START + 3600 * i)),
        notes=(r"1 row is out of time order \(row 17 first\)", "moments are missing"),
    ),
)
