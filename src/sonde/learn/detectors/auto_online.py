"""The default for streams: seven views of each column, one scale and one threshold for all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from ...core import Container, Schema, Series
from ...data import Policy
from ...errors import InvalidInput
from ...kernels import surprise as kernel
from ...kernels._surprise_members import LEARNED, SINCE
from ...kernels._surprise_tail import BINS, COUNTS, HEAVIEST, HISTOGRAMS, MEMBERS, WEIGHT
from ...kernels.surprise import surprise_run
from .. import parameters as check
from ..calibration import KNOTS, Calibration
from ..estimator import Fitted, State
from ..judgement import Judgement
from ..online import OnlineDetector, copied
from ..stored_state import MOST_ROWS, finite, stored

Floats = NDArray[np.float64]

THRESHOLD = kernel.ALARMING
# Share of the rows raised at least as high in streams without anomalies, thirteen kinds of them:
# benchmarks/auto_online.py. Above the threshold it falls tenfold with each 1.5: a score is more
# than its power of ten where tails are light, and less where they are heavy.
RAISED = {0.0: 1.0, 0.01: 0.24, 1.0: 0.16, 1.5: 0.072, 2.0: 0.025, 2.5: 0.0077, 3.0: 0.0021}
AT_THRESHOLD, TENFOLD = 1e-3, 1.5
MOST_COLUMNS = 4000  # 14 kB each
NO_TIMES = np.zeros(0, dtype=np.int64)
NO_TIMES.flags.writeable = False  # as the times of a series: one kernel serves both
WHY = (
    f"a score above {THRESHOLD}, the same for every stream: among a thousand ordinary rows about "
    "one is raised"
)


@dataclass(eq=False, kw_only=True)
class AutoOnline(OnlineDetector):
    """How much each row surprises who has seen those before it; nothing to set, one scale for all.

    Seven members look at each column: the error of a seasonal forecast (by the clock, where rows
    have times), distances from a fast and from a slow level, drift from the long run, a change of
    variability, and steps over 16 and 64 rows. What each sees is weighed by how often it saw as
    much before, so a score is about minus log10 of the share of ordinary rows that look as
    strange; the strongest members and columns count most. A stream that often cries is believed
    less. Within 100 rows of an alarm only what exceeds it by 1 is raised again; other rows score 0.

    The scores need no rows to compare with: one threshold, 3.35, serves every stream, and what is
    usual is learned as it goes, and forgotten (half of it after 2,500 rows). Rows with a missing
    value get no score and teach nothing. After a gap of more than 20 rows, levels start anew while
    seasons and usual sizes are kept. ``update`` knows no time: it goes on by the last usual step.

    Parameters
    ----------
    warmup : rows of a stream starting with nothing that get no score.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the fixed threshold. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its own
        rules.

    Source
    ------
    To judge an error by how often errors as large came of late is the idea of Lavin and Ahmad
    (2015), "Evaluating real-time anomaly detection algorithms: the Numenta anomaly benchmark",
    ICMLA, section III. They assume normal errors of one forecast; we count the sizes that several
    members saw, and extend the count by an exponential tail. The members are our own.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=600); values[500] = 9.0
    >>> detector = AutoOnline()
    >>> scores = [detector.update([value]) for value in values]
    >>> scores[0], int(np.nanargmax(scores)), scores[500] > 3.35
    (nan, 500, True)
    """

    name: ClassVar[str] = "auto_online"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"  # the whole past; continue a stream through its state instead
    kernels: ClassVar[tuple[str, ...]] = ("surprise",)
    fixed_limit: ClassVar[tuple[float, str] | None] = (THRESHOLD, WHY)

    warmup: int = 50
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.whole(self.name, "warmup", self.warmup, 1)
        check.contamination(self.name, self.contamination)

    # --- learning ----------------------------------------------------------------------------

    def _learn(self, data: Series) -> State:
        state = self._blank(data.values.shape[1], 0)
        self._over(state, data)
        return state

    def _blank(self, n_columns: int, quiet: int) -> State:
        if n_columns > MOST_COLUMNS:
            raise InvalidInput(
                f"{self.name}: {n_columns} columns are too many, at most {MOST_COLUMNS:,} fit; "
                "judge fewer columns together",
                columns=n_columns,
            )
        clock = np.zeros(kernel.N_CLOCK, dtype=np.int64)
        clock[kernel.LAST], clock[kernel.QUIET], clock[kernel.ANEW] = kernel.UNTIMED, quiet, 1
        channels = np.zeros((n_columns, kernel.WIDTH))
        channels[:, WEIGHT] = 1.0
        return {"clock": clock, "channels": channels}

    def start(self, data: Container, policy: Policy, step_ns: int | None) -> None:
        self._check_parameters()
        state = self._blank(data.values.shape[1], int(self.warmup))
        self._fitted = Fitted(state, Schema.of(data, step_ns=step_ns), policy)

    def _rewound(self, state: State) -> State:
        state = copied(state)
        clock = state["clock"]
        clock[kernel.LAST], clock[kernel.MISSED], clock[kernel.ANEW] = kernel.UNTIMED, 0, 1
        state["channels"][0, [kernel.LAST_ALARM, kernel.ALARM]] = 0.0
        return state

    def _training_scores(self, applied: Container) -> Floats:
        # As the model answers right after fit; the scale needs no scores, only a share does.
        return self._judge(self._need().state, cast(Series, applied)).scores

    def _go_over(self, state: State, data: Series) -> Floats:
        return self._over(state, data)

    def _over(self, state: State, data: Series) -> Floats:
        """(n, 1 + n_columns) the raised scores, then each column's; changes the state."""
        out = np.empty((len(data), 1 + data.values.shape[1]))
        times = NO_TIMES if data.time is None else data.time
        surprise_run(data.values, times, state["clock"], state["channels"], out)
        return out

    # --- use ---------------------------------------------------------------------------------

    def update(self, row: Any) -> float:
        x = self._one_row(row)
        x.flags.writeable = False
        state = self._need().state
        out = np.empty((1, 1 + x.shape[1]))
        surprise_run(x, NO_TIMES, state["clock"], state["channels"], out)
        return float(out[0, 0])

    def _one_row(self, row: Any) -> Floats:
        """As ``_row``, without its checks where the kernel answers them: they take longer than
        the kernel does."""
        fitted = self._fitted
        if fitted is not None and fitted.policy.missing in ("auto", "drop"):
            x = np.array(row, dtype=np.float64, ndmin=2)
            if x.shape == (1, len(fitted.schema.channels)):
                return x
        return self._row(row)

    def _judge(self, state: State, data: Series) -> Judgement:
        return Judgement(np.ascontiguousarray(self._over(copied(state), data)[:, 0]))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        return np.asarray(self._over(copied(state), data)[rows, 1:] ** kernel.POWER)

    # --- one scale ---------------------------------------------------------------------------

    def _calibration_of(self, scores: Floats, state: State) -> Calibration:
        return _fixed_scale()

    # --- what the contract asks ----------------------------------------------------------------

    def _check_state(self, state: State, n_columns: int) -> None:
        clock = stored(state, "clock", (kernel.N_CLOCK,), np.int64)
        _, step, votes, missed, quiet, anew = clock.tolist()
        counts = max(step, votes, missed, quiet) < 2**62 and min(step, votes, missed, quiet) >= 0
        if not counts or anew not in (0, 1):
            raise ValueError("'clock' can't be right")
        channels = finite(state, "channels", (n_columns, kernel.WIDTH))
        if (np.abs(channels) > 1e250).any():
            raise ValueError("'channels' must be of a size that can be squared")
        seen = channels[:, [SINCE, LEARNED]]
        if (seen < 0).any() or (seen >= MOST_ROWS).any():
            raise ValueError("'channels' must have counted its rows")
        weight = channels[:, WEIGHT]
        if (weight <= 0.0).any() or (weight > HEAVIEST).any():
            raise ValueError(f"'channels' must weigh rows above 0 and at most {HEAVIEST:g}")
        counts = channels[:, COUNTS:HISTOGRAMS].reshape(n_columns, MEMBERS, 3)
        starts = counts[:, :, 2]
        if (starts < 0).any() or (starts >= BINS).any():
            raise ValueError("'channels' must have tails that start within their histograms")
        if (channels[:, HISTOGRAMS : HISTOGRAMS + MEMBERS * BINS] < 0.0).any():
            raise ValueError("'channels' must have histograms of 0 or more")

    def _resolution(self, state: State) -> float:
        return 0.01  # of a score that counts tenfolds

    def _reach(self, state: State) -> int:
        return int(kernel.APART)


def _fixed_scale() -> Calibration:
    """Scores to the share of ordinary rows raised at least as high."""
    known = RAISED | {THRESHOLD: AT_THRESHOLD}
    knots = np.linspace(0.0, THRESHOLD, KNOTS)
    shares = np.exp(np.interp(knots, list(known), np.log(list(known.values()))))
    tail = np.array([[THRESHOLD, AT_THRESHOLD, TENFOLD / np.log(10.0), 1e-6]])
    return Calibration(knots[None, :], shares[None, :], tail)
