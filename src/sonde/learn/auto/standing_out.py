"""Which view of a series shows best that something in it is strange."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..windowed import running_mean
from .residuals import (
    forecast_errors,
    peaked_mean_square,
    root_mean_square,
    season_errors,
)
from .shapes import Distances, distances

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SENSES = ("shape", "damped shape")
ERRORS = ("forecast", "season")
REFERENCES = ("learned", "all")
# Window lengths that distances are averaged over: an anomaly raises all windows that touch it, a
# chance mismatch only a few.
SMOOTHS = (2, 3)
TRIED, SHOWN = 15, 30  # rows that errors are averaged over: to choose by, and as the score
NEAR = 100  # rows within which two peaks are of one thing
STEEP = 2.0  # views speak for the place of their peak with the weight exp(STEEP · prominence)
MARGIN = 0.4  # log of the ratio by which errors must stand out more than shapes do
WEAK = 4.5  # standard deviations; where shapes stand out less, errors may stand out less too
SLIPPED = 1.5  # times the usual error of the rows learned from
FEWEST = 10  # places to look for a peak in
_SMALLEST = 1e-9


@dataclass(frozen=True)
class Choice:
    """What one series was judged by.

    Parameters
    ----------
    window : rows of the windows compared; 0 where errors are what tells.
    sense : "shape", "damped shape", "forecast" or "season".
    reference : what windows were compared with: "learned" rows or "all" others.
    prominence : how many standard deviations the peak stands above the rows judged.
    """

    window: int
    sense: str
    reference: str
    prominence: float


@dataclass(frozen=True, eq=False)
class _View:
    """One way to look at the windows of a series, and what it shows of the rows judged."""

    found: Distances
    sense: int
    reference: int
    smooth: int
    prominence: float
    peak: float  # the row
    excess: float

    def choice(self) -> Choice:
        sense, reference = SENSES[self.sense], REFERENCES[self.reference]
        return Choice(self.found.window, sense, reference, self.prominence)

    def rows(self, n: int) -> Floats:
        """(n,) the distances around each row, between points in proportion; 0 beyond them."""
        values = _smoothed(self.found, self.sense, self.reference, self.smooth)
        places = (np.arange(len(values)) + _offset(self.found)) * self.found.block
        return np.interp(np.arange(n), places, values, left=0.0, right=0.0)


def strangeness(
    x: Floats, is_missing: Flags, n_learned: int, first: int = 0
) -> tuple[Floats, Choice]:
    """How strange each row is in the view in which the rows judged stand out most.

    Parameters
    ----------
    x : (n,) float64, finite, n ≥ 8.
    is_missing : (n,) where ``x`` was made up.
    n_learned : the first rows, known to be ordinary; 0 where nothing is known and all are judged.
    first : of the rows whose strangeness is wanted; of those before it means nothing.

    Returns
    -------
    (n,) float64, 0 or more, in a unit that depends on the view; and the choice.
    """
    errors, foretold = _errors(x, is_missing, n_learned)
    views = [
        view
        for found in distances(x, is_missing, n_learned, first)
        for view in _views(found, n_learned)
    ]
    if views:
        best = _agreed(views)
        more = excess(root_mean_square(errors, TRIED), n_learned) - best.excess
        if more <= (MARGIN if best.prominence >= WEAK else -MARGIN):
            return best.rows(len(x)), best.choice()
    return peaked_mean_square(errors, SHOWN), foretold


def _errors(x: Floats, is_missing: Flags, n_learned: int) -> tuple[Floats, Choice]:
    """Errors of the forecast or from the season, whichever stand out more."""
    found = []
    for sense, errors_of in zip(ERRORS, (forecast_errors, season_errors), strict=True):
        errors = errors_of(x, is_missing, n_learned)
        if sense == "season" and _slips(errors, n_learned):
            continue
        tried = root_mean_square(errors, TRIED)
        tried[is_missing] = 0.0
        # Against all rows, so that a few new ones can stand out too.
        height = (tried[n_learned:].max() - tried.mean()) / (tried.std() + _SMALLEST)
        found.append((errors, Choice(0, sense, "learned", float(height))))
    return max(found, key=lambda one: one[1].prominence)


def _slips(errors: Floats, n_learned: int) -> bool:
    """Whether the usual error grows after the rows learned from.

    A period that is not quite a whole number of rows falls out of step with the later ones, and
    then all of them look strange.
    """
    if not 0 < n_learned < len(errors):
        return False
    usual = float(np.median(errors[:n_learned]))
    return float(np.median(errors[n_learned:])) > SLIPPED * max(usual, _SMALLEST)


def _agreed(views: list[_View]) -> _View:
    """The most prominent view of the place for which the views speak that have their peak there."""
    heights = np.array([view.prominence for view in views])
    peaks = np.array([view.peak for view in views])
    weights = np.exp(STEEP * (heights - heights.max()))
    is_near = np.abs(peaks[:, None] - peaks) <= NEAR
    there = is_near[int(np.argmax(is_near @ weights))]
    return views[int(np.argmax(np.where(there, heights, -np.inf)))]


def _views(found: Distances, n_learned: int) -> Iterator[_View]:
    offset = _offset(found)
    start = max(0, int(n_learned / found.block - offset) + 1) if n_learned else 0
    for sense in range(len(SENSES)):
        for reference in range(len(REFERENCES)):
            known = np.isfinite(found.values[sense, reference])
            if not known.any() or len(known) - start < FEWEST:
                continue
            for smooth in SMOOTHS:
                values = _smoothed(found, sense, reference, smooth)
                peak = (start + int(np.argmax(values[start:])) + offset) * found.block
                height = prominence(values[start:])
                yield _View(found, sense, reference, smooth, height, peak, excess(values, start))


def _offset(found: Distances) -> float:
    """Where the middle of a window lies after its first point, in points."""
    return found.window / 2 / found.block


def _smoothed(found: Distances, sense: int, reference: int, smooth: int) -> Floats:
    # Zeros beyond the ends and in gaps: a half-covered mean there must not pass for a peak.
    values = np.nan_to_num(found.values[sense, reference].astype(np.float64))
    return running_mean(values, max(1, smooth * found.window // found.block))


def prominence(values: Floats) -> float:
    """How far the largest value stands above the others, in their standard deviations."""
    return float((values.max() - values.mean()) / (values.std() + _SMALLEST))


def excess(values: Floats, start: int) -> float:
    """The log of the peak from ``start`` on over the one before it.

    Over the 99th percentile where too little is before it.
    """
    past = values[:start]
    past = past[past > 0]
    judged = values[start:]
    usual = past.max() if past.size > 50 else np.percentile(judged, 99)
    return float(np.log(max(judged.max(), _SMALLEST) / max(usual, _SMALLEST)))
