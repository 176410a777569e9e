from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from sonde.kernels import rolling
from tests.reference import rolling as reference

Floats = NDArray[np.float64]
numbers = st.one_of(
    st.integers(-80, 80).map(lambda i: i / 8), st.sampled_from([np.nan, np.inf, -np.inf])
)
series = arrays(np.float64, st.integers(0, 60), elements=numbers)


@given(series, st.integers(1, 70), st.integers(1, 9))
def test_agrees_with_the_definition(x: Floats, window: int, min_count: int) -> None:
    np.testing.assert_array_equal(
        rolling.trailing_median(x, window, min_count),
        reference.trailing_median(x, window, min_count),
    )


@given(series, st.integers(-64, 64))
def test_moves_with_the_values(x: Floats, shift: int) -> None:
    np.testing.assert_array_equal(
        rolling.trailing_median(x + shift, 7, 2), rolling.trailing_median(x, 7, 2) + shift
    )


@given(arrays(np.float64, 80, elements=numbers), st.integers(10, 79))
def test_a_cut_series_gives_the_same_bits(x: Floats, cut: int) -> None:
    whole = rolling.trailing_median(x, 10, 2)
    np.testing.assert_array_equal(rolling.trailing_median(x[cut - 10 :], 10, 2)[10:], whole[cut:])


def test_every_kernel_has_a_reference() -> None:
    kernels = {n for n in vars(rolling) if hasattr(getattr(rolling, n), "py_func")}
    assert kernels <= set(vars(reference))
    assert hasattr(rolling, "trailing_median")
