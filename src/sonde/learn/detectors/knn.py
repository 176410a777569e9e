"""k nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.neighbours import build_tree, neighbour_distances
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import over_rows
from ..stored_state import branch, finite, stored

Floats = NDArray[np.float64]
LEAF_ROWS = 32
FARTHEST, LARGEST = 1e140, 1e300  # values and scores beyond these are taken for these
TREE = ("order", "points", "starts", "lowest", "highest")


@dataclass(eq=False, kw_only=True)
class KNN(Detector):
    """Distance to the nearest rows learned from.

    One exact copy of the row is left out, so that a row learned from is scored as if it had not
    been. Distances are Euclidean in the columns' own units: put a scaler before it
    (``make_pipeline``) where units differ.

    Parameters
    ----------
    n_neighbors : how many neighbours; at most one less than the rows learned from.
    method : ``"largest"`` the distance to the last of them, ``"mean"`` their average.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    n_jobs : threads for scoring; None is 1, −1 all cores.

    Source
    ------
    Ramaswamy, Rastogi, Shim (2000), Efficient algorithms for mining outliers from large data
    sets, SIGMOD, section 2 ("largest"); Angiulli, Pizzuti (2002), PKDD ("mean").

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[17] = 6.0
    >>> int(np.argmax(KNN().fit(rows).anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "knn"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    kernels: ClassVar[tuple[str, ...]] = ("neighbours",)

    n_neighbors: int = 5
    method: Literal["largest", "mean"] = "largest"
    contamination: float | str | None = "auto"
    n_jobs: int | None = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_neighbors", self.n_neighbors, 1)
        check.one_of(self.name, "method", self.method, ("largest", "mean"))
        check.contamination(self.name, self.contamination)
        check.n_jobs(self.name, self.n_jobs)

    @property
    def min_rows(self) -> int:
        return int(self.n_neighbors) + 1

    def _learn(self, data: Table) -> State:
        known = np.isfinite(data.values).all(axis=1)
        rows = np.ascontiguousarray(data.values[known]) / _unit(data.values)
        tree = build_tree(rows, LEAF_ROWS)
        return {
            "unit": np.float64(_unit(data.values)),
            "rows": rows,
            "tree": dict(zip(TREE, tree, strict=True)),
        }

    def _neighbours(self, state: State, rows: Floats) -> tuple[Floats, NDArray[np.int64]]:
        """(n, k) distances to the nearest rows learned from, and their positions."""
        order, points, starts, lowest, highest = (state["tree"][name] for name in TREE)
        distances = np.full((len(rows), self.n_neighbors), np.nan)
        where = np.zeros((len(rows), self.n_neighbors), dtype=np.int64)

        def work(start: int, stop: int) -> None:
            neighbour_distances(
                rows,
                order,
                points,
                starts,
                lowest,
                highest,
                int(self.n_neighbors),
                distances,
                where,
                start,
                stop,
            )

        over_rows(work, len(rows), self.n_jobs)
        return distances, where

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores = np.full(len(data), np.nan)
        rows = np.clip(data.values[known] / float(state["unit"]), -FARTHEST, FARTHEST)
        distances, _ = self._neighbours(state, np.ascontiguousarray(rows))
        found = distances.mean(axis=1) if self.method == "mean" else distances[:, -1]
        # Scaled back in two steps, so that nothing becomes infinite on the way.
        scores[known] = np.minimum(found, LARGEST / float(state["unit"])) * float(state["unit"])
        return Judgement(scores)

    def _check_state(self, state: State, n_columns: int) -> None:
        finite(state, "unit", (), least=1.0)
        rows = finite(state, "rows", (None, n_columns))
        if np.abs(rows).max(initial=0.0) > FARTHEST or len(rows) <= self.n_neighbors:
            raise ValueError("'rows' are too large, or fewer than the neighbours wanted")
        _check_tree(branch(state, "tree"), rows)

    def _blame(self, state: State, data: Table, rows: NDArray[np.int64]) -> Floats:
        chosen = np.clip(data.values[rows] / float(state["unit"]), -FARTHEST, FARTHEST)
        chosen = np.ascontiguousarray(chosen)
        _, where = self._neighbours(state, chosen)
        gaps = chosen[:, None, :] - state["rows"][where]
        return np.asarray(np.square(gaps).mean(axis=1))


def _unit(values: Floats) -> float:
    """What values are divided by, so that the squares of their differences stay finite.

    1 unless they are enormous; else a power of two, which changes no digit.
    """
    largest = float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))
    return 1.0 if largest < FARTHEST else float(2.0 ** min(np.ceil(np.log2(largest)), 1023))


def _check_tree(tree: Mapping[str, Any], rows: Floats) -> None:
    """Raise ValueError unless ``tree`` is one over ``rows``, as ``build_tree`` lays it out."""
    n, d = rows.shape
    order = stored(tree, "order", (n,), np.int64)
    starts = stored(tree, "starts", (None,), np.int64)
    leaves = len(starts) - 1
    lowest, highest = (stored(tree, box, (2 * leaves - 1, d)) for box in ("lowest", "highest"))
    points = finite(tree, "points", (n * d,))
    if leaves < 1 or leaves & (leaves - 1):
        raise ValueError("the tree has no shape of its own")
    if starts[0] != 0 or starts[-1] != n or (starts[1:] < starts[:-1]).any():
        raise ValueError("the leaves do not cover the rows")
    if not np.array_equal(np.sort(order), np.arange(n)):
        raise ValueError("the order must name each row once")
    ordered, sizes = rows[order], np.diff(starts)
    begins, size = np.repeat(starts[:-1], sizes)[:, None], np.repeat(sizes, sizes)[:, None]
    places = begins * d + np.arange(d) * size + np.arange(n)[:, None] - begins
    if not np.array_equal(points[places], ordered):
        raise ValueError("the points are not the rows")
    # A box that is too small would hide neighbours. An empty one is infinitely far away.
    low, high = np.full((leaves, d), np.inf), np.full((leaves, d), -np.inf)
    low[sizes > 0] = np.minimum.reduceat(ordered, starts[:-1][sizes > 0])
    high[sizes > 0] = np.maximum.reduceat(ordered, starts[:-1][sizes > 0])
    same = np.array_equal(lowest[leaves - 1 :], low) and np.array_equal(highest[leaves - 1 :], high)
    around = np.array_equal(lowest[: leaves - 1], np.minimum(lowest[1::2], lowest[2::2]))
    around &= np.array_equal(highest[: leaves - 1], np.maximum(highest[1::2], highest[2::2]))
    if not same or not around:
        raise ValueError("the boxes do not fit the rows")
