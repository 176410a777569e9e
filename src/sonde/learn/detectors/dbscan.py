"""Distance to the nearest dense place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...errors import InvalidInput
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
from ..stored_state import finite

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_FARTHEST_EPS = 1e300
_FEWEST_CORE_ROWS = 2  # one exact copy of a row is left out, and another must remain


@dataclass(eq=False, kw_only=True)
class DBSCAN(Detector):
    """Distance to the nearest core row, one that has many rows around it.

    Rows at most ``eps`` away belong to a cluster; the others are what DBSCAN calls noise. One
    exact copy of the row is left out, so that a core row is scored as if it had not been learned.
    Distances are Euclidean in the columns' own units: put a scaler before it (``make_pipeline``)
    where units differ.

    Parameters
    ----------
    eps : how far the rows around a row may lie, > 0; None finds the knee of the distances to the
        ``min_samples``-th row, told by ``facts()``.
    min_samples : rows within ``eps`` that make a core row, itself among them; where fewer rows are
        learned from, all of them.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for learning and scoring; None is 1, −1 all cores.

    Source
    ------
    Ester, Kriegel, Sander, Xu (1996), A density-based algorithm for discovering clusters in large
    spatial databases with noise, KDD, definition 2 and section 4.2 (the sorted distances); the
    knee is where they lie farthest below the line from the smallest to the largest (Satopää,
    Albrecht, Irwin, Raghavan 2011, "Finding a kneedle in a haystack").

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> model = DBSCAN().fit(rows)
    >>> int(np.argmax(model.anomaly_scores(rows)))
    17
    >>> round(model.facts()["eps"], 2)
    0.67
    """

    name: ClassVar[str] = "dbscan"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("near_blocks", "neighbours")

    eps: float | None = None
    min_samples: int = 5
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        if self.eps is not None:
            check.number(self.name, "eps", self.eps, 0.0, _FARTHEST_EPS)
        check.whole(self.name, "min_samples", self.min_samples, 2)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        unit = unit_of(data.values)
        values = data.values[np.isfinite(data.values).all(axis=1)]
        others = min(int(self.min_samples), len(values)) - 1
        everyone = rows_known(values, unit, others)
        distances, _ = nearest_rows(everyone, everyone["rows"], others, self.n_jobs)
        crowded = distances[:, -1]
        eps = _knee(crowded) if self.eps is None else float(self.eps) / unit
        core = crowded <= eps
        if core.sum() < _FEWEST_CORE_ROWS:
            raise InvalidInput(
                f"dbscan: {int(core.sum())} of {len(core)} rows have {others} others within "
                f"eps={eps * unit:g}, and at least {_FEWEST_CORE_ROWS} must; take an eps around "
                f"{float(np.median(crowded)) * unit:g}, where half of the rows have, or None",
                parameter="eps",
            )
        return rows_known(values[core], unit, 1) | {"eps": np.float64(eps * unit)}

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores, unit = np.full(len(data), np.nan), float(state["unit"])
        distances, _ = nearest_rows(state, in_units(data.values[known], unit), 1, self.n_jobs)
        scores[known] = in_own_unit(distances[:, 0], unit)
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        check_rows(state, n_columns, _FEWEST_CORE_ROWS)
        finite(state, "eps", (), least=0.0)

    def _facts(self, state: State) -> dict[str, Any]:
        return {"eps": float(state["eps"]), "n_core_rows": len(state["rows"])}

    def _blame(self, state: State, data: Table, rows: Integers) -> Floats:
        chosen = in_units(data.values[rows], float(state["unit"]))
        _, where = nearest_rows(state, chosen, 1, self.n_jobs)
        return squared_gaps(state, chosen, where)


def _knee(distances: Floats) -> float:
    """The distance at which the ascending curve lies farthest below its chord."""
    ascending = np.sort(distances)
    rise = ascending[-1] - ascending[0]
    if rise == 0.0:
        return float(ascending[0])
    along = np.linspace(0.0, 1.0, len(ascending))
    return float(ascending[int(np.argmax(along - (ascending - ascending[0]) / rise))])
