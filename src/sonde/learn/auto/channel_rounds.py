"""How far each row of several channels lies from a few others, in two rounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from . import channel_views
from .few_windows import Drawn, Rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FIRST_DRAWS, DRAWS = 1, 4
KEPT = 0.9  # of the rows, the least strange in the first round, are drawn from in the second
WEIGHTS = (1.0, 0.3, 0.3)  # of levels, of their variability, of what relates them
LEAST_SPREAD = 0.01  # deviations a lag; less is rounding


class Rounds:
    """Rows learned from and rows to be judged, in one unit.

    Parameters
    ----------
    learned : (m, d) float64 rows learned from; NaN where something is missing.
    stretch : how many of them, from the first on, belong together.
    judged : (n, d) float64 rows to be judged; with none, those learned from are.
    center : (d,) ordinary level of each channel.
    seed : of all chance.
    """

    def __init__(
        self, learned: Floats, stretch: int, judged: Floats, center: Floats, seed: int
    ) -> None:
        m, n = len(learned), len(judged)
        values = np.concatenate([learned, judged])
        known = np.isfinite(values).all(axis=1)
        bounds = np.append(np.arange(0, m, stretch), [m, m + n] if n else [m])
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            values[start:stop] = channel_views.filled(values[start:stop])
        self.known = known[m:] if n else known
        self.first, self.n_learned = (m, m) if n else (0, 0)
        self.channels = channel_views.used_channels(values, m)
        levels = channel_views.standardized(values[:, self.channels], center[self.channels])
        views = []
        if len(self.channels):
            views = [levels, channel_views.variability(levels, bounds, known)]
        if len(self.channels) > 1:
            views.append(channel_views.relation(levels))
        self.views = [Rows(view, bounds, known) for view in views]
        self.pieces = [len(bounds) - 2] if n else list(range(len(bounds) - 1))
        self.generator = np.random.default_rng(seed)

    def clean(self, lengths: Integers, candidates: Integers) -> tuple[Integers, Floats]:
        """Rows judged to draw from, and the spread of a first round.

        The rows stand among all, those learned from first. The spread is (views, lengths), the
        root mean square of the distances.
        """
        found = self.distances(lengths, candidates, FIRST_DRAWS)
        spread = spread_of(found)
        rows = np.flatnonzero(self.known)
        order = np.argsort(total(found, spread)[rows], kind="stable")
        kept = rows[np.sort(order[: max(int(KEPT * len(rows)), 1)])]
        return self.first + kept, spread

    def distances(self, lengths: Integers, candidates: Integers, draws: int) -> Floats:
        """(views, lengths, rows judged) distance to the nearest of a few of ``candidates``."""
        n = len(self.known)
        found = np.zeros((len(WEIGHTS), len(lengths), n))
        for v, k, view, length, drawn in self._drawn(lengths, candidates, draws):
            parts = [view.distances(piece, length, drawn) for piece in self.pieces]
            found[v, k] = np.concatenate(parts)
        return found

    def shares(self, lengths: Integers, candidates: Integers, draws: int, rows: Integers) -> Floats:
        """(views, rows, all channels) how far each channel lies from the same few."""
        found = np.zeros((len(WEIGHTS), len(rows), len(self.channels)))
        for v, _, view, length, drawn in self._drawn(lengths, candidates, draws):
            found[v] += view.shares(self.first + rows, length, drawn)
        return np.sqrt(found)

    def _drawn(
        self, lengths: Integers, candidates: Integers, draws: int
    ) -> Iterator[tuple[int, int, Rows, int, Drawn]]:
        for v, view in enumerate(self.views):
            for k, length in enumerate(lengths.tolist()):
                yield v, k, view, length, view.draw(length, candidates, draws, self.generator)


def spread_of(found: Floats) -> Floats:
    """(views, lengths) root mean square of distances."""
    return np.asarray(np.sqrt(np.square(found).mean(axis=2)))


def weights(spread: Floats) -> Floats:
    """(views,) what the distances of each view are multiplied with, given their spread."""
    return np.asarray(np.array(WEIGHTS) / np.maximum(spread, LEAST_SPREAD).sum(axis=1))


def total(found: Floats, spread: Floats) -> Floats:
    """(rows,) weighted sum of the views, each in its own spread."""
    return np.asarray(np.einsum("v,vkn->n", weights(spread), found))
