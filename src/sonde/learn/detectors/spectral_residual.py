"""Spectral residual: what is left of a series when its usual spectrum is taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from .. import parameters as check
from ..detector import Detector
from ..estimator import State
from ..judgement import Judgement
from ..stored_state import positive
from ..windowed import running_mean

Floats = NDArray[np.float64]

LONGEST = 100_000  # rows or frequencies of a mean
LARGEST = 1e9
ENDS = 21  # rows at each end whose medians the ends are levelled by
FADED = 50  # one part in so many is faded in, and as many out
# Amplitudes below this share of the largest are rounding, and are not blown up to a residual.
SMALLEST_AMPLITUDE = 1e-8


@dataclass(eq=False, kw_only=True)
class SpectralResidual(Detector):
    """How salient each row is once the spectrum that the series shares with itself is removed.

    The amplitude of each frequency is divided by the mean amplitude of those around it (on a
    logarithmic scale), which leaves what repeats nowhere; turned back into time, it is large where
    something happened once. The score is this saliency, averaged over the rows around, in units of
    its mean over the rows learned from: about 1 for ordinary rows. Of several channels the mean
    counts. Missing rows are bridged by a straight line and get no score.

    All rows given are looked at together, so that a row's score depends on rows before and after.
    Time grows like that of a Fourier transform.

    Parameters
    ----------
    mag_window : frequencies that an amplitude is compared with, itself among them.
    score_window : rows that saliency is averaged over, twice; 1 leaves it as it is.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Ren et al. (2019), Time-series anomaly detection service at Microsoft, KDD, section 3.2,
    equations 1–6. They compare saliency with its mean over the rows before, which keeps the
    first row of an anomaly and hides the others; we average it over as many rows around, which on
    labelled series ranks anomalies far better, and compare 5 frequencies instead of 3. The ends
    are levelled and faded over a fiftieth of the rows instead of prolonged by estimated points,
    so that an anomaly in the very last rows counts less.

    Examples
    --------
    >>> x = np.sin(np.arange(1000) / 8); x[600] += 3.0
    >>> detector = SpectralResidual().fit(x)
    >>> int(np.argmax(detector.anomaly_scores(x)))
    600
    """

    name: ClassVar[str] = "spectral_residual"
    family: ClassVar[str] = "series"
    reads: ClassVar[Any] = "whole"

    mag_window: int = 5
    score_window: int = 21
    contamination: float | str | None = "auto"

    def _check_parameters(self) -> None:
        check.whole(self.name, "mag_window", self.mag_window, 1, LONGEST)
        check.whole(self.name, "score_window", self.score_window, 1, LONGEST)
        check.contamination(self.name, self.contamination)

    def _learn(self, data: Series) -> State:
        found = self._saliency(data.values)
        usual = np.nan_to_num(found).mean(axis=0) / max(np.isfinite(found).all(axis=1).mean(), 1e-9)
        return {"usual": np.where(usual > 0, usual, 1.0)}

    def _judge(self, state: State, data: Series) -> Judgement:
        share = self._saliency(data.values) / state["usual"]
        return Judgement(np.minimum(share.mean(axis=1), LARGEST))

    def _blame(self, state: State, data: Series, rows: NDArray[np.int64]) -> Floats:
        return np.asarray(self._saliency(data.values)[rows] / state["usual"])

    def _saliency(self, values: Floats) -> Floats:
        """(n, d) averaged saliency of each channel; NaN in rows with a missing value."""
        known = np.isfinite(values).all(axis=1)
        out = np.full(values.shape, np.nan)
        if not known.any():
            return out
        rows = np.arange(len(values))
        for j, column in enumerate(values.T):
            bridged = np.interp(rows, rows[known], column[known])
            found = saliency(_levelled(bridged), self.mag_window)
            for _ in range(2 if self.score_window > 1 else 0):
                found = np.maximum(running_mean(found, self.score_window), 0.0)
            out[known, j] = found[known]
        return out

    def _check_state(self, state: State, n_columns: int) -> None:
        if (positive(state, "usual", (n_columns,)) < 1.0 / LARGEST).any():
            raise ValueError("'usual' must be the mean of a saliency")

    def _resolution(self, state: State) -> float:
        return 0.01  # scores are in mean saliencies; a hundredth of one means nothing

    def _reach(self, state: State) -> int:
        return max(5, int(self.score_window))

    def _smear(self, state: State) -> int:
        return int(self.score_window)


def saliency(x: Floats, mag_window: int) -> Floats:
    """(n,) what the spectral residual of a series is in time, in the size of white noise.

    Parameters
    ----------
    x : (n,) float64, finite.
    mag_window : frequencies that an amplitude is compared with, 1 or more.

    Returns
    -------
    (n,) float64, 0 or more; around 1 for noise of any size and length, all 0 for a constant.

    Source
    ------
    Ren et al. (2019), equations 1–5. The residual's exponential times the phase is the spectrum
    divided by the geometric mean of the amplitudes around, which is how it is computed.
    """
    largest = float(np.abs(x).max())
    if largest == 0.0:
        return np.zeros(len(x))
    spectrum = np.fft.fft(x / largest)
    amplitude = np.abs(spectrum)
    floor = max(SMALLEST_AMPLITUDE * float(amplitude.max()), np.finfo(float).tiny)
    usual = _mean_of_ring(np.log(np.maximum(amplitude, floor)), mag_window)
    return np.asarray(np.abs(np.fft.ifft(spectrum * np.exp(-usual))) * np.sqrt(len(x)))


def _levelled(x: Floats) -> Floats:
    """(n,) from 0 to 0, faded in and out: the transform sees the last row next to the first."""
    ends, fading = min(ENDS, (len(x) + 1) // 2), max(1, len(x) // FADED)
    x = x / max(float(np.abs(x).max()), np.finfo(float).tiny)  # so that no difference overflows
    level = x - np.linspace(np.median(x[:ends]), np.median(x[-ends:]), len(x))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fading) + 0.5) / fading)
    level[:fading] *= rise
    level[len(x) - fading :] *= rise[::-1]
    return np.asarray(level)


def _mean_of_ring(values: Floats, window: int) -> Floats:
    """(n,) mean of the ``window`` values around each, where the last is followed by the first."""
    window = min(window, len(values))
    before = (window - 1) // 2
    ring = np.concatenate([values[len(values) - before :], values, values[: window - 1 - before]])
    total = np.concatenate([[0.0], np.cumsum(ring)])
    return np.asarray((total[window:] - total[:-window]) / window)
