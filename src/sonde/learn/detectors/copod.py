"""COPOD: how far out in the tails of its columns a row lies, by the side they lean to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.copula import copula_scores, copula_terms, guides, skew_signs
from .. import parameters as check
from ..detector import Detector
from ..ellipsoids import power_of_two
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows
from ..stored_state import finite, positive, stored

Floats = NDArray[np.float64]

# Measured: a guide of more buckets leaves the nearest cache, and takes twice as long.
ROWS_PER_BUCKET, MOST_BUCKETS = 8, 4096
EXTREME = 1e60  # the cubes of larger values could be infinite together


@dataclass(eq=False, kw_only=True)
class COPOD(Detector):
    """Sum over columns of −log of the tail that the value lies in, by the column's skewness.

    A column that is skewed to the right has its anomalies on the right: there the right tail
    counts, or the mean of both where that is more; to the left likewise. A row's score depends on
    the rows learned from and on nothing else; in the authors' code it depends on the other rows
    scored with it. Columns are looked at one by one: a row whose values are ordinary each by
    itself, but not together, is not found. A constant column gives all its rows the same.

    Parameters
    ----------
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Li, Zhao, Botta, Ionescu, Hu (2020), COPOD: copula-based outlier detection, ICDM, algorithm 1;
    like the authors' code we take the larger of the terms column by column.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(COPOD().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "copod"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("copula",)

    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        ordered = np.array(data.values.T, order="C")
        ordered.sort(axis=1)
        scales, guide = guides(ordered, _buckets(len(data)))
        skews = skew_signs(_of_moderate_size(ordered))
        return {"ordered": ordered, "guide": guide, "scales": scales, "skews": skews}

    def _judge(self, state: State, data: Table) -> Judgement:
        scores = np.empty(len(data))

        def work(start: int, stop: int) -> None:
            copula_scores(data.values, *_tables(state), scores, start, stop)

        over_rows(work, len(data), self.n_jobs)
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        ordered = finite(state, "ordered", (n_columns, None))
        if not ordered.size or (ordered[:, 1:] < ordered[:, :-1]).any():
            raise ValueError("'ordered' must hold values, each column ascending")
        skews = stored(state, "skews", (n_columns,), np.int64)
        if np.abs(skews).max() > 1:
            raise ValueError("'skews' must be −1, 0 or 1")
        positive(state, "scales", (n_columns,))
        stored(state, "guide", (n_columns, None), np.int32)
        scales, guide = guides(np.ascontiguousarray(ordered), _buckets(ordered.shape[1]))
        if not np.array_equal(state["scales"], scales):
            raise ValueError("'scales' do not fit the values")
        if not np.array_equal(state["guide"], guide):
            raise ValueError("'guide' does not fit the values")

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = np.ascontiguousarray(data.values[rows])
        out = np.empty(chosen.shape)
        copula_terms(chosen, *_tables(state), out, 0, len(rows))
        return out

    def _resolution(self, state: State) -> float:
        return 0.05  # scores are sums of logarithms of shares


def _of_moderate_size(ordered: Floats) -> Floats:
    """The same columns, in powers of two of their unit where their cubes would be extremes."""
    ends = ordered[:, [0, -1]]
    largest = np.abs(ends).max(axis=1)
    if ((largest == 0) | ((largest > 1 / EXTREME) & (largest < EXTREME))).all():
        return ordered
    return np.asarray(ordered / power_of_two(ends)[:, None])


def _buckets(n_rows: int) -> int:
    return min(max(n_rows // ROWS_PER_BUCKET, 1), MOST_BUCKETS)


def _tables(state: State) -> tuple[Any, Any, Any, Any]:
    return state["ordered"], state["guide"], state["scales"], state["skews"]
