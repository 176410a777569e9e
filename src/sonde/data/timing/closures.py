"""Hours and days at which nothing is ever measured: nights, weekends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400 * 10**9
_FEWEST = {_DAY: 5, 7 * _DAY: 3}  # days and weeks that must agree
_NEVER = 0.05  # share of the days or weeks in which a closed moment may be there all the same
_EXPLAINED = 0.8  # share of the missing moments that must lie in closed ones
_MISSING = 0.1  # share of all moments that must be missing; rarer ones are gaps
_OPEN = 0.8  # share of the open moments that must be there: opening hours, not random samples


@dataclass(frozen=True)
class Closures:
    """Moments of a day or a week that are never there.

    ``cycle_ns`` is a day or a week, ``closed`` and ``moments`` count the closed and all moments of
    it, ``others`` the missing moments at open hours.
    """

    cycle_ns: int
    closed: int
    moments: int
    others: int

    def sentence(self, step: str) -> str:
        """What is always missing, and that rows are taken in order."""
        of = "week" if self.cycle_ns == 7 * _DAY else "day"
        rest = f", {self.others} others are missing" if self.others else ""
        return (
            f"{self.closed} of the {self.moments} steps of {step} in a {of} are always closed"
            f"{rest}; rows are taken in order"
        )


def find_closures(time: NDArray[np.int64], step: int) -> Closures | None:
    """The moments of a day or a week at which a series of ``step`` nanoseconds rests, or None."""
    span = int(time[-1] - time[0])
    total = round(span / step) + 1
    missing = total - len(time)
    if missing < _MISSING * total:
        return None
    for cycle, fewest in _FEWEST.items():
        moments = cycle // step
        if cycle % step or moments < 2 or span < fewest * cycle:
            continue
        slots = (time - time[0] + step // 2) // step % moments
        there = np.bincount(slots, minlength=moments)
        cycles = span / cycle
        closed = there <= _NEVER * cycles
        if closed.all():
            continue  # no more moments than may be there by chance
        absent = float((cycles - there[closed]).sum())
        is_open = there[~closed].mean() >= _OPEN * cycles
        if closed.any() and is_open and absent >= _EXPLAINED * missing:
            return Closures(cycle, int(closed.sum()), moments, max(0, round(missing - absent)))
    return None
