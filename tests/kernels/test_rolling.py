from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import rolling
from tests.reference import rolling as reference

Floats = NDArray[np.float64]
# Multiples of 1/8 are exact in binary, so both sides round alike; few of them, so that they repeat.
numbers = st.one_of(
    st.integers(-40, 40).map(lambda i: i / 8), st.sampled_from([np.nan, np.inf, -np.inf, -0.0])
)
series = arrays(np.float64, st.integers(0, 60), elements=numbers)


@given(series, st.integers(1, 20), st.integers(1, 6))
def test_agrees_with_the_definition(x: Floats, window: int, min_count: int) -> None:
    np.testing.assert_array_equal(
        rolling.trailing_median(x, window, min_count),
        reference.trailing_median(x, window, min_count),
    )


@given(series, st.integers(1, 20), st.data())
def test_a_cut_series_gives_the_same_bits(x: Floats, window: int, data: st.DataObject) -> None:
    whole = rolling.trailing_median(x, window, 1)
    end = data.draw(st.integers(0, len(x)))
    assert rolling.trailing_median(x[:end], window, 1).tobytes() == whole[:end].tobytes()
    if len(x) > window:
        begin = data.draw(st.integers(0, len(x) - window - 1))
        tail = rolling.trailing_median(x[begin:], window, 1)[window:]
        assert tail.tobytes() == whole[begin + window :].tobytes()


@given(series, st.integers(1, 20))
def test_a_point_does_not_count_for_itself(x: Floats, window: int) -> None:
    for i in range(len(x)):
        other = x.copy()
        other[i] = 1e6
        np.testing.assert_array_equal(
            rolling.trailing_median(other, window, 1)[: i + 1],
            rolling.trailing_median(x, window, 1)[: i + 1],
        )


def test_large_numbers_do_not_overflow() -> None:
    x = np.full(5, 1.7e308)
    np.testing.assert_array_equal(rolling.trailing_median(x, 4, 1)[1:], 1.7e308)
