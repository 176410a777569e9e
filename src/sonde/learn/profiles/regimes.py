"""Where a series changes its behaviour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.progress import tell
from ...errors import InvalidInput
from ...kernels.profile_neighbours import nearest_several, split_scores
from .. import parameters as check
from .profile import Method, Profile, Regime

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_NEIGHBOURS = 3  # Schäfer et al. 2021, section 4.1
_LEAST = 5  # windows in a stretch: one, its three neighbours, and the one that a cut goes through
# Standard errors by which votes on the two sides of a cut must differ, where the number of
# stretches is not known. Of 768 stationary series (benchmarks/segmentation.py: noise, walks,
# jittered cycles, mixtures of patterns, a chaotic map) one in a hundred has a best cut beyond it.
_SURE = 3.6


@dataclass(frozen=True)
class Cut:
    row: int
    score: float
    certainty: float


def regimes(profile: Profile, k: int | None, method: Method) -> list[Regime]:
    """As ``Profile.regimes``."""
    check.one_of("regimes", "method", method, ("clasp", "fluss"))
    if k is not None:
        check.whole("regimes", "k", k, 1)
    _refuse_join(profile)
    n = len(profile.values)
    if method == "clasp":
        cuts = _by_neighbours(profile, k)
    elif k is None:
        raise InvalidInput(
            "regimes: method='fluss' can't tell how many stretches there are; give k, or take "
            "method='clasp'",
            parameter="k",
        )
    else:
        cuts = _by_arcs(profile, k)
    ordered = sorted(cuts, key=lambda cut: cut.row)
    starts = [0, *(cut.row for cut in ordered)]
    stops = [*starts[1:], n]
    scores = [math.nan, *(cut.score for cut in ordered)]
    return [Regime(*one) for one in zip(starts, stops, scores, strict=True)]


def arc_curves(profile: Profile) -> Floats:
    """As ``Profile.arc_curve``.

    Source
    ------
    Gharghabi et al. (2017), "Matrix profile VIII", ICDM, section III: arcs that are spread by
    chance pass over window i of n in numbers 2·i·(n − i)/n. Where windows have no neighbour, that
    is less by their share.
    """
    _refuse_join(profile)
    curves = np.stack([_arc_curve(row) for row in np.atleast_2d(profile.indices)])
    return curves[0] if profile.indices.ndim == 1 else curves


def _arc_curve(indices: Integers) -> Floats:
    n = len(indices)
    place = np.arange(n)
    known = indices >= 0
    low = np.minimum(place, indices)[known]
    high = np.maximum(place, indices)[known]
    # Over a window pass the arcs that begin before it and end at it or after.
    steps = np.bincount(low + 1, minlength=n + 1) - np.bincount(high + 1, minlength=n + 1)
    expected = 2.0 * place * (n - place) / n * known.mean()
    return np.asarray(
        np.minimum(np.divide(np.cumsum(steps)[:n], expected, where=expected > 0, out=np.ones(n)), 1)
    )


def _by_arcs(profile: Profile, k: int) -> list[Cut]:
    """The lowest points of the arc curve of all channels, none within five windows of another."""
    curve = _arc_curve(np.atleast_2d(profile.indices)[-1])
    apart, window = _LEAST * profile.window, profile.window
    free = np.ones(len(curve), dtype=np.bool_)
    free[: apart - window // 2] = False
    free[max(0, len(curve) - apart + window // 2) :] = False
    cuts: list[Cut] = []
    while len(cuts) < k - 1 and free.any():
        i = int(np.argmin(np.where(free, curve, np.inf)))
        cuts.append(Cut(i + window // 2, 1.0 - float(curve[i]), math.nan))
        free[max(0, i - apart) : i + apart + 1] = False
    return cuts


def _by_neighbours(profile: Profile, k: int | None) -> list[Cut]:
    """The clearest cut of any stretch, again and again, until there are enough or none is sure."""
    values = np.atleast_2d(profile.values.T)
    whole = values.shape[1]
    waiting = {(0, whole): best_cut(values, profile.window)} if k != 1 else {}
    cuts: list[Cut] = []
    while k is None or len(cuts) < k - 1:
        choices = {
            place: cut
            for place, cut in waiting.items()
            if cut is not None and (k is not None or cut.certainty > _SURE)
        }
        if not choices:
            break
        start, stop = max(choices, key=lambda place: (choices[place].score, -place[0]))
        cut = choices[start, stop]
        del waiting[start, stop]
        middle = start + cut.row
        cuts.append(Cut(middle, cut.score, cut.certainty))
        tell("cutting the series", len(cuts) / (k or len(cuts) + 1))
        if k is None or len(cuts) < k - 1:
            for part in ((start, middle), (middle, stop)):
                waiting[part] = best_cut(values[:, slice(*part)], profile.window)
    return cuts


def best_cut(values: Floats, window: int) -> Cut | None:
    """Where the windows of a stretch (d, n) fall apart best; None where it is too short."""
    if values.shape[1] < 2 * _LEAST * window:
        return None
    zone = -(-window // 4)
    # A copy: the kernel would be compiled once more for an array that can't be written.
    where = nearest_several(np.array(values, order="C"), window, _NEIGHBOURS, zone)
    # A window is on the side of the cut where its middle is.
    scores = split_scores(where, _LEAST * window - window // 2)
    if np.isnan(scores).all():
        return None
    first = int(np.nanargmax(scores))
    return Cut(first + window // 2, float(scores[first]), _certainty(where, first, window))


def _certainty(where: Integers, cut: int, window: int) -> float:
    """By how many standard errors the votes differ on the two sides of the cut.

    Windows that overlap vote alike: a stretch counts as many windows as fit into it end to end.
    """
    known = np.flatnonzero((where >= 0).all(axis=1))
    votes = 2 * (where[known] >= cut).sum(axis=1) > where.shape[1]
    is_right = known >= cut
    share = float(votes.mean())
    spread = share * (1.0 - share) * window * (1 / (~is_right).sum() + 1 / is_right.sum())
    gap = float(votes[is_right].mean()) - float(votes[~is_right].mean())
    return gap / math.sqrt(spread) if spread > 0.0 else 0.0


def _refuse_join(profile: Profile) -> None:
    if profile.other is not None:
        raise InvalidInput(
            "an AB-join has its neighbours in another series, so it says nothing about where this "
            "one changes; compute the profile of the series with itself"
        )
