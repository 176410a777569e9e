from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonde.kernels._jit import kernel


def test_flags_keep_the_meaning_of_nan_and_infinity() -> None:
    @kernel
    def mean_of_known(x: NDArray[np.float64]) -> float:
        total, known = 0.0, 0
        for value in x:
            if not np.isnan(value) and not np.isinf(value):
                total += value
                known += 1
        return total / known

    assert mean_of_known(np.array([1.0, np.nan, 3.0, np.inf])) == 2.0
