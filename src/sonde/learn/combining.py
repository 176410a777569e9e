"""The scores of several detectors on one scale, and as one score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calibration import Calibration
from .stored_state import finite, positive

Floats = NDArray[np.float64]
Scale = Mapping[str, Any]

COMBINATIONS = ("tail_probability", "average", "maximum", "rank")
LEAST_PROBABILITY = 1e-300  # its logarithm is still a number
# Of the scores learned from, so many are kept as what ranks are told by: every one of the
# highest, where ranks matter, and an even choice of the others.
TOP_KEPT, OTHERS_KEPT = 1024, 3072
_CONSTANT = 1e-9  # a deviation below this share of the mean is rounding


def learn_scale(
    combination: str, scores: Floats, resolution: float = 0.0, smear: int = 1
) -> dict[str, Any]:
    """What is kept of one member's (n,) scores of the rows learned from; NaN is left out.

    ``resolution`` and ``smear`` are the member's own, as for ``Calibration.learn``.
    """
    if combination == "tail_probability":
        return dict(Calibration.learn(scores, resolution, smear).to_arrays())
    known = np.sort(scores[np.isfinite(scores)])
    if known.size == 0:
        known = np.zeros(1)
    if combination == "rank":
        return _ranks(known)
    largest = max(float(known[-1]), 1e-300)
    centre = float((known / largest).mean()) * largest
    spread = float((known / largest).std()) * largest
    # Where all scores are the same there is no spread to measure the next one by.
    if spread <= _CONSTANT * abs(centre):
        spread = abs(centre) or 1.0
    return {"centre": np.array(centre), "spread": np.array(spread)}


def _ranks(known: Floats) -> dict[str, Any]:
    """Different scores, rising, and the share of all that are lower (half of those equal)."""
    values, first, counts = np.unique(known, return_index=True, return_counts=True)
    shares = (first + 0.5 * counts) / known.size
    if values.size > TOP_KEPT + OTHERS_KEPT:
        low = np.linspace(0, values.size - TOP_KEPT - 1, OTHERS_KEPT).astype(np.int64)
        kept = np.concatenate([low, np.arange(values.size - TOP_KEPT, values.size)])
        values, shares = values[kept], shares[kept]
    return {"scores": values, "shares": shares}


def check_scale(combination: str, scale: Scale) -> None:
    """Raise ValueError where ``learn_scale`` would not have stored this."""
    if combination == "tail_probability":
        if len(Calibration.from_arrays(scale)) != 1:
            raise ValueError("a member has one calibration")
    elif combination == "rank":
        scores = finite(scale, "scores", (None,))
        shares = finite(scale, "shares", scores.shape, least=0.0)
        rising = (np.diff(scores) > 0).all() and (np.diff(shares) > 0).all()
        if not scores.size or not rising or (shares >= 1.0).any():
            raise ValueError("'scores' and 'shares' must rise, the shares from 0 to below 1")
    else:
        finite(scale, "centre", (), least=0.0)
        positive(scale, "spread", ())


def combined(combination: str, scores: Floats, scales: Sequence[Scale], weights: Floats) -> Floats:
    """(n,) one score a row from (n_members, n) of several, 0 or more; NaN where none has one.

    ``weights`` sum to 1; where some members have no score, the others' count for them.
    """
    own = np.empty_like(scores)
    for i, scale in enumerate(scales):
        own[i] = _on_scale(combination, scores[i], scale)
    if combination == "tail_probability":
        return weighted_mean(own, weights)
    if combination == "rank":
        # Told by what is missing to 1: the order is that of the mean, and the threshold's tail,
        # which a score that ends at 1 would leave no room, has some.
        return np.asarray(-np.log10(1.0 - weighted_mean(own, weights))) + 0.0
    # A score of 0 is the least that a member gives, so nothing falls below this.
    least = max(float(s["centre"]) / float(s["spread"]) for s in scales)
    if combination == "average":
        return np.maximum(weighted_mean(own, weights) + least, 0.0)
    factors = (weights * len(weights))[:, None]
    heaviest = np.fmax.reduce(own * factors, axis=0)
    return np.asarray(np.maximum(heaviest + least * float(factors.max()), 0.0))


def _on_scale(combination: str, scores: Floats, scale: Scale) -> Floats:
    if combination == "tail_probability":
        shares = Calibration.from_arrays(scale).tail_probability(scores)
        return np.asarray(-np.log10(np.clip(shares, LEAST_PROBABILITY, 1.0))) + 0.0
    if combination == "rank":
        beyond = 0.5 * (1.0 + float(scale["shares"][-1]))
        found = np.interp(scores, scale["scores"], scale["shares"], left=0.0, right=beyond)
        return np.where(np.isnan(scores), np.nan, found)
    return np.asarray((scores - float(scale["centre"])) / float(scale["spread"]))


def weighted_mean(values: Floats, weights: Floats) -> Floats:
    """The mean over the first axis; NaN takes no part, and is the answer where all are NaN."""
    known = ~np.isnan(values)
    factors = weights.reshape(-1, *[1] * (values.ndim - 1)) * known
    total = factors.sum(axis=0)
    summed = (np.where(known, values, 0.0) * factors).sum(axis=0)
    return np.asarray(np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan))
