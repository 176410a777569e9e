"""k-means on windows: stretches that lie far from every usual shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from ...kernels.clusters import kmeans
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import seed_of
from ..stored_state import finite, positive, whole
from ..windowed import (
    FARTHEST,
    SHORTEST,
    Windows,
    in_spreads,
    over_windows,
    spreads,
    window_length,
    windows_to_learn_from,
)

Floats = NDArray[np.float64]

MOST_WINDOWS, MOST_VALUES = 20_000, 2**21  # that the centres are learned from
ROUNDS = 100  # of moving the centres, at most


@dataclass(eq=False, kw_only=True)
class KMeansWindows(Detector):
    """How far each row's surroundings are from the usual shapes of the series.

    The windows learned from, or a sample of 20,000, are grouped by k-means; a window's distance to
    the nearest centre, in deviations per value, says how strange it is, and a row's score is the
    mean over the windows that hold it. Windows with a missing value count for nothing. Of several
    channels the windows are laid side by side.

    What is learned are the centres alone: any series is judged by them, in time that grows with
    its length.

    Parameters
    ----------
    window : rows a window holds, 4 or more; None takes the shortest cycle that repeats, or 64
        where there is none.
    n_clusters : usual shapes; as many as there are windows where those are fewer.
    normalize : whether windows are z-normalised, so that only their shape counts. Otherwise values
        are compared as they are, in robust spreads of their channel.
    random_state : seed of the sample and of the centres to begin with.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Yairi, Kato, Hori (2001), Fault detection by mining association rules from house-keeping data,
    i-SAIRAS, as in Schmidl, Wenig, Papenbrock (2022), Anomaly detection in time series: a
    comprehensive evaluation, PVLDB 15 (KMeansAD). They do not normalise windows, and average rows
    near the ends over fewer windows; we divide by the same number there.

    Examples
    --------
    >>> x = np.sin(np.arange(2000) / 8); x[900:920] = 0.0
    >>> detector = KMeansWindows(window=50, random_state=0).fit(x)
    >>> 880 < int(np.nanargmax(detector.anomaly_scores(x))) < 940
    True
    """

    name: ClassVar[str] = "kmeans_windows"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("clusters", "windows")

    window: int | None = None
    n_clusters: int = 20
    normalize: bool = True
    random_state: Any = None
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
        check.whole(self.name, "n_clusters", self.n_clusters, 1)
        check.flag(self.name, "normalize", self.normalize)
        check.random_state(self.name, self.random_state)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return 2 * int(self.window or SHORTEST)

    def _learn(self, data: Series) -> State:
        window, seed = window_length(data, self.window), seed_of(self.random_state)
        state: State = {"window": np.int64(window)}
        if not self.normalize:
            state |= spreads(data.values)
        channels = self._windows(state, data)
        most = min(MOST_WINDOWS, max(MOST_VALUES // (window * len(channels)), 1))
        places = windows_to_learn_from(self.name, _known(channels), most, seed)
        rows = np.concatenate([channel.rows(places) for channel in channels], axis=1)
        centres, _ = kmeans(rows, min(int(self.n_clusters), len(rows)), seed, ROUNDS)
        return state | {"centres": centres.reshape(len(centres), len(channels), window)}

    def _windows(self, state: State, data: Series) -> list[Windows]:
        """The windows of each channel."""
        window = int(state["window"])
        if self.normalize:
            return [Windows.normed(column, window) for column in data.values.T]
        return [Windows.plain(z, window) for z in in_spreads(state, data.values).T]

    def _rows_to_use(self, state: State) -> int:
        return int(state["window"])

    def _judge(self, state: State, data: Series) -> Judgement:
        channels, centres = self._windows(state, data), state["centres"]
        squares = sum(self._squares(channels, centres), np.zeros(()))
        away = np.sqrt(squares.min(axis=0) / (centres.shape[1] * centres.shape[2]))
        return Judgement(over_windows(away, _known(channels), centres.shape[2]))

    def _squares(self, channels: list[Windows], centres: Floats) -> list[Floats]:
        """Of each channel (n_centres, n) squared distances between centres and windows."""
        return [channel.distances(centres[:, j]) for j, channel in enumerate(channels)]

    def _check_state(self, state: State, n_columns: int) -> None:
        window = whole(state, "window", SHORTEST, check.MOST)
        centres = finite(state, "centres", (None, n_columns, window))
        most = np.sqrt(window) if self.normalize else FARTHEST  # no mean of windows lies beyond
        if not len(centres) or np.abs(centres).max() > 1.001 * most:
            raise ValueError("'centres' must be means of windows")
        if not self.normalize:
            finite(state, "center", (n_columns,))
            positive(state, "unit", (n_columns,))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        if data.values.shape[1] == 1:
            return np.ones((len(rows), 1))
        channels, centres = self._windows(state, data), state["centres"]
        squares = self._squares(channels, centres)
        nearest = np.sum(squares, axis=0).argmin(axis=0)[None, :]
        known, window = _known(channels), int(state["window"])
        columns = [
            over_windows(np.take_along_axis(one, nearest, axis=0)[0], known, window)[rows]
            for one in squares
        ]
        return np.stack(columns, axis=1)

    def _resolution(self, state: State) -> float:
        return 0.01  # scores are in deviations per value; a hundredth of one means nothing

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return 2 * int(state["window"])

    def _facts(self, state: State) -> dict[str, Any]:
        return {"window": int(state["window"]), "shapes": len(state["centres"])}


def _known(channels: list[Windows]) -> NDArray[np.bool_]:
    """(n,) which windows have no missing value in any channel."""
    return np.asarray(np.logical_and.reduce([channel.known for channel in channels]))
