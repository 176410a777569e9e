"""Precision and recall of events rather than of rows."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from .events import Flags, runs

Floats = NDArray[np.float64]
Bias = Literal["flat", "front", "middle", "back"]

BIASES: tuple[Bias, ...] = get_args(Bias)


def range_recall(
    truth: Flags, flagged: Flags, bias: Bias = "flat", alpha: float = 0.0
) -> float | None:
    """How much of each event was flagged, and in how few pieces; the mean over events.

    Parameters
    ----------
    truth, flagged : (n,) bool, in the order of time.
    bias : which rows of an event weigh more: ``"flat"`` none, ``"front"`` the first, ``"middle"``,
        ``"back"`` the last.
    alpha : 0–1, the weight of finding an event at all; the rest is the share that is flagged,
        divided by the number of pieces.

    Returns
    -------
    0–1; None where there is no event.

    Raises
    ------
    InvalidInput : a ``bias`` or an ``alpha`` that does not exist.

    Source
    ------
    Tatbul, Lee, Zdonik, Alam & Gottschlich (2018), Precision and recall for time series,
    equations 4 to 7; the cardinality factor is 1/x.

    Examples
    --------
    >>> truth = np.array([0, 1, 1, 1, 1, 0], bool)
    >>> pieces = np.array([0, 1, 0, 1, 0, 0], bool)
    >>> range_recall(truth, pieces), range_recall(truth, pieces, alpha=0.5)
    (0.25, 0.625)
    """
    if bias not in BIASES:
        raise InvalidInput(f"bias is one of {', '.join(BIASES)}; got {bias!r}")
    if not 0.0 <= alpha <= 1.0:
        raise InvalidInput(f"alpha is 0 to 1, got {alpha}")
    starts, ends = runs(truth)
    if not starts.size:
        return None
    event = np.repeat(np.arange(starts.size), ends - starts)
    rows = np.flatnonzero(truth)
    lengths = (ends - starts)[event]
    weight = _weights(rows - starts[event], lengths, bias)
    hit = flagged[rows]
    # A piece begins where a flagged row is its event's first, or follows one that is not flagged.
    begins = hit & ((rows == starts[event]) | ~flagged[rows - 1])
    pieces = np.bincount(event, begins, starts.size)
    overlap = np.bincount(event, weight * hit, starts.size) / np.bincount(event, weight)
    found = pieces > 0
    rewards = alpha * found + (1.0 - alpha) * overlap / np.maximum(pieces, 1.0)
    return float(rewards.mean())


def range_precision(truth: Flags, flagged: Flags, bias: Bias = "flat") -> float | None:
    """How much of each flagged stretch lies in events, and in how few; the mean over stretches.

    Parameters
    ----------
    truth, flagged, bias : as for ``range_recall``; the bias acts within a flagged stretch.

    Returns
    -------
    0–1; None where nothing is flagged.

    Source
    ------
    As ``range_recall``, equations 8 and 9: finding an event at all earns nothing here.

    Examples
    --------
    >>> truth = np.array([0, 1, 1, 0, 0, 0], bool)
    >>> range_precision(truth, np.array([0, 0, 1, 1, 0, 1], bool))
    0.25
    """
    return range_recall(flagged, truth, bias, 0.0)


def range_f1(truth: Flags, flagged: Flags, bias: Bias = "flat", alpha: float = 0.0) -> float | None:
    """The harmonic mean of ``range_precision`` and ``range_recall``.

    Returns
    -------
    0–1, 0 where nothing is flagged; None where there is no event.

    Examples
    --------
    >>> truth = np.array([0, 1, 1, 0], bool)
    >>> range_f1(truth, truth)
    1.0
    """
    found = range_recall(truth, flagged, bias, alpha)
    if found is None:
        return None
    right = range_precision(truth, flagged, bias) or 0.0
    return 2.0 * found * right / (found + right) if found + right > 0.0 else 0.0


def _weights(place: NDArray[np.int64], length: NDArray[np.int64], bias: Bias) -> Floats:
    """δ of the paper's figure 2, ``place`` counted from 0."""
    if bias == "front":
        found = length - place
    elif bias == "back":
        found = place + 1
    elif bias == "middle":
        found = np.where(2 * (place + 1) <= length, place + 1, length - place)
    else:
        found = np.ones_like(place)
    return found.astype(np.float64)
