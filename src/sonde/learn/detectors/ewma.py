"""Robust seasonal EWMA: learns as it goes, constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput, SchemaMismatch
from ...kernels.ewma import (
    FLOOR,
    KNOWS_SCALE,
    LARGEST,
    LEVEL,
    N_CLOCK,
    N_FIELDS,
    PERIOD,
    PHASE,
    ROWS,
    SCALE,
    SEEN,
    ewma_run,
)
from ..detector import Judgement, OnlineDetector
from ..estimator import Fitted, State
from ..seasons import origin_of, phases, robust_spread, season_length, seasonal_profile

Floats = NDArray[np.float64]

# A spread below this share of the series' own is rounding, not noise.
SMALLEST_SPREAD = 1e-3


@dataclass(eq=False, kw_only=True)
class EWMA(OnlineDetector):
    """How far each row lies from an exponentially weighted forecast, in its own recent spread.

    The forecast is a level plus a season. Errors beyond three scales teach no more than an error
    of three scales, so an anomaly hardly moves what is normal. Rows with a missing value get no
    score. The first rows of a stream have none either, until a spread is known.

    Parameters
    ----------
    period : length of the season in rows, 1 for none; None finds it: in ``fit`` from the data,
        in a stream that starts with nothing from its first ``warmup`` rows.
    smoothing_level, smoothing_seasonal, smoothing_scale : weight of the newest row, 0–1.
    warmup : rows that a stream starting with nothing collects before it looks for a season.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``sonde.detect`` has rules of its own.

    Source
    ------
    Gelper, Fried, Croux (2010), Robust forecasting with exponential and Holt-Winters smoothing,
    Journal of Forecasting 29, sections 2 and 3. Their scale follows a bounded square; ours
    follows a clipped absolute error, which costs one multiplication.

    Examples
    --------
    >>> detector = EWMA()
    >>> scores = [detector.update([v]) for v in [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 9.0]]
    >>> scores[0], scores[-1] > 10
    (nan, True)
    """

    name: ClassVar[str] = "ewma"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("ewma",)

    period: int | None = None
    smoothing_level: float = 0.1
    smoothing_seasonal: float = 0.1
    smoothing_scale: float = 0.02
    warmup: int = 750
    contamination: float | None = 0.1

    def _check_parameters(self) -> None:
        for name in ("smoothing_level", "smoothing_seasonal", "smoothing_scale"):
            value = getattr(self, name)
            if not 0.0 < value <= 1.0:
                raise InvalidInput(f"{name} must be above 0 and at most 1, got {value}")
        if self.warmup < 1:
            raise InvalidInput(f"warmup must be 1 or more rows, got {self.warmup}")

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        period = season_length(data, self.period)
        state = self._blank(data.values.shape[1], period, origin_of(data))
        self._learn_from(state, data.values, phases(data, period, None))
        return state

    def _learn_from(self, state: State, values: Floats, phase: NDArray[np.int64]) -> None:
        """Season and scale from a stretch of rows, then the rows themselves, one by one."""
        period = int(state["clock"][PERIOD])
        state["season"] = seasonal_profile(values - np.nanmedian(values, 0), phase, period)
        flat = values - state["season"][phase]
        # An amplitude of 0 leaves the kernel's own floor, a share of the values' size.
        state["channels"][FLOOR] = SMALLEST_SPREAD * robust_spread(values)
        steps = np.diff(flat, axis=0)
        state["channels"][SCALE] = robust_spread(steps) if len(steps) else 0.0
        state["clock"][KNOWS_SCALE] = 1
        state["clock"][PHASE] = phase[0]
        self._over(state, values)

    def _blank(self, n_channels: int, period: int, origin: NDArray[np.int64]) -> State:
        clock = np.zeros(N_CLOCK, dtype=np.int64)
        clock[PERIOD] = period
        return {
            "clock": clock,
            "channels": np.zeros((N_FIELDS, n_channels)),
            "season": np.zeros((period, n_channels)),
            "warmup": np.zeros((0, n_channels)),
            "origin": origin,
        }

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        n_channels = data.values.shape[1]
        state = self._blank(n_channels, 1, np.zeros(2, dtype=np.int64))
        state["warmup"] = np.full((self.warmup, n_channels), np.nan)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        state = {name: array.copy() for name, array in state.items()}
        state["clock"][ROWS] = state["clock"][PHASE] = 0
        state["channels"][SEEN] = state["channels"][LEVEL] = 0.0
        return state

    def _learn_as_it_goes(self, data: Container) -> None:
        fitted = self._need()
        applied = fitted.policy.apply(cast(Series, data), fitted.schema.step_ns).data
        state = {name: array.copy() for name, array in fitted.state.items()}
        self._over(state, applied.values)
        self._replace(state=state)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = np.array(row, dtype=np.float64, ndmin=2)
        if self._fitted is None:
            self.start(Series(x.reshape(1, -1)), Policy("auto", max_gap=0), None)
        state = self._need().state
        if x.shape != (1, state["channels"].shape[1]):
            raise SchemaMismatch(
                f"a row has {state['channels'].shape[1]} values, got {x.size}",
                expected=state["channels"].shape[1],
                got=x.size,
            )
        return float(self._over(state, x).scores[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        copy = {name: np.array(array) for name, array in state.items()}
        clock, origin = copy["clock"], copy["origin"]
        from_time = origin[1] > 0 and data.time is not None
        if len(data) and (from_time or clock[ROWS] == 0):
            where = (int(origin[0]), int(origin[1])) if from_time else None
            clock[PHASE] = phases(data[:1], int(clock[PERIOD]), where)[0]
        return self._over(copy, data.values)

    def _over(self, state: State, x: Floats) -> Judgement:
        """Go over rows, changing the state; stops where the warm-up ends to look for a season."""
        scores, expected, unit = np.empty(len(x)), np.empty(x.shape), np.empty(x.shape)
        held, seen = state["warmup"], int(state["clock"][ROWS])
        first = min(max(len(held) - seen, 0), len(x))
        if first:
            held[seen : seen + first] = x[:first]
            self._call(state, x[:first], scores[:first], expected[:first], unit[:first])
            if seen + first == len(held):
                self._end_warmup(state)
        if first < len(x):
            self._call(state, x[first:], scores[first:], expected[first:], unit[first:])
        return Judgement(scores, expected, unit)

    def _call(
        self, state: State, x: Floats, scores: Floats, expected: Floats, unit: Floats
    ) -> None:
        rates = np.array([self.smoothing_level, self.smoothing_seasonal, self.smoothing_scale])
        ewma_run(
            x, state["clock"], state["channels"], state["season"], rates, scores, expected, unit
        )

    def _end_warmup(self, state: State) -> None:
        """The season of the rows held back; from here on the stream knows it."""
        held = state["warmup"].copy()
        held[~np.isfinite(held).all(axis=1)] = np.nan
        state["warmup"] = np.zeros((0, held.shape[1]))
        period = season_length(Series(held), self.period)
        if period == 1 or np.isnan(held).all():
            state["clock"][KNOWS_SCALE] = 1
            return
        fresh = self._blank(held.shape[1], period, state["origin"])
        fresh["clock"][ROWS] = 0
        self._learn_from(fresh, held, np.arange(len(held)) % period)
        state.update(fresh)

    def _check_state(self, state: State, n_columns: int) -> None:
        period, phase = int(state["clock"][PERIOD]), int(state["clock"][PHASE])
        shapes = state["channels"].shape == (N_FIELDS, n_columns)
        if not shapes or not 0 <= phase < period <= len(state["season"]):
            raise ValueError("the season does not fit the clock")
        if state["season"].shape[1] != n_columns or state["warmup"].shape[1] != n_columns:
            raise ValueError("the state has another number of columns")

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        judged = self._judge(state, data)
        assert judged.expected is not None
        assert judged.unit is not None
        error = (data.values[rows] - judged.expected[rows]) / judged.unit[rows]
        return np.asarray(np.square(np.minimum(np.nan_to_num(np.abs(error)), LARGEST)))

    def _resolution(self, state: State) -> float:
        return 0.1  # scores are in scales; a tenth of one means nothing

    def _reach(self, state: State) -> int:
        return 5

    def _facts(self, state: State) -> dict[str, Any]:
        period = int(state["clock"][PERIOD])
        return {"period": period} if period > 1 else {}
