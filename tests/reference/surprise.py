"""How surprising each row of a stream is, from the definition: whole pasts are kept and gone over.

The state given must be blank; it says how many rows get no score, and is left as it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonde.kernels import surprise as k

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HUGE = 2.0**19.9
GROWS = 1.000277297  # how much more a row counts than the one before it


@dataclass
class Sizes:
    """All sizes that one member has seen, as bins, with the number of the row each came with."""

    bins: list[tuple[int, int]] = field(default_factory=list)

    def score(self, size: float, row: int) -> float:
        if size < 0:
            return 0.0
        bin_ = bin_of(size)
        score = self._tail(size, bin_, row)
        self.bins.append((bin_, row))
        return score

    def _tail(self, size: float, bin_: int, row: int) -> float:
        """Weights are relative to that of this row's size, which is 1."""
        if not self.bins:
            return 0.0
        bins, rows = np.array(self.bins).T
        weights = np.bincount(bins, weights=GROWS ** (rows - float(row)), minlength=160)
        at_least = np.cumsum(weights[::-1])[::-1]
        total = float(at_least[0])
        start = int(np.flatnonzero(at_least >= 0.03 * total)[-1])
        if total <= 40 or bin_ < max(start, 1):
            return 0.0
        beyond = float(weights[bin_ + 1 :].sum())
        rank = -math.log10((beyond + 0.5 * float(weights[bin_]) + 0.5) / (total + 1.0))
        if beyond >= 3.0 or rank <= -math.log10(0.03):
            return min(max(rank, 0.0), 15.0)
        tail = weights[start:]
        edge = float(2.0 ** (start / 5 - 12))
        middles = np.array([2.0 ** ((b + 0.5) / 5 - 12) for b in range(start, 160)])
        mean = (float(((middles - edge) * tail).sum()) + 0.2 * edge) / (float(tail.sum()) + 1)
        far = (float((np.arange(len(tail)) * tail).sum()) + 2.0) / (float(tail.sum()) + 1)
        light = max(size - edge, 0.0) / (mean + 1e-12)
        heavy = (bin_ - start) / (far + 0.5)
        share = -math.log10(float(tail.sum()) / total)
        return min(max(rank, share + 0.5 * math.log10(math.e) * (light + heavy), 0.0), 15.0)

    def move(self, by: int) -> None:
        self.bins = [(min(max(b - by, 0), 159), when) for b, when in self.bins]


def bin_of(size: float) -> int:
    return max(int((math.log2(min(size, HUGE)) + 12) * 5), 0) if size > 0 else 0


def over(distance: float, usual: float) -> float:
    """A distance in its usual size; where nothing ever moved, any move is huge."""
    if distance == 0:
        return 0.0
    return distance / usual if usual > 0 else HUGE


def towards(old: float, new: float, rate: float) -> float:
    return old + rate * (new - old)


class Level:
    def __init__(self, rate: float) -> None:
        self.rate, self.at, self.scale, self.whole = rate, 0.0, 0.0, 0.0

    def size(self, x: float, n: int, since: int) -> float:
        if since == 0:
            self.at = x
        error = x - self.at
        usual = self.scale + 1e-3 * self.whole + 1e-9 * abs(self.at)
        size = over(abs(error), usual) if n > 1 else 0.0
        learned, counted = error, abs(error)
        if n > 20 and self.scale > 0:
            learned = min(max(error, -4 * self.scale), 4 * self.scale)
            counted = min(abs(error), 6 * self.scale)
        self.at += max(self.rate, 1 / (since + 1)) * learned
        slow = max(0.005, 1 / (n + 1))
        self.scale = towards(self.scale, counted, slow)
        self.whole = towards(self.whole, abs(error), slow)
        return size


class Season:
    def __init__(self) -> None:
        self.level = self.before = self.products = self.squares = self.scale = 0.0
        self.errors = [0.0, 0.0, 0.0]  # by level, day, week
        self.means: dict[tuple[str, int], tuple[float, int]] = {}

    def size(self, x: float, n: int, since: int, time: int | None) -> float:
        if since == 0:
            self.level = x
        slots: list[tuple[str, int]] = []
        day = week = self.level
        base, error = self.level, self.errors[0]
        if time is not None:
            seconds = time // 10**9
            slots = [("day", seconds // 900 % 96), ("week", seconds // 3600 % 168)]
            day = self.means.get(slots[0], (self.level, 0))[0]
            week = self.means.get(slots[1], (day, 0))[0]
            if self.errors[1] < error:
                base, error = day, self.errors[1]
            if self.errors[2] < error:
                base = week
        carried = min(max(self.products / self.squares, 0.0), 0.99) if self.squares > 0 else 0.0
        residual = x - base
        rate = max(0.002, 1 / (n + 1))
        size = 0.0
        if since > 0 or n == 0:
            distance = abs(residual - carried * self.before)
            size = over(distance, self.scale + 1e-9 * abs(self.level)) if n > 5 else 0.0
            self.scale = towards(self.scale, distance, rate)
            self.products = 0.998 * self.products + residual * self.before
            self.squares = 0.998 * self.squares + self.before * self.before
        news = [abs(x - self.level), abs(x - day), 1.02 * abs(x - week)]
        self.errors = [towards(a, b, rate) for a, b in zip(self.errors, news, strict=True)]
        self.before = residual
        self.level = towards(self.level, x, max(0.01, 1 / (since + 1)))
        for slot in slots:
            mean, count = self.means.get(slot, (0.0, 0))
            self.means[slot] = towards(mean, x, max(0.05, 1 / (count + 1))), count + 1
        return size


class Column:
    """One column: all it has seen since its series began, and what came before in short."""

    def __init__(self) -> None:
        self.sizes = [Sizes() for _ in range(7)]
        self.season, self.fast_level, self.slow_level = Season(), Level(0.5), Level(0.02)
        self.n, self.values = 0, list[float]()
        self.fast = self.long = self.deviation = self.unit = self.late = self.usual = 0.0

    def surprise(self, x: float, time: int | None, anew: bool) -> float:
        """The sum of the members' scores to the sixth power."""
        if anew:
            self.values, self.season.before = [], 0.0
        since = len(self.values)
        sizes = [
            self.season.size(x, self.n, since, time),
            self.fast_level.size(x, self.n, since),
            self.slow_level.size(x, self.n, since),
            self._drift(x, since),
            self._change(x, since),
        ]
        self.values.append(x)
        sizes += [self._step(16), self._step(64)]
        pairs = zip(self.sizes, sizes, strict=True)
        power = sum(member.score(size, self.n) ** 6 for member, size in pairs)
        self.n += 1
        return power

    def _drift(self, x: float, since: int) -> float:
        self.fast = x if since == 0 else self.fast
        self.long = x if self.n == 0 else self.long
        self.fast = towards(self.fast, x, 0.2)
        rate = max(0.0005, 1 / (self.n + 1))
        self.long = towards(self.long, x, rate)
        self.deviation = towards(self.deviation, abs(x - self.long), rate)
        deviation = self.deviation + 1e-9 * abs(self.long)
        if self.n <= 50 or self.unit == 0:
            self.unit = deviation
        while self.unit > 0 and deviation > 0 and not 2**-10 <= deviation / self.unit <= 2**10:
            up = deviation > self.unit
            self.unit *= 2.0**10 if up else 2.0**-10
            for member in (3, 5, 6):
                self.sizes[member].move(50 if up else -50)
        return self._in_units(abs(self.fast - self.long))

    def _change(self, x: float, since: int) -> float:
        if since == 0:
            return 0.0
        difference = abs(x - self.values[-1])
        self.late = towards(self.late, difference, max(0.1, 1 / max(self.n, 1)))
        self.usual = towards(self.usual, difference, max(0.002, 1 / max(self.n, 1)))
        if self.usual == 0:
            return 0.0
        return abs(math.log((self.late + 0.02 * self.usual) / (1.02 * self.usual)))

    def _step(self, w: int) -> float:
        if len(self.values) < 2 * w:
            return -1.0
        now, before = math.fsum(self.values[-w:]), math.fsum(self.values[-2 * w : -w])
        return self._in_units(abs(now - before) / w)

    def _in_units(self, size: float) -> float:
        return size / self.unit if self.unit > 0 else 0.0


class Clock:
    """When the next row comes, and whether a series begins with it."""

    def __init__(self) -> None:
        self.last: int | None = None
        self.step, self.votes, self.missed, self.pace, self.anew = 0, 0, 0, 0.0, True

    def tick(self, given: int | None) -> tuple[int | None, bool]:
        time, anew = given, self.anew or self.missed >= 20
        if given is None and self.last is not None and self.step > 0:
            time = self.last + (self.missed + 1) * self.step
        if time is not None and self.last is not None:
            late = time - self.last
            if late <= 0:
                anew = True
            elif given is not None:
                usual = max(self.step, self.pace)
                anew = anew or (usual > 0 and late > 20 * usual)
                if self.missed == 0:
                    self._vote(late)
        self.last, self.missed, self.anew = time, 0, False
        return time, anew

    def _vote(self, late: int) -> None:
        agrees = 4 * abs(late - self.step) <= self.step
        self.votes = min(self.votes + 1, 1000) if agrees else self.votes - 1
        if self.votes < 0:
            self.step, self.votes = late, 0
        self.pace = float(late) if self.pace == 0 else self.pace
        self.pace = towards(self.pace, min(float(late), 20 * self.pace), 0.02)


def raised(past: list[float]) -> list[float]:
    """What is raised of all the scores of a stream."""
    fades = 0.999768980
    told: list[float] = []
    excursions, rows, last, alarm = 0.0, 0.0, 0, (0, 0.0)
    for i, score in enumerate(past):
        out = max(0.0, score - 0.7 * math.log10(max(1.0, (excursions + 1) / (rows / 1000 + 1))))
        excursions, rows = excursions * fades, rows * fades + 1
        if score >= 3:
            excursions += i - last > 50 or last == 0
            last = i
        still_quiet = alarm[1] > 0 and i - alarm[0] <= 100 and out < alarm[1] + 1
        told.append(0.0 if still_quiet else out)
        if told[-1] >= 3.35:
            alarm = (i, out)
    return told


def surprise_run(x: Floats, time: Ints, clock: Ints, channels: Floats, out: Floats) -> None:
    columns = [Column() for _ in range(x.shape[1])]
    ticks, quiet, rows = Clock(), int(clock[k.QUIET]), list[int]()
    scores: list[float] = []
    out[:] = np.nan
    for i, row in enumerate(x):
        if not np.isfinite(row).all():
            ticks.missed += 1
            continue
        now, anew = ticks.tick(int(time[i]) if len(time) else None)
        powers = [c.surprise(float(v), now, anew) for c, v in zip(columns, row, strict=True)]
        if i < quiet:
            powers = [0.0] * len(powers)
        scores.append(max(sum(powers) ** (1 / 6) - math.log10(len(powers)), 0.0))
        rows.append(i)
        out[i, 1:] = [power ** (1 / 6) for power in powers]
    for i, score in zip(rows, raised(scores), strict=True):
        if i >= quiet:
            out[i, 0] = score
