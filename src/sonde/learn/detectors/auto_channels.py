"""Several channels in time: how far each row's surroundings lie from a few others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from .. import parameters as check
from ..auto.channel_rounds import DRAWS, WEIGHTS, Rounds, spread_of, total, weights
from ..auto.few_windows import lengths_for
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..randomness import LARGEST_SEED, seed_of
from ..stored_state import finite, stored, whole

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST_ROWS = 8
MOST_REFERENCE, MOST_CELLS, STRETCHES = 20_000, 2_000_000, 8
LEAST_REFERENCE = 2_000  # rows, however many channels
BLAMED = 100  # rows whose shares tell what is usual of a channel


@dataclass(eq=False, kw_only=True)
class AutoChannels(Detector):
    """How far each row's surroundings lie from the nearest of a few other stretches.

    All channels are looked at together, in windows of 10 to 200 rows. A window's distance is to
    the nearest of 32 that are drawn at random from the rows learned from and those judged, the
    strangest tenth of a first round left out; a row's score is the mean over the windows around
    it, summed over their lengths. To the levels of the channels come, with less weight, their
    variability, which falls when a signal freezes, and what the other channels leave open of
    each, which grows when two part that go together. Scores are in units of their usual size:
    below 2 for most rows.

    Channels with only two values count where there are no others. Missing rows are bridged by
    straight lines and get no score. Of a long series 20,000 rows are kept to compare with.

    Parameters
    ----------
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.
    random_state : None, an int or a Generator.

    Source
    ------
    Sugiyama, Borgwardt (2013), Rapid distance-based outlier detection via sampling, NIPS: the
    distance to the nearest of a few points drawn at random. Windows, the second round and the
    three views are ours.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(1000, 3)) + np.sin(np.arange(1000) / 9)[:, None]; x[600:630, 1] += 4
    >>> detector = AutoChannels(random_state=0).fit(x)
    >>> 600 <= int(np.argmax(detector.anomaly_scores(x))) < 630
    True
    """

    name: ClassVar[str] = "auto_channels"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"
    kernels: ClassVar[tuple[str, ...]] = ("few_windows", "scatter")

    contamination: float | str | None = "auto"
    random_state: Any = None

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        check.random_state(self.name, self.random_state)

    @property
    def min_rows(self) -> int:
        return FEWEST_ROWS

    def _learn(self, data: Series) -> State:
        rows, stretch = _reference_rows(*data.values.shape)
        reference = np.where(np.isfinite(data.values[rows]), data.values[rows], np.nan)
        known = np.isfinite(reference).all(axis=1)
        center = np.median(reference[known], axis=0) if known.any() else np.zeros(len(reference.T))
        seed, lengths = seed_of(self.random_state), lengths_for(stretch)
        rounds = Rounds(reference, stretch, reference[:0], center, seed)
        clean, spread = rounds.clean(lengths, np.arange(len(rows)))
        some = _some_rows(len(rows))
        usual = np.zeros((len(spread), data.values.shape[1]))
        usual[:, rounds.channels] = np.median(rounds.shares(lengths, clean, DRAWS, some), axis=1)
        return {
            "center": center,
            "reference": reference,
            "stretch": np.int64(stretch),
            "lengths": lengths,
            "seed": np.int64(seed),
            "clean": clean,
            "spread": spread,
            "usual": usual,
        }

    def _rows_to_use(self, state: State) -> int:
        return int(state["lengths"][0])

    def _judge(self, state: State, data: Series) -> Judgement:
        rounds, clean, fits = _second_round(state, data)
        found = rounds.distances(state["lengths"][fits], clean, DRAWS)
        m, n = len(state["reference"]), len(data)
        squares = m * np.square(state["spread"][:, fits]) + n * np.square(spread_of(found))
        scores = total(found, np.sqrt(squares / (m + n)))
        return Judgement(np.where(rounds.known, scores, np.nan))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        rounds, clean, fits = _second_round(state, data)
        some = _some_rows(len(data))
        shares = rounds.shares(state["lengths"][fits], clean, DRAWS, np.concatenate([rows, some]))
        # What is usual is told by all rows, as the unit is: some channels are always far away.
        m, n = len(state["reference"]), len(data)
        here = np.median(shares[:, len(rows) :], axis=1)
        usual = (m * state["usual"][:, rounds.channels] + n * here) / (m + n)
        more = np.maximum(shares[:, : len(rows)] - usual[:, None], 0.0)
        out = np.zeros((len(rows), data.values.shape[1]))
        out[:, rounds.channels] = np.einsum("v,vrc->rc", weights(state["spread"]), more)
        return out

    def _check_state(self, state: State, n_columns: int) -> None:
        reference = stored(state, "reference", (None, n_columns))
        finite(state, "center", (n_columns,))
        stretch = whole(state, "stretch", FEWEST_ROWS, len(reference))
        whole(state, "seed", 0, LARGEST_SEED)
        lengths = stored(state, "lengths", (None,), np.int64)
        if len(reference) % stretch:
            raise ValueError("'reference' must be whole stretches")
        if not lengths.size or lengths.min() < 2 or lengths.max() > stretch // 2:
            raise ValueError("'lengths' must be 2 or more, and fit twice into a stretch")
        if (np.diff(lengths) < 0).any():
            raise ValueError("'lengths' must rise")
        clean = stored(state, "clean", (None,), np.int64)
        if clean.size and (clean.min() < 0 or clean.max() >= len(reference)):
            raise ValueError("'clean' must be rows of the reference")
        finite(state, "spread", (len(WEIGHTS), len(lengths)), least=0.0)
        finite(state, "usual", (len(WEIGHTS), n_columns), least=0.0)

    def _resolution(self, state: State) -> float:
        return 0.01

    def _reach(self, state: State) -> int:
        return int(state["lengths"][len(state["lengths"]) // 2])

    def _smear(self, state: State) -> int:
        return int(state["lengths"][-1])

    def _facts(self, state: State) -> dict[str, Any]:
        return {"windows": sorted(set(state["lengths"].tolist()))}


def _second_round(state: State, data: Series) -> tuple[Rounds, Integers, NDArray[np.bool_]]:
    """Ready to compare: the rows to draw from, and which of the lengths fit into the data."""
    values = np.where(np.isfinite(data.values), data.values, np.nan)
    lengths = state["lengths"]
    fits = lengths <= max(len(data) // 2, int(lengths[0]))
    rounds = Rounds(
        state["reference"], int(state["stretch"]), values, state["center"], int(state["seed"])
    )
    m = len(state["reference"])
    candidates = np.append(state["clean"], m + np.arange(len(data)))
    clean, _ = rounds.clean(lengths[fits], candidates)
    return rounds, np.append(state["clean"], clean), fits


def _some_rows(n_rows: int) -> Integers:
    """Rows from beginning to end that tell what is usual of a channel."""
    return np.unique(np.linspace(0, n_rows - 1, BLAMED).astype(np.int64))


def _reference_rows(n_rows: int, n_channels: int) -> tuple[Integers, int]:
    """Which rows a model keeps, and how many of them, from the first on, belong together."""
    most = min(MOST_REFERENCE, max(LEAST_REFERENCE, MOST_CELLS // n_channels))
    if n_rows <= most:
        return np.arange(n_rows), n_rows
    stretch = most // STRETCHES
    starts = np.linspace(0, n_rows - stretch, STRETCHES).astype(np.int64)
    return (starts[:, None] + np.arange(stretch)).ravel(), stretch
