"""The lag at which a series is most like itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FIRST, _LONGEST, _ROWS = 3, 400, 20_000
_OTHERWISE = 125  # where there is no such lag, as the benchmark has it


def main_lag(values: Floats) -> int:
    """The lag of the highest peak of the autocorrelation, the buffer of TSB-AD's metrics.

    Parameters
    ----------
    values : (n,) float64; the first channel where there are several. NaN and infinity are filled
        linearly between their neighbours.

    Returns
    -------
    6 to 303 rows; 125 where there is no peak, or where the highest lies outside.

    Source
    ------
    TSB-AD, ``find_length_rank``: biased autocorrelation of the first 20,000 rows at lags up to
    400; a peak is above both neighbours. Theirs answers 125 to a series with NaN.

    Examples
    --------
    >>> main_lag(np.sin(np.arange(2_000) * 2 * np.pi / 50))
    50
    """
    x = _filled(np.asarray(values, np.float64)[:_ROWS])
    if x.size <= _FIRST + 2:
        return _OTHERWISE
    x = x - x.mean()
    spectrum = np.fft.rfft(x, 2 ** int(2 * x.size - 1).bit_length())
    together = np.fft.irfft(np.abs(spectrum) ** 2)[: min(_LONGEST, x.size - 1) + 1]
    # What is left of a constant series after its mean is rounding.
    if together[0] <= 1e-20 * x.size * max(1.0, float(np.abs(values[:_ROWS]).max()) ** 2):
        return _OTHERWISE
    beyond = together[_FIRST:] / together[0]
    peaks = np.flatnonzero((beyond[1:-1] > beyond[:-2]) & (beyond[1:-1] > beyond[2:])) + 1
    if not peaks.size:
        return _OTHERWISE
    highest = int(peaks[np.argmax(beyond[peaks])])
    return highest + _FIRST if 3 <= highest <= 300 else _OTHERWISE


def _filled(x: Floats) -> Floats:
    known = np.isfinite(x)
    if known.all() or not known.any():
        return np.where(known, x, 0.0)
    rows = np.arange(x.size)
    return np.interp(rows, rows[known], x[known])
