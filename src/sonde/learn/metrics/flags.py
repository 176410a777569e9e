"""How well flags fit what is true, row by row."""

from __future__ import annotations

from .events import Flags


def precision(truth: Flags, flagged: Flags) -> float | None:
    """The share of the flagged rows that are anomalies; None where none is flagged.

    >>> import numpy as np
    >>> precision(np.array([True, False]), np.array([True, True]))
    0.5
    """
    return _share(int((truth & flagged).sum()), int(flagged.sum()))


def recall(truth: Flags, flagged: Flags) -> float | None:
    """The share of the anomalies that are flagged; None where there are none."""
    return _share(int((truth & flagged).sum()), int(truth.sum()))


def f1(truth: Flags, flagged: Flags) -> float | None:
    """The harmonic mean of precision and recall, 0 where no flag is right.

    None where there is no anomaly.
    """
    if not truth.any():
        return None
    return 2.0 * int((truth & flagged).sum()) / (int(truth.sum()) + int(flagged.sum()))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
