"""How near flags are to events, in units of chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import Flags, runs

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Affiliation:
    """What ``affiliation`` tells.

    Parameters
    ----------
    precision : 0–1, of what was flagged; about 0.5 for flags at random. None where nothing was.
    recall : 0–1, of the events.
    f1 : their harmonic mean; 0 where nothing was flagged.
    """

    precision: float | None
    recall: float
    f1: float


def affiliation(truth: Flags, flagged: Flags) -> Affiliation | None:
    """Precision and recall by distance: how far flags are from the nearest event, and back.

    The rows are cut into zones, one for each event: those nearest to it. In each zone, the
    precision is the mean probability that a row drawn at random would lie no nearer to the event
    than the flagged ones do; the recall, that it would lie no nearer to the event's rows than the
    flagged ones do. Zones without a flag have recall 0 and no precision.

    Parameters
    ----------
    truth, flagged : (n,) bool, in the order of time; row i is the interval from i to i + 1.

    Returns
    -------
    None where there is no event.

    Source
    ------
    Huet, Navarro & Rossi (2022), Local evaluation of time series anomaly detection algorithms,
    KDD: the figures of their code, to rounding, except that flags which only touch a zone from
    outside do not count there.

    Examples
    --------
    >>> truth = np.zeros(100, bool)
    >>> truth[40:50] = True
    >>> near = np.zeros(100, bool)
    >>> near[51:54] = True
    >>> found = affiliation(truth, near)
    >>> round(found.precision, 3), round(found.recall, 3)
    (0.85, 0.88)
    """
    n = float(truth.size)
    starts, ends = (edge.astype(np.float64) for edge in runs(truth))
    if not starts.size:
        return None
    flag_starts, flag_ends = (edge.astype(np.float64) for edge in runs(flagged))
    middles = (ends[:-1] + starts[1:]) / 2.0
    lows, highs = np.concatenate(([0.0], middles)), np.concatenate((middles, [n]))
    firsts = np.searchsorted(flag_ends, lows, side="right")
    stops = np.searchsorted(flag_starts, highs, side="left")
    precisions, recalls = [], []
    zones = zip(starts, ends, lows, highs, firsts, stops, strict=True)
    for start, end, low, high, first, stop in zones:
        if first >= stop:
            recalls.append(0.0)
            continue
        left = np.maximum(flag_starts[first:stop], low)
        right = np.minimum(flag_ends[first:stop], high)
        precisions.append(_precision(left, right, (start, end), (low, high)))
        recalls.append(_recall(left, right, (start, end), (low, high)))
    recall = float(np.mean(recalls))
    if not precisions:
        return Affiliation(None, recall, 0.0)
    precision = float(np.mean(precisions))
    both = precision + recall
    return Affiliation(precision, recall, 2.0 * precision * recall / both if both else 0.0)


def _precision(
    left: Floats, right: Floats, event: tuple[float, float], zone: tuple[float, float]
) -> float:
    """Mean over the flagged parts of P(a drawn place is no nearer to the event)."""
    (start, end), (low, high) = event, zone
    nearer_end = min(start - low, high - end)
    inside = np.minimum(right, end) - np.maximum(left, start)
    total = float(np.maximum(inside, 0.0).sum())
    # Parts before the event, and after it, as stretches of distances to it.
    before, after = left < start, right > end
    near = np.concatenate(
        (np.maximum(start - right[before], 0.0), np.maximum(left[after] - end, 0.0))
    )
    far = np.concatenate((start - left[before], right[after] - end))
    within = (np.minimum(far, nearer_end) ** 2 - np.minimum(near, nearer_end) ** 2) / 2.0
    beyond = nearer_end * (np.maximum(far, nearer_end) - np.maximum(near, nearer_end))
    nearer = within + beyond + (far**2 - near**2) / 2.0 + (end - start) * (far - near)
    total += float((far - near - nearer / (high - low)).sum())
    return total / float((right - left).sum())


def _recall(
    left: Floats, right: Floats, event: tuple[float, float], zone: tuple[float, float]
) -> float:
    """Mean over the event's places of P(a drawn place is no nearer to them than the flags are)."""
    (start, end), (low, high) = event, zone
    middles = (right[:-1] + left[1:]) / 2.0
    cuts = np.concatenate(([start, end, (low + high) / 2.0], left, right, middles))
    cuts = np.unique(cuts[(cuts >= start) & (cuts <= end)])
    # Between two cuts the distances to the flags and to the zone's nearer end are both linear;
    # where they cross, the smaller of them bends.
    distance, room = _to_flags(cuts, left, right), np.minimum(cuts - low, high - cuts)
    gap = distance - room
    crossing = np.flatnonzero(gap[:-1] * gap[1:] < 0.0)
    share = gap[crossing] / (gap[crossing] - gap[crossing + 1])
    bends = cuts[crossing] + share * (cuts[crossing + 1] - cuts[crossing])
    cuts = np.sort(np.concatenate((cuts, bends)))
    distance, room = _to_flags(cuts, left, right), np.minimum(cuts - low, high - cuts)
    nearer = np.minimum(distance, room) + distance
    mass = float((np.diff(cuts) * (nearer[1:] + nearer[:-1])).sum()) / 2.0
    return 1.0 - mass / ((high - low) * (end - start))


def _to_flags(places: Floats, left: Floats, right: Floats) -> Floats:
    """Distances of places to the nearest of disjoint sorted intervals."""
    after = np.searchsorted(left, places, side="right")
    known_right = np.concatenate(([-np.inf], right))[after]
    next_left = np.concatenate((left, [np.inf]))[after]
    return np.minimum(np.maximum(places - known_right, 0.0), next_left - places)
