"""ECOD: how far out in the tails of its columns a row lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.ecdf import column_tails, tail_scores, tail_tables
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows
from ..stored_state import stored

Floats = NDArray[np.float64]


@dataclass(eq=False, kw_only=True)
class ECOD(Detector):
    """Sum over columns of −log of the smaller tail that the value lies in.

    A row's score depends on the rows learned from and on nothing else; in the authors' code it
    depends on the other rows scored with it.

    Parameters
    ----------
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Li, Zhao, Hu, Botta, Ionescu, Chen (2022), ECOD: unsupervised outlier detection using
    empirical cumulative distribution functions, TKDE, algorithm 1; like the authors' code we take
    the larger of the two tail terms column by column.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(ECOD().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "ecod"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("ecdf",)

    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        values, through, offsets = tail_tables(data.values)
        return {"values": values, "through": through, "offsets": offsets}

    def _judge(self, state: State, data: Table) -> Judgement:
        scores = np.zeros(len(data))

        def work(start: int, stop: int) -> None:
            tail_scores(
                data.values,
                state["values"],
                state["through"],
                state["offsets"],
                scores,
                start,
                stop,
            )

        over_rows(work, len(data), self.n_jobs)
        scores[np.isnan(data.values).any(axis=1)] = np.nan
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        offsets = stored(state, "offsets", (n_columns + 1,), np.int64)
        values = stored(state, "values", (None,))
        through = stored(state, "through", (len(values) + n_columns,), np.int32)
        if offsets[0] != 0 or offsets[-1] != len(values) or (offsets[1:] <= offsets[:-1]).any():
            raise ValueError("the tables do not fit the columns")
        for j in range(n_columns):
            known = values[offsets[j] : offsets[j + 1]]
            counts = through[offsets[j] + j : offsets[j + 1] + j + 1]
            if counts[0] != 0 or not (counts[1:] > counts[:-1]).all():
                raise ValueError(f"the counts of column {j} do not rise from 0")
            rises = bool((known[1:] > known[:-1]).all())
            if not known.size or not np.isfinite(known).all() or not rises:
                raise ValueError(f"the values of column {j} do not rise")

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        out = np.empty((len(rows), data.values.shape[1]))
        chosen = np.ascontiguousarray(data.values[rows])
        column_tails(chosen, state["values"], state["through"], state["offsets"], out, 0, len(rows))
        return out

    def _resolution(self, state: State) -> float:
        return 0.05  # scores are sums of logarithms of shares
