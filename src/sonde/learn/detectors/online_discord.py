"""Online discords: windows that look like none before them; learns as it goes, bounded memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput
from ...kernels import profile_stream as kernel
from .. import parameters as check
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..profiles.stream_state import blank, refuse_broken
from ..profiles.window import proposed_window
from ..stored_state import stored, whole

Floats = NDArray[np.float64]

SHORTEST, LEAST_WARMUP = 4, 16
PARTS = 4  # windows that must fit into the history
LONGEST_HISTORY = 10**6
MOST_CELLS = 10**7  # of all columns' histories; each takes about 110 bytes
LEAST_QUIET = 3  # windows before the first score: with less before it, any is like no other
STREAM = ("floats", "integers", "clock", "scale")  # the state of each column's profile
LARGEST_DIGEST = 2**63 - 1


@dataclass(eq=False, kw_only=True)
class OnlineDiscord(OnlineDetector):
    """How far the window that ends with each row lies from all windows before it.

    The z-normalised Euclidean distance to the nearest of the earlier windows, divided by the root
    of twice the window's length, so that only shape counts: 0 for a shape seen before, 1 for one
    that is like no other; the mean over the columns. A strange row is told when it comes, and
    shows for as long as windows hold it. What has been seen once is familiar, also where it was
    strange. Windows with a missing value have no score, nor have the first rows of a stream, while
    little is known. The very rows that ``fit`` has learned are judged from their beginning, as they
    came, the first ones also by what came later.

    Memory is bounded by ``history``, and so is the time for a row: about 5 µs a column in a batch.

    Parameters
    ----------
    window : rows a window holds, 4 or more; None finds it, in ``fit`` from the data, in a stream
        that starts with nothing from its first ``warmup`` rows: the shortest cycle that repeats,
        the strongest wave, or 64.
    history : rows that are remembered, at least four windows.
    warmup : rows of a stream that get no score: with few windows to compare with, all look
        strange. After ``fit``, at most a quarter of the rows learned from. At least three windows.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Yeh et al. (2018), "Time series joins, motifs, discords and shapelets: a unifying view that
    exploits the matrix profile", Data Mining and Knowledge Discovery 32: the left matrix profile,
    computed as new rows come.

    Examples
    --------
    >>> x = np.sin(np.arange(600) / 8); x[500:520] = 0.0
    >>> detector = OnlineDiscord(window=50, warmup=200)
    >>> scores = [detector.update([value]) for value in x]
    >>> scores[0], 500 <= int(np.nanargmax(scores)) < 570
    (nan, True)
    """

    name: ClassVar[str] = "online_discord"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("profile_stream",)

    window: int | None = None
    history: int = 4096
    warmup: int = 750
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.whole(self.name, "history", self.history, PARTS * SHORTEST, LONGEST_HISTORY)
        if self.window is not None:
            check.whole(self.name, "window", self.window, SHORTEST)
            if PARTS * self.window > self.history:
                raise InvalidInput(
                    f"{self.name}: a history of {self.history} rows is too short for windows of "
                    f"{self.window}; make it {PARTS * self.window} or more",
                    parameter="history",
                )
        check.whole(self.name, "warmup", self.warmup, LEAST_WARMUP)
        check.contamination(self.name, self.contamination)

    @property
    def min_rows(self) -> int:
        return 2 * int(self.window or SHORTEST)

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        window = self._window_for(data.values)
        quiet = _quiet(window, int(self.warmup), len(data))
        state = self._blank(data.values.shape[1], window, quiet)
        self._over(state, data.values)
        return state | {"learned": _digest(data)}

    def _window_for(self, values: Floats) -> int:
        """The window given, or the one that suits these rows and fits into the history."""
        if self.window is not None:
            return int(self.window)
        known = np.where(np.isfinite(values).all(axis=1, keepdims=True), values, np.nan)
        found = SHORTEST
        if len(known) >= LEAST_WARMUP and not np.isnan(known).all():
            found = proposed_window(Series(known))[0]
        return max(SHORTEST, min(found, int(self.history) // PARTS))

    def _blank(self, n_columns: int, window: int, quiet: int) -> State:
        """Columns of which nothing is known; without a window (0), not even its length.

        The first ``quiet`` rows get no score.
        """
        if n_columns * int(self.history) > MOST_CELLS:
            raise InvalidInput(
                f"{self.name}: {n_columns} columns with a history of {self.history} rows each "
                "would not fit into memory; take a smaller history",
                parameter="history",
            )
        one = blank(window or SHORTEST, most=int(self.history))
        columns = n_columns if window else 0
        state: State = {name: np.repeat(one[name][None], columns, axis=0) for name in STREAM}
        state["window"], state["quiet"] = np.int64(window), np.int64(quiet)
        state["held"] = np.full((0 if window else int(self.warmup), n_columns), np.nan)
        state["n_held"] = np.int64(0)
        state["learned"] = np.int64(0)
        return state

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        window = int(self.window or 0)
        quiet = max(LEAST_QUIET * window, int(self.warmup))
        state = self._blank(data.values.shape[1], window, quiet)
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        window, quiet = int(state["window"]), int(state["quiet"])
        rows = int(state["clock"][0, kernel.POINTS]) if window else 0
        if rows:
            quiet = _quiet(window, quiet, rows)
        return self._blank(_width(state), window, quiet)

    def _go_over(self, state: State, data: Series) -> Floats:
        return self._over(state, data.values)

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = self._row(row)
        return float(self._over(self._need().state, x).mean(axis=1)[0])

    def _judge(self, state: State, data: Series) -> Judgement:
        return Judgement(self._columns(state, data).mean(axis=1))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        return np.square(self._columns(state, data)[rows])

    def _columns(self, state: State, data: Series) -> Floats:
        """(n, n_columns) as ``_over``, without changing the state."""
        learned = int(state["learned"])
        if learned and learned == _digest(data):
            return self._as_learned(state, data.values)
        return self._over(copied(state), data.values)

    def _as_learned(self, state: State, values: Floats) -> Floats:
        """The rows that ``fit`` has learned, as they came; the first ones by what came later, too.

        scikit-learn wants a score of every row that was learned from.
        """
        scores = self._over(self._rewound(state), values)
        window, width = int(state["window"]), _width(state)
        n = min(int(state["quiet"]), len(values))
        before = self._over(self._blank(width, window, 0), values[:n])[window - 1 :]
        # Backwards, a window ends where it begins.
        after = self._over(self._blank(width, window, 0), values[::-1])[::-1]
        scores[window - 1 : n] = np.fmin(before, after[: n - window + 1])
        scores[: window - 1] = scores[window - 1]
        return scores

    def _training_scores(self, applied: Container) -> Floats:
        return self._judge(self._need().state, cast(Series, applied)).scores

    def _over(self, state: State, values: Floats) -> Floats:
        """(n, n_columns) what each column says of the rows; NaN for no score; changes the state."""
        state["learned"] = np.int64(0)
        scores = np.full(values.shape, np.nan)
        held, n_held = state["held"], int(state["n_held"])
        first = min(len(held) - n_held, len(values)) if len(held) else 0
        if first:
            held[n_held : n_held + first] = values[:first]
            state["n_held"] = np.int64(n_held + first)
            if n_held + first == len(held):
                window, quiet = self._window_for(held), int(state["quiet"])
                state.update(self._blank(_width(state), window, quiet))
                self._extend(state, held)
        if first < len(values):
            scores[first:] = self._extend(state, values[first:])
        return scores

    def _extend(self, state: State, values: Floats) -> Floats:
        window = int(state["window"])
        scores = np.empty(values.shape)
        indices = np.empty(len(values), dtype=np.int64)
        begin = int(state["clock"][0, kernel.POINTS])
        for j in range(values.shape[1]):
            distances = np.empty(len(values))
            kernel.stream_extend(
                state["floats"][j],
                state["integers"][j],
                state["clock"][j],
                state["scale"][j],
                np.array(values[:, j]),
                distances,
                indices,
            )
            scores[:, j] = np.where(indices < 0, np.nan, distances)
        scores[: max(0, int(state["quiet"]) - begin)] = np.nan
        return np.asarray(scores / np.sqrt(2.0 * window))

    # --- what the contract asks ----------------------------------------------------------------

    def _check_state(self, state: State, n_columns: int) -> None:
        window = whole(state, "window", 0, int(self.history) // PARTS)
        learned = whole(state, "learned", 0, LARGEST_DIGEST)
        # Rows that were learned from are as many as the quiet ones, which fill a window at least.
        whole(state, "quiet", window if learned else 0, max(PARTS * check.MOST, int(self.warmup)))
        held = stored(state, "held", (0 if window else int(self.warmup), n_columns))
        whole(state, "n_held", 0, max(len(held) - 1, 0))
        columns = n_columns if window else 0
        stored(state, "floats", (columns, None, None))
        stored(state, "integers", (columns, None, None), np.int64)
        stored(state, "scale", (columns, None))
        clock = stored(state, "clock", (columns, kernel.N_CLOCK), np.int64)
        if (clock[:, kernel.WINDOW] != window).any() or (window and window < SHORTEST):
            raise ValueError("'window' must be that of the clocks")
        if (clock[:, kernel.MOST] != int(self.history)).any():
            raise ValueError("'clock' must keep as many rows as the history has")
        if (clock[:, kernel.POINTS] != clock[:1, kernel.POINTS]).any():
            raise ValueError("'clock' must have come as far in each column")
        for j in range(columns):
            refuse_broken({name: state[name][j] for name in STREAM})

    def _resolution(self, state: State) -> float:
        return 0.01  # of the distance of a shape that is like no other

    def _reach(self, state: State) -> int:
        return max(1, int(state["window"]))

    def _smear(self, state: State) -> int:
        return max(1, int(state["window"]))

    def _facts(self, state: State) -> dict[str, Any]:
        return {"window": int(state["window"])} if int(state["window"]) else {}


def _quiet(window: int, wanted: int, n_rows: int) -> int:
    """Rows without a score where ``n_rows`` are learned: at most a quarter, for calibration."""
    return max(LEAST_QUIET * window, min(wanted, n_rows // 4))


def _width(state: State) -> int:
    return int(state["held"].shape[1])


def _digest(data: Series) -> int:
    """A number that other rows, or the same at another time, do not have; never 0."""
    text = hashlib.blake2b(data.values.tobytes(), digest_size=8)
    text.update(b"" if data.time is None else data.time.tobytes())
    return int.from_bytes(text.digest(), "little") % LARGEST_DIGEST + 1
