"""What every anomaly detector promises."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Series, Table
from ..core.progress import tell
from ..data import only_columns, with_categories
from ..data.problems import series_problems
from ..errors import TooShort, not_fitted
from .calibration import Calibration
from .estimator import Estimator, Fitted, State
from .judgement import Judgement, Part, scattered, stacked
from .thresholds import Rule, Threshold, find_threshold, fixed_threshold, rule_from

Floats = NDArray[np.float64]

# Rows whose scores calibrate a detector that reads rows one by one; more would only cost time.
CALIBRATION_ROWS = 10_000
AUTO_CONTAMINATION = 0.1  # as in PyOD
LARGEST_ERROR = 1e9  # in units; its square is still far from infinite


class Detector(Estimator):
    """Scores every row; larger is stranger.

    An author writes ``_learn`` and ``_judge``, and ``_blame`` where a better answer is known than
    the default. After fit: ``schema_``, ``policy_``, ``calibration_``, ``threshold_``.
    """

    family: ClassVar[str] = "rows"
    online: ClassVar[bool] = False
    fixed_limit: ClassVar[tuple[float, str] | None] = None  # a score for all data, and why
    random_state: Any
    contamination: float | str | None

    # --- an author's part --------------------------------------------------------------------

    @abstractmethod
    def _judge(self, state: State, data: Any) -> Judgement:
        """Scores of ``data``, which passed schema and policy."""

    def _blame(self, state: State, data: Any, rows: NDArray[np.int64]) -> Floats:
        """(len(rows), n_columns) non-negative: how much each column made the row strange.

        Where the method expects a value: the squared error in the column's own unit.
        """
        judged = self._judge(state, data)
        if judged.expected is None or judged.unit is None:
            return np.ones((len(rows), data.values.shape[1]))
        unit = np.broadcast_to(judged.unit, judged.expected.shape)
        error = (data.values[rows] - judged.expected[rows]) / unit[rows]
        return np.asarray(np.square(np.minimum(np.nan_to_num(np.abs(error)), LARGEST_ERROR)))

    def _resolution(self, state: State) -> float:
        """The smallest difference of scores that means anything."""
        return 0.0

    def _reach(self, state: State) -> int:
        """Rows that one strange row makes look strange: anomalies this close are one."""
        return 1

    def _smear(self, state: State) -> int:
        """Neighbouring rows that share most of their score; 1 where each row has its own."""
        return 1

    def _facts(self, state: State) -> dict[str, Any]:
        """What the model found out that a reader may want to know, as plain values."""
        return {}

    # --- learning ----------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        applied = self._fit(X)
        self.calibrate([self._training_scores(applied)])
        return self

    def _training_scores(self, applied: Container) -> Floats:
        """Scores to calibrate with; a sample where rows stand alone."""
        state = self._need().state
        if self.reads == "rows" and len(applied) > CALIBRATION_ROWS:
            chosen = np.linspace(0, len(applied) - 1, CALIBRATION_ROWS).astype(np.int64)
            applied = Table(applied.values[chosen], applied.channels)
        return self._judge(state, applied).scores

    def calibrate(
        self,
        scores: list[Floats],
        rule: Rule | None = None,
        labelled: list[tuple[Floats, NDArray[np.bool_]]] | None = None,
        rows_per_ns: float | None = None,
    ) -> None:
        """Learn calibration and threshold from the scores of ordinary rows, one array a part.

        ``labelled`` holds scores and true labels, one pair a part, for the rule that wants them;
        ``rows_per_ns`` is how many rows come in a nanosecond, all series together, for budgets.
        Nothing else changes: both can be moved without learning again.
        """
        fitted = self._need()
        calibration = self._calibration(scores)
        rule = rule or rule_from(contamination=self._share())
        if rows_per_ns is None and fitted.schema.step_ns is not None:
            rows_per_ns = len(scores) / fitted.schema.step_ns
        threshold = find_threshold(
            rule,
            calibration,
            scores,
            rows_per_ns=rows_per_ns,
            labelled=labelled,
            smears=[self._smear(state) for state in self._states()],
        )
        limit = self._limit_for_all()
        if limit is not None and rule == Rule():
            threshold = fixed_threshold(*limit, calibration)
        self._replace(calibration=calibration, threshold=threshold)

    def _calibration(self, scores: list[Floats]) -> Calibration:
        return Calibration.joined(
            [
                self._calibration_of(part, state)
                for part, state in zip(scores, self._states(), strict=True)
            ]
        )

    def _calibration_of(self, scores: Floats, state: State) -> Calibration:
        """What the scores of one part mean; fixed where they mean the same whatever the data."""
        return Calibration.learn(scores, self._resolution(state), self._smear(state))

    def _limit_for_all(self) -> tuple[float, str] | None:
        """The largest ordinary score where it is the same whatever the data, and why."""
        return self.fixed_limit

    def _share(self) -> float | None:
        """The contamination that ``fit`` goes by; None for the extreme-value rule."""
        given = self.contamination
        return AUTO_CONTAMINATION if isinstance(given, str) else given

    def _states(self) -> list[State]:
        """The learned state behind each part of the calibration."""
        return [self._need().state]

    @property
    def calibration_(self) -> Calibration:
        """Scores → tail probabilities."""
        calibration = self._need().calibration
        if calibration is None:
            raise not_fitted(self.name)
        return calibration

    @property
    def threshold_(self) -> Threshold:
        """Tail probabilities → decisions."""
        threshold = self._need().threshold
        if threshold is None:
            raise not_fitted(self.name)
        return threshold

    def rewind(self) -> None:
        """Keep what was learned in general, forget where the series stood.

        Only a model that learns as it goes knows where a series stands.
        """
        self._replace(state=self._rewound(self._need().state))

    def _rewound(self, state: State) -> State:
        """``state`` at the beginning of a series."""
        return state

    def settled(self, data: Container) -> Detector:
        """The model as it is once it knows ``data``, at the beginning of a series; a copy.

        Only a model that starts with nothing and learns as it goes differs from itself.
        """
        return self

    # --- use ---------------------------------------------------------------------------------

    def prepare(self, X: Any) -> Container:
        """``X`` as a container with the model's columns, in the model's order."""
        schema = self._need().schema
        if (
            type(X) is Table
            and schema.kind == "table"
            and X.channels == schema.channels
            and len(X.values) >= schema.min_rows
        ):
            return X  # as all that follows would find it
        if schema.named:
            X = only_columns(X, schema.channels, schema.time_column)
        if schema.categories:
            X = with_categories(X, schema.categories)
        data = self._take_many(X)
        if schema.kind == "series" and isinstance(data, Table):
            data = Series(data.values, data.channels)
        elif schema.kind == "table" and isinstance(data, Series):
            data = Table(data.values, data.channels)
        return schema.check(data, type(self).__name__)  # type: ignore[no-any-return]

    def _take_many(self, X: Any) -> Any:
        """As ``_take``; several series are accepted, each is judged by itself."""
        if isinstance(X, Panel) and self.reads != "rows":
            return X
        return self._take(X)

    def anomaly_scores(self, X: Any) -> Floats:
        """(n_rows,) float64, larger is stranger; NaN for rows the policy leaves out.

        ``X`` as in ``fit``; columns are matched by name where there are names.
        """
        return self.judge(self.prepare(X)).scores

    def parts(self, data: Container) -> list[Part]:
        """Which rows are judged together, and with which part of the calibration."""
        if isinstance(data, Panel):
            return [
                Part(0, name, int(data.offsets[i]), int(data.offsets[i + 1]))
                for i, name in enumerate(data.ids)
            ]
        return [Part(0, None, 0, len(data))]

    def limits(self, data: Container) -> Floats:
        """(n_rows,) the largest score that is still ordinary in each row of prepared data."""
        limits = self.threshold_.limits
        if not isinstance(data, Panel):
            return np.full(len(data.values), limits[0])
        out = np.empty(len(data.values))
        for part in self.parts(data):
            out[part.start : part.stop] = limits[part.number]
        return out

    def tail_probability(self, data: Container, scores: Floats) -> Floats:
        """(n_rows,) the share of ordinary rows that score at least as high; NaN as the scores."""
        if not isinstance(data, Panel):
            return self.calibration_.tail_probability(scores)
        out = np.empty(len(scores))
        for part in self.parts(data):
            rows = slice(part.start, part.stop)
            out[rows] = self.calibration_.tail_probability(scores[rows], part.number)
        return out

    def judge(self, data: Container) -> Judgement:
        """Scores and expectations of prepared data, one entry per row."""
        if not isinstance(data, Panel):
            fitted = self._need()
            if fitted.policy.leaves(data):
                return self._judge(fitted.state, data)
            return self._under_policy(fitted, data)
        judged = []
        for i, part in enumerate(self.parts(data)):
            tell("scoring", i / len(data))
            one = self._one(part.number)
            if one is None:
                nothing = np.full(part.stop - part.start, np.nan)
                judged.append(Judgement(nothing, notes=("no score: too short to learn from",)))
            else:
                detector, fitted = one
                judged.append(detector._if_long_enough(fitted, detector._as_read(data[i])))
        notes = series_problems(data.ids, [one.notes for one in judged])
        return replace(stacked(judged, data.values.shape[1]), notes=notes)

    def _one(self, number: int) -> tuple[Detector, Fitted] | None:
        """Who judges a part, and by what it learned; None where nothing was learned of it."""
        return self, self._need()

    def _as_read(self, series: Series) -> Series | Table:
        """One series of a panel as this detector reads it."""
        return Table(series.values, series.channels) if self.reads == "rows" else series

    def _under_policy(self, fitted: Fitted, data: Series | Table) -> Judgement:
        """Apply the policy, judge, and put the answers back into the rows that came."""
        applied = fitted.policy.apply(data, fitted.schema.step_ns)
        needed = self._rows_to_use(fitted.state)
        if len(applied.data) < needed:
            raise TooShort(
                f"{self.name} needs at least {needed} rows, got {len(applied.data)}",
                needed=needed,
                got=len(applied.data),
            )
        judged = self._judge(fitted.state, applied.data)
        if applied.notes:
            judged = replace(judged, notes=applied.notes)
        if applied.data is data:
            return judged
        keep = applied.scored & (applied.rows >= 0)
        rows = applied.rows[keep]
        return Judgement(
            scattered(judged.scores, keep, rows, len(data)),
            scattered(judged.expected, keep, rows, len(data)),
            judged.unit
            if judged.unit is None or judged.unit.ndim == 1
            else scattered(judged.unit, keep, rows, len(data)),
            judged.notes,
        )

    def _if_long_enough(self, fitted: Fitted, data: Series | Table) -> Judgement:
        """One series of many: without scores where it is too short for the model."""
        try:
            return self._under_policy(fitted, data)
        except TooShort as short:
            return Judgement(np.full(len(data), np.nan), notes=(f"no score: {short}",))

    def blame(self, data: Container, rows: NDArray[np.int64]) -> Floats:
        """(len(rows), n_columns) each column's share in the score of those rows; sums to 1."""
        if not isinstance(data, Panel):
            return self._blame_one(self._need(), data, rows)
        out = np.empty((len(rows), data.values.shape[1]))
        for i, part in enumerate(self.parts(data)):
            mine = (rows >= part.start) & (rows < part.stop)
            one = self._one(part.number) if mine.any() else None
            if one is not None:
                detector, fitted = one
                series = detector._as_read(data[i])
                out[mine] = detector._blame_one(fitted, series, rows[mine] - part.start)
        return out

    def _blame_one(self, fitted: Fitted, data: Series | Table, rows: NDArray[np.int64]) -> Floats:
        applied = fitted.policy.apply(data, fitted.schema.step_ns)
        where = np.full(len(data), -1, dtype=np.int64)
        real = applied.rows >= 0
        where[applied.rows[real]] = np.flatnonzero(real)
        raw = np.nan_to_num(self._blame(fitted.state, applied.data, where[rows]), nan=0.0)
        largest = raw.max(axis=1, keepdims=True)
        raw = raw / np.where(largest > 0, largest, 1.0)
        total = raw.sum(axis=1, keepdims=True)
        even = np.full_like(raw, 1.0 / raw.shape[1])
        return np.where(total > 0, raw / np.where(total > 0, total, 1.0), even)

    def facts(self) -> dict[str, Any]:
        """What the fitted model found out: ``period``, ``window``, …; plain values."""
        return self._facts(self._need().state)

    def reach(self, part: int) -> int:
        """Anomalies of this part that lie no further apart than this are one."""
        return self._reach(self._need().state)

    # --- scikit-learn's names ----------------------------------------------------------------

    @property
    def offset_(self) -> float:
        """``score_samples`` below this are outliers (of the first series where there are many)."""
        return -self.threshold_.limits[0]

    def score_samples(self, X: Any) -> Floats:
        """(n_rows,) minus the anomaly scores, as scikit-learn wants it: larger is more normal."""
        self._need()
        return -self.anomaly_scores(X)

    def decision_function(self, X: Any) -> Floats:
        """(n_rows,) below 0 for outliers; NaN where there is no score."""
        self._need()
        data = self.prepare(X)
        return self.limits(data) - self.judge(data).scores

    def predict(self, X: Any) -> NDArray[np.int64]:
        """(n_rows,) −1 for outliers, 1 for all others (also where there is no score)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def fit_predict(self, X: Any, y: Any = None) -> NDArray[np.int64]:
        """``fit`` and ``predict`` of the same rows."""
        return self.fit(X).predict(X)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="outlier_detector",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(),
        )
