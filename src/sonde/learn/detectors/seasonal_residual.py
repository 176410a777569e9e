"""Robust seasonal residual: value minus season minus the recent level, in robust spreads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from ...kernels.rolling import trailing_median
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..seasons import origin_of, phases, robust_spread, season_length, seasonal_profile
from ..stored_state import MOST_ROWS, finite, origin, positive, whole

Floats = NDArray[np.float64]

SHORTEST, LONGEST = 24, 500  # rows of the trailing median when it is chosen by the period
MIN_PAST = 8  # rows before a row that are needed to judge it
SMALLEST_SPREAD = 1e-3  # of the channel's own spread: less is rounding, not noise
LARGEST = 1e9


@dataclass(eq=False, kw_only=True)
class SeasonalResidual(Detector):
    """How far each row lies from its season and its recent level, in robust spreads.

    The expected value is the seasonal profile (the median of each phase, learned in ``fit``)
    plus the median of the ``window`` rows before, their season removed. The score is the largest
    residual of a channel divided by that channel's spread. Rows with fewer than 8 rows before
    them are compared with the level and the spread of all rows learned from.

    Parameters
    ----------
    period : length of the season in rows, 1 for none; None finds it.
    window : rows of the trailing median; None takes half a period, within 24 and 500.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Seasonal hybrid decomposition with medians: Hochenbaum, Vallis, Kejariwal (2017), Automatic
    anomaly detection in the cloud via statistical learning, section 3. We use a trailing median
    for the level, so that no row is judged by later ones, and a tail probability instead of
    their test.

    Examples
    --------
    >>> day = np.tile([1.0, 2.0, 5.0, 2.0], 50); day[130] += 4
    >>> detector = SeasonalResidual(period=4).fit(day)
    >>> int(np.nanargmax(detector.anomaly_scores(day)))
    130
    """

    name: ClassVar[str] = "seasonal_residual"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "past"
    kernels: ClassVar[tuple[str, ...]] = ("rolling",)

    period: int | None = None
    window: int | None = None
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        if self.period is not None:
            check.whole(self.name, "period", self.period, 1)
        if self.window is not None:
            check.whole(self.name, "window", self.window, MIN_PAST)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return MIN_PAST + 2

    def _past(self, state: State) -> int:
        return int(state["window"])

    def _learn(self, data: Series) -> State:
        period = season_length(data, self.period)
        window = self.window or min(max(period // 2, SHORTEST), LONGEST)
        origin = origin_of(data)
        phase = phases(data, period, (int(origin[0]), int(origin[1])))
        season = seasonal_profile(data.values - _level(data.values, period), phase, period)
        state: State = {
            "period": np.int64(period),
            "window": np.int64(window),
            "season": season,
            "origin": origin,
        }
        flat = data.values - season[phase]
        size = np.nanmax(np.abs(data.values), axis=0, initial=0.0)
        floor = SMALLEST_SPREAD * robust_spread(data.values) + 1e-9 * size + 1e-300
        state["level"] = np.nan_to_num(np.nanmedian(flat, axis=0))
        state["range"] = np.maximum(robust_spread(flat), floor)
        residual = data.values - self._forecast(state, data)
        state["spread"] = np.maximum(robust_spread(residual), floor)
        return state

    def _forecast(self, state: State, data: Series) -> Floats:
        origin = (int(state["origin"][0]), int(state["origin"][1]))
        season = state["season"][phases(data, int(state["period"]), origin)]
        flat = data.values - season
        level = np.empty_like(flat)
        for j in range(flat.shape[1]):
            level[:, j] = trailing_median(
                np.ascontiguousarray(flat[:, j]), int(state["window"]), MIN_PAST
            )
        return np.asarray(level + season)

    def _judge(self, state: State, data: Series) -> Judgement:
        expected = self._forecast(state, data)
        unit = np.broadcast_to(state["spread"], expected.shape).copy()
        alone = np.isnan(expected)
        origin = (int(state["origin"][0]), int(state["origin"][1]))
        season = state["season"][phases(data, int(state["period"]), origin)]
        expected = np.where(alone, season + state["level"], expected)
        unit[alone] = np.broadcast_to(state["range"], unit.shape)[alone]
        z = np.abs(data.values - expected) / unit
        scores = np.where(np.isnan(z).any(axis=1), np.nan, np.minimum(z.max(axis=1), LARGEST))
        return Judgement(scores, expected, unit)

    def _check_state(self, state: State, n_columns: int) -> None:
        period = whole(state, "period", 1, MOST_ROWS)
        whole(state, "window", MIN_PAST, MOST_ROWS)
        finite(state, "season", (period, n_columns))
        finite(state, "level", (n_columns,))
        positive(state, "spread", (n_columns,))
        positive(state, "range", (n_columns,))
        origin(state)

    def _resolution(self, state: State) -> float:
        return 0.1  # scores are in spreads; a tenth of one means nothing

    def _reach(self, state: State) -> int:
        return 5

    def _facts(self, state: State) -> dict[str, Any]:
        period = int(state["period"])
        return {"period": period} if period > 1 else {}


def _level(values: Floats, period: int) -> Floats:
    """(n, d) centred running median over about one period; what the season is taken from."""
    if period == 1:
        return np.zeros_like(values)
    window = min(max(period | 1, 3), 2001, len(values) | 1)
    ahead = window // 2 + 1
    out = np.empty_like(values)
    for j in range(values.shape[1]):
        padded = np.append(values[:, j], np.full(ahead, np.nan))
        out[:, j] = trailing_median(padded, window, 1)[ahead:]
    return out
