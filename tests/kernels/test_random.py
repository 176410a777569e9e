from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sonde.kernels import random
from tests.reference import random as reference

seeds = st.integers(0, 2**63 - 1)


@given(seeds, seeds)
def test_agrees_with_unbounded_integers(seed: int, number: int) -> None:
    ours, theirs = random.stream(seed, number), reference.stream(seed, number)
    assert ours[0] == theirs[0]
    for _ in range(3):
        assert int(random.random_bits(ours)) == reference.random_bits(theirs)
    assert random.random_unit(ours) == reference.random_unit(theirs)


@given(seeds, st.integers(1, 2**32 - 1))
def test_stays_below_the_bound(seed: int, n: int) -> None:
    ours, theirs = random.stream(seed, 0), reference.stream(seed, 0)
    drawn = random.random_below(ours, n)
    assert 0 <= drawn < n
    assert drawn == reference.random_below(theirs, n)


def test_gives_the_numbers_of_the_published_generator() -> None:
    # splitmix64 from state 0, as in the authors' and Java's SplittableRandom implementations.
    state = np.zeros(1, np.uint64)
    first = [int(random.random_bits(state)) for _ in range(3)]
    assert first == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_streams_of_one_seed_are_unrelated() -> None:
    draws = np.array(
        [[random.random_unit(state) for _ in range(200)] for state in map(_stream, range(20))]
    )
    assert abs(draws.mean() - 0.5) < 0.02
    correlations = np.corrcoef(draws)[~np.eye(20, dtype=bool)]
    assert np.abs(correlations).max() < 0.35  # 5 standard deviations of 200 pairs


def _stream(number: int) -> random.State:
    return random.stream(7, number)
