"""F1 at the threshold that is best for the labels: what a detector could do, not what it does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import Flags, runs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BestF1:
    """The best F1 over all thresholds.

    Parameters
    ----------
    f1 : 0–1.
    threshold : rows that score at least this much are flagged for it; the highest of those that
        tie.
    """

    f1: float
    threshold: float


def best_f1(truth: Flags, strangeness: Floats) -> BestF1 | None:
    """The highest F1 that any threshold gives. It looks at the labels, so it flatters.

    Parameters
    ----------
    truth : (n,) bool, True is an anomaly.
    strangeness : (n,) float64, larger is stranger; infinite is allowed, NaN is not.

    Returns
    -------
    None where there is no anomaly.

    Examples
    --------
    >>> best_f1(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.5, 0.8])).f1
    0.8
    """
    return _best(truth, strangeness)


def point_adjusted_f1(truth: Flags, strangeness: Floats) -> BestF1 | None:
    """The best F1 where one flagged row of an event stands for all of them.

    Do not choose a detector by this: on long events random scores come out near 1 (Kim et al.
    2022, Towards a rigorous evaluation of time-series anomaly detection, AAAI). It is here to
    compare with papers that report nothing else.

    Parameters
    ----------
    truth, strangeness : as for ``best_f1``, in the order of time.

    Returns
    -------
    None where there is no anomaly.

    Source
    ------
    Xu et al. (2018), Unsupervised anomaly detection via variational auto-encoder, section 4.2.

    Examples
    --------
    >>> truth = np.array([False, True, True, True, False])
    >>> scores = np.array([0.1, 0.0, 0.9, 0.0, 0.2])
    >>> point_adjusted_f1(truth, scores).f1, best_f1(truth, scores).f1
    (1.0, 0.75)
    """
    lifted = strangeness.astype(np.float64)
    for start, end in zip(*runs(truth), strict=True):
        lifted[start:end] = strangeness[start:end].max()
    return _best(truth, lifted)


def _best(truth: Flags, strangeness: Floats) -> BestF1 | None:
    positives = int(truth.sum())
    if not positives:
        return None
    order = np.argsort(-strangeness, kind="stable")
    ranked = strangeness[order]
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True)
    hits = np.cumsum(truth[order])[last_of_tie]
    f1 = 2.0 * hits / (np.flatnonzero(last_of_tie) + 1 + positives)
    at = int(np.argmax(f1))
    return BestF1(float(f1[at]), float(ranked[last_of_tie][at]))
