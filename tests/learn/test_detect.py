"""What a person sees who detects with nothing configured."""

from __future__ import annotations

import numpy as np
import pytest

import sonde


@pytest.mark.parametrize("name", ["seasonal_residual", "ewma", "isolation_forest", "ecod", "knn"])
def test_about_half_a_false_anomaly_is_found_in_noise(name: str) -> None:
    found = 0
    for seed in range(12):
        noise = np.random.default_rng(seed).normal(size=(1500, 2))
        found += len(sonde.detect(noise, detector=name, kind="series").anomalies)
    assert found <= 15  # 6 are promised
