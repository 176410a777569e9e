"""Change points: rows from which on a series behaves otherwise."""

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
from ..seasons import cycle_length, robust_spread
from ..stored_state import finite, positive, whole

Floats = NDArray[np.float64]

FEWEST = 8  # rows on each side of a change
USUAL, MOST_OF_IT = 96, 4  # rows of a window, and how many windows a series must hold
# Spreads up to which values count in full, and beyond which only their logarithm grows: a single
# spike is no change, and a shift far out still is one.
STRAIGHT = 4.0
LARGEST = 1e150  # spreads; the difference of two such values is finite
SMALLEST_VARIANCE = 1e-4  # in squared spreads; less is rounding, and would make every ripple count
SMALLEST_SPREAD = 1e-9  # of the size of a channel's values; less is rounding


@dataclass(eq=False, kw_only=True)
class ChangePoints(Detector):
    """The evidence that the level, the spread or the pace changes at each row.

    The rows of a window before a row are compared with those of a window from it on: twice the
    gain in likelihood when both sides get a mean and a variance of their own, plus that when the
    steps from row to row get variances of their own, which tells slow from fast. The score is the
    root of their sum, and of several channels of the mean over channels; for a change of level
    alone it is about how many standard errors the two means lie apart.

    Windows hold whole cycles, so that a season changes nothing. Evidence rises towards a change
    and falls behind it: the peak is the first row of what is new. A spike counts little. Rows with
    less than 8 rows, or one cycle, before or after them score 0.

    Parameters
    ----------
    window : rows on each side, 8 or more; None takes 96, rounded up to whole cycles where the
        series has any, or less where it is short.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    The likelihood ratio of a normal mean and variance as a cost on two adjacent windows: Truong,
    Oudre, Vayatis (2020), Selective review of offline change point detection methods, Signal
    Processing 167, sections 4.1.1 and 5.2.1. Ours looks at the steps too, bends values that are
    far out, and gives the evidence at every row instead of a list of changes.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=600); x[400:] += 2.0
    >>> int(np.argmax(ChangePoints().fit(x).anomaly_scores(x)))
    400
    """

    name: ClassVar[str] = "change_points"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"

    window: int | None = None
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        if self.window is not None:
            check.whole(self.name, "window", self.window, FEWEST)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return FEWEST

    def _learn(self, data: Series) -> State:
        cycle, window = 1, int(self.window or 0)
        if self.window is None:
            most = max(len(data) // MOST_OF_IT, FEWEST)
            period = cycle_length(data)
            cycle = period if period <= most else 1
            window = min(-(-USUAL // cycle), most // cycle) * cycle
        center, spread = _middle_and_spread(data.values)
        state: State = {
            "window": np.int64(max(window, FEWEST)),
            "cycle": np.int64(cycle),
            "center": center,
            "spread": spread,
        }
        _, state["pace"] = _middle_and_spread(_steps(self._straight(state, data.values)))
        return state

    def _straight(self, state: State, values: Floats) -> Floats:
        """(n, d) values in spreads; NaN where missing."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = values / state["spread"] - state["center"] / state["spread"]
        return np.asarray(np.clip(scaled, -LARGEST, LARGEST))

    def _judge(self, state: State, data: Series) -> Judgement:
        scores = np.sqrt(self._evidence(state, data.values).mean(axis=1))
        missing = np.isnan(data.values).any(axis=1)
        return Judgement(np.where(missing, np.nan, scores))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        return self._evidence(state, data.values)[rows]

    def _evidence(self, state: State, values: Floats) -> Floats:
        """(n, d) twice the gain in log-likelihood of a change at each row, 0 or more."""
        window, cycle = int(state["window"]), int(state["cycle"])
        straight = self._straight(state, values)
        steps = _steps(straight) / state["pace"]
        out = np.zeros(values.shape)
        for j in range(values.shape[1]):
            before, after, both = _windows(_bent(straight[:, j]), window, cycle)
            gain = both.count * np.log(both.variance)
            gain -= before.count * np.log(before.variance) + after.count * np.log(after.variance)
            slow, fast, _ = _windows(_bent(steps[:, j]), window, cycle)
            count = slow.count + fast.count
            usual = (slow.count * slow.variance + fast.count * fast.variance) / np.maximum(count, 1)
            gain += count * np.log(np.maximum(usual, SMALLEST_VARIANCE))
            gain -= slow.count * np.log(slow.variance) + fast.count * np.log(fast.variance)
            # A side that misses half of its rows says too little.
            least = max(FEWEST, (cycle + 1) // 2)
            enough = (before.count >= least) & (after.count >= least)
            enough &= (slow.count >= least - 1) & (fast.count >= least - 1)
            out[:, j] = np.where(enough, np.maximum(gain, 0.0), 0.0)
        return out

    def _check_state(self, state: State, n_columns: int) -> None:
        window = whole(state, "window", FEWEST, check.MOST)
        whole(state, "cycle", 1, window)
        finite(state, "center", (n_columns,))
        positive(state, "spread", (n_columns,))
        positive(state, "pace", (n_columns,))

    def _resolution(self, state: State) -> float:
        return 0.1  # scores are about standard errors; a tenth of one means nothing

    def _reach(self, state: State) -> int:
        return int(state["window"])

    def _smear(self, state: State) -> int:
        return 2 * int(state["window"])

    def _facts(self, state: State) -> dict[str, Any]:
        cycle = int(state["cycle"])
        found = {"window": int(state["window"])}
        return found | {"period": cycle} if cycle > 1 else found


@dataclass(frozen=True)
class _Side:
    """What is known of the rows beside each row: how many values, and their variance."""

    count: Floats
    variance: Floats


def _windows(x: Floats, window: int, cycle: int) -> tuple[_Side, _Side, _Side]:
    """The rows before each row, those from it on, and both together; whole cycles of them."""
    n = len(x)
    known = np.isfinite(x)
    filled = np.where(known, x, 0.0)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (known, filled, filled * filled)]
    rows = np.arange(n)
    low = rows - np.minimum(window, rows // cycle * cycle)
    high = rows + np.minimum(window, (n - rows) // cycle * cycle)
    before = [total[rows] - total[low] for total in sums]
    after = [total[high] - total[rows] for total in sums]
    both = [left + right for left, right in zip(before, after, strict=True)]
    return _side(*before), _side(*after), _side(*both)


def _side(count: Floats, total: Floats, squares: Floats) -> _Side:
    many = np.maximum(count, 1.0)
    return _Side(count, np.maximum(squares / many - np.square(total / many), SMALLEST_VARIANCE))


def _steps(x: Floats) -> Floats:
    """(n, d) differences to the row before; of the first row none."""
    return np.diff(x, axis=0, prepend=np.nan)


def _bent(x: Floats) -> Floats:
    """Values up to ``STRAIGHT`` as they are; beyond, as much more as the logarithm grows."""
    size = np.abs(x)
    beyond = np.log1p(np.maximum(size - STRAIGHT, 0.0))
    return np.asarray(np.where(size > STRAIGHT, np.copysign(STRAIGHT + beyond, x), x))


def _middle_and_spread(values: Floats) -> tuple[Floats, Floats]:
    """(d,) median and robust spread of each channel, above 0; NaN is passed over."""
    center = np.zeros(values.shape[1])
    unit = np.ones(values.shape[1])
    for j, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size:
            # Divided first: the sums and squares of large values would be infinite.
            unit[j] = float(np.abs(known).max()) or 1.0
            center[j] = np.median(known / unit[j]) * unit[j]
    spread = robust_spread(values / unit)
    spread = np.where(spread > SMALLEST_SPREAD, spread, 1.0)
    return center, np.maximum(spread * unit, 1e-300)
