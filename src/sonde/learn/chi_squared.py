"""The chi-squared distribution: what squared distances of normal rows follow."""

from __future__ import annotations

import math

_PRECISION = 1e-15
_MOST_TERMS = 100_000


def chi_squared_cdf(x: float, freedom: float) -> float:
    """The share of the distribution at or below ``x``.

    Parameters
    ----------
    x : any number; 0 below 0.
    freedom : degrees of freedom, > 0.

    Source
    ------
    Abramowitz, Stegun (1964), 6.5.29 (the series, below the mean) and 6.5.31 (the continued
    fraction, above it; evaluated by Lentz's method).

    Examples
    --------
    >>> round(chi_squared_cdf(3.841458820694124, 1), 12)
    0.95
    """
    a, x = freedom / 2.0, x / 2.0
    if x <= 0:
        return 0.0
    scale = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        return min(scale * _series(a, x), 1.0)
    return max(1.0 - scale * _fraction(a, x), 0.0)


def chi_squared_quantile(share: float, freedom: float) -> float:
    """The value that ``share`` of the distribution lies at or below, by bisection.

    Parameters
    ----------
    share : 0 to 1, less than 1.
    freedom : degrees of freedom, > 0.

    Examples
    --------
    >>> round(chi_squared_quantile(0.975, 10), 6)
    20.483177
    """
    low, high = 0.0, freedom + 10.0
    while chi_squared_cdf(high, freedom) < share:
        high *= 2.0
    while True:
        middle = (low + high) / 2.0
        if not low < middle < high:
            return middle
        if chi_squared_cdf(middle, freedom) < share:
            low = middle
        else:
            high = middle


def _series(a: float, x: float) -> float:
    term = total = 1.0 / a
    for k in range(1, _MOST_TERMS):
        term *= x / (a + k)
        total += term
        if term < _PRECISION * total:
            break
    return total


def _fraction(a: float, x: float) -> float:
    b = x + 1.0 - a
    c, d = math.inf, 1.0 / b
    total = d
    for k in range(1, _MOST_TERMS):
        numerator = -k * (k - a)
        b += 2.0
        d = 1.0 / (numerator * d + b)
        c = b + numerator / c
        total *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            break
    return total
