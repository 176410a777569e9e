"""Wall clocks that were put back and forward: one even clock in their place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..quoting import quoted
from .zones import after_step_back, both_readings

Nanoseconds = NDArray[np.int64]
_HOUR = 3_600 * 10**9
# One zone for each set of rules by which clocks have been changed, by local time; New York speaks
# for all of its country, Berlin for Madrid.
_ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "Australia/Sydney",
    "Pacific/Auckland", "America/Santiago", "America/Sao_Paulo", "America/Mexico_City",
    "Asia/Jerusalem", "Asia/Tehran", "Asia/Beirut", "Asia/Amman", "Africa/Cairo",
    "America/Asuncion", "America/Havana", "Europe/Moscow", "Europe/Istanbul", "Asia/Baku",
    "Atlantic/Azores", "Europe/Chisinau", "Australia/Lord_Howe", "America/St_Johns",
)  # fmt: skip
_OTHERS = 0.01  # share of the rows that may be out of order without any change of clocks
_LATE = 1.5  # steps that may lie between the last row before the change and the first after
_EVEN = 0.05  # share of a step by which the two passes of a repeated hour may differ
_SHOWN = 2


@dataclass(frozen=True, eq=False)
class WinterTime:
    """(n,) int64 nanoseconds by a clock that always shows winter time, and a sentence on it."""

    ns: Nanoseconds
    note: str


def on_winter_time(
    ns: Nanoseconds,
    codes: NDArray[np.int64],
    name: str,
    are_alike: Callable[[int, int], bool],
) -> WinterTime | None:
    """Times of a wall clock that shows one hour twice in autumn, made even; else None.

    The rows of a series, in file order, step back within an hour that the clocks of some zone did
    show twice, go on evenly by that zone, and hold no time that its clocks skipped in spring; or
    they show a clock that was set back by an hour once, row by row.

    Parameters
    ----------
    ns : (n,) what the clock showed, in file order; ``codes`` (n,) which series each row is of.
    name : of the time column.
    are_alike : whether two rows are equal in all their cells.
    """
    order = np.argsort(codes, kind="stable") if codes.any() else np.arange(len(ns))
    local, series = ns[order], codes[order]
    within = np.diff(series) == 0
    steps = np.diff(local)
    back = within & (steps <= 0)
    near = np.flatnonzero(back & (steps > -_HOUR))
    years = 2 + (int(local.max()) - int(local.min())) // (365 * 24 * _HOUR)
    others = _OTHERS * len(ns)
    if near.size == 0 or back.sum() > others + years * (int(series.max()) + 1):
        return None
    ahead = steps[within & (steps > 0)]
    if ahead.size == 0:
        return None
    longest = max(_LATE * float(np.median(ahead)), float(np.percentile(ahead, 99)))
    if longest > _LATE * _HOUR:
        return None  # no hour is seen twice
    for zone in _ZONES:
        changes = _changes(local, near, zone, longest)
        if changes is None or back.sum() - len(changes) > others:
            continue
        told = _told(local, series, within, changes, zone)
        if told is None:
            continue
        even, forward = told
        twins = [(int(order[i]), int(order[i + 1])) for i in changes]
        if not forward.size and all(
            steps[i] == 0 and are_alike(*rows) for i, rows in zip(changes, twins, strict=True)
        ):
            return None  # rows sent twice, rather
        out = np.empty_like(ns)
        out[order] = even
        return WinterTime(out, _sentence(local, changes, forward, name, zone))
    moved = _set_back(local, series, order, are_alike)
    if moved is None:
        return None
    out = np.empty_like(ns)
    out[order] = moved
    return WinterTime(out, _sentence(local, np.flatnonzero(back), near[:0], name, None))


def _set_back(
    local: Nanoseconds,
    series: NDArray[np.int64],
    order: NDArray[np.int64],
    are_alike: Callable[[int, int], bool],
) -> Nanoseconds | None:
    """Rows before a clock was set back by an hour, an hour earlier; None for any other repeat.

    On a day when no zone changes its clocks the rows themselves must show it: an hour of several
    rows comes twice, evenly, once in a series, and its rows are not the same ones sent again.
    """
    steps = np.diff(local)
    within = np.diff(series) == 0
    step = int(np.median(steps[within]))
    back = np.flatnonzero(within & (steps <= 0))
    if step <= 0 or 2 * step > _HOUR or len(np.unique(series[back])) < len(back):
        return None
    again = round(_HOUR / step)
    out = local.copy()
    for last in back.tolist():
        before = np.arange(last + 1 - again, last + 1)
        after = before + again
        if before[0] < 0 or after[-1] >= len(local) or series[before[0]] != series[after[-1]]:
            return None
        if np.any(np.abs(local[after] - local[before]) > _EVEN * step):
            return None
        pairs = zip(order[before].tolist(), order[after].tolist(), strict=True)
        if 2 * sum(are_alike(i, j) for i, j in pairs) >= again:
            return None
        out[: last + 1][series[: last + 1] == series[last]] -= _HOUR
    return out


def _changes(
    local: Nanoseconds, near: Nanoseconds, zone: str, longest: float
) -> Nanoseconds | None:
    """Positions of the last row before clocks were put back; None where a step is none of these."""
    both = both_readings(np.concatenate([local[near], local[near + 1]]), zone)
    if both is None:
        return None
    (before, after), (_, later) = (np.split(reading, 2) for reading in both[:2])
    earlier = np.split(both[1], 2)[0]
    is_twice = (before != earlier) & (after != later)
    elapsed = later - before
    if not is_twice.any() or np.any(is_twice & ((elapsed <= 0) | (elapsed > longest))):
        return None
    return np.asarray(near[is_twice])


def _told(
    local: Nanoseconds,
    series: NDArray[np.int64],
    within: NDArray[np.bool_],
    changes: Nanoseconds,
    zone: str,
) -> tuple[Nanoseconds, Nanoseconds] | None:
    """All rows on winter time, and the positions before clocks were put forward."""
    both = both_readings(local, zone)
    if both is None or both[2].any():
        return None  # clocks never showed one of these times
    first, second, _ = both
    twice = first != second
    late = after_step_back(local, twice, series)
    if len(changes) != int((within & late[1:] & ~late[:-1] & twice[:-1]).sum()):
        return None
    utc = np.where(late, second, first)
    steps = np.diff(utc)
    if np.any(steps[changes] <= 0):
        return None
    winter = int(local[changes[0] + 1] - second[changes[0] + 1])
    jump = np.diff(local) - steps
    forward = np.flatnonzero(within & (jump > 0) & (jump <= _HOUR) & (np.diff(local) <= 4 * _HOUR))
    return utc + winter, forward


def _sentence(
    local: Nanoseconds, changes: Nanoseconds, forward: Nanoseconds, name: str, zone: str | None
) -> str:
    went = f"went back after {_listed(local[changes])}"
    if forward.size:
        went += f" and forward after {_listed(local[forward])}"
    if zone is None:
        return f"the clock of {quoted(name)} {went} by an hour; earlier times were moved back by it"
    return (
        f"the clock of {quoted(name)} {went}, as in {zone}; all times were put on its winter time"
    )


def _listed(moments: Nanoseconds) -> str:
    known = np.unique(moments).astype("datetime64[ns]").astype("datetime64[s]")
    shown = ", ".join(str(moment).replace("T", " ") for moment in known[:_SHOWN])
    rest = len(known) - _SHOWN
    return f"{shown} and {rest} more times" if rest > 0 else shown
