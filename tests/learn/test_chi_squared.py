from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sonde.learn.chi_squared import chi_squared_cdf, chi_squared_quantile

FREEDOMS = [0.5, 1, 2, 3, 10, 33, 100, 1000, 20_000]


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_shares_are_those_of_scipy(freedom: float) -> None:
    x = freedom * np.array([1e-6, 0.01, 0.3, 0.9, 1.0, 1.01, 1.1, 1.5, 3.0, 20.0])
    found = [chi_squared_cdf(value, freedom) for value in x]
    np.testing.assert_allclose(found, stats.chi2.cdf(x, freedom), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_quantiles_are_those_of_scipy(freedom: float) -> None:
    shares = np.array([0.01, 0.5, 0.75, 0.975, 0.999999])
    found = [chi_squared_quantile(share, freedom) for share in shares]
    np.testing.assert_allclose(found, stats.chi2.ppf(shares, freedom), rtol=1e-8)


def test_nothing_lies_below_zero() -> None:
    assert chi_squared_cdf(-1.0, 3) == 0.0
    assert chi_squared_quantile(0.0, 3) == 0.0
