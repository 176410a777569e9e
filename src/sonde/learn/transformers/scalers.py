"""Columns brought to one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..detector import Judgement
from ..estimator import State
from ..transformer import Transformer


class _Scaler(Transformer):
    """Subtracts a centre and divides by a scale, both (n_columns,)."""

    family: ClassVar[str] = "scaler"
    reads: ClassVar[Any] = "rows"

    def _transform(self, state: State, data: Any) -> Any:
        return data.with_values((data.values - state["center"]) / state["scale"])

    def _check_state(self, state: State, n_columns: int) -> None:
        if state["center"].shape != (n_columns,) or state["scale"].shape != (n_columns,):
            raise ValueError("the scale does not fit the columns")

    def _undo(self, state: State, judged: Judgement) -> Judgement:
        if judged.expected is None or judged.unit is None:
            return judged
        return Judgement(
            judged.scores,
            judged.expected * state["scale"] + state["center"],
            judged.unit * state["scale"],
        )


@dataclass(eq=False, kw_only=True)
class StandardScaler(_Scaler):
    """Mean 0 and standard deviation 1 in every column; a constant column only loses its mean.

    Examples
    --------
    >>> StandardScaler().fit_transform([[1.0], [3.0]])
    array([[-1.], [ 1.]])
    """

    name: ClassVar[str] = "standard_scaler"

    def _learn(self, data: Any) -> State:
        spread = np.nanstd(data.values, axis=0)
        return {
            "center": np.nanmean(data.values, axis=0),
            "scale": np.where(spread > 0, spread, 1.0),
        }


@dataclass(eq=False, kw_only=True)
class RobustScaler(_Scaler):
    """Median 0 and the quartile range of a standard normal (1.349 becomes 1) in every column.

    A column whose quartiles meet is divided by its standard deviation instead, a constant one
    only loses its median.

    Examples
    --------
    >>> RobustScaler().fit([[0.0], [1.0], [2.0], [3.0], [400.0]]).transform([[2.0]])
    array([[0.]])
    """

    name: ClassVar[str] = "robust_scaler"

    def _learn(self, data: Any) -> State:
        low, middle, high = np.nanquantile(data.values, [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / 1.349  # quartile range of a standard normal
        spread = np.where(spread > 0, spread, np.nanstd(data.values, axis=0))
        return {"center": middle, "scale": np.where(spread > 0, spread, 1.0)}
