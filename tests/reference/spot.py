"""SPOT and DSPOT from their definition: lists of ordinary values and of peaks, a column each.

The fit of a tail is the kernel's, which has a reference of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonde.kernels.pareto import pareto_fit

Floats = NDArray[np.float64]


@dataclass
class Tail:
    start: float
    floor: float
    seen: float
    peaks: list[float]
    scale: float = 1.0
    shape: float = 0.0
    credit: float = 3.0

    def fit(self) -> None:
        guess = self.shape / self.scale
        scale, shape = pareto_fit(np.array(self.peaks), len(self.peaks), guess)
        n = len(self.peaks)
        self.shape = (n * shape + 80 * 0.1) / (n + 80)
        self.scale = max(scale * (1 + shape) / (1 + self.shape), self.floor)

    def share_beyond_start(self) -> float:
        return max(len(self.peaks), 0.5) / max(self.seen, 1.0)

    def score(self, away: float) -> float:
        """−log10 of twice the share beyond; below the start in proportion, for scores below 15."""
        at_start = max(-math.log10(2 * self.share_beyond_start()), 0.0)
        if away <= self.start:
            return at_start * max(away, 0.0) / self.start if self.start > 0 else 0.0
        inside = 1 + self.shape * (away - self.start) / self.scale
        return at_start + math.log10(inside) / self.shape if inside > 0 else math.inf

    def width(self, q: float) -> float:
        kept = q / 2 / self.share_beyond_start()
        return float(self.start + self.scale * (kept**-self.shape - 1) / self.shape)

    def learn(self, away: float, most: int) -> None:
        self.seen += 1
        if away <= self.start:
            return
        self.peaks.append(away - self.start)
        if len(self.peaks) > most:
            del self.peaks[0]
            self.seen *= most / (most + 1)
        self.fit()


def tail_fit(tail: Tail) -> Tail:
    tail.fit()
    return tail


@dataclass
class Column:
    tails: tuple[Tail, Tail]
    depth: int
    fixed: float = 0.0
    ordinary: list[float] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    free: int = 0  # rows that are learned whatever they are

    def take(self, value: float, q: float, most: int) -> tuple[float, float, float]:
        """Score, middle and width of one value, which is then learned."""
        if self.depth and len(self.ordinary) < min(8, self.depth):
            self.ordinary.append(value)
            return math.nan, math.nan, math.nan
        middle = float(np.mean(self.ordinary[-self.depth :])) if self.depth else self.fixed
        away, limit = value - middle, -math.log10(q)
        up, down = self.tails
        score = max(up.score(away), down.score(-away))
        width = (up.width(q) + down.width(q)) / 2 / limit
        for tail in self.tails:
            tail.credit = min(tail.credit + q / 2, 3.0)
        if score > limit and self.free == 0:
            own, other = (up, down) if away > 0 else (down, up)
            if own.credit >= 1 and not self.alarms:
                own.credit -= 1
                own.learn(min(abs(away), own.width(q / 10)), most)
                other.seen += 1
            self.alarms.append(value)
            if self.depth and len(self.alarms) == self.depth:
                self.ordinary, self.alarms, self.free = self.alarms, [], self.depth
            return score, middle, width
        self.free = max(self.free - 1, 0)
        self.alarms = []
        up.learn(away, most)
        down.learn(-away, most)
        self.ordinary.append(value)
        return score, middle, width


def spot_run(x: Floats, q: float, columns: list[Column], most: int) -> tuple[Floats, ...]:
    """(n,) scores, (n, d) middles and widths."""
    scores, expected, unit = (
        np.full(len(x), np.nan),
        np.full(x.shape, np.nan),
        np.full(x.shape, np.nan),
    )
    for i, row in enumerate(x):
        if not np.isfinite(row).all():
            continue
        judged = []
        for j, value in enumerate(row.tolist()):
            score, expected[i, j], unit[i, j] = columns[j].take(value, q, most)
            judged.append(score)
        known = [score for score in judged if not math.isnan(score)]
        scores[i] = max(known) if known else math.nan
    return scores, expected, unit
