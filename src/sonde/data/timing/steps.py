"""The step between moments, and the gaps where moments are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core import iso_time
from ..quoting import quoted
from .closures import find_closures
from .grid import runs

Nanoseconds = NDArray[np.int64]
_TOLERANCE = 0.01  # share of the step by which a moment may be late or early
_REGULAR = 0.9  # share of the steps that must be one step or a whole number of them
_JITTER = 0.2  # the same tolerance where clocks are rough, for as many steps
_FEWEST_ROUGH = 10  # fewer steps may fit the rough tolerance by chance
_SAME_AGAIN = 10  # wider steps in a row, all alike, that are another step and no gaps
_UNITS = (
    (86_400 * 10**9, "day"),
    (3_600 * 10**9, "hour"),
    (60 * 10**9, "minute"),
    (10**9, "second"),
    (10**6, "millisecond"),
    (10**3, "microsecond"),
    (1, "nanosecond"),
)
_DAY = _UNITS[0][0]


@dataclass(frozen=True)
class Gaps:
    """Where moments are missing: how many gaps, the missing moments of the longest, and where.

    ``start_ns`` is the last moment before the longest gap.
    """

    count: int
    longest: int
    start_ns: int


@dataclass(frozen=True)
class Step:
    """The step that nearly all rows keep, in nanoseconds, or None; sentences on what departs."""

    ns: int | None
    notes: tuple[str, ...] = ()


def find_step(
    time: Nanoseconds, offsets: NDArray[np.int64] | None = None, ids: Sequence[str] = ()
) -> Step:
    """The step of one series, or of all series of a panel, gaps allowed.

    Parameters
    ----------
    time : (n,) int64 nanoseconds, rising within each series.
    offsets, ids : where each series begins and ends, and what it is called; None for one series.

    Returns
    -------
    No step where steps are irregular, where they change on the way or from series to series, and
    where moments are missing by the clock or the calendar (nights, weekends): rows are then taken
    in order.
    """
    steps = differences(time, offsets)
    if steps.size == 0:
        return Step(None)
    step = usual_step(steps)
    if step is None:
        return Step(None, _irregular(steps))
    times = np.rint(np.diff(time) / step).astype(np.int64)
    ends = np.array([0, len(time)]) if offsets is None else np.asarray(offsets)
    between = ends[1:-1][(ends[1:-1] > 0) & (ends[1:-1] < len(time))] - 1
    times[between] = 0
    if (other := _other_series(times, ends)) is not None:
        row, wider = other
        name = quoted(ids[row]) if len(ids) > row else str(row)
        return Step(
            None,
            (
                f"series differ in their steps: {duration(step)} in most, {duration(wider * step)} "
                f"in {name}; rows are taken in order",
            ),
        )
    if (change := _change(times)) is not None:
        return Step(
            None,
            (
                f"the step changes from {duration(step)} to {duration(int(times[change]) * step)} "
                f"after {iso_time(int(time[change]))}; rows are taken in order",
            ),
        )
    closed = find_closures(time, step) if len(ends) <= 2 else None
    if closed is not None:
        return Step(None, (closed.sentence(duration(step)),))
    return Step(step, tuple(_gap_notes(time, step, offsets)))


def differences(time: Nanoseconds, offsets: NDArray[np.int64] | None = None) -> Nanoseconds:
    """Time from each row to the next, within each series."""
    steps = np.diff(time)
    if offsets is None or len(offsets) <= 2:
        return steps
    inner = offsets[1:-1]
    return np.delete(steps, inner[(inner > 0) & (inner < len(time))] - 1)


def usual_step(steps: Nanoseconds) -> int | None:
    """The median step when at least nine in ten are that long or a whole number of times that.

    Parameters
    ----------
    steps : (n,) int64, > 0, nanoseconds. "That long" allows for one per cent; for a fifth where
        at least ten rough steps are their mean, rounded to a whole second, minute or hour if that
        is as likely.
    """
    if steps.size == 0:
        return None
    step = int(np.partition(steps, steps.size // 2)[steps.size // 2])
    first = int(steps[0])
    if step <= 0 or (step == first and not np.any(steps != first)):
        return step if step > 0 else None
    if _share_that_fits(steps, step, _TOLERANCE) >= _REGULAR:
        return step
    if steps.size < _FEWEST_ROUGH or _is_calendar(steps):
        return None
    if _share_that_fits(steps, step, _JITTER) < _REGULAR:
        return None
    times = np.rint(steps / step)
    near = (times >= 1) & (np.abs(steps - times * step) <= _JITTER * step)
    single = steps[near] / times[near]
    mean = float(steps[near].sum() / times[near].sum())
    error = 3 * float(single.std()) / np.sqrt(single.size)
    for unit, _ in _UNITS:
        whole = round(mean / unit) * unit
        if whole > 0 and abs(whole - mean) <= error:
            return int(whole)
    return round(mean)


def find_gaps(
    time: Nanoseconds, step: int, offsets: NDArray[np.int64] | None = None
) -> Gaps | None:
    """Steps of at least two regular ones, within each series."""
    ends = np.array([0, len(time)]) if offsets is None else offsets
    missing = np.rint(np.diff(time) / step).astype(np.int64) - 1
    if len(ends) > 2:
        inner = ends[1:-1]
        missing[inner[(inner > 0) & (inner < len(time))] - 1] = 0
    count = int((missing > 0).sum())
    if count == 0:
        return None
    worst = int(np.argmax(missing))
    return Gaps(count, int(missing[worst]), int(time[worst]))


def duration(ns: int) -> str:
    """A length of time in its largest fitting unit.

    >>> duration(300 * 10**9), duration(86_400 * 10**9), duration(1_500 * 10**6)
    ('5 minutes', '1 day', '1.5 seconds')
    """
    size, unit = next((size, unit) for size, unit in _UNITS if ns >= size or size == 1)
    count = ns / size
    shown = f"{count:.4g}" if count < 1000 else f"{count:.0f}"
    return f"{shown} {unit}{'s' * (count != 1)}"


def _share_that_fits(steps: Nanoseconds, step: int, tolerance: float) -> float:
    times = np.rint(steps / step)
    fits = (times >= 1) & (np.abs(steps - times * step) <= tolerance * step)
    return float(fits.mean())


def _is_calendar(steps: Nanoseconds) -> bool:
    """Months, quarters, half years and years: they differ in length, and nothing is wrong."""
    low, high = int(steps.min()), int(steps.max())
    return any(
        shortest * _DAY <= low and high <= longest * _DAY
        for shortest, longest in ((28, 31), (90, 92), (181, 184), (365, 366))
    )


def _irregular(steps: Nanoseconds) -> tuple[str, ...]:
    low, middle, high = (int(s) for s in np.percentile(steps, [0, 50, 100]))
    if _is_calendar(steps):
        return ()
    return (
        f"the steps are irregular: {duration(low)} to {duration(high)}, {duration(middle)} in "
        "the middle; rows are taken in order",
    )


def _other_series(times: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[int, int] | None:
    """A series that never takes a single step, and how many it takes at least."""
    starts, stops = ends[:-1], ends[1:] - 1
    long = np.flatnonzero(stops - starts >= 3)
    if len(ends) <= 2 or long.size == 0:
        return None
    # The step from one series to the next is 0; only the series' own ones count.
    own = np.where(times == 0, np.iinfo(np.int64).max, times)
    least = np.minimum.reduceat(own, starts[long])
    for row, wider in zip(long[least > 1].tolist(), least[least > 1].tolist(), strict=True):
        mine = times[starts[row] : stops[row]]
        if mine.size and mine.min() > 1:
            return row, wider
    return None


def _change(times: NDArray[np.int64]) -> int | None:
    """Where wider steps begin that are all alike; None where wider ones are only gaps."""
    wide = times >= 2
    if wide.sum() < _SAME_AGAIN:
        return None
    same = np.concatenate([[False], (np.diff(times) == 0) & wide[1:]])
    # Runs of wide steps that repeat the one before.
    starts, stops = runs(same)
    long = np.flatnonzero(stops - starts >= _SAME_AGAIN - 1)
    return int(starts[long[0]]) - 1 if long.size else None


def _gap_notes(time: Nanoseconds, step: int, offsets: NDArray[np.int64] | None) -> list[str]:
    gaps = find_gaps(time, step, offsets)
    if gaps is None:
        return []
    many = f"{gaps.count} gap{'s' * (gaps.count != 1)} in time"
    longest = f"{gaps.longest} step{'s' * (gaps.longest != 1)} of {duration(step)}"
    return [f"{many}, the longest of {longest} after {iso_time(gaps.start_ns)}"]
