"""What a person sees who detects with nothing configured."""

from __future__ import annotations

from typing import Any

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


@pytest.mark.parametrize(
    ("name", "kind", "taken_for", "how"),
    [
        (
            "spectral_residual",
            "table",
            "a table",
            "; rows taken in file order, as spectral_residual judges series)",
        ),
        (
            "random_cut_forest",
            "table",
            "a table",
            "; rows taken in file order, as random_cut_forest learns row by row)",
        ),
        ("hbos", "series", "a table", "; each row alone, as hbos looks at rows)"),
        ("hbos", "table", "a table", None),
        ("ewma", "series", "one series", None),
    ],
)
def test_the_message_says_how_the_detector_took_the_rows(
    name: str, kind: Any, taken_for: str, how: str | None
) -> None:
    rows = np.random.default_rng(1).normal(size=(200, 2))
    message = sonde.detect(rows, detector=name, kind=kind).chosen["message"]
    first = message.split(" Detector: ")[0]
    assert first.startswith(f"Took array for {taken_for} of 'c0', 'c1' (")
    if how is None:
        assert name not in first
    else:
        assert first.endswith(f"{how}.")
