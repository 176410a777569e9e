"""splitmix64 with Python's own integers, which do not overflow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

State = NDArray[np.uint64]
GOLDEN = 0x9E3779B97F4A7C15


def mixed(z: int) -> int:
    z %= 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return z ^ (z >> 31)


def stream(seed: int, number: int) -> State:
    return np.array([mixed(mixed(seed + GOLDEN) + number)], np.uint64)


def random_bits(state: State) -> int:
    state[0] = (int(state[0]) + GOLDEN) % 2**64
    return mixed(int(state[0]))


def random_below(state: State, n: int) -> int:
    return (random_bits(state) >> 32) * n >> 32


def random_unit(state: State) -> float:
    return (random_bits(state) >> 11) / 2**53
