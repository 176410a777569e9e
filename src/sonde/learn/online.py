"""What every detector promises that learns as it goes."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Series
from ..data import Policy
from ..errors import InvalidInput, MissingValues, SchemaMismatch
from .detector import Detector
from .estimator import State, unflatten

Floats = NDArray[np.float64]


class OnlineDetector(Detector):
    """A detector that learns as it goes: each row is scored with what was known before it.

    ``anomaly_scores`` goes over the rows from the present state and changes nothing; ``update``
    takes one row and learns it. Both give the same scores to the bit. One writer at a time.
    """

    online: ClassVar[bool] = True

    @abstractmethod
    def update(self, row: Any) -> float:
        """Score one row, an array (n_columns,), then learn it; NaN while too little is known."""

    @abstractmethod
    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        """Be ready for the first row of such data, knowing nothing."""

    def settled(self, data: Container) -> Detector:
        model = copy(self)
        model._learn_as_it_goes(data)
        model.rewind()
        return model

    def _learn_as_it_goes(self, data: Container) -> None:
        """Take prepared rows one by one; this model's state is replaced, not changed in place."""
        fitted = self._need()
        applied = fitted.policy.apply(cast(Series, data), fitted.schema.step_ns).data
        state = copied(fitted.state)
        self._go_over(state, cast(Series, applied))
        self._replace(state=state)

    @abstractmethod
    def _go_over(self, state: State, data: Series) -> Any:
        """Take rows that passed the policy; changes the state."""

    def _row(self, row: Any) -> Floats:
        """(1, n_columns), one row as ``update`` learns it; the first of all starts the model."""
        x = np.array(row, dtype=np.float64, ndmin=2)
        if self._fitted is None:
            self.start(Series(x.reshape(1, -1)), Policy("auto", max_gap=0), None)
        fitted = self._need()
        width = len(fitted.schema.channels)
        if x.shape != (1, width):
            raise SchemaMismatch(
                f"a row has {width} values, got {x.size}", expected=width, got=x.size
            )
        # As the policy wants it, as far as a single row can tell.
        missing = fitted.policy.missing
        if np.isfinite(x).all() or missing in ("auto", "drop"):
            return x
        if missing == "zero":
            return np.where(np.isfinite(x), x, 0.0)
        raise MissingValues(
            f"a value of the row is missing, and the policy {missing!r} can't deal with one row by "
            "itself; fill it before update, or use the policies auto, drop or zero"
        )

    def _training_scores(self, applied: Container) -> Floats:
        # From the beginning: the state after the last row knows the level of the last row.
        return self._judge(self._rewound(self._need().state), applied).scores

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """The present state, copied, as named arrays."""
        return {name: array.copy() for name, array in self.to_arrays().items()}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go back to a state that ``snapshot`` gave."""
        copied = {name: np.array(array, order="C") for name, array in snapshot.items()}
        if set(copied) != set(self.to_arrays()):
            raise InvalidInput(f"this is no snapshot of {self.name}", names=sorted(copied))
        state = unflatten(copied)
        try:
            self._check_state(state, len(self._need().schema.channels))
        except ValueError as error:
            raise InvalidInput(f"this snapshot does not fit {self.name}: {error}") from None
        self._replace(state=state)


def copied(state: State) -> State:
    """``state`` with arrays of its own."""
    return {name: np.array(array) for name, array in state.items()}
