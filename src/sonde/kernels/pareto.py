"""The tail that peaks beyond a start come from: the generalised Pareto distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]

LEAST_SHAPE = -0.5  # below it the likelihood has no regular maximum
FEWEST = 10  # peaks that a shape is taken from
_FARTHEST = 1e60  # of a ratio: four factors of its size can still be multiplied
_MOST_STEPS = 200
_NEAR_ZERO = 1e-4


@exact_kernel
def _slopes(
    peaks: Floats, n: int, unit: float, largest: float, ratio: float
) -> tuple[float, float, float]:
    # Of the negative log-likelihood per peak, over ratio = shape / scale (with scale in units):
    # its slope, its curvature, and the shape at its best for this ratio. Peaks in units.
    first, second, third = 0.0, 0.0, 0.0
    if abs(ratio) * largest < _NEAR_ZERO:
        # The exact terms cancel here: their series by the moments, the first of which is 1.
        for i in range(n):
            y = peaks[i] * unit
            first += y
            second += y * y
            third += y * y * y
        first, second, third = first / n, second / n, third / n
        slope = first - second / (2.0 * first)
        bend = 2.0 * third / (3.0 * first) - (second / first) ** 2 / 4.0 - second
        return slope + ratio * bend, bend, ratio * first - ratio * ratio * second / 2.0
    product = 1.0
    for i in range(n):
        y = peaks[i] * unit
        stretched = 1.0 + ratio * y
        share = y / stretched
        second += share
        third += share * share
        product *= stretched
        if i % 4 == 3:  # one logarithm for four peaks
            first += np.log(product)
            product = 1.0
    first = (first + np.log(product)) / n
    second, third = second / n, third / n
    relative = second / first
    slope = relative - 1.0 / ratio + second
    return slope, 1.0 / ratio**2 - third / first - relative * relative - third, first


@exact_kernel
def _best_ratio(peaks: Floats, n: int, unit: float, largest: float, guess: float) -> float:
    # The root of the slope near the guess: enclosed first, then Newton's steps within. −inf where
    # the shape would fall below the least one.
    end = -1.0 / largest
    low = high = at = max(guess, 0.999 * end)
    slope, bend, shape = _slopes(peaks, n, unit, largest, at)
    if slope > 0.0:
        while slope > 0.0:
            high = at
            if shape < LEAST_SHAPE:
                return -np.inf
            at = end + 0.7 * (at - end) if at < 0.0 else 0.5 * at - 0.05 / largest
            slope, bend, shape = _slopes(peaks, n, unit, largest, at)
        low = at
    else:
        step = 0.25 / largest
        while slope < 0.0 and at < _FARTHEST:
            low = at
            at += step
            step *= 2.0
            slope, bend, shape = _slopes(peaks, n, unit, largest, at)
        high = at
    for _ in range(_MOST_STEPS):
        if slope < 0.0:
            low = at
        else:
            high = at
        new = at - slope / bend if bend > 0.0 else low
        if not low < new < high:
            new = 0.5 * (low + high)
        done = abs(new - at) <= 1e-7 * abs(new) + 1e-9 / largest
        at = new
        if done:
            break
        slope, bend, shape = _slopes(peaks, n, unit, largest, at)
    return at


@exact_kernel
def _ratio_of_least_shape(peaks: Floats, n: int, unit: float, largest: float) -> float:
    # Where the mean of 1 / (1 + ratio · peak) is 1 / (1 + shape). It falls ever more slowly, so
    # Newton's steps come from below, from beside the pole.
    at = -(1.0 - 0.25 / n) / largest
    for _ in range(_MOST_STEPS):
        mean, slope = 0.0, 0.0
        for i in range(n):
            y = peaks[i] * unit
            inverse = 1.0 / (1.0 + at * y)
            mean += inverse
            slope += y * inverse * inverse
        step = (mean - n / (1.0 + LEAST_SHAPE)) / slope
        at += step
        if step <= -1e-9 * at:
            break
    return at


@exact_kernel
def pareto_fit(peaks: Floats, n: int, guess: float) -> tuple[float, float]:
    """Scale and shape of the generalised Pareto distribution most likely to give these peaks.

    Parameters
    ----------
    peaks : (n or more,) how far each of the first ``n`` lies beyond the start of the tail, ≥ 0.
    n : peaks to use; below 10 the shape is 0.
    guess : shape / scale from which to start, 0 where none is known.

    Returns
    -------
    scale ≥ 0 in the unit of the peaks, and shape ≥ −0.5: where the likelihood has no maximum
    above that, the most likely one of shape −0.5.

    Source
    ------
    Grimshaw (1993), Computing maximum likelihood estimates for the generalized Pareto
    distribution, Technometrics 35: one unknown instead of two. He looks for all roots of its
    equation; we follow the one next to the last result.
    """
    total, largest = 0.0, 0.0
    for i in range(n):
        total += peaks[i] / n
        largest = max(largest, peaks[i])
    if total <= 1e-300:
        return 0.0, 0.0
    if n < FEWEST:
        return total, 0.0
    largest = largest / total
    if largest < 1.0 + 1e-9:  # all alike: no distribution has its maximum there
        return total, 0.0
    ratio = _best_ratio(peaks, n, 1.0 / total, largest, guess * total)
    if ratio == -np.inf:
        ratio = _ratio_of_least_shape(peaks, n, 1.0 / total, largest)
        return total * (LEAST_SHAPE / ratio), LEAST_SHAPE
    _, _, shape = _slopes(peaks, n, 1.0 / total, largest, ratio)
    if abs(ratio) < 1e-9:
        return total, 0.0
    return total * (shape / ratio), shape
