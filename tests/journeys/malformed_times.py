"""Times that can't be used, alone or with what the command asks for."""

from __future__ import annotations

from .cases import Malformed, file, moment, series_csv, with_cell

_START = 1_704_067_200  # 2024-01-01 in seconds since 1970
_LIKE = ("not a time like the others", "correct it or drop the row")


def _with(cell: str, row: int = 17, head: str = "t,v\n") -> str:
    return with_cell(series_csv(head=head), row, cell, 0)


def _twice() -> str:
    return series_csv(lambda i: moment(i - i % 2))


CASES = (
    Malformed(
        "a zone in some times only",
        file(series_csv(lambda i: moment(i) + ("+02:00" if i > 100 else ""))),
        (
            "plant.csv, row 101, column 't': .* alone names a time zone",
            "write all times in one way",
        ),
    ),
    Malformed(
        "a zone that is none",
        file(series_csv(lambda i: moment(i) + (" CET" if i > 30 else " XYZ"))),
        ("plant.csv, row 0, column 't': '2024-01-01 00:00:00 XYZ' is", *_LIKE),
    ),
    Malformed(
        "seconds, then milliseconds",
        file(series_csv(lambda i: (_START + i) * (1000 if i > 30 else 1))),
        ("plant.csv, row 31, column 't': 1704067231000 is not in the unit", "in one unit"),
    ),
    Malformed(
        "an epoch of no unit",
        file(series_csv(lambda i: 10**17 if i == 17 else _START + 3600 * i)),
        ("plant.csv, row 17, column 't': 1(0){17} is no moment", "correct it or drop the row"),
    ),
    Malformed(
        "the year 9999", file(_with("9999-12-31")), ("plant.csv, row 17, column 't': '9999", *_LIKE)
    ),
    Malformed(
        "the year 1", file(_with("0001-01-01")), ("plant.csv, row 17, column 't': '0001", *_LIKE)
    ),
    Malformed(
        "30 February",
        file(_with("2024-02-30 00:00:00")),
        ("row 17, column 't': '2024-02-30", *_LIKE),
    ),
    Malformed("25 o'clock", file(_with("2024-01-01 25:00:00")), ("row 17, column 't'", *_LIKE)),
    Malformed(
        "two orders of day and month",
        file(_with("01.02.2024 00:00:00")),
        ("row 17, column 't'", *_LIKE),
    ),
    Malformed(
        "a word in place of a time",
        file(_with("tomorrow")),
        ("plant.csv, row 17, column 't': 'tomorrow'", *_LIKE),
    ),
    Malformed(
        "a time that is missing",
        file(_with("")),
        ("plant.csv, row 17: time column 't' is empty", "fill it in or drop the row"),
    ),
    Malformed(
        "a word in the column that was named as time",
        file(_with("soon", head="when,v\n")),
        ("plant.csv, row 17, column 'when': 'soon'", *_LIKE),
        "detect plant.csv --time when",
    ),
    Malformed(
        "moments twice where nothing may be wrong",
        file(_twice()),
        (r"plant.csv: 60 rows with the time of an earlier row \(row 1, 3", "correct or drop them"),
        "detect plant.csv --kind series --missing error",
    ),
    Malformed(
        "a budget per day without a time",
        file(series_csv(lambda i: i % 7, head="k,v\n")),
        ("2 false alarms per day need a time column", "per 1000rows"),
        "detect plant.csv --false-alarms 2/day",
    ),
)
