"""The default for one series: the view in which it stands out, found from the data alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from .. import parameters as check
from ..auto.shapes import LADDER
from ..auto.standing_out import ERRORS, SENSES, SHOWN, SMOOTHS, Choice, strangeness
from ..calibration import Calibration
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..shared_rows import place_of, shift_between
from ..stored_state import finite, stored

Floats = NDArray[np.float64]

FEWEST = 10
MOST = 2**20  # rows that are kept; of a longer series the last
# A few new rows are compared with so many rows before them, and set on the scale of so many.
REFERENCE, SCALED_BY = 100_000, 5_000
MANY_TIMES = 10  # as many rows learned from as new ones, for these to be few
BETWEEN = 64  # rows made up between series that do not follow each other
SAME = 20  # rows that must agree before two series are taken for parts of one
LEAST = 0.01  # of a distance or an error: smaller differences mean nothing
RESOLUTION = 0.01  # of the score, which has no unit
SMALLEST = 1e-300
COUNTED = 0.25  # the least share that is counted, not reckoned from a tail
ALL_SENSES = (*SENSES, *ERRORS)
WORDS = {
    "shape": "the shape of windows",
    "damped shape": "the shape and size of windows",
    "forecast": "what a forecast from the rows before misses",
    "season": "the distance from season and recent level",
}


@dataclass(eq=False, kw_only=True)
class AutoSeries(Detector):
    """The default for one series: shapes at many lengths and forecasts, whichever stands out.

    Windows of 20 to 1,024 rows are compared with those most like them, by their shape alone and by
    shape and size together; beside that each row is foretold from the 32 before it. Of these views
    the one is taken in which the rows judged have the highest peak. The score is −log10 of the
    share of the rows learned from that are at least as strange in that view: 3 is one row in a
    thousand, whatever the view. Of several channels, each judged alone, the largest counts. Rows
    in gaps have no score.

    Rows after those learned from are judged together: which view is taken depends on all of them.
    Where they are less than a tenth of those, windows are compared with the last 100,000 rows
    learned from, and scores are on the scale of the last 5,000.

    Parameters
    ----------
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Our own. Window distances: Zimmerman et al. (2019), "Matrix profile XIV", SoCC; the rest is
    described under explanation.

    Examples
    --------
    >>> x = np.sin(np.arange(600) / 8); x[300:320] = 0.0
    >>> detector = AutoSeries().fit(x)
    >>> 280 < int(np.nanargmax(detector.anomaly_scores(x))) < 340
    True
    """

    name: ClassVar[str] = "auto_series"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("shape_distances", "windows", "rolling")

    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return FEWEST

    def _learn(self, data: Series) -> State:
        skipped = max(0, len(data) - MOST)
        reference = np.array(data.values[skipped:])
        scores, choices = zip(*(_judged(channel, 0, 0) for channel in reference.T), strict=True)
        return {
            "reference": reference,
            "scores": np.nan_to_num(np.column_stack(scores)),
            "place": place_of(data, skipped),
            "windows": np.array([choice.window for choice in choices], dtype=np.int64),
            "senses": np.array([ALL_SENSES.index(choice.sense) for choice in choices], np.int64),
        }

    def _rows_to_use(self, state: State) -> int:
        return 1

    def _judge(self, state: State, data: Series) -> Judgement:
        return Judgement(self._channels(state, data).max(axis=1))

    def _channels(self, state: State, data: Series) -> Floats:
        """(n, d) the score of each channel alone; NaN in its gaps."""
        known, n = len(state["reference"]), len(data)
        shift = shift_between(data, state["reference"], state["place"], SAME)
        if shift is None:
            follows = data.first == int(state["place"][0]) + known
            shift = known if follows else known + BETWEEN
        # Where rows stand beside those learned from; rows before them go behind all others.
        place = shift + np.arange(n)
        behind = max(known, shift + n) + BETWEEN
        place = np.where(place < 0, behind + np.arange(n), place)
        out = np.empty((n, data.values.shape[1]))
        for j in range(out.shape[1]):
            reference, learned = state["reference"][:, j], state["scores"][:, j]
            scores = np.where(np.isfinite(reference), learned, np.nan)
            if place.max() >= known:
                values = np.full(int(place.max()) + 1, np.nan)
                values[place] = data.values[:, j]
                values[:known] = reference
                scores = _going_on(values, scores)
            out[:, j] = scores[place]
        return out

    def _check_state(self, state: State, n_columns: int) -> None:
        reference = stored(state, "reference", (None, n_columns))
        if not FEWEST <= len(reference) <= MOST:
            raise ValueError(f"'reference' must have {FEWEST} to {MOST} rows")
        finite(state, "scores", reference.shape, least=0.0)
        if stored(state, "place", (3,), np.int64)[2] < 0:
            raise ValueError("'place' must have a step of 0 or more")
        windows = stored(state, "windows", (n_columns,), np.int64)
        senses = stored(state, "senses", (n_columns,), np.int64)
        if (windows < 0).any() or (windows > LADDER[-1]).any():
            raise ValueError(f"'windows' must be 0 to {LADDER[-1]}")
        if (senses < 0).any() or (senses >= len(ALL_SENSES)).any():
            raise ValueError(f"'senses' must be 0 to {len(ALL_SENSES) - 1}")
        if ((windows > 0) != (senses < len(SENSES))).any():
            raise ValueError("'windows' must be above 0 where shapes are compared, and 0 elsewhere")

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        if data.values.shape[1] == 1:
            return np.ones((len(rows), 1))
        return np.nan_to_num(self._channels(state, data)[rows])

    def _resolution(self, state: State) -> float:
        return RESOLUTION

    def _smear(self, state: State) -> int:
        # Each channel has its own chances to be wrong.
        chances = sum(1.0 / _smear_of(window) for window in state["windows"].tolist())
        return max(1, round(1.0 / chances))

    def _reach(self, state: State) -> int:
        return max(window or SHOWN for window in state["windows"].tolist())

    def _facts(self, state: State) -> dict[str, Any]:
        """By what the rows learned from were judged; rows after them may show best in another."""
        views = []
        for window, sense in zip(state["windows"].tolist(), state["senses"].tolist(), strict=True):
            view = WORDS[ALL_SENSES[sense]]
            views.append(f"{view}, of {window} rows" if window else view)
        if len(views) > 1:
            return {"learned_views": views}
        window = int(state["windows"][0])
        return {"learned_view": views[0]} | ({"window": window} if window else {})


def _going_on(values: Floats, known: Floats) -> Floats:
    """(n,) scores of a series whose first rows were learned from and scored ``known``.

    Where few rows are new, those learned from keep their scores and only the last are compared.
    """
    n_learned = len(known)
    n_new = len(values) - n_learned
    if n_learned <= SCALED_BY or n_learned < MANY_TIMES * n_new:
        return _judged(values, n_learned, 0)[0]
    skipped = max(0, n_learned - REFERENCE)
    n_learned -= skipped
    found, _ = _judged(values[skipped:], n_learned, n_learned - SCALED_BY)
    return np.concatenate([known, found[n_learned:]])


def _judged(values: Floats, n_learned: int, first: int) -> tuple[Floats, Choice]:
    """(n,) −log10 of the share of the rows learned from that are as strange; NaN in gaps.

    Rows before ``first`` are what others are compared with, and their scores mean nothing.
    """
    is_missing = ~np.isfinite(values)
    known = np.flatnonzero(~is_missing)
    if not known.size:
        return np.full(len(values), np.nan), Choice(0, "forecast", "learned", 0.0)
    x = np.interp(np.arange(len(values)), known, values[known])
    found, choice = strangeness(x / (np.abs(x).max() or 1.0), is_missing, n_learned, first)
    found[is_missing] = np.nan
    learned = found[first : n_learned or None]
    return _decades(found, learned, _smear_of(choice.window)), choice


def _decades(found: Floats, learned: Floats, smear: int) -> Floats:
    """(n,) −log10 of the share of ``learned`` that is at least as large; NaN stays NaN.

    Counted down to a quarter. Beyond, the tail that ``Calibration`` finds goes on from there:
    scores are calibrated once more, by the quarter to a half of them, and a tail that is bent
    there would be bent twice.
    """
    known = np.sort(learned[np.isfinite(learned)])
    if not known.size:
        return np.where(np.isfinite(found), 0.0, np.nan)
    scale = Calibration.learn(known, LEAST, smear)
    last = known[int((1.0 - COUNTED) * known.size)]
    share = 1.0 - np.searchsorted(known, found) / known.size
    at_last = 1.0 - np.searchsorted(known, last) / known.size
    beyond = scale.tail_probability(found) / scale.tail_probability(np.array([last]))
    share = np.where(found > last, at_last * np.minimum(beyond, 1.0), share)
    share[np.isnan(found)] = np.nan
    return np.maximum(-np.log10(np.maximum(share, SMALLEST)), 0.0)


def _smear_of(window: int) -> int:
    # Where errors are averaged a stretch above the threshold is about a third as wide as the mean.
    return SMOOTHS[0] * window if window else SHOWN // 3
