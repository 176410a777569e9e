"""What the page shows of a table: its strangest rows, its scores, and two columns as points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Detection
from .encode import Packer
from .lines import Line

Floats = NDArray[np.float64]

MOST_ROWS = 2_000
MOST_CELLS = 40_000  # values written out in full; ten bytes each, roughly
NEAR_MISSES = 30  # ordinary rows listed below the anomalies, for comparison
MOST_DOTS = 4_000
DOT_COLUMNS = 12
BINS = 56


def rows_payload(
    line: Line,
    detection: Detection,
    channels: Sequence[str],
    all_channels: Sequence[str],
    packer: Packer,
) -> dict[str, Any]:
    """``strangest`` rows in full, ``histogram`` of the scores, ``dots`` for the scatter plot."""
    columns = [all_channels.index(name) for name in channels]
    listed = _strangest(line, detection, max(1, MOST_CELLS // max(1, len(columns))))
    known = {anomaly.peak: anomaly for anomaly in detection.anomalies}
    if detection.candidate is not None:
        known[detection.candidate.peak] = detection.candidate
    return {
        "strangest": [_row(line, i, detection, columns, channels, known) for i in listed],
        "histogram": _histogram(line.score, detection.is_anomaly[line.rows]),
        "dots": _dots(line, listed, columns[:DOT_COLUMNS], detection, packer),
        "unscored": int(np.isnan(line.score).sum()),
    }


def _strangest(line: Line, detection: Detection, most: int) -> list[int]:
    """Positions by falling score: the anomalies, then some near misses."""
    score = np.where(np.isnan(line.score), -np.inf, line.score)
    flagged = int(detection.is_anomaly[line.rows].sum())
    count = min(flagged + NEAR_MISSES, MOST_ROWS, most, int((score > -np.inf).sum()))
    order = np.argsort(-score, kind="stable")
    # A strange row comes before a near miss, whatever rounding did to their scores.
    order = order[np.argsort(~detection.is_anomaly[line.rows][order], kind="stable")]
    return [int(i) for i in order[:count]]


def _row(
    line: Line,
    i: int,
    detection: Detection,
    columns: list[int],
    channels: Sequence[str],
    known: dict[int, Anomaly],
) -> dict[str, Any]:
    row = int(line.rows[i])
    blamed = known[row].columns if row in known else {}
    return {
        "row": row,
        "strange": bool(detection.is_anomaly[row]),
        "score": _digits(line.score[i]),
        "rarity": _digits(line.rarity[i]),
        "probability": _digits(detection.probability[row], 17),
        "values": [_digits(line.values[i, c]) for c in columns],
        "shares": [round(blamed[name], 3) if name in blamed else 0 for name in channels]
        if blamed
        else None,
    }


def _digits(value: float, digits: int = 7) -> float | None:
    return float(f"{value:.{digits}g}") if np.isfinite(value) else None


def _histogram(score: Floats, strange: NDArray[np.bool_]) -> dict[str, Any] | None:
    """How many rows per score, on a logarithmic axis where a few scores dwarf the rest.

    ``between`` is the highest ordinary and the lowest strange score: the threshold lies there.
    """
    judged = np.isfinite(score)
    if not judged.any():
        return None
    score, strange = score[judged], strange[judged]
    low, high, middle = float(score.min()), float(score.max()), float(np.median(score))
    logarithmic = low >= 0 and middle > 0 and high > 12 * middle
    bend = middle if logarithmic else 0.0
    bent = np.log1p(score / bend) if logarithmic else score
    edges = np.linspace(bent.min(), max(bent.max(), bent.min() + 1e-12), BINS + 1)
    counts, _ = np.histogram(bent, edges)
    found, _ = np.histogram(bent[strange], edges)
    ordinary = score[~strange]
    return {
        "low": low,
        "high": high,
        "bend": bend,
        "counts": counts.tolist(),
        "strange": found.tolist(),
        "between": [
            float(ordinary.max()) if ordinary.size else None,
            float(score[strange].min()) if strange.any() else None,
        ],
    }


def _dots(
    line: Line, listed: list[int], columns: list[int], detection: Detection, packer: Packer
) -> dict[str, Any]:
    """All listed rows and an even sample of the others."""
    others = np.setdiff1d(np.arange(len(line)), np.array(listed, dtype=np.int64))
    room = max(0, MOST_DOTS - len(listed))
    if len(others) > room:
        others = others[np.linspace(0, len(others) - 1, room).astype(np.int64)]
    shown = np.sort(np.concatenate([others, np.array(listed, dtype=np.int64)]))
    return {
        "row": packer.integers(line.rows[shown]),
        "strange": np.flatnonzero(detection.is_anomaly[line.rows[shown]]).tolist(),
        "values": [packer.floats(line.values[shown, c]) for c in columns],
    }
