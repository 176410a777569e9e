"""Local outlier probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..nearest_rows import (
    check_rows,
    in_units,
    nearest_rows,
    rows_known,
    squared_gaps,
    unit_of,
)
from ..stored_state import finite

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_MOST_STANDARD_DISTANCES = 10.0  # more than any normal distribution gives


@dataclass(eq=False, kw_only=True)
class LoOP(Detector):
    """How likely a row is an outlier among its neighbours, 0 to 1.

    One exact copy of the row is left out, so that a row learned from is scored as if it had not
    been. Distances are Euclidean in the columns' own units: put a scaler before it
    (``make_pipeline``) where units differ. Rows far out all come close to 1: to rank them,
    ``lof`` tells more.

    Parameters
    ----------
    n_neighbors : how many neighbours; where there are fewer other rows, all of them.
    extent : standard distances from which on a row is an outlier, above 0; 1, 2, 3 for 68, 95 and
        99.7 % of rows inside.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for learning and scoring; None is 1, −1 all cores.

    Source
    ------
    Kriegel, Kröger, Schubert, Zimek (2009), LoOP: local outlier probabilities, CIKM, equations 1
    to 5. Rows whose neighbours all are copies of each other have no factor: they count as ordinary
    where they are such a copy themselves, else as outliers.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> round(float(LoOP().fit(rows).anomaly_scores(rows)[17]), 2)
    1.0
    """

    name: ClassVar[str] = "loop"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("near_blocks", "neighbours")

    n_neighbors: int = 10
    extent: float = 3.0
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_neighbors", self.n_neighbors, 1)
        check.number(self.name, "extent", self.extent, 0.0, _MOST_STANDARD_DISTANCES)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        state = rows_known(data.values, unit_of(data.values), int(self.n_neighbors))
        distances, where = self._nearest(state, state["rows"])
        state["standard"] = np.sqrt(np.square(distances).mean(axis=1))
        factors = self._factors(state, distances, where)
        squares = np.square(factors[np.isfinite(factors)])
        state["spread"] = np.float64(math.sqrt(squares.mean()) if len(squares) else 0.0)
        return state

    def _nearest(self, state: State, rows: Floats) -> tuple[Floats, Integers]:
        n_neighbors = min(int(self.n_neighbors), len(state["rows"]) - 1)
        return nearest_rows(state, rows, n_neighbors, self.n_jobs)

    def _factors(self, state: State, distances: Floats, where: Integers) -> Floats:
        """(n,) the standard distance over that of the neighbours, less 1; may be infinite.

        Equations 1 and 2; ``extent`` cancels.
        """
        own = np.sqrt(np.square(distances).mean(axis=1))
        theirs = state["standard"][where].mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.where((own == 0) & (theirs == 0), 0.0, own / theirs - 1.0)

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores = np.full(len(data), np.nan)
        distances, where = self._nearest(state, in_units(data.values[known], float(state["unit"])))
        factors = np.maximum(self._factors(state, distances, where), 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            deviations = factors / (float(self.extent) * float(state["spread"]) * math.sqrt(2.0))
        deviations[factors == 0.0] = 0.0
        scores[known] = [math.erf(one) for one in deviations.tolist()]
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        n = len(check_rows(state, n_columns, 2))
        finite(state, "standard", (n,), least=0.0)
        finite(state, "spread", (), least=0.0)

    def _blame(self, state: State, data: Table, rows: Integers) -> Floats:
        chosen = in_units(data.values[rows], float(state["unit"]))
        _, where = self._nearest(state, chosen)
        return squared_gaps(state, chosen, where)
