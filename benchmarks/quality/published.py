"""Published figures of other methods on the same data, each with its origin."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measured import SHARED

from .sets import nasa, smd

Line = tuple[
    str, str, str, float, str
]  # collection, method, metric, value, what it was measured on

COLUMNS = ("collection", "method", "metric", "value", "of")

_NAB_NAMES = {
    "reward_low_FP_rate": "nab_low_fp",
    "reward_low_FN_rate": "nab_low_fn",
    "standard": "nab",
}
_UCR_ALL = "all 250 series"
_UCR = {
    "TimeVQVAE-AD (deep)": 0.708,
    "MERLIN, re-run": 0.636,
    "STAN": 0.604,
    "matrix profile (STUMPY)": 0.512,
    "MERLIN": 0.424,
    "convolutional autoencoder": 0.352,
}
_TSB = {
    "MMPAD": 0.440,
    "Sub-PCA": 0.423,
    "KShapeAD": 0.401,
    "POLY": 0.390,
    "Series2Graph": 0.388,
    "KMeansAD": 0.366,
    "MatrixProfile": 0.350,
    "IForest": 0.298,
}
# Scikit-learn's and PyOD's detectors on 43 tables, learned from and scored on all rows.
_ADBENCH = {
    "MCD": (77.3, 39.7),
    "IForest": (76.9, 41.0),
    "COPOD": (74.9, 36.2),
    "HBOS": (74.6, 37.0),
    "ECOD": (74.4, 37.2),
    "KNN": (73.1, 33.1),
    "PCA": (72.5, 37.6),
    "LOF": (65.2, 24.1),
}


def published() -> Iterator[Line]:
    """Everything that is known of other methods; means over the files given where files are."""
    results = json.loads((SHARED / "nab" / "final_results.json").read_text())
    for method, scores in results.items():
        for name, metric in _NAB_NAMES.items():
            yield "nab", method, metric, float(scores[name]), "all 58 series"
    for method, value in _UCR.items():
        yield "ucr", method, "ucr", value, _UCR_ALL
    for method, value in _TSB.items():
        yield "tsb_ad", method, "vus_pr", value, "all 350 series"
    for collection, cases in (("smd", smd), ("nasa", nasa)):
        told: dict[str, list[float]] = {}
        files = 0
        for case in cases():
            files += 1
            for method, value in (case.published or {}).items():
                told.setdefault(method, []).append(value)
        for method, values in told.items():
            of = f"the same {files} series"
            if len(values) == files:
                yield collection, method, "vus_pr", float(np.mean(values)), of
    for method, (area, precision) in _ADBENCH.items():
        yield "adbench", method, "roc_auc", area / 100.0, "43 tables"
        yield "adbench", method, "average_precision", precision / 100.0, "43 tables"


def write_published(path: Path) -> None:
    """Keep them beside the results, so that the page can be written where the data are not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((*line[:3], f"{line[3]:.6g}", line[4]) for line in published())
