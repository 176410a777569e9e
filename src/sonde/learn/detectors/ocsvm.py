"""One-class support vector machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...errors import InvalidInput, need
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..nearest_rows import LARGEST, in_units, unit_of
from ..randomness import over_rows, seed_of
from ..stored_state import finite, positive

Floats = NDArray[np.float64]

LARGEST_SAMPLE, USUAL_SAMPLE = 10_000, 2_000
LARGEST_GAMMA = 1e12
_CELLS = 1 << 16  # of the distances that are held at a time


@dataclass(eq=False, kw_only=True)
class OCSVM(Detector):
    """How little a row resembles the rows on the border of the ordinary ones.

    The border is learned with scikit-learn (``pip install 'sonde[sklearn]'``); a model that was
    stored needs it no more. A score is minus the logarithm of the mean likeness, a Gaussian of the
    distance, to the rows on and beyond the border: 0 or more, and about the square of the distance
    for rows far away. Distances are Euclidean in the columns' own units: put a scaler before it
    (``make_pipeline``) where units differ.

    Parameters
    ----------
    nu : about the share of the rows learned from that shape the border, and at most the share
        that lies beyond it; above 0 and at most 1.
    gamma : how fast likeness falls with the squared distance, in the columns' unit to the power of
        −2; ``"scale"`` is one over the number of columns times their common variance.
    max_samples : rows to learn from, drawn at random where there are more; ``"auto"`` is 2,000,
        and 10,000 is the most: time and memory grow with its square.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator; which rows are drawn.
    n_jobs : threads for scoring; None is 1, −1 all cores. The scores do not depend on it.

    Source
    ------
    Schölkopf, Platt, Shawe-Taylor, Smola, Williamson (2001), Estimating the support of a
    high-dimensional distribution, Neural Computation 13(7). Their decision is Σ α·k − ρ; ours is
    −log(Σ α·k / Σ α), which orders rows the same way, also where all k are too small for a number.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(OCSVM().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "ocsvm"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"

    nu: float = 0.5
    gamma: float | str = "scale"
    max_samples: int | str = "auto"
    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.number(self.name, "nu", self.nu, 0.0, 1.0)
        if not isinstance(self.gamma, str) or self.gamma != "scale":
            check.number(self.name, "gamma", self.gamma, 0.0, LARGEST_GAMMA)
        check.whole_or_auto(self.name, "max_samples", self.max_samples, 2, LARGEST_SAMPLE)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        unit = unit_of(data.values)
        wanted = USUAL_SAMPLE if self.max_samples == "auto" else int(self.max_samples)
        values = data.values
        if len(values) > wanted:
            chosen = np.random.default_rng(seed_of(self.random_state)).choice(
                len(values), wanted, replace=False
            )
            values = values[np.sort(chosen)]
        rows = in_units(values, unit)
        gamma = self._gamma(rows, unit)
        vectors, weights = self._border(rows, gamma)
        return {
            "unit": np.float64(unit),
            "gamma": np.float64(gamma),
            "vectors": vectors,
            "weights": weights,
        }

    def _border(self, rows: Floats, gamma: float) -> tuple[Floats, Floats]:
        """The rows that shape the border, and what each weighs; the weights sum to 1."""
        svm = need("sklearn.svm", extra="sklearn", purpose="one-class support vector machines")
        if self.nu == 1:  # all rows alike: the machine finds no border, and needs none
            return rows, np.full(len(rows), 1.0 / len(rows))
        machine = svm.OneClassSVM(kernel="rbf", nu=float(self.nu), gamma=gamma)
        try:
            # From the middle: the machine's squared distances lose digits far from zero.
            machine.fit(rows - rows.mean(axis=0))
        except ValueError as error:
            raise InvalidInput(
                f"{self.name}: scikit-learn finds no border around these rows: {error}",
                parameter="nu",
            ) from error
        alpha = machine.dual_coef_.reshape(-1)
        return np.ascontiguousarray(rows[machine.support_]), alpha / alpha.sum()

    def _gamma(self, rows: Floats, unit: float) -> float:
        if not isinstance(self.gamma, str):
            return float(np.clip(float(self.gamma) * unit * unit, 1e-300, 1e300))
        variance = float(rows.var())
        # Rows that are all alike have no scale of their own.
        return 1.0 / (rows.shape[1] * variance) if variance > 1e-150 else 1.0

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        rows = in_units(data.values[known], float(state["unit"]))
        found, scores = np.empty(len(rows)), np.full(len(data), np.nan)
        step = max(1, _CELLS // len(state["vectors"]))

        def work(start: int, stop: int) -> None:
            for begin in range(start, stop, step):
                end = min(begin + step, stop)
                exponents = _exponents(state, rows[begin:end])
                least = exponents.min(axis=1)
                likeness = np.exp(least[:, None] - exponents) * state["weights"]
                # Not a matrix product: its bits depend on how many rows there are.
                found[begin:end] = least - np.log(likeness.sum(axis=1))

        over_rows(work, len(rows), self.n_jobs)
        scores[known] = np.maximum(found, 0.0)
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        vectors = finite(state, "vectors", (None, n_columns))
        if not 1 <= len(vectors) <= LARGEST_SAMPLE:
            raise ValueError(f"'vectors' must have 1 to {LARGEST_SAMPLE:,} rows")
        weights = positive(state, "weights", (len(vectors),))
        if weights.max() > 1.0 or not 0.999 < weights.sum() < 1.001:
            raise ValueError("'weights' must sum to 1")
        positive(state, "unit", ())
        positive(state, "gamma", ())

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = in_units(data.values[rows], float(state["unit"]))
        blame = np.empty(chosen.shape)
        for i, row in enumerate(chosen):
            # The vectors that are most like the row count, also where none is like it at all.
            exponents = _exponents(state, row[None])[0]
            share = state["weights"] * np.exp(exponents.min() - exponents)
            blame[i] = share @ np.square(row - state["vectors"])
        return blame

    def _facts(self, state: State) -> dict[str, Any]:
        return {"support_vectors": len(state["vectors"])}


def _exponents(state: State, rows: Floats) -> Floats:
    """(n_rows, n_vectors) gamma times the squared distance of each row to each vector."""
    squared = np.zeros((len(rows), len(state["vectors"])))
    with np.errstate(over="ignore"):
        for row, vector in zip(rows.T, state["vectors"].T, strict=True):
            squared += np.square(row[:, None] - vector)
        return np.minimum(squared * float(state["gamma"]), LARGEST)
