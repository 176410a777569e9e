from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonde.kernels import arcs
from tests.reference import arcs as reference


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(0, 6))
def test_agrees_with_the_definition(seed: int, n: int, zone: int) -> None:
    generator = np.random.default_rng(seed)
    whole = (generator.random(n) < 0.8).astype(np.int64)
    later = np.full(n, -1)
    for j in range(n):
        targets = np.flatnonzero(whole[j + zone + 1 :]) + j + zone + 1
        if whole[j] and targets.size:
            later[j] = generator.choice(targets)
    ours, theirs = arcs.later_arcs(later, whole, zone), reference.later_arcs(later, whole, zone)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-12)


def test_arcs_drawn_by_chance_are_as_many_as_expected() -> None:
    generator = np.random.default_rng(4)
    n, zone, rounds = 60, 3, 4000
    whole, total = np.ones(n, dtype=np.int64), np.zeros(n)
    for _ in range(rounds):
        later = np.array([generator.integers(j + zone + 1, n) for j in range(n - zone - 1)])
        later = np.concatenate([later, np.full(zone + 1, -1)])
        passing, expected = arcs.later_arcs(later, whole, zone)
        total += passing
    np.testing.assert_allclose(total / rounds, expected, atol=0.25)
