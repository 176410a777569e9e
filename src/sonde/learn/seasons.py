"""Periods and seasonal profiles, as the series detectors use them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core import Series
from ..data import find_period
from ..errors import InvalidInput

Floats = NDArray[np.float64]


def regular_step(data: Series) -> int | None:
    """The step of the time axis in nanoseconds when every row keeps it, else None."""
    if data.time is None or len(data) < 2:
        return None
    # The mean step, and no row a quarter of it from its place: small errors must not add up.
    step = (data.time[-1] - data.time[0]) / (len(data) - 1)
    off = np.abs((data.time - data.time[0]) - np.arange(len(data)) * step)
    return round(step) if bool(off.max() <= step / 4) else None


def season_length(data: Series, given: int | None) -> int:
    """``given``, or the period of the channel whose season is clearest; 1 when there is none."""
    if given is not None:
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
            raise InvalidInput(
                f"period must be a whole number of rows, 1 or more, got {given!r}", period=given
            )
        return int(given)
    return _clearest(data, regular_step(data))


def cycle_length(data: Series) -> int:
    """The shortest cycle that repeats, whatever the calendar says: a day where a week is a season.

    1 when there is none.
    """
    return _clearest(data, None)


def _clearest(data: Series, step_ns: int | None) -> int:
    found = [find_period(channel, step_ns) for channel in data.values.T]
    known = [period for period in found if period is not None and 2 * period.length <= len(data)]
    return max(known, key=lambda p: p.strength).length if known else 1


def phases(data: Series, period: int, origin: tuple[int, int] | None) -> NDArray[np.int64]:
    """(n,) which part of the season each row is in.

    ``origin`` is the time of phase 0 and the step; without it, or without time, the row's
    position counts.
    """
    if origin is None or data.time is None or origin[1] <= 0:
        return (data.first + np.arange(len(data))) % period
    rows = np.round((data.time - origin[0]) / origin[1]).astype(np.int64)
    return rows % period


def origin_of(data: Series) -> NDArray[np.int64]:
    """(2,) time of phase 0 and the step in nanoseconds; zeros where phases count rows.

    Phase 0 is the row whose position is a multiple of every period: that of row 0 of the whole.
    """
    step = regular_step(data)
    if step is None or data.time is None:
        return np.zeros(2, dtype=np.int64)
    return np.array([data.time[0] - data.first * step, step], dtype=np.int64)


def seasonal_profile(values: Floats, phase: NDArray[np.int64], period: int) -> Floats:
    """(period, n_channels) the median of each phase, 0 where a phase was never seen.

    ``values`` are (n, n_channels) with the slow level removed; NaN is skipped. The profile's own
    median is taken out, so that level and season do not shift each other.
    """
    profile = np.zeros((period, values.shape[1]))
    if period == 1:
        return profile
    order = np.argsort(phase, kind="stable")
    bounds = np.searchsorted(phase[order], np.arange(period + 1))
    for k in range(period):
        rows = values[order[bounds[k] : bounds[k + 1]]]
        for j in range(values.shape[1]):
            known = rows[:, j][np.isfinite(rows[:, j])]
            profile[k, j] = np.median(known) if known.size else 0.0
    return np.asarray(profile - np.median(profile, axis=0))


def robust_spread(values: Floats) -> Floats:
    """(n_channels,) 1.4826 × median absolute deviation; the deviation where that is 0; NaN skipped.

    0 for a constant channel.
    """
    out = np.zeros(values.shape[1])
    for j, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if known.size:
            spread = 1.4826 * np.median(np.abs(known - np.median(known)))
            out[j] = spread if spread > 0 else known.std()
    return out
