"""Matrix-profile discords: windows that look like no other."""

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
from ..profiles.joins import cross_join, self_join
from ..randomness import threads_for
from ..shared_rows import place_of, shift_between
from ..stored_state import stored, whole
from ..windowed import SHORTEST, running_mean, window_length

Floats = NDArray[np.float64]

SAMPLE = 256  # windows in each of the places where likeness is looked at
SMOOTH = 2  # window lengths that distances are averaged over: a chance mismatch stands alone


@dataclass(eq=False, kw_only=True)
class Discord(Detector):
    """How different each row's surroundings are from every other stretch of the series.

    Each window's z-normalised Euclidean distance to its nearest neighbour among the windows
    learned from; a row's score is the mean over the windows around it. Rows that were learned from,
    wherever they stand in the data, are compared with everything but themselves. Windows with a
    missing value have no score.

    Time is quadratic: 20,000 rows take about a tenth of a second, 100,000 about three seconds.

    Parameters
    ----------
    window : rows a window holds, 4 or more; None takes the shortest cycle that repeats, or 64
        where there is none.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Keogh, Lin, Fu (2005), HOT SAX: finding the most unusual time series subsequence, ICDM;
    computed as a matrix profile, see ``profiles.joins``.

    Examples
    --------
    >>> x = np.sin(np.arange(600) / 8); x[300:320] = 0.0
    >>> detector = Discord(window=50).fit(x)
    >>> 290 < int(np.nanargmax(detector.anomaly_scores(x))) < 330
    True
    """

    name: ClassVar[str] = "discord"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("profile_join", "windows")

    window: int | None = None
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return 2 * int(self.window or SHORTEST)

    def _learn(self, data: Series) -> State:
        return {
            "window": np.int64(window_length(data, self.window)),
            "reference": np.array(data.values),
            "place": place_of(data),
        }

    def _rows_to_use(self, state: State) -> int:
        return int(state["window"])

    def _judge(self, state: State, data: Series) -> Judgement:
        window, reference = int(state["window"]), state["reference"]
        shift = shift_between(data, reference, state["place"], window)
        total = np.zeros(len(data) - window + 1)
        for j in range(data.values.shape[1]):
            total += self._distances(data.values[:, j], reference[:, j], window, shift)
        return Judgement(_around(total / data.values.shape[1], window, len(data)))

    def _distances(self, x: Floats, reference: Floats, window: int, shift: int | None) -> Floats:
        """(n − window + 1) distance of each window to its nearest neighbour, itself left out.

        ``shift`` is where row 0 of ``x`` stands in the reference; None where it is not in it.
        """
        threads = threads_for(self.n_jobs)
        if shift is None:
            return cross_join(x, reference, window, threads=threads).distances
        if shift == 0 and np.array_equal(x, reference, equal_nan=True):
            return self_join(x, window, threads=threads, zone=window - 1).distances
        return cross_join(
            x, reference, window, threads=threads, zone=window - 1, shift=shift
        ).distances

    def likeness(self, series: Series) -> float:
        """The median correlation of windows with the ones most like them, from a sample; 0 if none.

        The mean of the channels. What tells whether this detector suits a series: near 1 where
        shapes repeat.
        """
        window = int(self._learn(series)["window"])
        n = len(series) - window + 1
        found = []
        for channel in series.values.T:
            distances = np.full(n, np.inf)
            for start in np.unique(np.linspace(0, max(n - SAMPLE, 0), 4).astype(int)).tolist():
                stop = min(start + SAMPLE, n)
                part = channel[start : stop + window - 1]
                near = cross_join(part, channel, window, zone=window - 1, shift=start)
                distances[start:stop] = near.distances
            known = distances[np.isfinite(distances)]
            correlations = 1.0 - np.square(known) / (2.0 * window)
            found.append(float(np.median(correlations)) if known.size else 0.0)
        return float(np.mean(found))

    def _check_state(self, state: State, n_columns: int) -> None:
        reference = stored(state, "reference", (None, n_columns))
        whole(state, "window", SHORTEST, len(reference))
        if stored(state, "place", (3,), np.int64)[2] < 0:
            raise ValueError("'place' must have a step of 0 or more")

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        if data.values.shape[1] == 1:
            return np.ones((len(rows), 1))
        # Of the windows that have a part in the scores asked for; the others need no distance.
        window, reference = int(state["window"]), state["reference"]
        shift = shift_between(data, reference, state["place"], window)
        n, half = len(data) - window + 1, SMOOTH * window // 2 + window // 4
        asked = np.zeros(n + 1, dtype=np.bool_)
        for row in rows.tolist():
            centre = row - window // 2
            asked[max(centre - half, 0) : min(max(centre + half + 1, 0), n)] = True
        edges = np.flatnonzero(np.diff(asked, prepend=False)).reshape(-1, 2)
        columns = []
        for j in range(data.values.shape[1]):
            distances = np.full(n, np.inf)
            for start, stop in edges.tolist():
                part = data.values[start : stop + window - 1, j]
                at = None if shift is None else shift + start
                distances[start:stop] = self._distances(part, reference[:, j], window, at)
            columns.append(_around(distances, window, len(data))[rows])
        return np.square(np.stack(columns, axis=1))

    def _resolution(self, state: State) -> float:
        return 0.01 * float(np.sqrt(2.0 * int(state["window"])))  # of the largest distance

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return SMOOTH * int(state["window"])

    def _facts(self, state: State) -> dict[str, Any]:
        return {"window": int(state["window"])}


def _around(distances: Floats, window: int, n_rows: int) -> Floats:
    """(n_rows,) mean distance of the windows centred within about one window of the row.

    A strange row raises all windows that hold it alike; a second, shorter mean puts the peak into
    their middle. Windows beyond the ends count as 0: a half-covered mean there must not pass for
    a peak. NaN where no window around the row has a distance.
    """
    centred = np.zeros(n_rows)
    known = np.zeros(n_rows)
    finite = np.isfinite(distances)
    first = window // 2
    centred[first : first + len(distances)] = np.where(finite, distances, 0.0)
    known[first : first + len(distances)] = finite
    long, short = SMOOTH * window + 1, window // 4 * 2 + 1  # odd: the middle is a row
    smooth = running_mean(running_mean(centred, long), short)
    is_near = running_mean(running_mean(known, long), short) > 0.5 / (long * short)
    return np.where(is_near, smooth, np.nan)
