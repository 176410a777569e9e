"""HBOS: how empty the bins are that a row's values fall into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.histogram import (
    bin_counts,
    bin_scales,
    column_ranges,
    column_terms,
    likely_bins,
    term_sums,
)
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows
from ..stored_state import finite, positive, stored

Floats = NDArray[np.float64]

MOST_BINS = 65_536
LARGEST_TERM = 2_000.0  # more than −log2 of any number
GRID = 2.0**20  # terms are multiples of 1 / GRID: their sums are exact, so that ties stay ties


@dataclass(eq=False, kw_only=True)
class HBOS(Detector):
    """Sum over columns of −log2 of the height of the bin that the value falls into.

    Each column has a histogram with bins of equal width from its smallest to its largest value;
    heights are relative to an even histogram, so that the unit of a column does not matter. The
    fullest bin of a column adds 0. Columns are looked at one by one: a row whose values are
    ordinary each by itself, but not together, is not found.

    A column that is constant adds 0; any other value in it counts as in an empty bin.

    Parameters
    ----------
    n_bins : bins of each column, at least 2, or ``"auto"`` for as many as describe the column
        best, up to the square root of the number of rows.
    alpha : height that is added to every bin, above 0 and at most 1: how much an empty bin says.
    tol : how far outside the bins, in widths of a bin, a value still counts as in the outermost
        one, above 0 and at most 1; beyond that it counts as in an empty bin.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Goldstein, Dengel (2012), Histogram-based outlier score (HBOS): a fast unsupervised anomaly
    detection algorithm, KI-2012, section 3, with bins of equal width; the number of bins of
    ``"auto"`` is that of Birgé, Rozenholc (2006). PyOD takes heights in rows per unit, so that
    its scores depend on the units, and looks values on an edge up in the bin before the one
    where they were counted.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(HBOS().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "hbos"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("histogram",)

    n_bins: int | str = 10
    alpha: float = 0.1
    tol: float = 0.5
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole_or_auto(self.name, "n_bins", self.n_bins, 2, MOST_BINS)
        check.number(self.name, "alpha", self.alpha, 0.0, 1.0)
        check.number(self.name, "tol", self.tol, 0.0, 1.0)
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        lows, highs = column_ranges(data.values)
        n_bins = self._bins(data.values)
        scales = bin_scales(lows, highs, n_bins)
        starts = np.concatenate([[0], np.cumsum(n_bins)])
        counts = bin_counts(data.values, lows, scales, starts)
        columns = [
            self._terms(counts[starts[j] : starts[j + 1]], len(data)) for j in range(len(n_bins))
        ]
        return {
            "lows": lows,
            "scales": scales,
            "offsets": starts + 2 * np.arange(len(starts)),
            "terms": np.concatenate(columns),
        }

    def _bins(self, values: Floats) -> NDArray[np.int64]:
        if not isinstance(self.n_bins, str):
            return np.full(values.shape[1], int(self.n_bins))
        most = min(max(int(np.sqrt(len(values))), 2), MOST_BINS)
        return np.array([likely_bins(np.sort(column), most) for column in values.T], np.int64)

    def _terms(self, counts: NDArray[np.int64], n_rows: int) -> Floats:
        """One term for below, for each bin and for above, ≥ 0."""
        heights = np.concatenate([[0], counts, [0]]) * (len(counts) / n_rows) + float(self.alpha)
        terms = np.log2(heights.max()) - np.log2(heights)
        return np.asarray(np.round(terms * GRID) / GRID)

    def _judge(self, state: State, data: Table) -> Judgement:
        scores = np.empty(len(data))

        def work(start: int, stop: int) -> None:
            term_sums(data.values, *_tables(state), float(self.tol), scores, start, stop)

        over_rows(work, len(data), self.n_jobs)
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        finite(state, "lows", (n_columns,))
        positive(state, "scales", (n_columns,))
        offsets = stored(state, "offsets", (n_columns + 1,), np.int64)
        terms = finite(state, "terms", (None,), least=0.0)
        if offsets[0] != 0 or offsets[-1] != len(terms) or not (offsets[1:] > offsets[:-1]).all():
            raise ValueError("the terms do not fit the columns")
        sizes = np.diff(offsets)
        if sizes.min() < 3 or sizes.max() > MOST_BINS + 2 or terms.max() > LARGEST_TERM:
            raise ValueError("'terms' are too few, too many or too large for a histogram")

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = np.ascontiguousarray(data.values[rows])
        out = np.empty(chosen.shape)
        column_terms(chosen, *_tables(state), float(self.tol), out, 0, len(rows))
        return out

    def _resolution(self, state: State) -> float:
        return 0.05  # scores are sums of logarithms of shares


def _tables(state: State) -> tuple[Any, Any, Any, Any]:
    return state["lows"], state["scales"], state["offsets"], state["terms"]
