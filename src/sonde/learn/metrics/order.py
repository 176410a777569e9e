"""How well the order of scores fits what is true, and tail probabilities what is uniform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .events import Flags

Floats = NDArray[np.float64]


def roc_auc(truth: Flags, strangeness: Floats) -> float | None:
    """How often an anomaly is stranger than an ordinary row, ties counted half.

    Parameters
    ----------
    truth : (n,) bool, True is an anomaly.
    strangeness : (n,) float64, larger is stranger; infinite is allowed, NaN is not.

    Returns
    -------
    0–1, or None unless there are anomalies and ordinary rows.

    Source
    ------
    Mann & Whitney (1947): the area under the ROC curve is U / (positives · negatives).

    Examples
    --------
    >>> roc_auc(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    positives = int(truth.sum())
    negatives = truth.size - positives
    if not positives or not negatives:
        return None
    _, group, counts = np.unique(strangeness, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = (last + last - counts + 1) / 2.0  # the mean rank of those that tie
    above = float(middle[group][truth].sum()) - positives * (positives + 1) / 2.0
    return above / (positives * negatives)


def average_precision(truth: Flags, strangeness: Floats) -> float | None:
    """The mean precision over the anomalies, strangest first; rows that tie are taken together.

    Parameters
    ----------
    truth, strangeness : as for ``roc_auc``.

    Returns
    -------
    0–1, or None where there is no anomaly.

    Source
    ------
    The step-wise sum Σ (Rᵢ − Rᵢ₋₁) Pᵢ, as scikit-learn's ``average_precision_score``.

    Examples
    --------
    >>> average_precision(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    1.0
    """
    positives = int(truth.sum())
    if not positives:
        return None
    order = np.argsort(-strangeness, kind="stable")
    ranked = strangeness[order]
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    hits = np.cumsum(truth[order])[last_of_tie]
    rows = np.flatnonzero(last_of_tie) + 1
    gained = np.diff(hits, prepend=0)
    return float((gained * hits / rows).sum() / positives)


def distance_from_uniform(tails: Floats) -> float | None:
    """The largest gap between how tail probabilities are spread and how uniform ones are.

    Parameters
    ----------
    tails : (n,) float64 in 0–1.

    Returns
    -------
    0–1, the statistic of Kolmogorov and Smirnov; None for no rows. Of n rows that are like those
    learned from, 19 in 20 samples lie below 1.36 / √n.

    Examples
    --------
    >>> distance_from_uniform(np.array([0.5]))
    0.5
    """
    n = tails.size
    if n == 0:
        return None
    ranked = np.sort(tails)
    above = np.arange(1, n + 1) / n - ranked
    below = ranked - np.arange(n) / n
    return float(max(above.max(), below.max()))
