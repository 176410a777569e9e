"""Sub-PCA: stretches of a series that its usual shapes do not add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ...core import Series
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..stored_state import finite, positive, whole
from ..windowed import SHORTEST, window_length

Floats = NDArray[np.float64]

MOST_POINTS, MOST_CELLS, FEWEST_POINTS = 64, 256, 4  # of a window: of one channel, of all
SAMPLE = 10_000  # windows to learn from; more would only cost time
BLOCK = 2048  # windows whose temporaries stay in the processor's cache
FLATTEST = 1e-3  # of a channel's spread: what varies less in a window is rounding, not shape
LARGEST = 1e6  # spreads; values further out are taken for these, and their squares stay finite
SMALLEST_SPREAD = 1e-9  # of the size of a channel's values: less is rounding
# Of the mean variance of the components. Measured on series of the UCR anomaly archive: from 1e-4
# to 3e-2 it makes little difference, while leaving small components out costs a tenth of the hits.
SMALLEST_SHARE = 3e-3
# A twentieth of the windows, those furthest from the components that explain 95 % of the variance,
# teach nothing: on planted anomalies that trebles how far they stand out, and costs no hit above.
ORDINARY_SHARE, MAIN_SHARE = 0.95, 0.95
SMALLEST_VARIANCE = 1e-6  # of a component, in squared spreads, where nothing varied at all


@dataclass(eq=False, kw_only=True)
class SubPCA(Detector):
    """How far each row's surroundings are from the usual shapes and their mixtures.

    Windows of the rows learned from are points of a space with as many axes as a window has
    values. A window's distance is that from their mean along the principal components, each
    measured in its own standard deviation, divided by the root of their number: about 1 for
    ordinary windows, far more for one that the shapes which recur do not add up to. A row's score
    is the mean distance of the windows that cover it. Of several channels the windows lie side by
    side, so that a relation between channels, or of one to the past of another, is a shape too.

    The twentieth of the windows that the main components tell least about is left out when the
    components are learned, so that a few anomalies among the rows do not make themselves usual.
    The model is small and judges any rows alike: nothing is looked up among the rows learned
    from. Windows with a missing value have no distance.

    Parameters
    ----------
    window : rows a window holds, 4 or more; None takes the shortest cycle that repeats, or 64
        where there is none. Long windows are read as means of blocks of a few rows, and end with
        the last whole block.
    z_normalize : give each window of each channel mean 0 and variance 1 first: shape alone counts,
        and levels and amplitudes do not. Without it a window is measured in the channel's spread.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Shyu, Chen, Sarinnapakorn, Chang (2003), A novel anomaly detection scheme based on principal
    component classifier, section 3.1 (which trims too), on windows as in Liu, Paparrizos (2024),
    The elephant in the room: towards a reliable time-series anomaly detection benchmark, NeurIPS
    ("Sub-PCA"). Where the first sum the largest and the smallest components, we sum all, the
    smallest with a bound below. The code behind the second's figures sums distances to the tips of
    all component vectors, which ranks windows nearly as their size does.

    Examples
    --------
    >>> x = np.sin(np.arange(600) / 8); x[300:320] = 0.0
    >>> detector = SubPCA(window=50).fit(x)
    >>> 290 < int(np.nanargmax(detector.anomaly_scores(x))) < 330
    True
    """

    name: ClassVar[str] = "sub_pca"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"

    window: int | None = None
    z_normalize: bool = True
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
        check.flag(self.name, "z_normalize", self.z_normalize)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return 2 * int(self.window or SHORTEST)

    def _learn(self, data: Series) -> State:
        window = window_length(data, self.window)
        most = max(FEWEST_POINTS, min(MOST_POINTS, MOST_CELLS // data.values.shape[1]))
        step = -(-window // most)
        center, spread = _center_and_spread(data.values)
        state: State = {
            "window": np.int64(window // step * step),
            "step": np.int64(step),
            "center": center,
            "spread": spread,
        }
        windows, known = self._windows(state, data.values)
        chosen = np.flatnonzero(known)
        if len(chosen) > SAMPLE:
            chosen = chosen[np.linspace(0, len(chosen) - 1, SAMPLE).astype(np.int64)]
        return state | _components(self._shapes(windows[chosen]))

    def _rows_to_use(self, state: State) -> int:
        return int(state["window"])

    def _judge(self, state: State, data: Series) -> Judgement:
        squares = self._squares(state, data.values, None).mean(axis=1)
        distances = np.sqrt(np.maximum(squares, 0.0))
        return Judgement(_over_rows(distances, int(state["window"]), len(data)))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        # Only the windows that cover the rows asked for.
        window = int(state["window"])
        edges = np.zeros(len(data) + 1, dtype=np.int64)
        np.add.at(edges, np.maximum(rows - window + 1, 0), 1)
        np.add.at(edges, rows + 1, -1)
        asked = np.asarray(np.cumsum(edges)[: len(data) - window + 1] > 0)
        squares = np.maximum(self._squares(state, data.values, asked), 0.0)
        columns = [_over_rows(column, window, len(data))[rows] for column in squares.T]
        return np.stack(columns, axis=1)

    def _squares(self, state: State, values: Floats, asked: NDArray[np.bool_] | None) -> Floats:
        """(n − window + 1, d) each channel's part in a window's squared distance.

        Their mean is the squared distance, over the number of values; a part can be below 0.
        NaN for windows with a gap, and for those not asked for.
        """
        windows, known = self._windows(state, values)
        if asked is not None:
            known = known & asked
        axes, gains, least = state["axes"], state["gains"], float(state["least"])
        out = np.full((len(windows), values.shape[1]), np.nan)
        for start in range(0, len(windows), BLOCK):
            rows = start + np.flatnonzero(known[start : start + BLOCK])
            cells = self._shapes(windows[rows]) - state["mean"]
            # Along the components in units of each, and across all of them in one unit.
            along = ((cells @ axes) * (gains - 1.0 / least)) @ axes.T
            parts = cells * (along + cells / least)
            out[rows] = parts.reshape(len(rows), *windows.shape[1:]).mean(axis=2)
        return out

    def _windows(self, state: State, values: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """(n_windows, d, n_points) views of all windows in spreads; which are without a gap."""
        window, step = int(state["window"]), int(state["step"])
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = values / state["spread"] - state["center"] / state["spread"]
        missing = np.asarray(np.isnan(values).any(axis=1))
        scaled = np.clip(np.where(missing[:, None], 0.0, scaled), -LARGEST, LARGEST)
        blocks = _trailing_means(scaled, step)
        n = len(values) - window + 1
        views = sliding_window_view(blocks, window - step + 1, axis=0)[:n, :, ::step]
        gaps = np.concatenate([[0], np.cumsum(missing)])
        return views, gaps[window:] == gaps[:n]

    def _shapes(self, windows: Floats) -> Floats:
        """(n, d · n_points) what is compared of windows (n, d, n_points)."""
        n, d, points = windows.shape
        if self.z_normalize:
            windows = windows - windows.mean(axis=2, keepdims=True)
            size = np.sqrt(np.square(windows).mean(axis=2, keepdims=True))
            windows = windows / np.maximum(size, FLATTEST)
        return np.asarray(windows.reshape(n, d * points), dtype=np.float64)

    def _check_state(self, state: State, n_columns: int) -> None:
        window = whole(state, "window", SHORTEST, check.MOST)
        step = whole(state, "step", 1, window)
        if window % step:
            raise ValueError("'window' must be a multiple of 'step'")
        cells = window // step * n_columns
        finite(state, "center", (n_columns,))
        positive(state, "spread", (n_columns,))
        if np.abs(finite(state, "mean", (cells,))).max() > LARGEST:
            raise ValueError("'mean' is too large")
        axes = finite(state, "axes", (cells, None))
        kept = axes.shape[1]
        if np.abs(axes).max(initial=0.0) > 2.0 or not np.allclose(
            axes.T @ axes, np.eye(kept), atol=1e-6
        ):
            raise ValueError("'axes' must be orthonormal")
        least = float(positive(state, "least", ()))
        gains = positive(state, "gains", (kept,))
        if least < SMALLEST_VARIANCE or (gains * least > 1.0 + 1e-9).any():
            raise ValueError("'gains' must be at most those of the smallest variance")

    def _resolution(self, state: State) -> float:
        return 0.01  # distances are about 1 for ordinary windows

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return 2 * int(state["window"])

    def _facts(self, state: State) -> dict[str, Any]:
        return {"window": int(state["window"]), "components": int(state["axes"].shape[1])}


def _center_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """(d,) median and standard deviation of each channel; 1 where it does not vary."""
    center, spread = np.zeros(values.shape[1]), np.ones(values.shape[1])
    for j, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        size = float(np.abs(known).max(initial=0.0))
        if size > 0.0:
            center[j] = np.median(known / size) * size
            deviation = size * float((known / size).std())
            if deviation > SMALLEST_SPREAD * size:
                spread[j] = max(deviation, 1e-300)
    return center, spread


def _trailing_means(values: Floats, width: int) -> Floats:
    """(n − width + 1, d) mean of each run of ``width`` rows."""
    if width == 1:
        return values
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    return np.asarray((total[width:] - total[:-width]) / width)


def _components(cells: Floats) -> State:
    """What distances of shapes are measured by, from (n, n_cells) shapes.

    ``axes`` (n_cells, k), orthonormal: the components that vary most; ``gains`` (k,), one over the
    variance along each; ``least``, the variance that is taken for the others.
    """
    if len(cells) == 0:
        cells = np.zeros((1, cells.shape[1]))
    # An anomaly would become a component of its own, and then be measured by its own variance.
    strange = _outside_the_main(cells)
    mean, variances, axes = _principal(cells[strange <= np.quantile(strange, ORDINARY_SHARE)])
    least = max(SMALLEST_SHARE * float(variances.mean()), SMALLEST_VARIANCE)
    kept = np.flatnonzero(variances > least)
    return {
        "mean": mean,
        "axes": np.ascontiguousarray(axes[:, kept]),
        "gains": 1.0 / variances[kept],
        "least": np.float64(least),
    }


def _outside_the_main(cells: Floats) -> Floats:
    """(n,) squared distances of shapes from the span of the components that explain most."""
    mean, variances, axes = _principal(cells)
    explained = np.cumsum(np.maximum(variances, 0.0))
    main = int(np.searchsorted(explained, MAIN_SHARE * explained[-1])) + 1
    return np.asarray(np.square((cells - mean) @ axes[:, main:]).sum(axis=1))


def _principal(cells: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, variances and axes of the components, the largest first."""
    mean = cells.mean(axis=0)
    away = cells - mean
    variances, axes = np.linalg.eigh(away.T @ away / len(away))
    return mean, variances[::-1], axes[:, ::-1]


def _over_rows(distances: Floats, window: int, n_rows: int) -> Floats:
    """(n_rows,) mean distance of the windows that cover each row; NaN where none is known.

    Where few do, at the ends and beside gaps, the others count as 0 until half of them are there:
    the mean of a few must not pass for a peak.
    """
    known = np.isfinite(distances)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, distances, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    rows = np.arange(n_rows)
    low, high = np.maximum(rows - window + 1, 0), np.minimum(rows + 1, len(distances))
    covering = count[high] - count[low]
    mean = (total[high] - total[low]) / np.maximum(covering, (window + 1) // 2)
    return np.where(covering > 0, np.maximum(mean, 0.0), np.nan)
