"""Random cut forest: learns as it goes, fixed memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput
from ...kernels.random import stream
from ...kernels.random_cut import (
    FARTHEST,
    KNOWN,
    N_CLOCK,
    N_HEADS,
    N_LINKS,
    ROWS,
    random_cut_run,
)
from .. import parameters as check
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..randomness import LARGEST_SEED, seed_of
from ..seasons import robust_spread
from ..stored_state import MOST_ROWS, finite, positive, stored, whole
from .random_cut_trees import refuse_broken_trees

Floats = NDArray[np.float64]

MOST_TREES, LARGEST_SAMPLE, LONGEST_SHINGLE = 10_000, 65_536, 10_000
MOST_CELLS = 10**8  # of the boxes of all trees
FIRST_SCALE = 32  # rows of a stream after which a first scale is believed; then at each doubling
SMALLEST_SPREAD = 1e-3  # of a constant column's value: leaving it is strange, whatever the amount


@dataclass(eq=False, kw_only=True)
class RandomCutForest(OnlineDetector):
    """How few random cuts would set each row apart from the rows before it; learns as it goes.

    A score is the depth at which trees of that size usually hold a row, divided by the depth at
    which they would take this one in: about 1 for ordinary rows, larger for rows that the first
    cuts set apart. Each row is scored with the trees before it, then learned. ``fit`` learns the
    scale of the columns and the trees from all rows; scoring begins with these trees and goes on
    learning, on tables too: a row's score depends on the rows before it. Rows with a missing value
    get no score and are not learned.

    Columns are standardised by median and median deviation, so that their units do not matter. A
    stream that starts with nothing takes them from its first 32 rows, which get no score, and
    again, growing the trees anew, at 64, 128, … rows up to ``warmup``.

    Parameters
    ----------
    n_estimators : number of trees.
    max_samples : rows that each tree holds; memory grows with trees × rows × columns.
    shingle_size : the last rows of a series that are taken together as one point; 1 looks at
        each row by itself, and is what a table needs.
    time_decay : how fast held rows lose against new ones, per row: after 1 / ``time_decay`` rows
        one counts for about a third. 0 holds a fair sample of all rows; 1 holds about the last
        ``max_samples``.
    warmup : rows that a stream starting with nothing takes the columns' scale from.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.

    Source
    ------
    Guha, Mishra, Roy, Schrijvers (2016), Robust random cut forest based anomaly detection on
    streams, ICML. The score ranks rows as the isolation forest's does, by the expected depth at
    which the tree would take the row in; it ranks tables and series better than their collusive
    displacement.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 2)); rows[400] = 6.0
    >>> detector = RandomCutForest(random_state=0)
    >>> scores = [detector.update(row) for row in rows]
    >>> scores[0], int(np.nanargmax(scores))
    (nan, 400)
    """

    name: ClassVar[str] = "random_cut_forest"
    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("random", "random_cut")

    n_estimators: int = 50
    max_samples: int = 256
    shingle_size: int = 1
    time_decay: float = 1e-4
    warmup: int = 256
    contamination: float | str | None = "auto"
    random_state: Any = None

    def _check_parameters(self) -> None:
        check.whole(self.name, "n_estimators", self.n_estimators, 1, MOST_TREES)
        check.whole(self.name, "max_samples", self.max_samples, 2, LARGEST_SAMPLE)
        check.whole(self.name, "shingle_size", self.shingle_size, 1, LONGEST_SHINGLE)
        if self.time_decay != 0:
            check.number(self.name, "time_decay", self.time_decay, 0.0, 1.0)
        check.whole(self.name, "warmup", self.warmup, 1)
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)

    @property
    def min_rows(self) -> int:
        return 1 + int(self.shingle_size)

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        state = self._blank(seed_of(self.random_state), _scale_of(data.values))
        self._call(state, data.values)
        return state

    def _blank(self, seed: int, scale: Floats) -> State:
        """Trees without a row, for columns of this scale."""
        trees, rows, d = int(self.n_estimators), int(self.max_samples), scale.shape[1]
        wide = int(self.shingle_size) * d
        if 4 * trees * rows * wide > MOST_CELLS:
            raise InvalidInput(
                f"{self.name}: {trees} trees of {rows} rows with {wide} numbers each would not fit "
                "into memory; take a smaller n_estimators, max_samples or shingle_size",
                parameter="n_estimators",
            )
        return {
            "clock": np.zeros(N_CLOCK, dtype=np.int64),
            "seed": np.int64(seed),
            "scale": scale,
            "recent": np.zeros((int(self.shingle_size), d)),
            "nodes": np.zeros((trees, 2 * rows - 1, N_LINKS), dtype=np.int32),
            "cuts": np.zeros((trees, rows - 1)),
            "boxes": np.zeros((trees, rows - 1, 2, wide)),
            "points": np.zeros((trees, rows, wide)),
            "spare": np.tile(np.arange(rows, dtype=np.int32), (trees, 2, 1)),
            "weights": np.zeros((trees, rows)),
            "items": np.zeros((trees, rows), dtype=np.int32),
            "heads": np.zeros((trees, N_HEADS), dtype=np.int32),
            # Signed, as arrays are stored; the kernel sees the same bits without a sign.
            "random": np.stack([stream(seed, t) for t in range(trees)]).view(np.int64),
            "held": np.zeros((0, d)),
        }

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        d = data.values.shape[1]
        state = self._blank(seed_of(self.random_state), np.ones((2, d)))
        state["held"] = np.full((int(self.warmup), d), np.nan)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        state = copied(state)
        state["clock"][KNOWN] = 0
        return state

    def _go_over(self, state: State, data: Series) -> Floats:
        return self._over(state, data.values)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = self._row(row)
        return float(self._over(self._need().state, x)[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        return Judgement(self._over(copied(state), data.values))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        shares = np.zeros(data.values.shape)
        self._over(copied(state), data.values, shares)
        return shares[rows]

    def _over(self, state: State, values: Floats, shares: Floats | None = None) -> Floats:
        """(n,) scores; changes the state, and grows new trees where a better scale is known."""
        scores = np.full(len(values), np.nan)
        start = 0
        while len(state["held"]) and start < len(values):
            seen = int(state["clock"][ROWS])
            stage = _next_stage(seen, len(state["held"]))
            stop = start + min(stage - seen, len(values) - start)
            part = slice(start, stop)
            state["held"][seen : seen + stop - start] = values[part]
            if seen < min(FIRST_SCALE, len(state["held"])):
                state["clock"][ROWS] += stop - start
            else:
                scores[part] = self._call(state, values[part], _part(shares, part))
            if state["clock"][ROWS] == stage:
                self._grow_again(state, stage)
            start = stop
        if start < len(values):
            rest = slice(start, len(values))
            scores[rest] = self._call(state, values[rest], _part(shares, rest))
        return scores

    def _grow_again(self, state: State, stage: int) -> None:
        """Trees of the rows held back, by the scale of those rows."""
        held = state["held"]
        fresh = self._blank(int(state["seed"]), _scale_of(held[:stage]))
        self._call(fresh, held[:stage])
        state.update(fresh | ({"held": held} if stage < len(held) else {}))

    def _call(self, state: State, x: Floats, shares: Floats | None = None) -> Floats:
        scores = np.empty(len(x))
        random_cut_run(
            x,
            float(self.time_decay),
            state["clock"],
            state["scale"],
            state["recent"],
            state["nodes"],
            state["cuts"],
            state["boxes"],
            state["points"],
            state["spare"],
            state["weights"],
            state["items"],
            state["heads"],
            state["random"].view(np.uint64),
            scores,
            np.empty((0, x.shape[1])) if shares is None else shares,
        )
        return scores

    # --- what the contract asks ----------------------------------------------------------------

    def _check_state(self, state: State, n_columns: int) -> None:
        trees, rows = int(self.n_estimators), int(self.max_samples)
        seen, known = stored(state, "clock", (N_CLOCK,), np.int64).tolist()
        if not 0 <= seen < MOST_ROWS or not 0 <= known < MOST_ROWS:
            raise ValueError("'clock' can't be right")
        whole(state, "seed", 0, LARGEST_SEED)
        finite(state, "scale", (2, n_columns))
        positive({"spread": state["scale"][1]}, "spread", (n_columns,))
        recent = finite(state, "recent", (int(self.shingle_size), n_columns))
        if (np.abs(recent) > FARTHEST).any():
            raise ValueError("'recent' must be standardised")
        stored(state, "random", (trees, 1), np.int64)
        held = stored(state, "held", (None, n_columns))
        if len(held) and (len(held) != int(self.warmup) or seen >= len(held)):
            raise ValueError(
                "'held' must have a row for each of the warm-up, which must not be over"
            )
        refuse_broken_trees(state, trees, rows, recent.size)

    def _resolution(self, state: State) -> float:
        return 0.01  # fifty trees wobble by about this

    def _reach(self, state: State) -> int:
        return max(5, int(self.shingle_size))

    def _smear(self, state: State) -> int:
        return int(self.shingle_size)


def _part(shares: Floats | None, rows: slice) -> Floats | None:
    return None if shares is None else shares[rows]


def _next_stage(seen: int, warmup: int) -> int:
    """The number of rows at which a stream's scale is taken next, above ``seen``."""
    stage = FIRST_SCALE
    while stage <= seen:
        stage *= 2
    return min(stage, warmup)


def _scale_of(values: Floats) -> Floats:
    """(2, n_columns) median and robust spread of the known values; the spread is above 0."""
    out = np.empty((2, values.shape[1]))
    for j, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        # Divided by the largest, so that no difference and no square overflows.
        size = float(np.abs(known).max(initial=0.0)) or 1.0
        centre = float(np.median(known / size)) * size if known.size else 0.0
        spread = float(robust_spread(known[:, None] / size)[0]) * size
        if spread == 0.0:
            spread = SMALLEST_SPREAD * abs(centre) or SMALLEST_SPREAD
        out[:, j] = centre, spread
    return out
