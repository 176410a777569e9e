"""One detector for each series of a panel; itself a detector."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Schema
from ..core.progress import tell
from ..data import Policy
from ..errors import InvalidInput, SchemaMismatch, TooShort
from . import parameters as check
from .calibration import Calibration
from .detector import Detector
from .estimator import Fitted, Reads, State
from .judgement import Judgement, Part
from .online import OnlineDetector
from .stored_state import branch, finite

Floats = NDArray[np.float64]


@dataclass(eq=False, kw_only=True)
class PerSeries(Detector):
    """Learns each series of a panel by itself: its own scale, its own calibration.

    Series are recognised by their ids when scored; an id that was not there is refused. A series
    too short to learn from gets no scores, and ``facts`` names it.

    Parameters
    ----------
    detector : what each series is learned with.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Examples
    --------
    >>> from sonde import Panel, Series, create
    >>> rng = np.random.default_rng(0)
    >>> two = Panel.of([Series(rng.normal(size=99)), Series(100 + rng.normal(size=99))], ["a", "b"])
    >>> PerSeries(detector=create("seasonal_residual")).fit(two).anomaly_scores(two).shape
    (198,)
    """

    name: ClassVar[str] = "per_series"
    family: ClassVar[str] = "composite"

    detector: Detector
    contamination: float | str | None = "auto"

    @property
    def reads(self) -> Reads:  # type: ignore[override]
        """What the detector of each series reads."""
        return self.detector.reads

    def _check_parameters(self) -> None:
        if not isinstance(self.detector, Detector):
            raise InvalidInput(f"detector must be a detector, got {self.detector!r}")
        check.contamination(self.name, self.contamination)
        self.detector._check_parameters()

    def _fit(self, X: Any, policy: Policy | None = None, step_ns: int | None = None) -> Container:
        self._check_parameters()
        data: Panel = self._take(X)
        policy = policy or Policy()
        states: State = {}
        policies: dict[str, Any] = {}
        too_short: TooShort | None = None
        for i, series in enumerate(data):
            tell("learning", i / len(data))
            one = self.detector.__sklearn_clone__()
            try:
                one._fit(one._as_read(series), policy, step_ns)
            except TooShort as error:
                too_short = TooShort(f"series {data.ids[i]!r}: {error}", **error.facts)
                continue
            one.rewind()
            states[str(i)] = one._need().state
            policies[str(i)] = _fill(one.policy_)
        if not states and too_short is not None:
            raise too_short
        schema = Schema.of(data, step_ns=step_ns)
        state: State = {"series": states, "fill": policies, "ids": np.array(data.ids)}
        self._fitted = Fitted(state, schema, policy)
        return data

    def fit(self, X: Any, y: Any = None) -> PerSeries:
        data = cast(Panel, self._fit(X))
        scores = self.judge(data).scores
        self.calibrate([scores[p.start : p.stop] for p in self.parts(data)])
        return self

    def begin(self, data: Panel, policy: Policy, step_ns: int | None) -> None:
        """Be ready for the first row of each series, knowing nothing (online detectors)."""
        states: State = {}
        for i, series in enumerate(data):
            one = cast(OnlineDetector, self.detector.__sklearn_clone__())
            one.start(series, policy, step_ns)
            states[str(i)] = one._need().state
        fill = {key: np.zeros(0) for key in states}
        state: State = {"series": states, "fill": fill, "ids": np.array(data.ids)}
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _take(self, X: Any) -> Any:
        if not isinstance(X, Panel):
            raise InvalidInput(
                f"per_series needs a Panel (series with ids), got {type(X).__name__}; "
                "sonde.read with id=… makes one"
            )
        return X

    def _take_many(self, X: Any) -> Any:
        return self._take(X)

    def _learn(self, data: Any) -> State:
        raise AssertionError("each series is learned by its own detector")

    def _judge(self, state: State, data: Any) -> Judgement:
        raise AssertionError("each series is judged by its own detector")

    def parts(self, data: Container) -> list[Part]:
        known = {str(name): i for i, name in enumerate(self._need().state["ids"])}
        panel = cast(Panel, data)
        unknown = [name for name in panel.ids if name not in known]
        if unknown:
            raise SchemaMismatch(
                f"series {unknown[0]!r} was not among those learned from "
                f"({len(unknown)} unknown of {len(panel)})",
                unknown=unknown,
            )
        return [
            Part(known[name], name, int(panel.offsets[i]), int(panel.offsets[i + 1]))
            for i, name in enumerate(panel.ids)
        ]

    def settled(self, data: Container) -> Detector:
        if not isinstance(self.detector, OnlineDetector):
            return self
        states: State = {}
        for part, series in zip(self.parts(data), cast(Panel, data), strict=True):
            one = self.detector.__sklearn_clone__()
            one._fitted = self._learned(part.number)
            states[str(part.number)] = one.settled(series)._need().state
        model = copy(self)
        model._replace(state=self._need().state | {"series": states})
        return model

    def _one(self, number: int) -> tuple[Detector, Fitted] | None:
        if str(number) not in self._need().state["series"]:
            return None
        return self.detector, self._learned(number)

    def _learned(self, number: int) -> Fitted:
        """What was learned of one series, its own policy with it."""
        fitted = self._need()
        stored = np.asarray(fitted.state["fill"][str(number)])
        policy = Policy(
            fitted.policy.missing,
            fitted.policy.max_gap,
            tuple(float(v) for v in stored) if stored.size else None,
        )
        return Fitted(fitted.state["series"][str(number)], fitted.schema, policy)

    def _check_state(self, state: State, n_columns: int) -> None:
        ids, series, fill = state.get("ids"), branch(state, "series"), branch(state, "fill")
        if not isinstance(ids, np.ndarray) or ids.dtype.kind != "U" or ids.ndim != 1:
            raise ValueError("'ids' must be a list of texts")
        if isinstance(self.detector, PerSeries):
            raise ValueError("the detector of a series can't itself be one for each series")
        if len(set(ids.tolist())) != len(ids):
            raise ValueError("'ids' must be different from each other")
        if not series or not set(series) <= {str(i) for i in range(len(ids))}:
            raise ValueError("there are series without an id")
        if set(fill) != set(series):
            raise ValueError("'fill' must have one entry for each series")
        for key in series:
            finite(fill, key, (n_columns if np.size(fill[key]) else 0,))
            self.detector._check_state(dict(branch(series, key)), n_columns)

    def _resolution(self, state: State) -> float:
        return self.detector._resolution(state)

    def _smear(self, state: State) -> int:
        return self.detector._smear(state)

    def _calibration_of(self, scores: Floats, state: State) -> Calibration:
        return self.detector._calibration_of(scores, state)

    def _limit_for_all(self) -> tuple[float, str] | None:
        return self.detector._limit_for_all()

    def _states(self) -> list[State]:
        known = self._need().state["series"]
        some = next(iter(known.values()))  # a series too short to learn from has no scores either
        return [known.get(str(i), some) for i in range(len(self._need().state["ids"]))]

    def reach(self, part: int) -> int:
        return self.detector._reach(self._need().state["series"][str(part)])

    def _facts(self, state: State) -> dict[str, Any]:
        short = [str(name) for i, name in enumerate(state["ids"]) if str(i) not in state["series"]]
        return {"series": len(state["ids"])} | ({"too_short": short} if short else {})


def _fill(policy: Policy) -> NDArray[np.float64]:
    return np.array(policy.fill if policy.fill is not None else (), dtype=np.float64)
