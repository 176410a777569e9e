"""Extended isolation forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.hyperplanes import grow_slanted_trees, mean_slanted_lengths, slanted_shares
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows, seed_of
from ..stored_state import finite, positive, stored

Floats = NDArray[np.float64]

LARGEST_SAMPLE, MOST_TREES = 8_192, 100_000
MOST_MIXED = 10  # columns of a cut with "auto": more only make the model larger
FARTHEST = 1e6  # in extents of a column: rows beyond it are alone in every tree


@dataclass(eq=False, kw_only=True)
class ExtendedIsolationForest(Detector):
    """How few random slanted cuts it takes to isolate a row.

    Where ordinary rows lie along a diagonal, a ring or in several groups, cuts along the axes
    leave "ghosts": empty places that look ordinary because they share a column's values with
    ordinary rows. Slanted cuts leave none. Scores lie in 0–1, as those of ``isolation_forest``.

    Parameters
    ----------
    n_estimators : number of trees.
    max_samples : rows that each tree sees; ``"auto"`` is 256, or all where there are fewer.
    extension_level : columns that each cut looks at, less one: 0 cuts along the axes, one less
        than there are columns is the most; ``"auto"`` is the most, and at most 9.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.
    n_jobs : threads for scoring; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Hariri, Carrasco Kind, Brunner (2021), Extended isolation forest, IEEE TKDE 33(4), algorithms
    1–3. We divide by each column's extent in a node, so that units do not matter.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> forest = ExtendedIsolationForest(random_state=0).fit(rows)
    >>> int(np.argmax(forest.anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "extended_isolation_forest"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("hyperplanes",)

    n_estimators: int = 100
    max_samples: int | str = "auto"
    extension_level: int | str = "auto"
    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_estimators", self.n_estimators, 1, MOST_TREES)
        check.whole_or_auto(self.name, "max_samples", self.max_samples, 2, LARGEST_SAMPLE)
        check.whole_or_auto(self.name, "extension_level", self.extension_level, 0)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        values = data.values
        low = values.min(axis=0)
        # Halves: the difference of two large numbers overflows.
        span = 2.0 * np.minimum(values.max(axis=0) / 2 - low / 2, np.finfo(float).max / 4)
        scale = np.where(span > np.finfo(float).tiny, span, 1.0)
        wanted = 256 if self.max_samples == "auto" else int(self.max_samples)
        columns, weights, points, lengths = grow_slanted_trees(
            _in_extents(values, low, scale),
            int(self.n_estimators),
            min(wanted, len(data)),
            self._mixed(values.shape[1]),
            seed_of(self.random_state),
            0,
        )
        return {
            "columns": columns,
            "weights": weights,
            "points": points,
            "lengths": lengths,
            "low": low,
            "scale": scale,
        }

    def _mixed(self, n_columns: int) -> int:
        if isinstance(self.extension_level, str):
            return min(n_columns, MOST_MIXED)
        check.whole(self.name, "extension_level", self.extension_level, 0, n_columns - 1)
        return int(self.extension_level) + 1

    def _judge(self, state: State, data: Table) -> Judgement:
        values = _in_extents(data.values, state["low"], state["scale"])
        trees = _trees(state)
        paths = np.empty(len(data))

        def work(start: int, stop: int) -> None:
            mean_slanted_lengths(values, *trees, paths, start, stop)

        over_rows(work, len(data), self.n_jobs)
        paths[np.isnan(values).any(axis=1)] = np.nan
        # Each tree's root holds what a path is expected to need.
        return Judgement(np.exp2(-paths / float(state["lengths"][0, 0])))

    def _check_state(self, state: State, n_columns: int) -> None:
        columns = stored(state, "columns", (None, None, None), np.int32)
        trees, inner, mixed = columns.shape
        if trees < 1 or mixed < 1 or not 1 <= inner < LARGEST_SAMPLE or inner & (inner + 1):
            raise ValueError("'columns' must have 1, 3, 7, 15, … nodes a tree")
        if columns[:, :, 0].min() < -1 or columns[:, :, 1:].min(initial=0) < 0:
            raise ValueError("the trees do not fit together: a column is below 0")
        if columns.max() >= n_columns:
            raise ValueError("the trees do not fit together: a column is not there")
        finite(state, "weights", columns.shape)
        finite(state, "points", columns.shape)
        if finite(state, "lengths", (trees, 2 * inner + 1), least=0.0)[0, 0] <= 0:
            raise ValueError("'lengths' must be above 0 at the root")
        finite(state, "low", (n_columns,))
        positive(state, "scale", (n_columns,))

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        values = _in_extents(data.values[rows], state["low"], state["scale"])
        return np.asarray(slanted_shares(values, *_trees(state)))

    def _resolution(self, state: State) -> float:
        return 0.002  # scores lie in 0–1, and a hundred trees wobble by about this


def _trees(state: State) -> tuple[Any, Any, Any, Any]:
    return state["columns"], state["weights"], state["points"], state["lengths"]


def _in_extents(values: Floats, low: Floats, scale: Floats) -> Floats:
    """``values`` in extents above the lowest row learned from; NaN stays NaN."""
    with np.errstate(over="ignore"):
        moved = np.clip((values / 2 - low / 2) / scale * 2.0, -FARTHEST, FARTHEST)
    return np.ascontiguousarray(moved)
