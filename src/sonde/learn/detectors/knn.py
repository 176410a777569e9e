"""k nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..nearest_rows import (
    check_rows,
    in_own_unit,
    in_units,
    nearest_rows,
    rows_known,
    squared_gaps,
    unit_of,
)

Floats = NDArray[np.float64]


@dataclass(eq=False, kw_only=True)
class KNN(Detector):
    """Distance to the nearest rows learned from.

    One exact copy of the row is left out, so that a row learned from is scored as if it had not
    been. Distances are Euclidean in the columns' own units: put a scaler before it
    (``make_pipeline``) where units differ.

    Parameters
    ----------
    n_neighbors : how many neighbours; at most one less than the rows learned from.
    method : ``"largest"`` the distance to the last of them, ``"mean"`` their average.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Ramaswamy, Rastogi, Shim (2000), Efficient algorithms for mining outliers from large data
    sets, SIGMOD, section 2 ("largest"); Angiulli, Pizzuti (2002), PKDD ("mean").

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(KNN().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "knn"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("near_blocks", "neighbours")

    n_neighbors: int = 5
    method: Literal["largest", "mean"] = "largest"
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_neighbors", self.n_neighbors, 1)
        check.one_of(self.name, "method", self.method, ("largest", "mean"))
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return int(self.n_neighbors) + 1

    def _learn(self, data: Table) -> State:
        return rows_known(data.values, unit_of(data.values), int(self.n_neighbors))

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores, unit = np.full(len(data), np.nan), float(state["unit"])
        rows = in_units(data.values[known], unit)
        distances, _ = nearest_rows(state, rows, int(self.n_neighbors), self.n_jobs)
        found = distances.mean(axis=1) if self.method == "mean" else distances[:, -1]
        scores[known] = in_own_unit(found, unit)
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        check_rows(state, n_columns, int(self.n_neighbors) + 1)

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = in_units(data.values[rows], float(state["unit"]))
        _, where = nearest_rows(state, chosen, int(self.n_neighbors), self.n_jobs)
        return squared_gaps(state, chosen, where)
