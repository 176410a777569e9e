"""Series that cost a matrix profile its digits, or that have windows of every kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HARD = (
    "plain",
    "constant stretch",
    "offset 1e8",
    "offset 1e8 and constant",
    "offset 1e12",
    "level step 1e8",
    "spike 1e6",
    "spike 1e9",
    "burst 1e6",
    "missing",
    "amplitude 1e-9",
    "nearly constant",
    "quantised",
)


def hard_series(name: str, n: int, seed: int = 0) -> Floats:
    """(n,) float64, a noisy season on a random walk with the flaw named; n ≥ 30."""
    generator = np.random.default_rng(seed)
    x = np.sin(np.arange(n) / 9.0) + np.cumsum(generator.normal(size=n)) * 0.05
    x += generator.normal(size=n) * 0.1
    third, fifth = n // 3, n // 5
    if name.endswith(("constant stretch", "and constant")):
        x[third : third + fifth] = x[third]
    if name.startswith("offset 1e8"):
        x += 1e8
    if name == "offset 1e12":
        x += 1e12
    if name == "level step 1e8":
        x[third:] += 1e8
    if name.startswith("spike"):
        x[third] = float(name.removeprefix("spike "))
    if name == "burst 1e6":
        x[third : third + 8] *= 1e6
    if name == "missing":
        x[third], x[2 * third : 2 * third + 3] = np.nan, np.inf
        x[fifth] = -np.inf
    if name == "amplitude 1e-9":
        x *= 1e-9
    if name == "nearly constant":
        x[third : third + fifth] = x[third] + 1e-9 * generator.normal(size=fifth)
    if name == "quantised":
        x = np.round(x * 4.0) / 4.0
    return x
