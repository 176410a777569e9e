"""Numbers that mean a moment: epochs in four units, calendar days, seconds from a start."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# The unit follows from the magnitude: these are the values of 1973-03-03 in each unit, which no
# finer unit reaches before 2001 or so and no coarser one within the next millennia.
_UNITS = ((1e17, "nanoseconds", 1), (1e14, "microseconds", 10**3), (1e11, "milliseconds", 10**6))
_SECONDS_FROM = 1e8
_SECONDS_TO = 9.2e9  # int64 nanoseconds end in 2262


def moments(values: NDArray[np.int64] | Floats) -> tuple[NDArray[np.int64], str] | None:
    """Nanoseconds since 1970 and what the numbers were taken for.

    Parameters
    ----------
    values : (n,) finite integers or floats, all of one unit.

    Returns
    -------
    ((n,) int64, ``"epoch seconds"``, …, ``"calendar days"`` for 20240131, or ``"seconds"`` for
    small numbers), or None when the numbers reach beyond the years 1677–2262.
    """
    with np.errstate(over="ignore"):  # of numbers that are no times, found out below
        size = float(np.median(np.abs(values)))
    days = _calendar_days(values)
    if days is not None:
        return days, "calendar days"
    for least, unit, factor in _UNITS:
        if size >= least:
            return _scaled(values, factor, f"epoch {unit}")
    name = "epoch seconds" if size >= _SECONDS_FROM else "seconds"
    return _scaled(values, 10**9, name)


def unit_change(values: NDArray[np.int64] | Floats) -> int | None:
    """The first position whose epoch is in another unit than the one before it, or None.

    Both must be a moment of the years 1973–2261 in their own unit, and lie apart by the factor
    between two units, give or take a tenth.
    """
    size = np.abs(values.astype(np.float64))
    if size.min() <= 0 or size.max() / 500 < size.min():
        return None
    if np.median(size) < _SECONDS_FROM:
        return None
    unit = np.full(len(size), -1)
    for i in range(4):
        unit[(size >= _SECONDS_FROM * 1000.0**i) & (size <= _SECONDS_TO * 1000.0**i)] = i
    factor = np.abs(np.diff(np.log10(size))) / 3
    is_change = (unit[1:] != unit[:-1]) & (np.minimum(unit[1:], unit[:-1]) >= 0)
    is_change &= np.abs(factor - np.rint(factor)) < 0.014  # log10(1.1) / 3
    return int(np.argmax(is_change)) + 1 if is_change.any() else None


def beyond_all(values: NDArray[np.int64] | Floats) -> int | None:
    """The first position of a number that is no moment amid epochs that rise, or None.

    Such a number lies beyond the years 1677–2262 in the unit that the others are in. No more than
    one in ten may: what has more of them, or does not rise without them, is no clock.
    """
    size = np.abs(values.astype(np.float64))
    with np.errstate(over="ignore"):
        usual = float(np.median(size))
    if not _SECONDS_FROM <= usual < np.inf:
        return None
    factor = next((f for least, _, f in _UNITS if usual >= least), 10**9)
    beyond = size > _SECONDS_TO * 1e9 / factor
    others = values[~beyond]
    if not beyond.any() or 10 * beyond.sum() > len(values) or np.any(others[1:] < others[:-1]):
        return None
    return int(np.argmax(beyond))


def looks_like_epoch(values: NDArray[np.int64] | Floats) -> bool:
    """True for epochs or calendar days: by magnitude alone, with no name to go by."""
    found = moments(values)
    return found is not None and found[1] != "seconds"


def _scaled(
    values: NDArray[np.int64] | Floats, factor: int, name: str
) -> tuple[NDArray[np.int64], str] | None:
    # Compared as floats: int64 would wrap around before it could be refused.
    if float(np.max(np.abs(values.astype(np.float64)))) > _SECONDS_TO * 1e9 / factor:
        return None
    if values.dtype.kind in "iu":
        return values.astype(np.int64) * factor, name
    whole = np.floor(values)
    rest = np.rint((values - whole) * factor).astype(np.int64)
    return whole.astype(np.int64) * factor + rest, name


def _calendar_days(values: NDArray[np.int64] | Floats) -> NDArray[np.int64] | None:
    """20240131 as 2024-01-31; None unless every number is a day of the years 1900–2100."""
    low, high = values.min(), values.max()
    if low < 19000101 or high > 21001231 or not np.all(values == np.floor(values)):
        return None
    whole = values.astype(np.int64)
    year, month, day = whole // 10000, whole // 100 % 100, whole % 100
    if month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + (day - 1)
    if np.any(dates.astype("datetime64[M]") != months):
        return None
    return dates.astype("datetime64[ns]").astype(np.int64)
