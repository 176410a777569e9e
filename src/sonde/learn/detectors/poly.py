"""Local polynomials: how far rows lie from a smooth curve through the rows around them."""

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
from ..seasons import origin_of, phases, robust_spread, season_length, seasonal_profile
from ..stored_state import MOST_ROWS, finite, origin, positive, whole

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 6, 1000  # rows of a window
HIGHEST = 5  # degree; beyond it, the curve swings at the ends of a series
HOLES = 6  # of a window's length: rows as close as a sixth of it are left out of the fit
BLOCK = 4096  # rows whose temporaries stay in the processor's cache
RIDGE = 1e-12  # of the number of rows fitted: keeps a fit to rows on one side solvable
SMALLEST_SPREAD = 1e-3  # of the channel's own spread: less is rounding, not noise
LARGEST = 1e9


@dataclass(eq=False, kw_only=True)
class Poly(Detector):
    """How far the rows near each row lie from a polynomial through the rows around them.

    The season is taken out first, where there is one. Then a polynomial is fitted by least squares
    to the ``window`` rows on each side of a row, those within a sixth of a window left out, so that
    a short anomaly does not bend the curve that it is compared with; its value at the row is what
    was expected. The residual is divided by its usual spread and by what the fit adds to that: at
    the ends of a series and beside gaps a curve is drawn on from one side and proves less.
    A score is the root of the mean square over about a window around the row, near rows first; of
    several channels the largest counts.

    Parameters
    ----------
    window : rows on each side that the curve is fitted to, 6 to 1,000; fewer where the series
        learned from is shorter than both sides.
    degree : of the polynomial, 0 to 5.
    period : length of the season in rows, 1 for none; None finds it.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    The idea of POLY in Paparrizos et al. (2022), TSB-UAD: an end-to-end benchmark suite for
    univariate time-series anomaly detection, VLDB: windows against a polynomial through their
    neighbourhood, the window left out. Theirs fits one curve for each window and compares spectra;
    ours fits one for each row (Savitzky, Golay 1964, with a hole in the middle) and compares
    values. The fits were measured on web metrics: short windows and seasons removed win.

    Examples
    --------
    >>> x = np.arange(300) / 30.0 + np.random.default_rng(0).normal(size=300); x[200] += 9.0
    >>> int(np.argmax(Poly().fit(x).anomaly_scores(x)))
    200
    """

    name: ClassVar[str] = "poly"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"

    window: int = 30
    degree: int = 2
    period: int | None = None
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.whole(self.name, "window", self.window, SHORTEST, LONGEST)
        check.whole(self.name, "degree", self.degree, 0, HIGHEST)
        if self.period is not None:
            check.whole(self.name, "period", self.period, 1)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return 2 * (int(self.degree) + 2)

    def _learn(self, data: Series) -> State:
        period = season_length(data, self.period)
        start = origin_of(data)
        phase = phases(data, period, (int(start[0]), int(start[1])))
        size = np.nanmax(np.abs(data.values), axis=0, initial=0.0)
        unit = np.where(size > 0, size, 1.0)  # the squares of large values would be infinite
        values = data.values / unit
        state: State = {
            "window": np.int64(max(SHORTEST, min(int(self.window), (len(data) - 1) // 2))),
            "period": np.int64(period),
            "origin": start,
            "unit": unit,
            "season": seasonal_profile(values - _level(values, period), phase, period),
        }
        expected, share = self._curve(state, data)
        floor = SMALLEST_SPREAD * robust_spread(values) + 1e-9
        state["spread"] = np.maximum(robust_spread((values - expected) / share), floor)
        return state

    def _rows_to_use(self, state: State) -> int:
        return self.min_rows

    def _curve(self, state: State, data: Series) -> tuple[Floats, Floats]:
        """(n, d) what is expected of each value, in units; how much wider its error is than noise.

        NaN where too few rows are around it.
        """
        start = (int(state["origin"][0]), int(state["origin"][1]))
        season = state["season"][phases(data, int(state["period"]), start)]
        flat = np.clip(data.values / state["unit"], -LARGEST, LARGEST) - season
        expected, share = np.empty_like(flat), np.empty_like(flat)
        for j in range(flat.shape[1]):
            expected[:, j], share[:, j] = centre_of_fit(
                np.ascontiguousarray(flat[:, j]), int(state["window"]), int(self.degree)
            )
        return expected + season, share

    def _squares(self, state: State, data: Series) -> tuple[Floats, Floats, Floats]:
        """(n, d) mean squared residuals around each row, in spreads; expectation and its unit."""
        expected, share = self._curve(state, data)
        unit = state["spread"] * share
        values = np.clip(data.values / state["unit"], -LARGEST, LARGEST)
        with np.errstate(over="ignore"):
            residual = np.minimum(np.abs(values - expected) / unit, LARGEST)
        squares = np.empty_like(residual)
        for j in range(residual.shape[1]):
            squares[:, j] = _near(np.square(residual[:, j]), int(state["window"]))
        return squares, expected * state["unit"], unit * state["unit"]

    def _judge(self, state: State, data: Series) -> Judgement:
        squares, expected, unit = self._squares(state, data)
        known = np.isfinite(data.values).all(axis=1) & np.isfinite(expected).all(axis=1)
        scores = np.where(known, np.sqrt(squares.max(axis=1)), np.nan)
        # A row that leaves the curve by so much reaches a score of one even if no other does.
        alone = 1.0 / np.sqrt(_weights(int(state["window"])).max())
        return Judgement(scores, expected, unit * alone)

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        return self._squares(state, data)[0][rows]

    def _check_state(self, state: State, n_columns: int) -> None:
        whole(state, "window", SHORTEST, LONGEST)
        period = whole(state, "period", 1, MOST_ROWS)
        finite(state, "season", (period, n_columns))
        positive(state, "unit", (n_columns,))
        positive(state, "spread", (n_columns,))
        origin(state)

    def _resolution(self, state: State) -> float:
        return 0.05  # scores are about 1 for ordinary rows

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return max(1, int(state["window"]) // 2)

    def _facts(self, state: State) -> dict[str, Any]:
        period = int(state["period"])
        return {"period": period} if period > 1 else {}


def centre_of_fit(x: Floats, window: int, degree: int) -> tuple[Floats, Floats]:
    """The value at each row of the polynomial through the rows around it, the nearest left out.

    Parameters
    ----------
    x : (n,) float64; NaN is missing.
    window : rows on each side; those within ``window // 6`` of the row are left out.
    degree : of the polynomial, 0 or more.

    Returns
    -------
    fitted, share : (n,) float64. ``share`` is the standard deviation of value less fit where all
        values have independent noise of variance 1: 1 or a little more in the middle, more at the
        ends. Both NaN where fewer than 2 · (degree + 1) of the rows around are known.

    Source
    ------
    Savitzky, Golay (1964), Analytical Chemistry 36; the fit's variance is that of any linear
    smoother, the sum of its squared weights.
    """
    known = np.isfinite(x)
    padded = np.pad(np.where(known, x, 0.0), window)
    there = np.pad(known.astype(np.float64), window)
    offsets = np.arange(-window, window + 1)
    # Of a few rows fewer are left out, so that enough are there to be fitted.
    left_out = min(window // HOLES, max(0, len(x) - 1 - 2 * (degree + 1)) // 2)
    around = (np.abs(offsets) > left_out).astype(np.float64)
    powers = (offsets / window)[:, None] ** np.arange(2 * degree + 1) * around[:, None]
    fitted, share = np.full(len(x), np.nan), np.full(len(x), np.nan)
    usual = _centre_weights(powers.sum(axis=0)[None, :], degree)
    for start in range(0, len(x), BLOCK):
        stop = min(start + BLOCK, len(x))
        reach = slice(start, stop + 2 * window)
        right = sliding_window_view(padded[reach], len(offsets)) @ powers[:, : degree + 1]
        weights = np.repeat(usual, stop - start, axis=0)
        if not there[reach].all():
            moments = sliding_window_view(there[reach], len(offsets)) @ powers
            short = moments[:, 0] < around.sum() - 0.5
            weights[short] = _centre_weights(moments[short], degree)
        fitted[start:stop] = np.einsum("ij,ij->i", right, weights)
        share[start:stop] = np.sqrt(1.0 + np.maximum(weights[:, 0], 0.0))
    return fitted, share


def _centre_weights(moments: Floats, degree: int) -> Floats:
    """(n, degree + 1) what turns sums of value times power into the fitted value at 0.

    ``moments`` (n, 2 · degree + 1) are the sums of the powers. NaN where too few rows are known.
    """
    few = moments[:, 0] < 2 * (degree + 1) - 0.5
    safe = np.where(few[:, None], 1.0, moments)
    powers = np.arange(degree + 1)
    normal = safe[:, np.add.outer(powers, powers)]
    normal = normal + RIDGE * safe[:, :1, None] * np.eye(degree + 1)
    first = np.zeros((len(moments), degree + 1, 1))
    first[:, 0] = 1.0
    weights = np.linalg.solve(normal, first)[:, :, 0]
    return np.asarray(np.where(few[:, None], np.nan, weights))


def _level(values: Floats, period: int) -> Floats:
    """(n, d) mean of the known values within about one period around each."""
    if period == 1:
        return np.zeros_like(values)
    known = np.isfinite(values)
    rows = np.arange(len(values))
    low, high = np.maximum(rows - period // 2, 0), np.minimum(rows + (period + 1) // 2, len(values))
    total, count = (
        np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(part, axis=0)])
        for part in (np.where(known, values, 0.0), known)
    )
    return np.asarray((total[high] - total[low]) / np.maximum(count[high] - count[low], 1))


def _weights(window: int) -> Floats:
    """Weights of the rows around a row, rising to it and falling; their sum is 1."""
    half = np.ones(window // 4 * 2 + 1)
    return np.asarray(np.convolve(half, half) / half.size**2)


def _near(squares: Floats, window: int) -> Floats:
    """(n,) weighted mean of the known squares around each row; NaN where there is none.

    At the ends and beside gaps the missing ones count as 0 until half the weight is there.
    """
    weights = _weights(window)
    known = np.isfinite(squares)
    reach = len(weights) // 2
    total, there = (
        sliding_window_view(np.pad(part, reach), len(weights)) @ weights
        for part in (np.where(known, squares, 0.0), known.astype(np.float64))
    )
    return np.where(there > 0, total / np.maximum(there, 0.5), np.nan)
