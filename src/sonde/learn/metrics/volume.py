"""Areas under ROC and precision-recall curves that forgive a detection for being a little off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .events import Flags, Rows, runs

Floats = NDArray[np.float64]

N_THRESHOLDS = 250  # of the published implementations


@dataclass(frozen=True)
class Areas:
    """Under the two curves.

    Parameters
    ----------
    roc, pr : 0–1, larger is better.
    """

    roc: float
    pr: float


def vus(
    truth: Flags, strangeness: Floats, buffer: int, n_thresholds: int = N_THRESHOLDS
) -> Areas | None:
    """VUS-ROC and VUS-PR: the mean areas where events reach 0 to ``buffer`` rows beyond their ends.

    Around each event a buffer of half a length w to each side counts in part, √(1 − d/w) at d
    rows from the event; the areas are means over w = 0, 1, … ``buffer``.

    Parameters
    ----------
    truth : (n,) bool, True is an anomaly, in the order of time.
    strangeness : (n,) float64, larger is stranger; infinite is allowed, NaN is not.
    buffer : rows, ≥ 0; ``main_lag`` of the series in the published tables.
    n_thresholds : ≥ 2, at evenly spaced ranks of the scores.

    Returns
    -------
    None unless there are anomalies and ordinary rows.

    Source
    ------
    Paparrizos, Boniol et al. (2022), Volume under the surface, VLDB 15(11): the measure of their
    library ``vus`` and of the benchmark TSB-AD, to rounding. Theirs visits the rows once for each
    threshold and w. Here rows are counted once by threshold and distance: two overlapping buffers
    always sum to 1 or more (each is at least √½), so the two nearest events say it all.

    Examples
    --------
    >>> truth = np.array([False, False, True, True, False, False])
    >>> late = np.array([0.1, 0.2, 0.3, 0.9, 0.8, 0.1])
    >>> [round(vus(truth, late, buffer).pr, 3) for buffer in (0, 4)]
    [0.833, 0.908]
    """
    if truth.all() or not truth.any():
        return None
    seen = _Counted(truth, strangeness, buffer, n_thresholds)
    roc = pr = 0.0
    for width in range(buffer + 1):
        found, labelled = seen.hits(width)
        reached = seen.reached(width // 2, touching=0)
        expected = (seen.positives + labelled) / 2.0
        roc_one, rises, precision = seen.curves(found, expected, reached)
        roc += roc_one
        pr += float(rises @ precision)
    return Areas(roc / (buffer + 1), pr / (buffer + 1))


def range_auc(
    truth: Flags, strangeness: Floats, buffer: int, n_thresholds: int = N_THRESHOLDS
) -> Areas | None:
    """R-AUC-ROC and R-AUC-PR: as ``vus`` for the one width ``buffer``.

    Parameters
    ----------
    truth, strangeness, buffer, n_thresholds : as for ``vus``.

    Returns
    -------
    None unless there are anomalies and ordinary rows.

    Source
    ------
    As ``vus``; the library counts all of the buffer as labelled here, and takes the precision
    between two thresholds as their mean, so ``vus`` is not quite the mean of these.

    Examples
    --------
    >>> truth = np.array([False, False, True, True, False, False])
    >>> late = np.array([0.1, 0.2, 0.3, 0.9, 0.8, 0.1])
    >>> round(range_auc(truth, late, 2).pr, 3)
    0.936
    """
    if truth.all() or not truth.any():
        return None
    seen = _Counted(truth, strangeness, buffer, n_thresholds)
    found, labelled = seen.hits(buffer)
    reached = seen.reached(buffer // 2, touching=1)
    # At the last threshold every row is called, so what is labelled then is all there is.
    expected = np.full_like(found, (seen.positives + labelled[-1]) / 2.0)
    roc, rises, precision = seen.curves(found, expected, reached)
    middle = (precision + np.concatenate(([1.0], precision[:-1]))) / 2.0
    return Areas(roc, float(rises @ middle))


class _Counted:
    """The rows, counted by the first threshold that calls them and their distance to an event.

    Widths must be asked for in rising order: what is counted moves with them.
    """

    def __init__(self, truth: Flags, strangeness: Floats, buffer: int, n_thresholds: int) -> None:
        self.n = truth.size
        self.positives = int(truth.sum())
        self.n_thresholds = n_thresholds
        level = _levels(strangeness, n_thresholds)
        self.called = self._up_to(level)
        self.inside = self._up_to(level[truth])
        self.starts, self.ends = runs(truth)
        self.level = level
        self.first_call = np.full(self.starts.size, n_thresholds, np.int64)
        self._widen_to = 0
        half = buffer // 2
        self.full = np.zeros(n_thresholds)  # in a buffer twice, by level
        near, second, rows = _distances(self.starts, self.ends, truth, half)
        self.partly = np.zeros((n_thresholds, half + 1))  # by level and distance
        np.add.at(self.partly, (level[rows], near), 1.0)
        order = np.argsort(second, kind="stable")
        self._near, self._rows = near[order], rows[order]
        self._turns = np.searchsorted(second[order], np.arange(half + 2))
        self._half = 0

    def hits(self, width: int) -> tuple[Floats, Floats]:
        """By threshold: what is called and labelled; all that is labelled by then."""
        half = width // 2
        while self._half < half:
            self._half += 1
            of = slice(self._turns[self._half], self._turns[self._half + 1])
            level = self.level[self._rows[of]]
            np.subtract.at(self.partly, (level, self._near[of]), 1.0)
            np.add.at(self.full, level, 1.0)
        weights = np.sqrt(1.0 - np.arange(1, half + 1) / max(width, 1))
        buffered = np.cumsum(self.partly[:, 1 : half + 1] @ weights + self.full)
        return self.inside + buffered, self.positives + buffered

    def reached(self, half: int, touching: int) -> Floats:
        """By threshold, the share of events of which a row is called, the buffers included.

        Events whose buffers share a row are one; with ``touching`` = 1 also those that touch.
        """
        last = self.ends - 1
        for reach in range(self._widen_to, half + 1):
            before = np.maximum(self.starts - reach, 0)
            after = np.minimum(last + reach, self.n - 1)
            np.minimum(self.first_call, self.level[before], out=self.first_call)
            np.minimum(self.first_call, self.level[after], out=self.first_call)
            if reach == 0:
                inside = np.minimum.reduceat(self.level, self._pairs())[::2]
                np.minimum(self.first_call, inside, out=self.first_call)
        self._widen_to = half + 1
        apart = self.starts[1:] - last[:-1] > 2 * half + touching
        heads = np.flatnonzero(np.concatenate(([True], apart)))
        return self._up_to(np.minimum.reduceat(self.first_call, heads)) / heads.size

    def curves(
        self, found: Floats, expected: Floats, reached: Floats
    ) -> tuple[float, Floats, Floats]:
        """The area under the ROC curve; the rises of the recall; the precision."""
        recall = np.minimum(found / expected, 1.0) * reached
        alarms = (self.called - found) / (self.n - expected)
        up = np.concatenate(([0.0], recall, [1.0]))
        across = np.concatenate(([0.0], alarms, [1.0]))
        area = float(np.diff(across) @ (up[1:] + up[:-1])) / 2.0
        return area, np.diff(up[:-1]), found / self.called

    def _up_to(self, level: Rows) -> Floats:
        return np.cumsum(np.bincount(level, minlength=self.n_thresholds)).astype(np.float64)

    def _pairs(self) -> Rows:
        pairs = np.column_stack((self.starts, self.ends)).ravel()
        return pairs[:-1] if pairs[-1] == self.n else pairs


def _levels(strangeness: Floats, n_thresholds: int) -> Rows:
    """The number of the first threshold, from the top, that calls each row."""
    ranked = -np.sort(-strangeness)
    at = np.linspace(0, strangeness.size - 1, n_thresholds).astype(np.int64)
    return np.searchsorted(-ranked[at], -strangeness).astype(np.int64)


def _distances(starts: Rows, ends: Rows, truth: Flags, half: int) -> tuple[Rows, Rows, Rows]:
    """Distances to the nearest two events, of the ordinary rows within ``half`` of one."""
    n, far = truth.size, 2 * truth.size + 2
    row = np.flatnonzero(~truth)
    after = np.searchsorted(starts, row)
    last = np.concatenate(([-far, -far], ends - 1))
    first = np.concatenate((starts, [n + far, n + far]))
    sides = np.stack(
        (row - last[after + 1], row - last[after], first[after] - row, first[after + 1] - row)
    )
    sides.partition(1, axis=0)
    kept = sides[0] <= half
    return sides[0][kept], sides[1][kept], row[kept]
