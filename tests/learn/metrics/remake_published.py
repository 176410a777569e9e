"""Writes published.json: python remake_published.py, where vus 0.0.6 is installed.

Each entry is a made series with what the library ``vus`` (its metrics are those of TSB-AD) and the
code of Huet et al. that it carries say of it.
"""

from __future__ import annotations

import json
import math
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def made(number: int, rng: np.random.Generator) -> dict[str, Any]:
    n = int(rng.integers(40, 160))
    truth = np.zeros(n, int)
    if number % 4 == 0:
        truth[rng.random(n) < 0.05] = 1
    elif number % 4 == 1:
        for start in rng.integers(0, n - 8, 3):
            truth[start : start + rng.integers(1, 20)] = 1
    elif number % 4 == 2:
        truth[:5] = truth[-3:] = truth[n // 2] = truth[n // 2 + 6] = 1
    else:
        truth[rng.random(n) < 0.3] = 1
    truth[n // 3] = 1
    wave = 20 * np.sin(np.arange(n) * 2 * np.pi / 20)
    near = 20 * np.convolve(truth, np.ones(5) / 5, "same")
    drawn = 10 * rng.normal(size=n) + wave * (number % 3 == 0) + near
    scores = np.round(np.abs(drawn)).astype(int)
    flags = (scores > np.quantile(scores, 0.9)).astype(int)
    return {
        "truth": truth,
        "scores": scores,
        "flags": flags,
        "buffer": [0, 1, 2, 5, 11, 40][number % 6],
    }


def judged(one: dict[str, Any]) -> dict[str, Any]:
    generics, affiliation, of_ranges, lags = (
        import_module(f"vus.{name}")
        for name in (
            "affiliation.generics",
            "affiliation.metrics",
            "utils.metrics",
            "utils.slidingWindows",
        )
    )
    truth, flags, scores = (np.asarray(one[name]) for name in ("truth", "flags", "scores"))
    scores, grader = scores.astype(float), of_ranges.metricor()
    *_, roc, pr = grader.RangeAUC_volume_opt(truth, scores, one["buffer"], 250)
    range_roc, range_pr, *_ = grader.RangeAUC(truth, scores, window=one["buffer"], plot_ROC=True)
    flagged, true = (generics.convert_vector_to_events(rows) for rows in (flags, truth))
    near = affiliation.pr_from_events(flagged, true, (0, truth.size))
    precision = near["Affiliation_Precision"]
    return {
        "vus": [roc, pr],
        "range_auc": [range_roc, range_pr],
        "affiliation": [None if math.isnan(precision) else precision, near["Affiliation_Recall"]],
        "range_recall": grader.range_recall_new(truth, flags, 0.2)[0],
        "range_precision": grader.range_recall_new(flags, truth, 0)[0],
        "lag": int(lags.find_length(scores)),
    }


if __name__ == "__main__":
    rng = np.random.default_rng(5)
    series = []
    for number in range(18):
        one = made(number, rng)
        told = judged(one)
        plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in one.items()}
        series.append(plain | told)
    kept = {"versions": {name: version(name) for name in ("vus", "numpy")}, "series": series}
    text = json.dumps(kept, separators=(",", ":")).replace('},{"truth"', '},\n{"truth"')
    (HERE / "published.json").write_text(text + "\n")
