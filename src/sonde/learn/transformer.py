"""What every transformer promises."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import refuse_missing
from .estimator import Estimator, State
from .judgement import Judgement

Floats = NDArray[np.float64]


class Transformer(Estimator):
    """Changes the numbers of each row, keeping rows and columns. An author writes ``_transform``.

    NaN and infinity are refused when it is used by itself; inside a pipeline the pipeline's
    policy has dealt with them.
    """

    @abstractmethod
    def _transform(self, state: State, data: Any) -> Any:
        """``data`` with other numbers; NaN stays NaN."""

    def _undo(self, state: State, judged: Judgement) -> Judgement:
        """What a later step expected, in the units before this one; nothing where that can't be."""
        return Judgement(judged.scores)

    @property
    def min_rows(self) -> int:
        return 1

    def transform(self, X: Any) -> Floats:
        """(n_rows, n_columns) float64; columns are matched by name where there are names."""
        fitted = self._need()
        data = fitted.schema.check(self._take(X), type(self).__name__)
        refuse_missing(data)
        return np.array(self._transform(fitted.state, data).values)

    def fit_transform(self, X: Any, y: Any = None) -> Floats:
        """``fit`` and ``transform`` of the same rows."""
        return self.fit(X, y).transform(X)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="transformer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(),
            input_tags=InputTags(),
        )
