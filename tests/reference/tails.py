"""Tail probabilities, a score at a time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def tail_probabilities(
    scores: Floats, knots: Floats, shares: Floats, tail: Floats, beyond: float
) -> Floats:
    return np.array([_one(float(score), knots, shares, tail, beyond) for score in scores])


def _one(score: float, knots: Floats, shares: Floats, tail: Floats, beyond: float) -> float:
    start, above, scale, shape = map(float, tail)
    if math.isnan(score):
        return math.nan
    if score <= start:
        return max(float(np.interp(score, knots, shares)), above)
    excess = (score - start) / scale
    inside = 1 + shape * excess
    left = inside ** (-1 / shape) if inside > 0 else 0.0
    return min(above * max(left, beyond / (1 + excess)), above)
