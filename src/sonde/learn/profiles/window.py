"""A length of windows, where none is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from ...errors import TooShort
from ..seasons import cycle_length

Floats = NDArray[np.float64]

SHORTEST, LONGEST, USUAL = 3, 1024, 64  # rows of a window; two have no shape
_FEWEST = 8  # shorter windows hold no shape to speak of
_PARTS = 4  # windows that must fit into the series
_ROUNDING = 1e-9  # share of the largest value that counts as none
_CLEAR = 0.1  # of all variance, that the strongest line of the spectrum must have


def proposed_window(series: Series) -> tuple[int, str]:
    """How many rows a window should have, and why, in words.

    The shortest cycle that repeats; where nothing does, the strongest wave; else 64 rows. Never
    fewer than 8, more than 1,024, or more than a quarter of the series.

    Raises
    ------
    TooShort : fewer than 12 rows.

    Examples
    --------
    >>> proposed_window(Series(np.sin(np.arange(300) * 2 * np.pi / 25)))
    (25, 'the shortest cycle that repeats has 25 rows')
    """
    n = len(series)
    if n < SHORTEST * _PARTS:
        raise TooShort(
            f"{n} rows are too few to propose a window for, at least {SHORTEST * _PARTS} are "
            "needed; give one",
            needed=SHORTEST * _PARTS,
            got=n,
        )
    length, why = _cycle(series)
    low, high = min(_FEWEST, n // _PARTS), min(LONGEST, n // _PARTS)
    if length < low:
        return low, f"{why}, and windows of fewer than {low} rows hold no shape"
    if length > high:
        bound = "so long a window is slow to change" if high == LONGEST else "four must fit in"
        return high, f"{why}, and {bound}: {high} rows"
    return length, why


def _cycle(series: Series) -> tuple[int, str]:
    length = cycle_length(series)
    if length > 1:
        return length, f"the shortest cycle that repeats has {length} rows"
    waves = [_wave(channel) for channel in series.values.T]
    share, length = max(waves)
    if share >= _CLEAR:
        return length, f"nothing repeats exactly; the strongest wave has {length} rows"
    return USUAL, f"nothing repeats; {USUAL} rows are usual"


def _wave(channel: Floats) -> tuple[float, int]:
    """The share of the variance in the strongest line of the spectrum, and its length in rows.

    Lines of fewer than four waves in the series are left out: they are its trend.
    """
    known = np.isfinite(channel)
    n = len(channel)
    if known.sum() < n / 2:
        return 0.0, USUAL
    filled = np.interp(np.arange(n), np.flatnonzero(known), channel[known])
    largest = float(np.abs(filled).max())
    if largest > 0.0:
        filled /= largest
    slope, level = np.polyfit(np.linspace(-1, 1, n), filled, 1)
    power = np.abs(np.fft.rfft(filled - level - slope * np.linspace(-1, 1, n))) ** 2
    power[:_PARTS] = 0.0
    total = float(power.sum())
    line = int(np.argmax(power))
    if total <= (_ROUNDING * n) ** 2:
        return 0.0, USUAL
    return float(power[line]) / total, round(n / line)
