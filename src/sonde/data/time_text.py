"""Dates written as text."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%m-%d-%Y")
_WORDY = ("%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y")
_HOURS = ("%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
FORMATS = (
    *(f"%Y-%m-%dT%H:%M{s}{zone}" for s in (":%S%.f", "") for zone in ("", "%#z")),
    *(f"%Y-%m-%d %H:%M{s}{zone}" for s in (":%S%.f", "") for zone in ("", "%#z", " %#z", " UTC")),
    *(f"{day} {hour}" for day in (*_DAYS[1:], *_WORDY) for hour in _HOURS),
    *(f"%Y-%m-%d {hour}" for hour in _HOURS[2:]),
    *_DAYS,
    *_WORDY,
    "%Y-%m",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%dT%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
)
_SAMPLE = 200
# int64 nanoseconds reach from 1677 to 2262; outside Polars wraps around without a word.
_EARLIEST_US, _LATEST_US = -9_223_372_036_854_775, 9_223_372_036_854_775


@dataclass(frozen=True, eq=False)
class Parsed:
    """Text read as dates: (n,) int64 ns since 1970 UTC, and where that failed.

    ``bad`` is the first row whose cell is neither missing nor a date (None: all are dates);
    ``share`` is the share of filled cells that are dates; ``also`` names another reading of the
    same text (month and day exchanged) when nothing tells them apart.
    """

    ns: NDArray[np.int64]
    missing: NDArray[np.bool_]
    bad: int | None
    share: float
    format: str
    also: str | None = None


def parse_dates(column: pl.Series) -> Parsed | None:
    """Dates in the format that fits most cells; None when not even half of a sample fit any.

    Without a zone the clock is taken as UTC. Where month and day could be exchanged, the
    reading with rising times wins, then the one with even steps, then month first.
    """
    filled = column.drop_nulls()
    if filled.is_empty():
        return None
    sample = filled.gather_every(max(1, filled.len() // _SAMPLE)).str.strip_chars()
    # Every format has a year in four digits; that alone settles most columns of text.
    if sample.str.contains(r"\d{4}").sum() * 2 < sample.len():
        return None
    counts = {f: n for f in FORMATS if (n := _fits(sample, f)) * 2 >= sample.len()}
    if not counts:
        return None
    most = max(counts.values())
    readings = [_parse(column, f) for f, n in counts.items() if n == most]
    share = max(reading.share for reading in readings)
    best = [reading for reading in readings if reading.share == share]
    best = [r for r in best if bool(np.all(np.diff(r.ns) >= 0))] or best
    best = [r for r in best if _is_even(np.diff(r.ns))] or best
    chosen = best[0]
    if chosen.bad is not None:
        chosen = replace(chosen, bad=_change(column, chosen.bad))
    others = [r for r in best if not np.array_equal(r.ns, chosen.ns)]
    if not others:
        return chosen
    return Parsed(chosen.ns, chosen.missing, chosen.bad, share, chosen.format, others[0].format)


def _change(column: pl.Series, bad: int) -> int:
    """The row to blame: where the rows from ``bad`` on, all in one other format, end.

    ``bad`` itself unless the column begins with several such rows, which are then rather the
    rule that a later row breaks.
    """
    filled = column.is_not_null()
    if bad != filled.arg_max():
        return bad
    first = column[bad : bad + 1]
    for form in FORMATS:
        if _fits(first.str.strip_chars(), form):
            later = _parse(column, form).bad
            if later is not None and filled[bad:later].sum() > 1:
                return later
    return bad


def _is_even(steps: NDArray[np.int64]) -> bool:
    return steps.size > 0 and bool(np.all(steps == steps[0]))


def _fits(cells: pl.Series, form: str) -> int:
    return cells.len() - cells.str.to_datetime(form, time_unit="us", strict=False).null_count()


def _parse(column: pl.Series, form: str) -> Parsed:
    cells = column.str.strip_chars()
    us = cells.str.to_datetime(form, time_unit="us", strict=False).to_physical()
    missing = column.is_null().to_numpy()
    outside = ((us < _EARLIEST_US) | (us > _LATEST_US)).fill_null(False).to_numpy()
    failed = (us.is_null().to_numpy() & ~missing) | outside
    ns = us.fill_null(0).to_numpy() * 1000
    if "%.f" in form and cells.str.contains(r"\.\d{7,9}\D*$").any():
        exact = cells.str.to_datetime(form, time_unit="ns", strict=False).to_physical()
        ns = exact.fill_null(0).to_numpy()
    n = int((~missing).sum())
    bad = int(np.argmax(failed)) if failed.any() else None
    return Parsed(ns.astype(np.int64), missing, bad, 1 - int(failed.sum()) / max(n, 1), form)
