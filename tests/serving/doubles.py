"""Detectors that no catalogue has: slow ones, and ones that do what none should."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sonde.core import ModelRef, PredictionRequest, Table
from sonde.errors import InvalidInput, NotFound
from sonde.learn import Detector, Estimator
from sonde.learn.estimator import State
from sonde.learn.judgement import Judgement


@dataclass(eq=False, kw_only=True)
class PlainForest(Detector):
    """scikit-learn's isolation forest: milliseconds a call, microseconds a row."""

    name: ClassVar[str] = "plain_forest"
    reads: ClassVar[Any] = "rows"

    n_estimators: int = 20
    contamination: float | str | None = None
    random_state: Any = None

    def _learn(self, data: Table) -> State:
        from sklearn.ensemble import IsolationForest

        forest = IsolationForest(n_estimators=self.n_estimators, random_state=self.random_state)
        return {"forest": forest.fit(data.values)}

    def _judge(self, state: State, data: Table) -> Judgement:
        return Judgement(-state["forest"].score_samples(data.values))


@dataclass(eq=False, kw_only=True)
class Norm(Detector):
    """The length of a row, with the faults that a test asks for.

    ``calls`` holds how many rows each call had. A row whose first value is ``refuses`` is refused,
    one whose first value is ``breaks`` is a mistake. ``mixes`` adds the mean of the call's rows.
    """

    name: ClassVar[str] = "norm"
    reads: ClassVar[Any] = "rows"

    contamination: float | str | None = None
    per_call_s: float = 0.0
    per_row_s: float = 0.0
    refuses: float = -77.0
    breaks: float = -99.0
    mixes: bool = False

    def __post_init__(self) -> None:
        self.calls: list[int] = []

    def _learn(self, data: Table) -> State:
        return {}

    def _judge(self, state: State, data: Table) -> Judgement:
        self.calls.append(len(data))
        time.sleep(self.per_call_s + self.per_row_s * len(data))
        if (data.values[:, 0] == self.refuses).any():
            raise InvalidInput("a row that is refused")
        if (data.values[:, 0] == self.breaks).any():
            raise ZeroDivisionError("a row that breaks things")
        scores = np.sqrt(np.square(data.values).sum(axis=1))
        return Judgement(scores + scores.mean() if self.mixes else scores)

    def _blame(self, state: State, data: Table, rows: Any) -> Any:
        return np.square(data.values[rows])


@dataclass
class Shelf:
    """Models by name; a source of models for a predictor."""

    models: dict[str, tuple[Estimator, str]]

    def resolve(self, ref: ModelRef, key: str | None) -> tuple[Estimator, str]:
        if ref.name not in self.models:
            raise NotFound(f"no model {ref.name!r}")
        return self.models[ref.name]


def ask(values: Any, model: str = "m", request_id: str = "") -> PredictionRequest:
    """A request about a table."""
    return PredictionRequest(ModelRef(model), Table(values), request_id=request_id)
