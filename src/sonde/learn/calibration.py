"""Scores → tail probabilities, so that detectors and series compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..kernels.tails import tail_probabilities
from .stored_state import finite

Floats = NDArray[np.float64]

KNOTS = 256  # order statistics kept for the body of the distribution
TAIL_SHARE = 0.1  # the largest tenth of the scores shapes the tail
TAIL_SHARE_SMEARED = 0.5
# The excesses' quantiles that scale and shape are taken from are exceeded with probability
# 2^−r and 4^−r: a half and a quarter for r = 1.
REACH, REACH_SMEARED = 1.0, 0.5
PRIOR_SHAPE, PRIOR_WEIGHT = 0.1, 30.0  # a shape from few scores is drawn towards this one
# Tails bounded more sharply end too soon: on normal noise several rows pass instead of half a one.
SHAPE_RANGE = (-0.15, 0.6)
# Beyond the end of a bounded tail probabilities go on falling from here, so that of two scores
# the larger is always the less probable.
BEYOND = 1e-12


@dataclass(frozen=True, eq=False)
class Calibration:
    """Turns a score into the share of ordinary rows that score at least as high.

    Below the tail this is the empirical distribution of the scores learned from; in the tail a
    generalised Pareto distribution. Its two parameters come from the median and the third
    quartile of the excesses (Pickands' idea, Annals of Statistics 3, 1975), so that up to a
    quarter of the tail — the anomalies that were in the data — does not move them.

    A model of several series has one part for each.

    Parameters
    ----------
    knots : (n_parts, KNOTS) scores, ascending.
    shares : (n_parts, KNOTS) share of the learned scores at least as high as the knot.
    tail : (n_parts, 4) start, share above it, scale, shape.

    Examples
    --------
    >>> scores = np.arange(1000) / 1000
    >>> calibration = Calibration.learn(scores)
    >>> calibration.tail_probability(np.array([0.0, 0.5, 50.0])).round(3)
    array([1. , 0.5, 0. ])
    """

    knots: Floats
    shares: Floats
    tail: Floats

    @classmethod
    def learn(cls, scores: Floats, resolution: float = 0.0, smear: int = 1) -> Self:
        """From (n,) scores of ordinary rows; NaN is left out.

        ``resolution`` is the smallest difference between scores that means anything; it keeps a
        tail learned from all but equal scores from calling the next rounding error strange.
        ``smear`` is the number of neighbouring rows that share most of their score: where it is
        more than one, a few anomalies fill much of the top, and the tail is taken from further
        down.
        """
        known = np.sort(scores[np.isfinite(scores)])
        if known.size == 0:
            known = np.zeros(1)
        knots, shares = _body(known)
        return cls(knots[None, :], shares[None, :], _tail(known, resolution, smear)[None, :])

    @classmethod
    def joined(cls, parts: Sequence[Calibration]) -> Calibration:
        """One calibration with the parts of all."""
        return cls(
            np.concatenate([p.knots for p in parts]),
            np.concatenate([p.shares for p in parts]),
            np.concatenate([p.tail for p in parts]),
        )

    def __len__(self) -> int:
        return len(self.knots)

    def tail_probability(self, scores: Floats, part: int = 0) -> Floats:
        """(n,) in 0–1, never rising with the score; NaN where the score is NaN."""
        return tail_probabilities(
            scores, self.knots[part], self.shares[part], self.tail[part], BEYOND
        )

    def largest_ordinary(self, cutoff: float, part: int = 0) -> float:
        """The largest score whose tail probability still exceeds ``cutoff``; −inf if none does."""
        low, high = float(self.knots[part, 0]) - 1.0, float(self.tail[part, 0]) + 1.0
        if self._at(low, part) <= cutoff:
            return -np.inf
        while self._at(high, part) > cutoff:
            if high > 1e300:
                return high
            high = 2.0 * abs(high) + 1.0
        while True:
            middle = low + (high - low) / 2.0
            if middle <= low or middle >= high:
                return low
            if self._at(middle, part) > cutoff:
                low = middle
            else:
                high = middle

    def _at(self, score: float, part: int) -> float:
        return float(self.tail_probability(np.array([score]), part)[0])

    def to_arrays(self) -> dict[str, Floats]:
        return {"knots": self.knots, "shares": self.shares, "tail": self.tail}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """The inverse of ``to_arrays``; ValueError where they can't be right."""
        knots = finite(arrays, "knots", (None, None))
        shares = finite(arrays, "shares", knots.shape, least=0.0)
        tail = finite(arrays, "tail", (len(knots), 4))
        if not knots.size or (knots[:, 1:] < knots[:, :-1]).any():
            raise ValueError("'knots' must rise")
        if (shares > 1.0).any() or (shares[:, 1:] > shares[:, :-1]).any():
            raise ValueError("'shares' must fall, within 0 and 1")
        _, above, scale, shape = tail.T
        if not ((above > 0.0) & (above <= 1.0) & (scale > 0.0)).all():
            raise ValueError("'tail' must have a share within 0 and 1 and a scale above 0")
        if not ((abs(shape) <= 1.0) & (abs(shape) >= 1e-9)).all():
            raise ValueError("'tail' must have a shape within −1 and 1 that is not 0")
        return cls(knots, shares, tail)


def _body(known: Floats) -> tuple[Floats, Floats]:
    """KNOTS order statistics, evenly spaced, and the share of scores at least as high as each."""
    n = known.size
    knots = known[np.round(np.linspace(0, n - 1, KNOTS)).astype(np.int64)]
    shares = (n - np.searchsorted(known, knots, side="left")) / n
    return knots, shares


def _tail(known: Floats, resolution: float, smear: int) -> Floats:
    """Start, share above it, scale and shape of the generalised Pareto tail."""
    n = known.size
    share, reach = (TAIL_SHARE, REACH) if smear == 1 else (TAIL_SHARE_SMEARED, REACH_SMEARED)
    count = max(1, min(n - 1, max(8, int(share * n))))
    start = known[n - 1 - count] if n > 1 else known[0]
    # Scores equal to the start stay among the excesses: where they are most of them, the rest is
    # too little to be what is usual.
    excess = known[n - count :] - start
    above = max(int(np.count_nonzero(excess > 0)), 1) / (n + 1)
    floor = max(resolution, 1e-9 * abs(start), 1e-300)
    near, far = np.quantile(excess, [1.0 - 0.5**reach, 1.0 - 0.25**reach])
    # For a generalised Pareto distribution of shape g, exceeded with probability 2^−r and 4^−r:
    # far / near − 1 = 2^(r g).
    is_told = 1e-300 * far < near < far
    raw = np.log2(far / near - 1.0) / reach if is_told else PRIOR_SHAPE
    count = excess.size / smear
    shape = (count * raw + PRIOR_WEIGHT * PRIOR_SHAPE) / (count + PRIOR_WEIGHT)
    shape = min(max(shape, SHAPE_RANGE[0]), SHAPE_RANGE[1])
    shape = shape if abs(shape) > 1e-6 else 1e-6  # its limit, an exponential tail
    scale = near * shape / (2.0 ** (reach * shape) - 1.0)
    return np.array([start, above, max(scale, floor), shape])
