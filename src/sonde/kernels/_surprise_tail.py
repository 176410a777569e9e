"""What a size is worth: minus log10 of its tail probability, learned from the sizes before it.

A histogram of log2 sizes that fades: old entries weigh less since new ones weigh more.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]

MEMBERS, BINS = 7, 160
PER_OCTAVE, LOWEST = 5.0, -12.0  # sizes from 2^-12 to 2^20
LARGEST = 2.0**19.9
TAIL = 0.03  # the largest sizes that shape what lies beyond
GROWS = 1.000277297  # the weight of the next entry: a half-life of 2,500 rows, so that old regimes
# fade and a rare event stays rare
HEAVIEST = 1e12  # beyond it all weights are divided by it
MOST = 15.0  # the largest score
FEWEST = 40.0  # sizes that must have come before one is judged by them
# Entries of a column's state: the weight of the next entry; of each member its total weight, the
# weight of its tail and the bin the tail starts with; the histograms.
WEIGHT, COUNTS = 0, 1
HISTOGRAMS = COUNTS + 3 * MEMBERS
END = HISTOGRAMS + MEMBERS * BINS

EDGES = 2.0 ** (np.arange(BINS) / PER_OCTAVE + LOWEST)
MIDDLES = 2.0 ** ((np.arange(BINS) + 0.5) / PER_OCTAVE + LOWEST)
LOG_TAIL = -math.log10(TAIL)
HALF_LOG10_E = 0.5 * math.log10(math.e)


@exact_kernel
def tail_score(state: Floats, member: int, size: float, told: bool) -> float:
    """0–15 for a member's ``size`` among those before it, 0 below their tail; then learn it.

    Where a score is not to be ``told``, or few sizes came before, 0. A size below 0 is none.
    """
    if size < 0.0:
        return 0.0
    first, counts, weight = HISTOGRAMS + member * BINS, COUNTS + 3 * member, state[WEIGHT]
    bin_ = 0
    if size > 0.0:
        bin_ = max(int((math.log2(min(size, LARGEST)) - LOWEST) * PER_OCTAVE), 0)
    total, above, start = state[counts], state[counts + 1], int(state[counts + 2])
    score = 0.0
    if told and total > FEWEST * weight and bin_ >= max(start, 1):
        score = _score(state[first : first + BINS], size, bin_, start, total, weight)
    state[first + bin_] += weight
    total += weight
    if bin_ >= start:
        above += weight
    while above < TAIL * total and start > 0:
        start -= 1
        above += state[first + start]
    while start < BINS - 1 and above - state[first + start] >= TAIL * total:
        above -= state[first + start]
        start += 1
    state[counts], state[counts + 1], state[counts + 2] = total, above, start
    return score


@exact_kernel
def _score(
    histogram: Floats, size: float, bin_: int, start: int, total: float, weight: float
) -> float:
    """The rank; beyond nearly all that was seen, what an exponential tail says."""
    beyond = 0.0
    for i in range(bin_ + 1, BINS):
        beyond += histogram[i]
    rank = (beyond + 0.5 * histogram[bin_] + 0.5 * weight) / (total + weight)
    score = -math.log10(rank)
    if beyond < 3.0 * weight and score > LOG_TAIL:
        edge = EDGES[start]
        raw = logs = tail = 0.0
        for i in range(start, BINS):
            held = histogram[i]
            if held > 0.0:
                raw += held * (MIDDLES[i] - edge)
                logs += held * (i - start)
                tail += held
        # The mean of a tail in the size (right for light tails) and of one in its logarithm
        # (right for heavy ones); one more entry keeps both finite.
        raw = (raw + 0.2 * edge * weight) / (tail + weight) + 1e-12
        logs = (logs + 2.0 * weight) / (tail + weight) + 0.5
        more = max(size - edge, 0.0) / raw + (bin_ - start) / logs
        score = max(score, -math.log10(tail / total) + HALF_LOG10_E * more)
    return min(max(score, 0.0), MOST)


@exact_kernel
def fade(state: Floats) -> None:
    """The next entry weighs a little more, so that those before it fade without being touched."""
    state[WEIGHT] *= GROWS
    if state[WEIGHT] <= HEAVIEST:
        return
    for member in range(MEMBERS):
        first, counts = HISTOGRAMS + member * BINS, COUNTS + 3 * member
        total = above = 0.0
        for i in range(BINS):
            state[first + i] /= state[WEIGHT]
            total += state[first + i]
            if i >= int(state[counts + 2]):
                above += state[first + i]
        state[counts], state[counts + 1] = total, above
    state[WEIGHT] = 1.0


@exact_kernel
def shift_bins(state: Floats, member: int, by: int) -> None:
    """Move a histogram ``by`` bins towards 0, as when its unit has grown 2^(by / 5)-fold."""
    first, counts = HISTOGRAMS + member * BINS, COUNTS + 3 * member
    moved = np.zeros(BINS)
    for i in range(BINS):
        moved[min(max(i - by, 0), BINS - 1)] += state[first + i]
    start = min(max(int(state[counts + 2]) - by, 0), BINS - 1)
    above = 0.0
    for i in range(BINS):
        state[first + i] = moved[i]
        if i >= start:
            above += moved[i]
    state[counts + 1], state[counts + 2] = above, start
