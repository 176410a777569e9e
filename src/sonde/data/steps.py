"""The step between moments, and the gaps where moments are missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import iso_time

Nanoseconds = NDArray[np.int64]
_TOLERANCE = 0.01  # share of the step by which a moment may be late or early
_REGULAR = 0.9  # share of the steps that must be one step or a whole number of them
_UNITS = (
    (86_400 * 10**9, "day"),
    (3_600 * 10**9, "hour"),
    (60 * 10**9, "minute"),
    (10**9, "second"),
    (10**6, "millisecond"),
    (10**3, "microsecond"),
    (1, "nanosecond"),
)


@dataclass(frozen=True)
class Gaps:
    """Where moments are missing: how many gaps, the missing moments of the longest, and where.

    ``start_ns`` is the last moment before the longest gap.
    """

    count: int
    longest: int
    start_ns: int


def differences(time: Nanoseconds, offsets: NDArray[np.int64] | None = None) -> Nanoseconds:
    """Time from each row to the next, within each series."""
    steps = np.diff(time)
    if offsets is None or len(offsets) <= 2:
        return steps
    return np.delete(steps, offsets[1:-1] - 1)


def regular_step(steps: Nanoseconds) -> int | None:
    """The median step when at least nine in ten are that long or a whole number of times that.

    Parameters
    ----------
    steps : (n,) int64, > 0, nanoseconds. "That long" allows for one per cent.
    """
    if steps.size == 0:
        return None
    step = int(np.partition(steps, steps.size // 2)[steps.size // 2])
    first = int(steps[0])
    if step == first and not np.any(steps != first):
        return step
    times = np.rint(steps / step)
    fits = (times >= 1) & (np.abs(steps - times * step) <= _TOLERANCE * step)
    return step if fits.mean() >= _REGULAR else None


def find_gaps(
    time: Nanoseconds, step: int, offsets: NDArray[np.int64] | None = None
) -> Gaps | None:
    """Steps of at least two regular ones, within each series."""
    ends = np.array([0, len(time)]) if offsets is None else offsets
    missing = np.rint(np.diff(time) / step).astype(np.int64) - 1
    if len(ends) > 2:
        missing[ends[1:-1] - 1] = 0
    count = int((missing > 0).sum())
    if count == 0:
        return None
    worst = int(np.argmax(missing))
    return Gaps(count, int(missing[worst]), int(time[worst]))


def step_problems(
    time: Nanoseconds, step: int | None, offsets: NDArray[np.int64] | None = None
) -> list[str]:
    """Sentences on gaps, or on steps that are not regular."""
    if step is None:
        steps = differences(time, offsets)
        if steps.size == 0:
            return []
        low, middle, high = (int(s) for s in np.percentile(steps, [0, 50, 100]))
        if 28 * _UNITS[0][0] <= low and high <= 31 * _UNITS[0][0]:
            return []  # months differ in length; nothing is wrong with them
        return [
            f"the steps are irregular: {duration(low)} to {duration(high)}, {duration(middle)} in "
            "the middle; rows are taken in order"
        ]
    gaps = find_gaps(time, step, offsets)
    if gaps is None:
        return []
    many = f"{gaps.count} gap{'s' * (gaps.count != 1)} in time"
    longest = f"{gaps.longest} step{'s' * (gaps.longest != 1)} of {duration(step)}"
    return [f"{many}, the longest of {longest} after {iso_time(gaps.start_ns)}"]


def duration(ns: int) -> str:
    """A length of time in its largest fitting unit.

    >>> duration(300 * 10**9), duration(86_400 * 10**9), duration(1_500 * 10**6)
    ('5 minutes', '1 day', '1.5 seconds')
    """
    size, unit = next((size, unit) for size, unit in _UNITS if ns >= size or size == 1)
    count = ns / size
    shown = f"{count:.4g}" if count < 1000 else f"{count:.0f}"
    return f"{shown} {unit}{'s' * (count != 1)}"
