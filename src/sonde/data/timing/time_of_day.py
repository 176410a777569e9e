"""A written moment taken apart: its date, its time of day, its zone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .zones import PATTERN as ZONE

_SECOND = 10**9
_TIME = (
    r"(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\b\.?)?"
    r"|\b\d{1,2}\s*[AaPp]\.?[Mm]\b\.?)"
)
# After a T, ISO 8601 leaves out the colons: 20240131T120000.
_BASIC = r"[\dW-]T(\d{2}(?:\d{2}(?:\d{2}(?:[.,]\d+)?)?)?)(?:$|[Zz+-])"
_CELL = (
    rf"^(?P<before>.*?)(?P<time>{_TIME})\s*(?P<zone>{ZONE})?(?:\[[^\]]*\]|\s*\(.*\))?(?P<after>.*)$"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = r"(?i)\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b\.?,?"


@dataclass(frozen=True, eq=False)
class Apart:
    """Columns of one length: the date as tidied text, null where the cell is missing.

    ``of_day`` is (n,) int64 nanoseconds since midnight, 0 where no time is written; ``has_time``
    says where one is; ``wrong`` marks hours, minutes or seconds that no clock shows; ``zone`` is
    text or null.
    """

    date: pl.Series
    of_day: NDArray[np.int64]
    has_time: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    zone: pl.Series


def take_apart(cells: pl.Series) -> Apart:
    """The date, the time of day and the zone of each cell of text.

    Month names become Jan … Dec, weekdays go, quarters become their first month and weeks their
    Monday, so that few formats of dates remain.
    """
    column = _with_colons(cells.str.strip_chars().alias("cell")).to_frame()
    parts = column.select(pl.col("cell").str.extract_groups(_CELL)).unnest("cell")
    has_time = parts["time"].is_not_null().to_numpy()
    date = pl.select(
        pl.when(pl.lit(parts["time"]).is_null())
        .then(pl.lit(column["cell"]))
        .otherwise(pl.concat_str([parts["before"], parts["after"]], separator=" "))
    ).to_series()
    of_day, wrong = _of_day(parts["time"])
    return Apart(_tidied(date), of_day, has_time, wrong, parts["zone"])


def _with_colons(cells: pl.Series) -> pl.Series:
    """12:00:00 for the T120000 of the basic format."""
    # Of the 2024:12:30:00 of web servers' logs the year must not be taken for an hour.
    cells = cells.str.replace(r"(\d{4}):(\d{2}:\d{2})", "${1} ${2}")
    if not cells.str.contains(_BASIC).any():
        return cells
    for pattern, shown in (
        (r"([\dW-])T(\d{2})(\d{2})(\d{2}(?:[.,]\d+)?)($|[Zz+-])", "${1}T${2}:${3}:${4}${5}"),
        (r"([\dW-])T(\d{2})(\d{2})($|[Zz+-])", "${1}T${2}:${3}${4}"),
        (r"([\dW-])T(\d{2})($|[Zz+-])", "${1}T${2}:00${3}"),
    ):
        cells = cells.str.replace(pattern, shown)
    return cells


def _tidied(date: pl.Series) -> pl.Series:
    if date.str.contains(r"[A-Za-z]").any():
        date = date.str.replace_all(_DAYS, " ").str.replace(r"(?i)\bat\b", " ")
        # Of 2024-01-31T and of T 31.01.2024 only the letter goes.
        date = date.str.replace(r"(\d)[Tt]\s*$", "${1}")
        date = date.str.replace(r"(\d)(?:st|nd|rd|th)\b", "${1}")
        for name in _MONTHS:
            full = rf"(?i)(^|[^a-z]){name}[a-z]*\.?"
            date = date.str.replace(full, "${1}" + name)
        date = _quarters(date)
        date = date.str.replace(r"^(\d{4})-?W(\d{2})$", "${1}-W${2}-1")
        date = date.str.replace(r"^(\d{4})W(\d{2})(\d)$", "${1}-W${2}-${3}")
    date = date.str.replace_all(r"[\[\]]", "").str.replace_all(r"[\s,]+", " ")
    return date.str.strip_chars(" :;-")


def _quarters(date: pl.Series) -> pl.Series:
    stripped = date.str.strip_chars()
    if not stripped.str.contains(r"(?i)q[1-4]").any():
        return date
    for quarter in range(1, 5):
        month = f"{3 * quarter - 2:02d}"
        stripped = stripped.str.replace(rf"(?i)^(\d{{4}})[\s/-]*q{quarter}$", "${1}-" + month)
        stripped = stripped.str.replace(rf"(?i)^q{quarter}[\s/-]*(\d{{4}})$", "${1}-" + month)
    return stripped


def _of_day(time: pl.Series) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nanoseconds since midnight, and where the numbers are none of a clock."""
    pattern = r"^(?P<h>\d+)(?::(?P<m>\d+))?(?::(?P<s>\d+))?(?:[.,](?P<f>\d+))?\s*(?P<half>[AaPp])?"
    parts = time.str.extract_groups(pattern).struct.unnest()
    h, m, s = (parts[name].cast(pl.Int64).fill_null(0).to_numpy() for name in "hms")
    fraction = parts["f"].str.pad_end(9, "0").str.slice(0, 9).cast(pl.Int64).fill_null(0)
    half = parts["half"].str.to_lowercase()
    is_halved = half.is_not_null().to_numpy()
    wrong = (h > 24) | (m > 59) | (s > 60) | ((h == 24) & (m + s > 0))
    wrong |= is_halved & ((h > 12) | (h < 1))
    h = np.where(is_halved, h % 12, h) + 12 * (half == "p").fill_null(False).to_numpy()
    whole = (h * 3600 + m * 60 + s) * _SECOND
    return (whole + fraction.to_numpy()).astype(np.int64), np.asarray(wrong)
