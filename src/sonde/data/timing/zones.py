"""Time zones as text writes them: offsets, abbreviations, names of the time zone database."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

_HOUR = 3_600 * 10**9
_WEST, _EAST = -12 * _HOUR, 14 * _HOUR
# Hours ahead of UTC. Left out are those that mean far-apart zones equally often (IST, AST).
ABBREVIATIONS = {
    "Z": 0.0, "UTC": 0.0, "GMT": 0.0, "UT": 0.0, "WET": 0.0, "WEST": 1.0, "BST": 1.0, "CET": 1.0,
    "MEZ": 1.0, "CEST": 2.0, "MESZ": 2.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0, "SAST": 2.0,
    "EST": -5.0, "EDT": -4.0, "CST": -6.0, "CDT": -5.0, "MST": -7.0, "MDT": -6.0, "PST": -8.0,
    "PDT": -7.0, "AKST": -9.0, "AKDT": -8.0, "HST": -10.0, "JST": 9.0, "KST": 9.0, "HKT": 8.0,
    "SGT": 8.0, "AWST": 8.0, "ACST": 9.5, "ACDT": 10.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0,
    "NZDT": 13.0,
}  # fmt: skip
_PLAIN = {"Z", "UTC", "GMT", "UT"}
_OFFSET = r"(?:UTC|GMT)?[+\x{2212}-]\d{1,2}(?::?\d{2})?(?::?\d{2})?"
# The longest first: "CEST" begins as "CE" of nothing, but "EST" ends both EST and AEST.
PATTERN = (
    rf"{_OFFSET}|[A-Z][A-Za-z]+/[A-Za-z_+-]+(?:/[A-Za-z_]+)?|"
    + "|".join(sorted(ABBREVIATIONS, key=len, reverse=True))
    + r"|z"
)
_NUMBERS = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2}?)(?::?(\d{2}))?(?::?(\d{2}))?$")


def offset_ns(zone: str) -> int | None:
    """Nanoseconds ahead of UTC for offsets and abbreviations.

    None for names of the database, and for offsets that no clock on Earth has.

    >>> [offset_ns(zone) // 60_000_000_000 for zone in ("Z", "+0530", "UTC-3", "EST", "+5")]
    [0, 330, -180, -300, 300]
    >>> offset_ns("Europe/Berlin")
    """
    zone = zone.replace("\u2212", "-")
    if zone.upper() in ABBREVIATIONS:
        return round(ABBREVIATIONS[zone.upper()] * _HOUR)
    found = _NUMBERS.match(zone)
    if found is None:
        return None
    sign, hours, minutes, seconds = found.groups()
    size = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    ahead = (size if sign == "+" else -size) * 10**9
    too_many = int(minutes or 0) > 59 or int(seconds or 0) > 59
    return None if too_many or not _WEST <= ahead <= _EAST else ahead


def to_utc(local: NDArray[np.int64], zones: pl.Series) -> tuple[NDArray[np.int64], pl.Series, str]:
    """Moments in UTC from what clocks showed in each row's zone.

    Parameters
    ----------
    local : (n,) int64, nanoseconds as the clock showed them.
    zones : (n,) text that ``PATTERN`` matched; null leaves the row as it is.

    Returns
    -------
    (n,) int64; (n,) bool, True where the zone is unknown or its clocks never showed that time;
    a sentence on abbreviations that were taken for an offset, or "".
    """
    out, wrong = local.copy(), np.zeros(len(local), dtype=np.bool_)
    guessed = []
    for zone in zones.drop_nulls().unique(maintain_order=True).to_list():
        rows = (zones == zone).fill_null(False).to_numpy()
        ahead = offset_ns(zone)
        if ahead is None:
            moved = from_wall_clock(local[rows], zone)
            wrong[rows] = True if moved is None else moved[1]
            out[rows] = local[rows] if moved is None else moved[0]
            continue
        out[rows] = local[rows] - ahead
        if zone.isalpha() and zone.upper() not in _PLAIN:
            guessed.append(f"{zone} as UTC{_written(ahead)}")
    return out, pl.Series(wrong), f"were read with {', '.join(guessed)}" if guessed else ""


def _written(ahead: int) -> str:
    minutes = abs(ahead) // (60 * 10**9)
    return f"{'+' if ahead >= 0 else '-'}{minutes // 60:02d}:{minutes % 60:02d}"


def from_wall_clock(
    local: NDArray[np.int64], zone: str
) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """UTC of what the clocks of ``zone`` showed, in the order they showed it.

    An hour that the clocks showed twice belongs to its first time until a row steps back, once
    and amid times that otherwise rise: several series, mixed or one after the other, step back
    more often.

    Returns
    -------
    (n,) int64 and (n,) bool, True for times the clocks skipped; None for an unknown zone.
    """
    both = both_readings(local, zone)
    if both is None:
        return None
    first, second, skipped = both
    twice = first != second
    if not twice.any():
        return first, skipped
    return np.where(_second_time(local, twice), second, first), skipped


def _second_time(local: NDArray[np.int64], twice: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) bool: rows of a repeated hour after the one step back in it; none where there are more.

    Which row is of which series is not known here.
    """
    steps = np.diff(local)
    within = twice[1:] & twice[:-1] & (np.abs(steps) <= 24 * _HOUR)
    run = np.concatenate([[0], np.cumsum(~within)])
    n_runs = int(run[-1]) + 1
    back, still = within & (steps < 0), within & (steps == 0)
    n_back, n_still = (np.bincount(run[1:][at], minlength=n_runs) for at in (back, still))
    # Hourly, the clock shows 02:00 and 02:00 again; so do two series at any time.
    if np.any((steps == 0) & ~within):
        n_still[:] = 2
    folds = (back & (n_back[run[1:]] == 1)) | (
        still & (n_back[run[1:]] == 0) & (n_still[run[1:]] == 1)
    )
    count = np.concatenate([[0], np.cumsum(folds)])
    before = count[np.searchsorted(run, run)]
    return np.asarray(twice & (count > before))


def after_step_back(
    local: NDArray[np.int64],
    twice: NDArray[np.bool_],
    series: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """(n,) bool: rows of a repeated hour that come after the clock stepped back within it.

    ``twice`` marks the rows in repeated hours, ``series`` numbers the series each row is of.
    """
    rows = np.flatnonzero(twice)
    out = np.zeros(len(local), dtype=np.bool_)
    if rows.size == 0:
        return out
    # One repeated hour is not the next year's: they lie far more than a day apart.
    apart = np.abs(np.diff(local[rows])) > 24 * _HOUR
    if series is not None:
        apart |= np.diff(series[rows]) != 0
    back = np.diff(local[rows]) <= 0
    hour = np.concatenate([[0], np.cumsum(apart)])
    steps = np.concatenate([[0], np.cumsum(back & ~apart)])
    before = steps[np.searchsorted(hour, hour)]
    out[rows] = steps > before
    return out


def both_readings(
    local: NDArray[np.int64], zone: str
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]] | None:
    """UTC by the first and by the second time the clocks showed it, and what they never showed."""
    clock = pl.Series(local).cast(pl.Datetime("ns"))
    try:
        first, second = (
            clock.dt.replace_time_zone(zone, ambiguous=which, non_existent="null")
            for which in ("earliest", "latest")
        )
    except pl.exceptions.ComputeError:
        return None
    skipped = first.is_null().to_numpy()
    utc = [
        np.where(skipped, local, x.to_physical().fill_null(0).to_numpy()) for x in (first, second)
    ]
    return utc[0], utc[1], skipped
