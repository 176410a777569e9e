"""Columns brought to one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import parameters as check
from ..estimator import State
from ..judgement import Judgement
from ..stored_state import finite, positive
from ..transformer import Transformer

Floats = NDArray[np.float64]


class _Scaler(Transformer):
    """Subtracts a centre and divides by a scale, both (n_columns,)."""

    family: ClassVar[str] = "scaler"
    reads: ClassVar[Any] = "rows"

    def _transform(self, state: State, data: Any) -> Any:
        return data.with_values((data.values - state["center"]) / state["scale"])

    def _check_state(self, state: State, n_columns: int) -> None:
        finite(state, "center", (n_columns,))
        positive(state, "scale", (n_columns,))

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

    Parameters
    ----------
    with_mean, with_std : take the mean out; divide by the standard deviation.

    Examples
    --------
    >>> StandardScaler().fit_transform([[1.0], [3.0]])
    array([[-1.], [ 1.]])
    """

    name: ClassVar[str] = "standard_scaler"

    with_mean: bool = True
    with_std: bool = True

    def _check_parameters(self) -> None:
        check.flag(self.name, "with_mean", self.with_mean)
        check.flag(self.name, "with_std", self.with_std)

    def _learn(self, data: Any) -> State:
        return _center_and_scale(
            np.nanmean(data.values, axis=0) if self.with_mean else None,
            np.nanstd(data.values, axis=0) if self.with_std else None,
            data.values.shape[1],
        )


@dataclass(eq=False, kw_only=True)
class RobustScaler(_Scaler):
    """Median 0 and the quartile range of a standard normal (1.349 becomes 1) in every column.

    A column whose quartiles meet is divided by its standard deviation instead, a constant one
    only loses its median.

    Parameters
    ----------
    with_centering, with_scaling : take the median out; divide by the spread.

    Examples
    --------
    >>> RobustScaler().fit([[0.0], [1.0], [2.0], [3.0], [400.0]]).transform([[2.0]])
    array([[0.]])
    """

    name: ClassVar[str] = "robust_scaler"

    with_centering: bool = True
    with_scaling: bool = True

    def _check_parameters(self) -> None:
        check.flag(self.name, "with_centering", self.with_centering)
        check.flag(self.name, "with_scaling", self.with_scaling)

    def _learn(self, data: Any) -> State:
        low, middle, high = np.nanquantile(data.values, [0.25, 0.5, 0.75], axis=0)
        spread = (high - low) / 1.349  # quartile range of a standard normal
        spread = np.where(spread > 0, spread, np.nanstd(data.values, axis=0))
        return _center_and_scale(
            middle if self.with_centering else None,
            spread if self.with_scaling else None,
            data.values.shape[1],
        )


def _center_and_scale(center: Floats | None, spread: Floats | None, n_columns: int) -> State:
    """What a scaler keeps: 0 and 1 for what is left as it is, also for a spread of 0."""
    ones = np.ones(n_columns)
    return {
        "center": np.zeros(n_columns) if center is None else center,
        "scale": ones if spread is None else np.where(spread > 0, spread, ones),
    }
