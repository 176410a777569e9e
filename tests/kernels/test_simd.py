from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonde.kernels import simd
from sonde.kernels._jit import config, exact_kernel
from tests.reference import simd as reference

pytestmark = pytest.mark.skipif(
    bool(config.DISABLE_JIT), reason="vectors exist in compiled code only: kernels/simd.py"
)

KINDS = [np.float64, np.float32]


@exact_kernel
def applied(a: Any, b: Any, c: Any, out: Any) -> None:
    """Each row of ``out`` takes what one operation gives."""
    x, y, z = simd.load(a, 1), simd.load(b, 1), simd.load(c, 1)
    simd.store(out[0], 0, simd.add(x, y))
    simd.store(out[1], 0, simd.subtract(x, y))
    simd.store(out[2], 0, simd.multiply(x, y))
    simd.store(out[3], 0, simd.multiply_add(x, y, z))
    simd.store(out[4], 0, simd.larger(x, y))
    simd.store(out[5], 0, simd.smaller(x, y))
    simd.store(out[6], 0, simd.root(simd.absolute(x)))
    simd.store(out[7], 0, simd.choose(simd.is_larger(x, z), x, y))
    simd.store(out[8], 0, simd.spread(a, 2))
    simd.store(out[9], 0, simd.splat(a[3]))


@exact_kernel
def asked(a: Any, b: Any) -> tuple[int, int, bool, float, float, float, int]:
    x, y = simd.load(a, 0), simd.load(b, 0)
    more, equal = simd.is_larger(x, y), simd.is_equal(x, y)
    return (
        simd.bits(simd.either(more, equal)),
        simd.bits(equal),
        simd.is_any_negative(simd.joined_bits(x, y)),
        simd.total(x),
        simd.largest(x),
        simd.smallest(x),
        simd.lowest_bit(simd.bits(equal)) + simd.unforeseen(0) + 0 * simd.lanes_of(a),
    )


def lanes(kind: Any, seed: int, n: int) -> NDArray[Any]:
    return np.random.default_rng(seed).normal(size=n).astype(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_operations_work_lane_by_lane(kind: Any) -> None:
    n = simd.LANES[kind]
    a, b, c = (lanes(kind, seed, n + 1) for seed in range(3))
    a[4], b[5] = np.nan, np.nan
    out = np.empty((10, n), kind)
    applied(a, b, c, out)
    x, y, z = a[1:], b[1:], c[1:]
    for found, expected in zip(
        out,
        (
            x + y,
            x - y,
            x * y,
            reference.multiply_add(x, y, z),
            reference.larger(x, y),
            reference.smaller(x, y),
            np.sqrt(abs(x)),
            np.where(x > z, x, y),
            np.full(n, a[2]),
            np.full(n, a[3]),
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_questions_are_answered_for_all_lanes(kind: Any) -> None:
    n = simd.LANES[kind]
    a, b = abs(lanes(kind, 3, n)), abs(lanes(kind, 4, n))
    b[[2, n - 1]] = a[[2, n - 1]]
    no_less, equal, negative, total, largest, smallest, first = asked(a, b)
    assert no_less == reference.bits(a >= b)
    assert (equal, first) == (reference.bits(a == b), 2)
    assert not negative
    assert (total, largest, smallest) == (reference.total(a), a.max(), a.min())
    for k in range(n):
        b[k] = -b[k]
        assert asked(a, b)[2]
        b[k] = abs(b[k])


def test_a_fused_product_is_rounded_once() -> None:
    a = np.full(9, 1 + 2.0**-30)
    out = np.empty((10, 8))
    applied(a, a, np.full(9, -1.0), out)
    # The square of 1 + ε less 1 is 2ε + ε²; a product that is rounded first loses ε².
    assert (out[3] == 2.0**-29 + 2.0**-60).all()


def test_vectors_are_stored_only_where_they_fit() -> None:
    @exact_kernel
    def stored(x: Any, y: Any) -> None:
        simd.store(y, 0, simd.load(x, 0))

    with pytest.raises(Exception, match="store"):
        stored(np.zeros(8), np.zeros(16, np.float32))
    read_only = np.zeros(8)
    read_only.flags.writeable = False
    with pytest.raises(Exception, match="store"):
        stored(np.zeros(8), read_only)
