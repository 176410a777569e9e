from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonde.kernels import channel_windows as kernels
from tests.kernels.hard_cases import HARD, hard_series
from tests.reference import channel_windows as reference

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NAMES = (*HARD, "all missing", "all constant", "amplitude 1e-200", "amplitude 1e300")


def series(name: str, n: int, seed: int) -> Floats:
    """(n,) one of the hard series, or of those that are hard for several channels."""
    if name == "all missing":
        return np.full(n, np.nan)
    if name == "all constant":
        return np.full(n, 3.0)
    if name in ("amplitude 1e-200", "amplitude 1e300"):
        return hard_series("plain", n, seed) * float(name.removeprefix("amplitude "))
    return hard_series(name, n, seed)


def channels(n: int, d: int, seed: int, name: str = "plain", first: int = 0) -> Floats:
    """(n, d): the series named in the channels from ``first`` on, plain ones in those before."""
    return np.stack(
        [series(name if c >= first else "plain", n, seed + 10 * c) for c in range(d)], axis=1
    )


def distances(query: Floats, other: Floats, m: int, where: Integers) -> Floats:
    n = len(query) - m + 1
    out = np.full((query.shape[1], n), np.nan)
    kernels.mean_distances(
        kernels.channels_of(query, m), kernels.channels_of(other, m), m, where.copy(), 0, n, out
    )
    return out


@given(st.integers(0, 1000), st.sampled_from(NAMES), st.integers(2, 12))
@settings(max_examples=40)
def test_distances_are_those_of_the_values(seed: int, name: str, m: int) -> None:
    x, y = channels(40, 3, seed, name, 1), channels(30, 3, seed + 1) + 1e8
    where = np.random.default_rng(seed).integers(-1, 30 - m + 1, size=(3, 40 - m + 1))
    np.testing.assert_allclose(
        distances(x, y, m, where), reference.mean_distances(x, y, m, where), rtol=1e-9, atol=1e-9
    )
    a, b = kernels.channels_of(x, m), kernels.channels_of(y, m)
    np.testing.assert_allclose(
        kernels.channel_distances(a, b, m, 7, 3),
        reference.channel_distances(x, y, m, 7, 3),
        rtol=1e-9,
        atol=1e-9,
    )
