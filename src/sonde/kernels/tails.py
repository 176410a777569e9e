"""Tail probabilities of scores under a learned calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]


@exact_kernel
def tail_probabilities(
    scores: Floats, knots: Floats, shares: Floats, tail: Floats, beyond: float
) -> Floats:
    """The share of ordinary rows that score at least as high.

    Parameters
    ----------
    scores : (n,) float64; NaN gives NaN.
    knots, shares : (k,) float64, the body: scores rising and the share at least as high as each,
        linear between them.
    tail : (4,) float64: where the generalised Pareto tail starts, the share above that, its scale
        and its shape, which is not 0.
    beyond : what is left at the end of a bounded tail; it falls on from there.

    Returns
    -------
    (n,) float64 in 0–1, never rising with the score.
    """
    start, above, scale, shape = tail[0], tail[1], tail[2], tail[3]
    last = knots.size - 1
    out = np.empty(scores.size)
    for i in range(scores.size):
        score = scores[i]
        if np.isnan(score):
            out[i] = np.nan
        elif score > start:
            excess = (score - start) / scale
            inside = max(1.0 + shape * excess, 0.0)
            left = inside ** (-1.0 / shape) if inside > 0.0 else 0.0
            # The smaller of body and tail would jump where they meet: here only the tail counts.
            out[i] = min(above * max(left, beyond / (1.0 + excess)), above)
        else:
            if score < knots[0]:
                share = shares[0]
            elif score >= knots[last]:
                share = shares[last]
            else:
                low, high = 0, last
                while high - low > 1:  # knots[low] ≤ score < knots[high]
                    middle = (low + high) // 2
                    if knots[middle] <= score:
                        low = middle
                    else:
                        high = middle
                # A part of the way, not a slope: between neighbouring numbers that is infinite.
                way = (score - knots[low]) / (knots[low + 1] - knots[low])
                share = shares[low] + way * (shares[low + 1] - shares[low])
            out[i] = max(share, above)
    return out
