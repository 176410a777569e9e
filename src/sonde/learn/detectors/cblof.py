"""Distance to the centre of the nearest large cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.clusters import kmeans, nearest_centres
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..nearest_rows import FARTHEST, LARGEST, in_own_unit, in_units, unit_of
from ..randomness import over_rows, seed_of
from ..stored_state import finite, stored

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_MOST_ROUNDS = 300  # of k-means, as in scikit-learn
_LARGEST_RATIO = 1e9


@dataclass(eq=False, kw_only=True)
class CBLOF(Detector):
    """Distance to the centre of the nearest large cluster.

    Clusters are those of k-means. Small ones, far from where most rows lie, are outliers
    themselves, so that their rows are measured from the nearest large one. Distances are Euclidean
    in the columns' own units: put a scaler before it (``make_pipeline``) where units differ.

    Parameters
    ----------
    n_clusters : how many; where fewer rows are learned from, as many as these.
    method : ``"cblof"``; ``"kmeans"`` counts every cluster as a large one: the plain distance to
        the nearest centre.
    alpha : share of the rows that the large clusters hold at least, above 0 and at most 1.
    beta : how many times more rows the last of the large clusters has than the first small one,
        at least 1. Where no place in the order of sizes fulfils both, the first one that fulfils
        ``alpha``, or else ``beta``, divides them; where none does, all are large.
    use_weights : multiply by the number of rows in the cluster that the row belongs to, as the
        paper does.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int, or a NumPy Generator; the same seed gives the same clusters.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    He, Xu, Deng (2003), Discovering cluster-based local outliers, Pattern Recognition Letters 24,
    definitions 2 and 3, with k-means in the place of their Squeezer, as in PyOD.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(CBLOF(random_state=0).fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "cblof"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("clusters",)

    n_clusters: int = 8
    method: Literal["cblof", "kmeans"] = "cblof"
    alpha: float = 0.9
    beta: float = 5.0
    use_weights: bool = False
    contamination: float | str | None = "auto"
    random_state: Any = None
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_clusters", self.n_clusters, 1)
        check.one_of(self.name, "method", self.method, ("cblof", "kmeans"))
        check.number(self.name, "alpha", self.alpha, 0.0, 1.0)
        check.number(self.name, "beta", self.beta, np.nextafter(1.0, 0.0), _LARGEST_RATIO)
        check.flag(self.name, "use_weights", self.use_weights)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        check.n_jobs(self.name, self.n_jobs)

    def _learn(self, data: Table) -> State:
        unit = unit_of(data.values)
        rows = in_units(data.values[np.isfinite(data.values).all(axis=1)], unit)
        wanted = min(int(self.n_clusters), len(rows))
        centres, labels = kmeans(rows, wanted, seed_of(self.random_state), _MOST_ROUNDS)
        sizes = np.bincount(labels, minlength=wanted)
        order = np.argsort(-sizes, kind="stable")
        order = order[sizes[order] > 0]
        n_large = len(order)
        if self.method == "cblof":
            n_large = _large_clusters(sizes[order], float(self.alpha), float(self.beta))
        return {
            "unit": np.float64(unit),
            "centres": centres[order],
            "sizes": sizes[order].astype(np.int64),
            "n_large": np.int64(n_large),
        }

    def _nearest(self, centres: Floats, rows: Floats) -> tuple[Floats, Integers]:
        distances, labels = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
        over_rows(
            lambda start, stop: nearest_centres(rows, centres, distances, labels, start, stop),
            len(rows),
            self.n_jobs,
        )
        return distances, labels

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores, unit = np.full(len(data), np.nan), float(state["unit"])
        rows = in_units(data.values[known], unit)
        # The nearest large one is the own one where that is large: both cases of the paper at once.
        found, _ = self._nearest(state["centres"][: int(state["n_large"])], rows)
        if self.use_weights:
            _, own = self._nearest(state["centres"], rows)
            found = found * state["sizes"][own]
        scores[known] = in_own_unit(found, unit)
        return Judgement(np.minimum(scores, LARGEST))

    def _check_state(self, state: State, n_columns: int) -> None:
        finite(state, "unit", (), least=1.0)
        centres = finite(state, "centres", (None, n_columns))
        sizes = stored(state, "sizes", (len(centres),), np.int64)
        n_large = int(stored(state, "n_large", (), np.int64))
        if np.abs(centres).max(initial=0.0) > FARTHEST or (sizes < 1).any():
            raise ValueError("'centres' are too large, or a cluster has no rows")
        if not 1 <= n_large <= len(centres):
            raise ValueError(f"'n_large' must be 1 to {len(centres)}, is {n_large}")

    def _facts(self, state: State) -> dict[str, Any]:
        return {"cluster_sizes": state["sizes"].tolist(), "n_large": int(state["n_large"])}

    def _blame(self, state: State, data: Table, rows: Integers) -> Floats:
        centres = state["centres"][: int(state["n_large"])]
        chosen = in_units(data.values[rows], float(state["unit"]))
        _, nearest = self._nearest(centres, chosen)
        return np.asarray(np.square(chosen - centres[nearest]))


def _large_clusters(sizes: Integers, alpha: float, beta: float) -> int:
    """How many of the clusters, the largest first, are large (definition 2)."""
    enough = np.cumsum(sizes)[:-1] >= alpha * sizes.sum()
    steep = sizes[:-1] >= beta * sizes[1:]
    for divides in (enough & steep, enough, steep):
        if divides.any():
            return int(np.argmax(divides)) + 1
    return len(sizes)
