"""Fewer points that look the same: extremes stay, anomalies stay whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lines import Line

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WHOLE_SHARE = 0.25  # of the points may go to anomalies and their surroundings, row by row
MARGIN = 20  # rows kept whole on either side of an anomaly, at least


@dataclass(frozen=True, eq=False)
class Thinned:
    """The points to draw of one line.

    Parameters
    ----------
    starts : (m,) position in the line at which each point begins; it lasts until the next one.
    values, score, rarity, expected, lower, upper : as in ``Line``, one entry per point.
    breaks : points before which the drawn line is interrupted, because time jumps there.
    """

    starts: Integers
    values: Floats
    score: Floats
    rarity: Floats
    expected: Floats | None
    lower: Floats | None
    upper: Floats | None
    breaks: Integers


def thin(line: Line, most: int, spans: Sequence[tuple[int, int]], gaps: Integers) -> Thinned:
    """At most about ``most`` points; all rows when they are no more than that.

    Outside the anomalies the rows are taken in buckets, each drawn as two points: its smallest and
    its largest value, per channel, in the order in which they came. Scores keep the maximum.

    Parameters
    ----------
    spans : (start, end) of the anomalies, most important first; as many as fit stay whole.
    gaps : positions before which time jumps.
    """
    n = len(line)
    buckets = np.arange(n) if n <= most else _buckets(n, most, spans)
    sizes = np.diff(buckets, append=n)
    halves = np.repeat(buckets, np.where(sizes > 1, 2, 1))
    second = np.flatnonzero(np.diff(halves, prepend=-1) == 0)
    halves[second] += sizes[sizes > 1] // 2
    picks = [_extremes(line.values[:, c], buckets, sizes) for c in range(line.values.shape[1])]
    lead = picks[0]
    jumps = np.zeros(n + 1, dtype=np.int64)
    jumps[gaps] = 1
    seen = np.cumsum(jumps)[halves]
    return Thinned(
        starts=halves,
        values=np.column_stack([line.values[p, c] for c, p in enumerate(picks)]),
        score=_largest(line.score, halves),
        rarity=_largest(line.rarity, halves),
        expected=None if line.expected is None else line.expected[lead],
        lower=None if line.lower is None else line.lower[lead],
        upper=None if line.upper is None else line.upper[lead],
        breaks=np.flatnonzero(np.diff(seen, prepend=seen[0]) > 0),
    )


def gaps_of(line: Line, step_ns: int | None) -> Integers:
    """Positions before which the line is to be broken because moments are missing there.

    With a regular step that is any jump of more than one and a half steps. Without one, ten times
    the ninth decile of the differences: what is irregular by nature is not a gap.
    """
    if line.time is None or len(line) < 3:
        return np.empty(0, dtype=np.int64)
    steps = np.diff(line.time)
    longest = 1.5 * step_ns if step_ns else 10.0 * float(np.quantile(steps, 0.9))
    return np.flatnonzero(steps > longest) + 1


def _buckets(n: int, most: int, spans: Sequence[tuple[int, int]]) -> Integers:
    """(k,) ascending first positions of buckets that cover all rows, single rows in anomalies."""
    whole = np.zeros(n, dtype=bool)
    left = int(WHOLE_SHARE * most)
    for start, end in spans:
        margin = max(MARGIN, end - start)
        a, b = max(0, start - margin), min(n, end + margin)
        added = (b - a) - int(whole[a:b].sum())
        if added <= left:
            whole[a:b] = True
            left -= added
    wide = max(2, -(-2 * int((~whole).sum()) // max(2, most - int(whole.sum()))))
    # Every bucket begins anew behind a whole stretch; numbered from there, each `wide`-th row
    # begins one.
    edge = np.flatnonzero(np.diff(whole, prepend=~whole[:1]))
    since = np.arange(n) - np.repeat(edge, np.diff(edge, append=n))
    return np.flatnonzero(whole | (since % wide == 0))


def _extremes(values: Floats, buckets: Integers, sizes: Integers) -> Integers:
    """Per bucket the position of its smallest and largest value, the earlier one first.

    A bucket of one row gives one position; one of NaN only gives its first row twice.
    """
    n = len(values)
    where = np.arange(n)
    found = []
    for extreme in (np.fmin, np.fmax):
        best = np.repeat(extreme.reduceat(values, buckets), sizes)
        hit = np.minimum.reduceat(np.where(values == best, where, n), buckets)
        found.append(np.where(hit == n, buckets, hit))
    first, last = np.minimum(*found), np.maximum(*found)
    both = np.column_stack([first, last]).ravel()
    kept: Integers = both[np.column_stack([np.ones_like(sizes), sizes > 1]).ravel().astype(bool)]
    return kept


def _largest(values: Floats, starts: Integers) -> Floats:
    return np.fmax.reduceat(values, starts)
