"""The generalised Pareto distribution of some peaks, by looking for the most likely one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def log_likelihood(peaks: Floats, scale: float, shape: float) -> float:
    """Its logarithm; −inf where a peak lies beyond the distribution's end."""
    if abs(shape) < 1e-12:
        return -len(peaks) * math.log(scale) - float(np.sum(peaks)) / scale
    inside = 1 + shape * peaks / scale
    if inside.min() <= 0:
        return -math.inf
    return -len(peaks) * math.log(scale) - (1 / shape + 1) * float(np.sum(np.log(inside)))


def scale_for(peaks: Floats, shape: float) -> float:
    """The most likely scale for a shape, by thirds of what is left."""
    end = max(0.0, -shape) * float(peaks.max()) * (1 + 1e-12)
    low, high = math.log(max(end, 1e-6 * float(peaks.mean()))), math.log(1e3 * peaks.max())
    for _ in range(100):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if log_likelihood(peaks, math.exp(left), shape) < log_likelihood(
            peaks, math.exp(right), shape
        ):
            low = left
        else:
            high = right
    return math.exp((low + high) / 2)


def pareto_fit(peaks: Floats, n: int, guess: float) -> tuple[float, float]:
    """Scale and shape; the shape in steps of a thousandth from −0.5 to 3."""
    peaks = peaks[:n]
    if n == 0 or peaks.mean() <= 1e-300:
        return 0.0, 0.0
    if n < 10 or peaks.max() < (1 + 1e-9) * peaks.mean():
        return float(peaks.mean()), 0.0
    found = []
    shapes = np.linspace(-0.5, 3.0, 36)
    for _ in range(3):
        found = [(log_likelihood(peaks, scale_for(peaks, g), g), float(g)) for g in shapes]
        best, step = max(found)[1], float(shapes[1] - shapes[0])
        shapes = np.linspace(max(best - step, -0.5), best + step, 21)
    shape = max(found)[1]
    return scale_for(peaks, shape), shape
