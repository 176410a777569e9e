"""The default for tables: several methods, weighed by how well they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from .. import parameters as check
from ..auto.common_scale import check_scale, in_decades, learn_scale
from ..auto.member_tails import check_tails, excess_levels, learn_tails, tail_levels
from ..auto.table_members import (
    MEMBERS,
    check_members,
    learn_members,
    member_scores,
    member_shares,
)
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows, seed_of
from ..stored_state import branch, finite

Floats = NDArray[np.float64]

MOST_ROWS = 10_000  # learned from; of more rows a random sample
BLOCK = 8192  # rows that are scaled together
LEAST_WEIGHT = 0.02
AGREEMENT = 4  # power of the correlation


@dataclass(eq=False, kw_only=True)
class AutoTable(Detector):
    """Seven methods for rows, each on the scale of how rare its score is, weighed by agreement.

    The distance to the nearest of a few random rows, in robust units and in spans of the columns;
    how rare each value is; how far in the tail of its column; and, with the rows that these and an
    isolation forest find most ordinary as the reference, the distance in units of their ellipsoid
    and to the nearest of larger draws. Each score becomes a level: −log10 of the share of rows at
    least as strange, continued beyond the largest. The joint score is the quadratic mean of the
    levels, a method's weight the fourth power of its correlation with the others; what a single
    method finds too far off for chance is added, so that a row which breaks one relation is found
    though the others think it ordinary.

    A score of 2 is as strange as one row of a hundred learned from, 3 as one of a thousand. A row
    learned from is scored as if it were not among the draws. Of more than 10,000 rows a random
    sample is learned from; what is kept does not grow with the rows.

    Parameters
    ----------
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.
    n_jobs : threads for scoring; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Nearest of small draws: Sugiyama, Borgwardt (2013),
    NIPS; Pang, Ting, Albrecht (2015), ICDM workshops. Rare values: Goldstein, Dengel (2012),
    KI-2012. Column tails: Li et al. (2022), TKDE. Ellipsoid of a clean half: in the manner of
    Rousseeuw, Van Driessen (1999), Technometrics 41, without its search. Ranks weighed by their
    correlation with those of the others: after Schubert et al. (2012), SIAM SDM. The forest: Liu,
    Ting, Zhou (2008), ICDM.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> found = AutoTable(random_state=0).fit(rows)
    >>> int(np.argmax(found.anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "auto_table"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = (
        "drawn_neighbours",
        "ecdf",
        "histogram",
        "isolation",
        "scatter",
    )

    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return 4

    def _learn(self, data: Table) -> State:
        seed, values = seed_of(self.random_state), data.values
        if len(values) > MOST_ROWS:
            chosen = np.random.default_rng(seed).choice(len(values), MOST_ROWS, replace=False)
            values = values[np.sort(chosen)]
        members, scores = learn_members(values, seed)
        tails = learn_tails(scores)
        weights = _weights(tail_levels(tails, scores))
        return {
            "members": members,
            "tails": tails,
            "weights": weights,
            "scale": learn_scale(_joint(tails, weights, scores)),
        }

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        rows = data.values if known.all() else data.values[known]
        found = np.empty(len(rows))

        def work(start: int, stop: int) -> None:
            for begin in range(start, stop, BLOCK):
                part = slice(begin, min(begin + BLOCK, stop))
                given = member_scores(state["members"], np.ascontiguousarray(rows[part]))
                joint = _joint(state["tails"], state["weights"], given)
                found[part] = in_decades(state["scale"], joint)

        over_rows(work, len(rows), self.n_jobs)
        scores = np.full(len(data), np.nan)
        scores[known] = found
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        check_members(branch(state, "members"), n_columns)
        check_tails(dict(branch(state, "tails")), len(MEMBERS))
        weights = finite(state, "weights", (len(MEMBERS),), least=0.0)
        if not 0.99 < weights.sum() < 1.01:
            raise ValueError("'weights' must sum to 1")
        check_scale(dict(branch(state, "scale")))

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = np.ascontiguousarray(data.values[rows])
        shares = member_shares(state["members"], chosen)
        largest = shares.max(axis=2, keepdims=True)
        shares = shares / np.where(largest > 0, largest, 1.0)
        total = shares.sum(axis=2, keepdims=True)
        shares = shares / np.where(total > 0, total, 1.0)
        given = member_scores(state["members"], chosen)
        worth = state["weights"][:, None] * np.square(tail_levels(state["tails"], given))
        worth += np.square(excess_levels(state["tails"], given))
        return np.asarray((shares * worth[:, :, None]).sum(axis=0))

    def _resolution(self, state: State) -> float:
        return 0.02  # levels are decades; draws and trees wobble by about this

    def _facts(self, state: State) -> dict[str, Any]:
        shown = zip(MEMBERS, state["weights"], strict=True)
        return {"weights": {name: round(float(weight), 3) for name, weight in shown}}


def _weights(levels: Floats) -> Floats:
    """(n_members,) how well each member agrees with the others; sums to 1."""
    total = levels.sum(axis=0)
    weights = np.full(len(levels), LEAST_WEIGHT)
    for i, one in enumerate(levels):
        others = total - one
        if one.std() > 0 and others.std() > 0:
            weights[i] = max(float(np.corrcoef(others, one)[0, 1]), LEAST_WEIGHT)
    weights **= AGREEMENT
    return np.asarray(weights / weights.sum())


def _joint(tails: State, weights: Floats, scores: Floats) -> Floats:
    """(n_rows,) the quadratic mean of the members' levels, and what a single one finds too far."""
    squares = np.zeros(scores.shape[1])
    # One after the other: the same bits for one row and for many.
    for weight, level in zip(weights, tail_levels(tails, scores), strict=True):
        squares += weight * np.square(level)
    return np.asarray(np.sqrt(squares) + excess_levels(tails, scores).max(axis=0))
