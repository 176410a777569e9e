"""Half-space trees: learn as they go, fixed memory, no row kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput
from ...kernels.half_space import BEHIND, LATEST, N_CLOCK, ROWS, half_space_run
from .. import parameters as check
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..randomness import LARGEST_SEED, seed_of
from ..stored_state import MOST_ROWS, finite, stored, whole

Floats = NDArray[np.float64]

MOST_TREES, GREATEST_HEIGHT = 10_000, 20
MOST_NODES = 10**7  # of all trees
MOST_BEHIND = 2**31 - 1  # rows that an int32 counts
FARTHEST = 1e306  # ranges end here, so that four times as much is still finite
NO_SHARES = np.empty((0, 0))
SMALLEST_RANGE = 1e-3  # of a constant column's value: leaving it is strange, whatever the amount


@dataclass(eq=False, kw_only=True)
class HalfSpaceTrees(OnlineDetector):
    """How few of the rows before it fell into the same parts of space; learns as it goes.

    Each tree halves the space again and again, each time along a column drawn by chance, and
    counts the rows that fall into every part. A row is scored by the counts of the window before
    it: a score is by how many halvings its surroundings are emptier than the fullest that there
    could be. Then it is counted for the next window. Memory and time do not depend on how long
    the stream is. Rows with a missing value get no score and are not counted.

    ``fit`` takes the ranges of the columns and the first counts from all rows; scoring begins with
    these and goes on learning, on tables too: a row's score depends on the rows before it. A
    stream that starts with nothing takes both from its first ``warmup`` rows, which get no score.

    Parameters
    ----------
    n_estimators : number of trees.
    height : how often a tree halves the space; memory grows with trees × 2^height.
    window_size : rows after which the counts are replaced by those of the rows since.
    size_limit : share of a window's rows; a part that holds no more is not divided further.
    warmup : rows that a stream starting with nothing takes the columns' ranges from.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.

    Source
    ------
    Tan, Ting, Liu (2011), Fast anomaly detection for streaming data, IJCAI, algorithms 1–3. They
    are given the columns' ranges; we learn them. Our score is the logarithm of theirs, turned
    round and divided by the largest that there can be: the ranking is the same, and windows of
    different lengths compare.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(800, 2)); rows[600] = 9.0
    >>> detector = HalfSpaceTrees(random_state=0)
    >>> scores = [detector.update(row) for row in rows]
    >>> scores[0], int(np.nanargmax(scores))
    (nan, 600)
    """

    name: ClassVar[str] = "half_space_trees"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("half_space",)

    n_estimators: int = 25
    height: int = 10
    window_size: int = 250
    size_limit: float = 0.05
    warmup: int = 250
    contamination: float | str | None = "auto"
    random_state: Any = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_estimators", self.n_estimators, 1, MOST_TREES)
        check.whole(self.name, "height", self.height, 1, GREATEST_HEIGHT)
        check.whole(self.name, "window_size", self.window_size, 2)
        check.number(self.name, "size_limit", self.size_limit, 0.0, 1.0)
        check.whole(self.name, "warmup", self.warmup, 2)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)
        if int(self.n_estimators) * 2 ** int(self.height) > MOST_NODES:
            raise InvalidInput(
                f"{self.name}: {self.n_estimators} trees of height {self.height} would not fit "
                "into memory; take a smaller height or n_estimators",
                parameter="height",
            )

    @property
    def min_rows(self) -> int:
        return 2

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        return self._grown(seed_of(self.random_state), data.values)

    def _grown(self, seed: int, values: Floats) -> State:
        """Trees over the ranges of these rows, judging by them."""
        known = values[np.isfinite(values).all(axis=1)][-MOST_BEHIND:]
        state = self._blank(seed, values.shape[1])
        if len(known):
            state["columns"], state["cuts"] = self._halvings(seed, known)
            # As one window, however many they are.
            self._call(state, known, window=len(known))
        return state

    def _blank(self, seed: int, n_columns: int) -> State:
        trees, inner = int(self.n_estimators), 2 ** int(self.height) - 1
        return {
            "clock": np.zeros(N_CLOCK, dtype=np.int64),
            "seed": np.int64(seed),
            "columns": np.zeros((trees, inner), dtype=np.int32),
            "cuts": np.zeros((trees, inner)),
            "masses": np.zeros((trees, 2 * inner + 1, 2), dtype=np.int32),
            "held": np.zeros((0, n_columns)),
        }

    def _halvings(self, seed: int, known: Floats) -> tuple[NDArray[np.int32], Floats]:
        """Which column each inner node cuts, and where: in the middle of what is left of it."""
        low, high = _ranges(known)
        random = np.random.default_rng(seed)
        trees, height, d = int(self.n_estimators), int(self.height), known.shape[1]
        columns = np.empty((trees, 2**height - 1), dtype=np.int32)
        cuts = np.empty(columns.shape)
        for t in range(trees):
            # Section 3.1: around a place drawn by chance, so wide that the range lies within.
            place = random.random(d)
            reach = 2.0 * np.maximum(place, 1.0 - place) * (high - low)
            middle = low + place * (high - low)
            left, right = (middle - reach)[None, :], (middle + reach)[None, :]
            for depth in range(height):
                nodes = np.arange(2**depth)
                column = random.integers(d, size=len(nodes))
                cut = left[nodes, column] / 2 + right[nodes, column] / 2
                part = slice(len(nodes) - 1, 2 * len(nodes) - 1)
                columns[t, part], cuts[t, part] = column, cut
                left, right = left.repeat(2, axis=0), right.repeat(2, axis=0)
                right[2 * nodes, column] = left[2 * nodes + 1, column] = cut
        return columns, cuts

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        d = data.values.shape[1]
        state = self._blank(seed_of(self.random_state), d)
        state["held"] = np.full((int(self.warmup), d), np.nan)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _go_over(self, state: State, data: Series) -> Floats:
        return self._over(state, data.values)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x, state = self._row(row), self._need().state
        if len(state["held"]):
            return float(self._over(state, x)[0])
        return float(self._call(state, x)[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        return Judgement(self._over(copied(state), data.values))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        shares = np.zeros(data.values.shape)
        self._over(copied(state), data.values, shares)
        return shares[rows]

    def _over(self, state: State, values: Floats, shares: Floats | None = None) -> Floats:
        """(n,) scores; changes the state, and grows the trees where the warm-up ends."""
        scores = np.full(len(values), np.nan)
        start = 0
        if len(state["held"]):
            start = self._hold(state, values)
        if start < len(values):
            rest = None if shares is None else shares[start:]
            scores[start:] = self._call(state, values[start:], shares=rest)
        return scores

    def _hold(self, state: State, values: Floats) -> int:
        """Keep known rows for the warm-up; how many rows that took."""
        held, seen = state["held"], int(state["clock"][ROWS])
        known = np.flatnonzero(np.isfinite(values).all(axis=1))[: len(held) - seen]
        held[seen : seen + len(known)] = values[known]
        state["clock"][ROWS] = seen + len(known)
        if seen + len(known) < len(held):
            return len(values)
        state.update(self._grown(int(state["seed"]), held))
        return int(known[-1]) + 1

    def _call(
        self, state: State, x: Floats, window: int | None = None, shares: Floats | None = None
    ) -> Floats:
        scores = np.empty(len(x))
        half_space_run(
            x,
            int(self.window_size) if window is None else window,
            float(self.size_limit),
            state["clock"],
            state["columns"],
            state["cuts"],
            state["masses"],
            scores,
            NO_SHARES if shares is None else shares,
        )
        return scores

    # --- what the contract asks ----------------------------------------------------------------

    def _check_state(self, state: State, n_columns: int) -> None:
        trees, inner = int(self.n_estimators), 2 ** int(self.height) - 1
        clock = stored(state, "clock", (N_CLOCK,), np.int64)
        seen, latest, behind = clock.tolist()
        if not (0 <= latest <= seen < MOST_ROWS and 0 <= behind <= seen and behind <= MOST_BEHIND):
            raise ValueError("'clock' can't be right")
        whole(state, "seed", 0, LARGEST_SEED)
        columns = stored(state, "columns", (trees, inner), np.int32)
        if (columns < 0).any() or (columns >= n_columns).any():
            raise ValueError("'columns' must be columns that there are")
        finite(state, "cuts", (trees, inner))
        held = stored(state, "held", (None, n_columns))
        if len(held):
            if len(held) != int(self.warmup) or seen >= len(held) or latest or behind:
                raise ValueError(
                    "'held' must have a row for each of the warm-up, which must not be over"
                )
            if not np.isfinite(held[:seen]).all():
                raise ValueError("'held' must have known rows")
        elif latest >= int(self.window_size):
            raise ValueError("'clock' must be within a window")
        masses = stored(state, "masses", (trees, 2 * inner + 1, 2), np.int32)
        if (masses < 0).any() or (masses[:, 0] != clock[[BEHIND, LATEST]]).any():
            raise ValueError("'masses' must be counts of the rows of the windows")
        below = masses[:, 1:].reshape(trees, inner, 2, 2).astype(np.int64).sum(axis=2)
        if (below != masses[:, :inner]).any():
            raise ValueError("'masses' of a node must be those of the two below it")

    def _resolution(self, state: State) -> float:
        return 0.1  # twenty-five trees wobble by about this

    def _reach(self, state: State) -> int:
        return 5


def _ranges(known: Floats) -> tuple[Floats, Floats]:
    """(n_columns,) smallest and largest value of each column, apart also where it is constant."""
    low = np.clip(known.min(axis=0), -FARTHEST, FARTHEST)
    high = np.clip(known.max(axis=0), -FARTHEST, FARTHEST)
    flat = np.maximum(SMALLEST_RANGE * np.abs(low), SMALLEST_RANGE)
    return np.where(high > low, low, low - flat), np.where(high > low, high, high + flat)
