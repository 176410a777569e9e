"""SPOT: alarms at a set probability in the tails of what is usual, which follow drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput
from ...kernels import spot as kernel
from ...kernels.spot import spot_run, tail_fit
from .. import parameters as check
from ..calibration import KNOTS, Calibration
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..seasons import robust_spread
from ..stored_state import MOST_ROWS, finite, positive, stored

Floats = NDArray[np.float64]

LONGEST_WINDOW, MOST_PEAKS = 100_000, 100_000
FEWEST_PEAKS = 10  # below them a tail has no shape; a short stream starts its tails further in
SMALLEST_SCALE = 1e-6  # of the spread: a tail narrower than this is rounding
LARGEST = kernel.FARTHEST


@dataclass(eq=False, kw_only=True)
class SPOT(OnlineDetector):
    """How improbable each row is in the tails of what was usual before it; learns as it goes.

    The distance of a value from the mean of the last ``depth`` ordinary values has two tails,
    above and below. Beyond a start that only a few rows pass, a generalised Pareto distribution
    follows the peaks, and says how many rows would lie further out. The score is minus log10 of
    that share: 4 means one row of ten thousand. Alarms, rows with a score above −log10 of ``q``,
    are not learned; but as many in a row as the mean takes are a new level. Of several columns
    the strangest counts, so more columns mean more alarms.

    One scale serves all series. Each tail keeps its last ``max_peaks`` peaks, so memory is
    constant and what was usual long ago is forgotten. Rows with a missing value get no score and
    are not learned, nor do the first 8 rows of a series have one.

    Parameters
    ----------
    q : share of the ordinary rows that shall be alarms.
    level : share of the rows that the tail on either side starts beyond.
    depth : ordinary rows whose mean is the middle; 0 keeps the median of the rows learned first,
        and follows no drift.
    max_peaks : peaks that each tail keeps.
    warmup : rows that a stream starting with nothing takes its tails from; they get no score.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        ``q``. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its own rules.

    Source
    ------
    Siffer, Fouque, Termier, Largouët (2017), Anomaly detection in streams with extreme value
    theory, KDD, algorithms 1 and 2 (``depth=0``) and 3. They have one tail, or ``q`` for each of
    two; we divide ``q`` among them. They keep every peak, learn no alarm, which makes several
    times the alarms that ``q`` says, and stay with the old level for good after a shift. We draw
    the shape of a tail towards 0.1 with the weight of eighty peaks. Below the start of a tail we
    score in proportion to the distance.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> values = random.normal(size=3000) + np.arange(3000) / 100; values[2500] += 8.0
    >>> detector = SPOT()
    >>> scores = [detector.update([value]) for value in values]
    >>> scores[0], int(np.nanargmax(scores)), scores[2500] > 4
    (nan, 2500, True)
    """

    name: ClassVar[str] = "spot"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("spot",)

    q: float = 1e-4
    level: float = 0.98
    depth: int = 20
    max_peaks: int = 500
    warmup: int = 1000
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.number(self.name, "q", self.q, 0.0, 0.5)
        check.number(self.name, "level", self.level, 0.0, 0.9999)
        if 1.0 - self.level <= self.q / 2:
            raise InvalidInput(
                f"{self.name}: q must be below 2 × (1 − level), so that alarms lie beyond the "
                f"start of a tail; got q {self.q:g} and level {self.level:g}",
                parameter="q",
            )
        check.whole(self.name, "depth", self.depth, 0, LONGEST_WINDOW)
        check.whole(self.name, "max_peaks", self.max_peaks, FEWEST_PEAKS, MOST_PEAKS)
        check.whole(self.name, "warmup", self.warmup, 2)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return 2

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        return self._begun(data.values)

    def _blank(self, n_columns: int) -> State:
        depth = max(int(self.depth), 1)
        tails = np.zeros((n_columns, 2, kernel.N_FIELDS))
        tails[:, :, [kernel.SCALE, kernel.FLOOR]] = 1.0
        tails[:, :, kernel.CREDIT] = kernel.MOST_CREDIT
        return {
            "centres": np.zeros(n_columns),
            "windows": np.zeros((2, n_columns, depth)),
            "places": np.zeros((n_columns, kernel.N_PLACES), dtype=np.int64),
            "tails": tails,
            "peaks": np.zeros((n_columns, 2, int(self.max_peaks))),
            "seen": np.int64(0),
            "held": np.zeros((0, n_columns)),
        }

    def _begun(self, values: Floats) -> State:
        """Tails from a stretch of rows, and the window as it stands after the last of them."""
        state = self._blank(values.shape[1])
        known = values[np.isfinite(values).all(axis=1)].clip(-LARGEST, LARGEST)
        depth = int(self.depth)
        for j, column in enumerate(known.T if len(known) else []):
            away = _from_mean_before(column, depth) if depth else column - np.median(column)
            floor = SMALLEST_SCALE * float(robust_spread(away[:, None])[0])
            floor = max(floor, 1e-9 * float(np.abs(column).max()), 1e-300)
            for side, one in enumerate((away, -away)):
                self._begin_tail(state["tails"][j, side], state["peaks"][j, side], one, floor)
            if depth == 0:
                state["centres"][j] = np.median(column)
                continue
            last = column[-depth:]
            state["windows"][0, j, : len(last)] = last
            state["centres"][j] = last.sum()
            state["places"][j, [kernel.HELD, kernel.OLDEST]] = len(last), len(last) % depth
        return state

    def _begin_tail(self, tail: Floats, peaks: Floats, away: Floats, floor: float) -> None:
        n = len(away)
        fewest = min(FEWEST_PEAKS, n // 4)
        start = np.sort(away)[max(min(int(self.level * n), n - 1 - fewest), 0)]
        if 0.0 <= start < floor:
            start = floor  # beside a constant, rounding is no peak
        beyond = away[away > start] - start
        last = beyond[-len(peaks) :]
        peaks[: len(last)] = last
        tail[kernel.START], tail[kernel.FLOOR] = start, floor
        tail[kernel.SEEN] = n * len(last) / len(beyond) if len(beyond) else n
        tail[kernel.PEAKS], tail[kernel.NEXT] = len(last), len(last) % len(peaks)
        tail_fit(tail, peaks)

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        state = self._blank(data.values.shape[1])
        state["held"] = np.full((int(self.warmup), data.values.shape[1]), np.nan)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        state = copied(state)
        state["places"][:] = 0
        if self.depth:
            state["centres"][:] = 0.0
        return state

    def _training_scores(self, applied: Container) -> Floats:
        # As the model answers right after fit; the scale needs no scores, only a share does.
        return self._judge(self._need().state, cast(Series, applied)).scores

    def _go_over(self, state: State, data: Series) -> Judgement:
        return self._over(state, data.values)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = self._row(row)
        return float(self._over(self._need().state, x).scores[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        return self._over(copied(state), data.values)

    def _over(self, state: State, values: Floats) -> Judgement:
        """Go over rows, changing the state; begins the tails where the warm-up ends."""
        shape = values.shape
        out = np.full(shape[0], np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
        first = self._hold(state, values) if len(state["held"]) else 0
        if first < len(values):
            spot_run(
                values[first:],
                float(self.q),
                bool(self.depth),
                state["centres"],
                state["windows"],
                state["places"],
                state["tails"],
                state["peaks"],
                *(part[first:] for part in out),
            )
        return Judgement(*out)

    def _hold(self, state: State, values: Floats) -> int:
        """Keep known rows for the warm-up; how many rows that took."""
        held, seen = state["held"], int(state["seen"])
        known = np.flatnonzero(np.isfinite(values).all(axis=1))[: len(held) - seen]
        held[seen : seen + len(known)] = values[known]
        state["seen"] = np.int64(seen + len(known))
        if seen + len(known) < len(held):
            return len(values)
        state.update(self._begun(held))
        return int(known[-1]) + 1

    # --- one scale ---------------------------------------------------------------------------

    def _calibration_of(self, scores: Floats, state: State) -> Calibration:
        return _powers_of_ten()

    def _limit_for_all(self) -> tuple[float, str] | None:
        why = f"q: {self.q:g} of the ordinary rows lie as far out in the tails"
        return -math.log10(self.q), why

    # --- what the contract asks ----------------------------------------------------------------

    def _check_state(self, state: State, n_columns: int) -> None:
        depth, most = max(int(self.depth), 1), int(self.max_peaks)
        finite(state, "centres", (n_columns,))
        windows = finite(state, "windows", (2, n_columns, depth))
        peaks = finite(state, "peaks", (n_columns, 2, most), least=0.0)
        tails = finite(state, "tails", (n_columns, 2, kernel.N_FIELDS))
        if (np.abs(windows) > LARGEST).any() or (peaks > 4 * LARGEST).any():
            raise ValueError("'windows' and 'peaks' must be of a size that can be added")
        places = stored(state, "places", (n_columns, kernel.N_PLACES), np.int64)
        among, oldest, run = places.T
        if (
            (np.minimum(among, oldest) < 0).any()
            or (among > depth).any()
            or (oldest >= depth).any()
            or (run < -depth).any()
            or (run > (depth - 1 if self.depth else 1)).any()
        ):
            raise ValueError("'places' must lie within the window")
        seen, count, following = np.moveaxis(tails[:, :, kernel.SEEN : kernel.SCALE], -1, 0)
        counts = np.stack([count, following])
        if (counts != np.floor(counts)).any() or (counts < 0).any() or (count > most).any():
            raise ValueError("'tails' must count its peaks")
        if (following >= most).any() or (seen < 0).any() or (seen > MOST_ROWS).any():
            raise ValueError("'tails' must have counted its rows")
        positive({"scale": tails[:, :, kernel.SCALE]}, "scale", (n_columns, 2))
        credit = tails[:, :, kernel.CREDIT]
        if (credit < 0).any() or (credit > kernel.MOST_CREDIT).any():
            raise ValueError("'tails' must have a credit within 0 and that of the method")
        positive({"floor": tails[:, :, kernel.FLOOR]}, "floor", (n_columns, 2))
        if (tails[:, :, kernel.SHAPE] < -1.0).any() or (tails[:, :, kernel.SHAPE] > 1e3).any():
            raise ValueError("'tails' must have shapes from −1 to 1000")
        held = stored(state, "held", (None, n_columns))
        n_held = int(stored(state, "seen", (), np.int64))
        if len(held) and not (len(held) == self.warmup and 0 <= n_held < len(held)):
            raise ValueError("'held' must have a row for each of the warm-up, not yet over")
        if not np.isfinite(held[: max(n_held, 0)]).all():
            raise ValueError("'held' must have known rows")

    def _resolution(self, state: State) -> float:
        return 0.05  # of a score that counts tenfolds

    def _reach(self, state: State) -> int:
        return 5


def _from_mean_before(x: Floats, depth: int) -> Floats:
    """Distances from the mean of up to ``depth`` values before; where few are known, of fewer."""
    middle = float(np.median(x))
    sums = np.concatenate([[0.0], np.cumsum(x - middle)])
    first = min(kernel.BELIEVED, depth, len(x) - 1)
    ends = np.arange(first, len(x))
    starts = np.maximum(ends - depth, 0)
    return np.asarray((x[ends] - middle) - (sums[ends] - sums[starts]) / (ends - starts))


def _powers_of_ten() -> Calibration:
    """A score to the share that it stands for."""
    knots = np.linspace(0.0, 1.0, KNOTS)
    tail = np.array([[1.0, 0.1, 1.0 / math.log(10.0), 1e-6]])
    return Calibration(knots[None, :], 10.0 ** -knots[None, :], tail)
