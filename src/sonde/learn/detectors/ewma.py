"""Robust seasonal EWMA: learns as it goes, constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...kernels.ewma import (
    FLOOR,
    KNOWS_SCALE,
    LEVEL,
    N_CLOCK,
    N_FIELDS,
    PERIOD,
    PHASE,
    ROWS,
    SCALE,
    SEEN,
    SIZE,
    ewma_run,
)
from .. import parameters as check
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..seasons import origin_of, phases, robust_spread, season_length, seasonal_profile
from ..stored_state import MOST_ROWS, finite, origin, stored

Floats = NDArray[np.float64]

# A spread below this share of the series' own is rounding, not noise.
SMALLEST_SPREAD = 1e-3
MOST_CELLS = 10**8  # of the season that a stored stream may ask for
UNTIMED = np.iinfo(np.int64).min  # the time of a held row that came without one


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
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

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
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        for name in ("smoothing_level", "smoothing_seasonal", "smoothing_scale"):
            check.number(self.name, name, getattr(self, name), 0.0, 1.0)
        if self.period is not None:
            check.whole(self.name, "period", self.period, 1)
        check.whole(self.name, "warmup", self.warmup, 1)
        check.contamination(self.name, self.contamination)

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        period = season_length(data, self.period)
        state = self._blank(data.values.shape[1], period, origin_of(data))
        self._learn_from(state, data)
        return state

    def _learn_from(self, state: State, data: Series) -> None:
        """Season and scale from a stretch of rows, then the rows themselves, one by one."""
        values, period = data.values, int(state["clock"][PERIOD])
        phase = _phases_in(state, data)
        state["season"] = seasonal_profile(values - np.nanmedian(values, 0), phase, period)
        flat = values - state["season"][phase]
        # An amplitude of 0 leaves the kernel's own floor, a share of the values' size.
        state["channels"][FLOOR] = SMALLEST_SPREAD * robust_spread(values)
        steps = np.diff(flat, axis=0)
        state["channels"][SCALE] = robust_spread(steps) if len(steps) else 0.0
        state["clock"][KNOWS_SCALE] = 1
        self._over(state, data)

    def _blank(self, n_channels: int, period: int, origin: NDArray[np.int64]) -> State:
        clock = np.zeros(N_CLOCK, dtype=np.int64)
        clock[PERIOD] = period
        return {
            "clock": clock,
            "channels": np.zeros((N_FIELDS, n_channels)),
            "season": np.zeros((period, n_channels)),
            "warmup": np.zeros((0, n_channels)),
            "warmup_time": np.zeros(0, dtype=np.int64),
            "origin": origin,
        }

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        n_channels = data.values.shape[1]
        state = self._blank(n_channels, 1, np.zeros(2, dtype=np.int64))
        state["warmup"] = np.full((self.warmup, n_channels), np.nan)
        state["warmup_time"] = np.full(self.warmup, UNTIMED)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        state = copied(state)
        state["clock"][ROWS] = state["clock"][PHASE] = 0
        state["channels"][SEEN] = state["channels"][LEVEL] = 0.0
        return state

    def _go_over(self, state: State, data: Series) -> Judgement:
        return self._over(state, data)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = self._row(row)
        state = self._need().state
        if len(state["warmup"]):
            return float(self._over(state, Series(x)).scores[0])
        scores = np.empty(1)
        self._call(state, x, scores, np.empty(x.shape), np.empty(x.shape))
        return float(scores[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        return self._over(copied(state), data)

    def _over(self, state: State, data: Series) -> Judgement:
        """Go over rows, changing the state; stops where the warm-up ends to look for a season."""
        shape = data.values.shape
        out = np.empty(shape[0]), np.empty(shape), np.empty(shape)
        held, seen = state["warmup"], int(state["clock"][ROWS])
        first = min(max(len(held) - seen, 0), len(data))
        if first:
            self._call(state, data.values[:first], *(part[:first] for part in out))
            _hold(state, data[:first], seen)
            if seen + first == len(held):
                whole = data[:first] if seen == 0 else Series(held, time=_time_of_held(state))
                self._end_warmup(state, whole)
        if first < len(data):
            self._in_season(state, data[first:], *(part[first:] for part in out))
        return Judgement(*out)

    def _in_season(
        self, state: State, data: Series, scores: Floats, expected: Floats, unit: Floats
    ) -> None:
        """Rows of a stream whose season is known; the clock jumps where time does."""
        clock = state["clock"]
        phase = _phases_in(state, data)
        jumps = np.flatnonzero(phase[1:] != (phase[:-1] + 1) % clock[PERIOD]) + 1
        bounds = [0, *jumps.tolist(), len(data)]
        for start, stop in pairwise(bounds):
            clock[PHASE] = phase[start]
            part = slice(start, stop)
            self._call(state, data.values[part], scores[part], expected[part], unit[part])

    def _call(
        self, state: State, x: Floats, scores: Floats, expected: Floats, unit: Floats
    ) -> None:
        rates = np.array([self.smoothing_level, self.smoothing_seasonal, self.smoothing_scale])
        ewma_run(
            x, state["clock"], state["channels"], state["season"], rates, scores, expected, unit
        )

    def _end_warmup(self, state: State, data: Series) -> None:
        """The season of the rows held back; from here on the stream knows it."""
        held = np.where(np.isfinite(data.values).all(axis=1, keepdims=True), data.values, np.nan)
        state["warmup"] = np.zeros((0, held.shape[1]))
        state["warmup_time"] = np.zeros(0, dtype=np.int64)
        if np.isnan(held).all():
            state["clock"][KNOWS_SCALE] = 1
            return
        period = season_length(data.with_values(held), self.period)
        if period == 1:
            state["channels"][FLOOR] = SMALLEST_SPREAD * robust_spread(held)
            state["clock"][KNOWS_SCALE] = 1
            return
        fresh = self._blank(held.shape[1], period, _usual_steps(data))
        self._learn_from(fresh, data.with_values(held))
        state.update(fresh)

    def _check_state(self, state: State, n_columns: int) -> None:
        rows, phase, period, knows = stored(state, "clock", (N_CLOCK,), np.int64).tolist()
        if not 0 <= rows < MOST_ROWS or not 0 <= phase < period or knows not in (0, 1):
            raise ValueError("'clock' can't be right")
        finite(state, "season", (period, n_columns))
        channels = finite(state, "channels", (N_FIELDS, n_columns))
        if (channels[[SEEN, SCALE, FLOOR, SIZE]] < 0).any():
            raise ValueError("'channels' must have counts and scales of 0 or more")
        held = stored(state, "warmup", (None, n_columns))
        time = stored(state, "warmup_time", (len(held),), np.int64)
        known = time[:rows][time[:rows] != UNTIMED]
        if (known[1:] <= known[:-1]).any():
            raise ValueError("'warmup_time' must rise")
        if len(held) and self.period is not None:
            season_length(Series(held), self.period)
            if self.period > MOST_CELLS // n_columns:
                raise ValueError(f"a period of {self.period} rows is too long")
        origin(state)

    def _resolution(self, state: State) -> float:
        return 0.1  # scores are in scales; a tenth of one means nothing

    def _reach(self, state: State) -> int:
        return 5

    def _facts(self, state: State) -> dict[str, Any]:
        period = int(state["clock"][PERIOD])
        return {"period": period} if period > 1 else {}


def _hold(state: State, data: Series, seen: int) -> None:
    """Keep rows of the warm-up; those that do not come after the ones before them are untimed."""
    part = slice(seen, seen + len(data))
    state["warmup"][part] = data.values
    before = state["warmup_time"][:seen]
    goes_on = data.time is not None and (seen == 0 or data.time[0] > before.max())
    state["warmup_time"][part] = data.time if goes_on else UNTIMED


def _time_of_held(state: State) -> NDArray[np.int64] | None:
    time = state["warmup_time"]
    return None if (time == UNTIMED).any() else time


def _phases_in(state: State, data: Series) -> NDArray[np.int64]:
    """(n,) the phase of each row: by its time, by its position, or going on from the last row."""
    clock, origin = state["clock"], state["origin"]
    period = int(clock[PERIOD])
    if origin[1] > 0 and data.time is not None:
        return phases(data, period, (int(origin[0]), int(origin[1])))
    if clock[ROWS] == 0:
        return phases(data, period, None)
    return np.asarray((clock[PHASE] + np.arange(len(data))) % period)


def _usual_steps(data: Series) -> NDArray[np.int64]:
    """(2,) start and step of a stream's time, from its first rows, gaps allowed; zeros if none."""
    if data.time is None or len(data) < 2:
        return np.zeros(2, dtype=np.int64)
    steps = np.diff(data.time)
    step = int(np.median(steps))
    multiples = steps / step
    on_grid = np.abs(multiples - np.round(multiples)) < 0.05
    if on_grid.mean() < 0.9:
        return np.zeros(2, dtype=np.int64)
    return np.array([data.time[0], step], dtype=np.int64)
