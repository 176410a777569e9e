# mypy: ignore-errors
"""BentoML's service: the two models, an address each."""

from __future__ import annotations

from pathlib import Path

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1)
class Scores:
    def __init__(self) -> None:
        here = Path.cwd()
        self.models = {
            name: joblib.load(here / name / "model.joblib") for name in ("forest", "linear")
        }

    @bentoml.api
    def forest(self, rows: np.ndarray) -> np.ndarray:
        return self.models["forest"].predict(rows)

    @bentoml.api
    def linear(self, rows: np.ndarray) -> np.ndarray:
        return self.models["linear"].predict(rows)
