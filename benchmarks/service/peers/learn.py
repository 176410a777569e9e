# mypy: ignore-errors
"""The peers' models of the same rows; run by the Python of a peer: learn.py ROWS FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression

rows, folder = np.load(sys.argv[1]), Path(sys.argv[2])
models = {
    "forest": IsolationForest(n_estimators=100, random_state=0).fit(rows),
    "linear": LinearRegression().fit(rows, rows.sum(axis=1)),
}
for name, model in models.items():
    (folder / name).mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / name / "model.joblib")
    if "mlflow" in sys.argv[3:]:
        from mlflow.sklearn import save_model

        save_model(
            model,
            folder / name / "mlflow",
            serialization_format="cloudpickle",
            pip_requirements=["scikit-learn"],  # else it starts a process to find them
        )
