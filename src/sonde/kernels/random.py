"""Random numbers inside kernels: the same seed gives the same numbers everywhere.

The generator is splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators", figure 16): a counter that advances by the golden ratio, and a mixing function.
A stream's state is an array of one uint64, so that a kernel that draws from it moves it on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel

State = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_32 = np.uint64(0xFFFFFFFF)
_LOW_63 = np.uint64(0x7FFFFFFFFFFFFFFF)
_TOP_BIT = np.uint64(0x8000000000000000)
_11, _27, _30, _31, _32 = (np.uint64(shift) for shift in (11, 27, 30, 31, 32))


@kernel
def _sum(a: np.uint64, b: np.uint64) -> np.uint64:
    # Modulo 2^64 without ever passing it: where the JIT is off, numpy warns of an overflow.
    return ((a & _LOW_63) + (b & _LOW_63)) ^ ((a ^ b) & _TOP_BIT)


@kernel
def _product(a: np.uint64, b: np.uint64) -> np.uint64:
    low_a, high_a = a & _LOW_32, a >> _32
    low_b, high_b = b & _LOW_32, b >> _32
    cross = ((high_a * low_b) & _LOW_32) + ((low_a * high_b) & _LOW_32)
    return _sum(low_a * low_b, (cross & _LOW_32) << _32)


@kernel
def _mixed(z: np.uint64) -> np.uint64:
    z = _product(z ^ (z >> _30), _MIX_1)
    z = _product(z ^ (z >> _27), _MIX_2)
    return z ^ (z >> _31)


@kernel
def stream(seed: int, number: int) -> State:
    """The start of stream ``number`` of ``seed``: a uint64 array of one element.

    Parameters
    ----------
    seed, number : integers from 0 to 2^63 − 1. Streams of one seed start at unrelated places of
        the sequence, so that work can be cut into numbered parts in any way.
    """
    state = np.empty(1, np.uint64)
    state[0] = _mixed(_sum(_mixed(_sum(np.uint64(seed), _GOLDEN)), np.uint64(number)))
    return state


@kernel
def random_bits(state: State) -> np.uint64:
    """64 random bits; moves ``state`` on."""
    state[0] = _sum(state[0], _GOLDEN)
    return _mixed(state[0])


@kernel
def random_below(state: State, n: int) -> int:
    """A random integer from 0 to ``n`` − 1, 1 ≤ n < 2^32; moves ``state`` on.

    The bias of the multiplication (Lemire 2019, "Fast random integer generation in an interval",
    without its rejection step) is below n / 2^32.
    """
    return np.int64(((random_bits(state) >> _32) * np.uint64(n)) >> _32)  # type: ignore[return-value]


@kernel
def random_unit(state: State) -> float:
    """A random float64 in [0, 1), a multiple of 2^−53; moves ``state`` on."""
    return np.float64(random_bits(state) >> _11) * 2.0**-53
