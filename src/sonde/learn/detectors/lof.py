"""Local outlier factor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Table
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..nearest_rows import (
    LARGEST,
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
# Added to the mean reach (in the columns' own unit), as scikit-learn does: copies of one row then
# have a density of 1e10 instead of an infinite one.
_LEAST_REACH = 1e-10


@dataclass(eq=False, kw_only=True)
class LOF(Detector):
    """How much thinner the rows lie around a row than around its neighbours.

    1 is as dense as the neighbours; 2 is twice as thin. One exact copy of the row is left out, so
    that a row learned from is scored as if it had not been; the rows learned from get the factors
    of scikit-learn's ``LocalOutlierFactor(novelty=False)``. Distances are Euclidean in the
    columns' own units: put a scaler before it (``make_pipeline``) where units differ.

    Parameters
    ----------
    n_neighbors : how many neighbours; where there are fewer other rows, all of them.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for learning and scoring; None is 1, −1 all cores.

    Source
    ------
    Breunig, Kriegel, Ng, Sander (2000), LOF: identifying density-based local outliers, SIGMOD,
    definitions 5 to 7. Among rows at the same distance, as many as are wanted count, not all.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(LOF().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "lof"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("near_blocks", "neighbours")

    n_neighbors: int = 20
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_neighbors", self.n_neighbors, 1)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        state = rows_known(data.values, unit_of(data.values), int(self.n_neighbors))
        distances, where = self._nearest(state, state["rows"])
        state["reaches"] = distances[:, -1].copy()
        state["densities"] = self._densities(state, distances, where)
        state["factors"] = self._factors(state, distances, where)
        return state

    def _training_scores(self, applied: Container) -> Floats:
        # Found already while learning; a second search would double the time.
        return np.asarray(self._need().state["factors"])

    def _nearest(self, state: State, rows: Floats) -> tuple[Floats, Integers]:
        n_neighbors = min(int(self.n_neighbors), len(state["rows"]) - 1)
        return nearest_rows(state, rows, n_neighbors, self.n_jobs)

    def _densities(self, state: State, distances: Floats, where: Integers) -> Floats:
        """(n,) one over the mean distance to the neighbours, each at least the neighbour's reach.

        Definition 6: local reachability density.
        """
        reach = np.maximum(distances, state["reaches"][where]).mean(axis=1)
        least = max(_LEAST_REACH / float(state["unit"]), 1.0 / LARGEST)
        return np.asarray(1.0 / (reach + least))

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores = np.full(len(data), np.nan)
        distances, where = self._nearest(state, in_units(data.values[known], float(state["unit"])))
        scores[known] = self._factors(state, distances, where)
        return Judgement(scores)

    def _factors(self, state: State, distances: Floats, where: Integers) -> Floats:
        """(n,) mean density of the neighbours over the own one: definition 7."""
        own = self._densities(state, distances, where)
        with np.errstate(over="ignore"):
            factors = (state["densities"][where] / own[:, None]).mean(axis=1)
        return np.asarray(np.minimum(factors, LARGEST))

    def _check_state(self, state: State, n_columns: int) -> None:
        n = len(check_rows(state, n_columns, 2))
        finite(state, "reaches", (n,), least=0.0)
        finite(state, "densities", (n,), least=0.0)
        finite(state, "factors", (n,), least=0.0)

    def _blame(self, state: State, data: Table, rows: Integers) -> Floats:
        chosen = in_units(data.values[rows], float(state["unit"]))
        _, where = self._nearest(state, chosen)
        return squared_gaps(state, chosen, where)
