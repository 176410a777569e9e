"""Steps in a row; itself an estimator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from . import parameters as check
from .calibration import Calibration
from .detector import Detector
from .estimator import Estimator, Reads, State
from .judgement import Judgement
from .stored_state import branch
from .transformer import Transformer

Floats = NDArray[np.float64]


@dataclass(eq=False, kw_only=True)
class DetectorPipeline(Detector):
    """Transformers, then a detector; learned, scored and saved as one.

    Built by ``make_pipeline``. The steps given are parameters: what they learn is kept here,
    they themselves stay as they were.

    Parameters
    ----------
    steps : list of (name, estimator); all but the last are transformers, the last is a detector.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Examples
    --------
    >>> from sonde import make_pipeline, create
    >>> pipeline = make_pipeline(create("robust_scaler"), create("knn", n_neighbors=3))
    >>> pipeline.set_params(knn__n_neighbors=2).get_params()["knn__n_neighbors"]
    2
    """

    name: ClassVar[str] = "pipeline"
    family: ClassVar[str] = "composite"

    steps: list[tuple[str, Estimator]] = field(default_factory=list)
    contamination: float | str | None = "auto"

    def _children(self) -> dict[str, Estimator]:
        return dict(self.steps)

    def _replace_child(self, name: str, value: Any) -> None:
        self.steps = [(n, value if n == name else step) for n, step in self.steps]

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        if not isinstance(self.steps, list) or not all(_is_step(step) for step in self.steps):
            raise InvalidInput("a pipeline's steps are a list of (name, estimator)")
        names = [name for name, _ in self.steps]
        if not self.steps or len(set(names)) != len(names) or any("__" in n for n in names):
            raise InvalidInput(f"a pipeline needs differently named steps, got {names}")
        for name, step in self.steps[:-1]:
            if not isinstance(step, Transformer):
                raise InvalidInput(f"step {name!r} must be a transformer; only the last may not")
            step._check_parameters()
        if not isinstance(self.steps[-1][1], Detector):
            raise InvalidInput(f"the last step, {names[-1]!r}, must be a detector")
        self._detector._check_parameters()

    @property
    def _detector(self) -> Detector:
        return cast(Detector, self.steps[-1][1])

    @property
    def reads(self) -> Reads:  # type: ignore[override]
        """What the last step reads: the others change each row by itself."""
        return self._detector.reads if self.steps else "rows"

    @property
    def min_rows(self) -> int:
        return self._detector.min_rows

    def _learn(self, data: Any) -> State:
        learned: State = {}
        for i, (_, step) in enumerate(self.steps):
            learned[str(i)] = step._learn(data)
            if isinstance(step, Detector):
                learned[str(i)] = step._rewound(learned[str(i)])
            if isinstance(step, Transformer):
                data = step._transform(learned[str(i)], data)
        return {"steps": learned}

    def _before_last(self, state: State, data: Any) -> tuple[State, Any]:
        """The detector's state, and the data as the detector sees them."""
        for i, (_, step) in enumerate(self.steps[:-1]):
            data = cast(Transformer, step)._transform(state["steps"][str(i)], data)
        return state["steps"][str(len(self.steps) - 1)], data

    def _judge(self, state: State, data: Any) -> Judgement:
        last, seen = self._before_last(state, data)
        judged = self._detector._judge(last, seen)
        for i in reversed(range(len(self.steps) - 1)):
            step = cast(Transformer, self.steps[i][1])
            judged = step._undo(state["steps"][str(i)], judged)
        return judged

    def _blame(self, state: State, data: Any, rows: NDArray[np.int64]) -> Floats:
        last, seen = self._before_last(state, data)
        return self._detector._blame(last, seen, rows)

    def _last(self, state: State) -> State:
        return cast(State, state["steps"][str(len(self.steps) - 1)])

    def _past(self, state: State) -> int:
        return self._detector._past(self._last(state))

    def _rows_to_use(self, state: State) -> int:
        return self._detector._rows_to_use(self._last(state))

    def _check_state(self, state: State, n_columns: int) -> None:
        states = branch(state, "steps")
        if set(states) != {str(i) for i in range(len(self.steps))}:
            raise ValueError("the steps of the state are not those of the pipeline")
        if self._detector.name == "per_series":
            raise ValueError("the last step can't learn each series by itself")
        for i, (_, step) in enumerate(self.steps):
            step._check_state(dict(branch(states, str(i))), n_columns)

    def _resolution(self, state: State) -> float:
        return self._detector._resolution(self._last(state))

    def _reach(self, state: State) -> int:
        return self._detector._reach(self._last(state))

    def _smear(self, state: State) -> int:
        return self._detector._smear(self._last(state))

    def _calibration_of(self, scores: Floats, state: State) -> Calibration:
        return self._detector._calibration_of(scores, self._last(state))

    def _limit_for_all(self) -> tuple[float, str] | None:
        return self._detector._limit_for_all()

    def _facts(self, state: State) -> dict[str, Any]:
        return self._detector._facts(self._last(state))


def _is_step(step: Any) -> bool:
    pair = isinstance(step, tuple | list) and len(step) == 2
    return pair and isinstance(step[0], str) and isinstance(step[1], Estimator)


def make_pipeline(*steps: Estimator) -> DetectorPipeline:
    """The steps in a row, each named by its estimator's name, numbered where it comes twice.

    >>> from sonde import create
    >>> list(make_pipeline(create("standard_scaler"), create("ecod")).get_params(deep=False))
    ['steps', 'contamination']
    """
    named: list[tuple[str, Estimator]] = []
    for step in steps:
        if not isinstance(step, Estimator):
            raise InvalidInput(
                f"a step must be an estimator made by sonde.create, got {type(step).__name__}"
            )
        same = sum(1 for other in steps if isinstance(other, Estimator) and other.name == step.name)
        number = 1 + sum(1 for name, _ in named if name.partition("-")[0] == step.name)
        named.append((step.name if same == 1 else f"{step.name}-{number}", step))
    return DetectorPipeline(steps=named)
