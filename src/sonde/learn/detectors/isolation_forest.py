"""Isolation forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.isolation import column_shares, grow_trees, mean_path_lengths
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows, seed_of
from ..stored_state import finite, positive, stored

Floats = NDArray[np.float64]

LARGEST_SAMPLE, MOST_TREES = 65_536, 100_000

_FEW_ROWS = 256


@dataclass(eq=False, kw_only=True)
class IsolationForest(Detector):
    """How few random cuts it takes to isolate a row.

    Scores lie in 0–1: about 0.5 for ordinary rows, near 1 for rows that fall alone early.

    Parameters
    ----------
    n_estimators : number of trees.
    max_samples : rows that each tree sees; ``"auto"`` is 256, or all where there are fewer.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.
    n_jobs : threads for scoring; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Liu, Ting, Zhou (2008), Isolation forest, ICDM, algorithms 1–3 and equations 1–2.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> forest = IsolationForest(random_state=0).fit(rows)
    >>> int(np.argmax(forest.anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "isolation_forest"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("isolation",)

    n_estimators: int = 100
    max_samples: int | str = "auto"
    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_estimators", self.n_estimators, 1, MOST_TREES)
        check.whole_or_auto(self.name, "max_samples", self.max_samples, 2, LARGEST_SAMPLE)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        wanted = 256 if self.max_samples == "auto" else int(self.max_samples)
        n_sample = min(wanted, len(data))
        columns, cuts, lengths = grow_trees(
            data.values, int(self.n_estimators), n_sample, seed_of(self.random_state), 0
        )
        return {
            "columns": columns,
            "cuts": cuts,
            "lengths": lengths,
            "usual": np.float64(_average_path(n_sample)),
        }

    def _judge(self, state: State, data: Table) -> Judgement:
        values, n = data.values, len(data)
        trees = state["columns"], state["cuts"], state["lengths"]
        paths = np.empty(n)
        if n < _FEW_ROWS:  # neither threads nor what they need
            mean_path_lengths(values, *trees, paths, 0, n)
        else:

            def work(start: int, stop: int) -> None:
                mean_path_lengths(values, *trees, paths, start, stop)

            over_rows(work, n, self.n_jobs)
        gaps = np.isnan(values)
        if gaps.any():
            paths[gaps.any(axis=1)] = np.nan
        return Judgement(np.exp2(-paths / float(state["usual"])))

    def _check_state(self, state: State, n_columns: int) -> None:
        lengths = finite(state, "lengths", (None, None), least=0.0)
        trees, leaves = lengths.shape
        # The kernel reads three levels at once.
        if trees < 1 or not 8 <= leaves <= LARGEST_SAMPLE or leaves & (leaves - 1):
            raise ValueError("'lengths' must have 8, 16, 32, … leaves a tree")
        columns = stored(state, "columns", (trees, leaves - 1), np.int32)
        if columns.min() < 0 or columns.max() >= n_columns:
            raise ValueError("the trees do not fit together: a column is not there")
        if np.isnan(stored(state, "cuts", (trees, leaves - 1))).any():
            raise ValueError("'cuts' must not be NaN")
        positive(state, "usual", ())

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        return np.asarray(
            column_shares(data.values[rows], state["columns"], state["cuts"], state["lengths"])
        )

    def _resolution(self, state: State) -> float:
        return 0.002  # scores lie in 0–1, and a hundred trees wobble by about this


def _average_path(n: int) -> float:
    """Average path of an unsuccessful search in a binary search tree of ``n`` (equation 1)."""
    if n <= 2:
        return 1.0
    return float(2.0 * (np.log(n - 1.0) + np.euler_gamma) - 2.0 * (n - 1.0) / n)
