"""k-Shape on stretches of a series: windows that stand in none of the usual shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..profiles.joins import cross_join
from ..randomness import seed_of, threads_for
from ..shape_clusters import k_shape
from ..stored_state import finite, whole
from ..windowed import (
    SHORTEST,
    Windows,
    over_windows,
    window_length,
    windows_to_learn_from,
)

Floats = NDArray[np.float64]

STRETCH = 4  # windows in a stretch, as in SAND
MOST_STRETCHES, MOST_VALUES = 1_000, 2**19  # that the shapes are learned from
MOST_PLACES = 12_000  # in all shapes, that a window is compared with
FEW_STRETCHES = 30  # a short series is cut into that many, that overlap more
OVERLAP = 1.5  # window lengths from one stretch to the next, as in KShapeAD


@dataclass(eq=False, kw_only=True)
class KShapeWindows(Detector):
    """How far each row's surroundings are from every place of the usual shapes of the series.

    Stretches of four windows are grouped by k-Shape, which compares two at their best alignment
    (the largest cross-correlation over all shifts) and keeps one shape for each group. A window's
    z-normalised distance to the nearest place in any of the shapes, in deviations per value, says
    how strange it is, and a row's score is the mean over the windows that hold it. Windows with a
    missing value count for nothing. Each channel has shapes of its own; their squared distances
    are averaged.

    What is learned are the shapes alone: any series is judged by them, in time that grows with its
    length.

    Parameters
    ----------
    window : rows a window holds, 4 or more; None takes the shortest cycle that repeats, or 64
        where there is none.
    n_clusters : shapes of a channel; as many as there are stretches where those are fewer.
    random_state : seed of the sample of stretches and of the groups to begin with.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Paparrizos, Gravano (2015), k-Shape, SIGMOD, for the shapes; Boniol, Paparrizos, Palpanas,
    Franklin (2021), SAND: streaming subsequence anomaly detection, PVLDB 14, offline, for the
    score. They add up the distances to all shapes, weighted by the size of the groups; we take the
    nearest of the shapes of groups larger than one anomaly can make, which found more of the
    anomalies of labelled series.

    Examples
    --------
    >>> x = np.sin(np.arange(2000) / 8); x[900:920] = 0.0
    >>> detector = KShapeWindows(window=50, random_state=0).fit(x)
    >>> 880 < int(np.nanargmax(detector.anomaly_scores(x))) < 940
    True
    """

    name: ClassVar[str] = "kshape_windows"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("profile_join", "windows")

    window: int | None = None
    n_clusters: int = 6
    random_state: Any = None
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
        check.whole(self.name, "n_clusters", self.n_clusters, 1)
        check.random_state(self.name, self.random_state)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return 2 * int(self.window or SHORTEST)

    def _learn(self, data: Series) -> State:
        window, seed = window_length(data, self.window), seed_of(self.random_state)
        longest = window + MOST_PLACES // int(self.n_clusters)
        length = max(window, min(STRETCH * window, longest, len(data) // 3))
        channels = [Windows.normed(column, length) for column in data.values.T]
        known = np.logical_and.reduce([channel.known for channel in channels])
        most = max(min(MOST_STRETCHES, MOST_VALUES // length), 1)
        step = max(min(int(OVERLAP * window), len(known) // FEW_STRETCHES), 1)
        places = windows_to_learn_from(self.name, known, most, seed, step)
        shapes, shares = [], []
        for channel in channels:
            rows = channel.rows(places) / np.sqrt(length)
            centres, labels = k_shape(rows, min(int(self.n_clusters), len(rows)), seed)
            shapes.append(centres)
            # One anomaly lies in so many stretches that overlap, which may be a group of their own.
            shares.append(_usual(labels, len(centres), (length + window) / step))
        return {
            "window": np.int64(window),
            "shapes": np.stack(shapes, axis=1),
            "shares": np.stack(shares, axis=1),
        }

    def _rows_to_use(self, state: State) -> int:
        return int(state["window"])

    def _judge(self, state: State, data: Series) -> Judgement:
        squares = self._squares(state, data)
        away = np.sqrt(squares.mean(axis=1))
        return Judgement(self._of_rows(away, squares, int(state["window"])))

    def _squares(self, state: State, data: Series) -> Floats:
        """(n, n_channels) squared distance per value to the nearest place; inf where not known."""
        window, threads = int(state["window"]), threads_for(self.n_jobs)
        columns = []
        for j in range(data.values.shape[1]):
            usual = state["shapes"][state["shares"][:, j] > 0, j]
            # End to end with a missing value between: no window lies across two shapes.
            reference = np.pad(usual, ((0, 0), (0, 1)), constant_values=np.nan).ravel()
            found = cross_join(data.values[:, j], reference, window, threads=threads)
            columns.append(np.square(found.distances) / window)
        return np.stack(columns, axis=1)

    def _of_rows(self, values: Floats, squares: Floats, window: int) -> Floats:
        return over_windows(values, np.asarray(np.isfinite(squares).all(axis=1)), window)

    def _check_state(self, state: State, n_columns: int) -> None:
        shapes = finite(state, "shapes", (None, n_columns, None))
        whole(state, "window", SHORTEST, shapes.shape[2])
        shares = finite(state, "shares", (len(shapes), n_columns), least=0.0)
        if np.abs(shapes).max(initial=0.0) > 1.001:
            raise ValueError("'shapes' must have a norm of 1")
        if not (shares > 0).any(axis=0).all():
            raise ValueError("'shares' must leave each channel a shape")

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        if data.values.shape[1] == 1:
            return np.ones((len(rows), 1))
        squares, window = self._squares(state, data), int(state["window"])
        columns = [self._of_rows(column, squares, window)[rows] for column in squares.T]
        return np.stack(columns, axis=1)

    def _resolution(self, state: State) -> float:
        return 0.01  # scores are in deviations per value; a hundredth of one means nothing

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return 2 * int(state["window"])

    def _facts(self, state: State) -> dict[str, Any]:
        return {"window": int(state["window"]), "shapes": len(state["shapes"])}


def _usual(labels: NDArray[np.int64], n_shapes: int, held: float) -> Floats:
    """(n_shapes,) the share of stretches of each shape; 0 where one anomaly may be all it is.

    ``held`` is the number of stretches that hold one place of the series. The largest group counts
    in any case.
    """
    counts = np.bincount(labels, minlength=n_shapes)
    is_usual = (counts > min(held, len(labels) / n_shapes)) | (counts == counts.max())
    return np.where(is_usual, counts / len(labels), 0.0)
