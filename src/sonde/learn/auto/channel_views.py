"""Several channels in one unit: what of them is compared, and under which aspects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...kernels.scatter import moments

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CLIP = 20.0  # deviations; without a bound one mad channel hides all others, at 8 it starts to hide
VARIABILITY_ROWS = 20
RIDGE = 0.01  # beside a channel's variance of 1
MOST_ROWS = 20_000  # that tell how channels go together
QUIET = 0.05  # deviations of the channel: variability below this is all the same


def filled(values: Floats) -> Floats:
    """(n, d) a copy whose gaps are bridged by straight lines; 0 in a channel without a value."""
    out = np.array(values)
    rows = np.arange(len(out))
    for j in np.flatnonzero(~np.isfinite(out).all(axis=0)).tolist():
        known = np.isfinite(out[:, j])
        out[:, j] = np.interp(rows, rows[known], out[known, j]) if known.any() else 0.0
    return out


def used_channels(values: Floats, n_learned: int) -> NDArray[np.int64]:
    """Which channels are compared: those with more than two values.

    Switches tell when something happens, not whether it is strange; they are compared only where
    there is nothing else, and then those that never moved in the first ``n_learned`` rows, or all
    that move.
    """
    rich, moving = _kinds(values)
    if rich.any():
        return np.flatnonzero(rich)
    woken = moving & (values[:n_learned] == values[0]).all(axis=0)
    return np.flatnonzero(woken if woken.any() else moving)


def _kinds(values: Floats) -> tuple[Flags, Flags]:
    """Of each channel: whether it has more than two values, and more than one."""
    one = values[0]
    differs = values != one
    moving = differs.any(axis=0)
    other = values[differs.argmax(axis=0), np.arange(values.shape[1])]
    rich = (differs & (values != other)).any(axis=0)
    return np.asarray(rich), np.asarray(moving)


def standardized(values: Floats, center: Floats) -> Floats:
    """(n, d) distance from ``center`` in standard deviations of the channel, within ±20.

    Channels that do not move are 0. The deviation is that of all rows, strange ones among them:
    one of the rows learned from is no unit where they hardly moved.
    """
    # No square of what is divided by its largest is infinite.
    largest = np.maximum(np.abs(values).max(axis=0), np.abs(center))
    power = np.where(largest > 0, largest, 1.0)
    away = values / power - center / power
    deviation = away.std(axis=0)
    still = (values == values[0]).all(axis=0) | (deviation < 1e-300)
    away /= np.where(still, 1.0, deviation)
    away[:, still] = 0.0
    return np.clip(away, -CLIP, CLIP)


def variability(levels: Floats, bounds: NDArray[np.int64], known: Flags) -> Floats:
    """(n, d) logarithm of the deviation over 20 rows around, itself standardized.

    It falls where a signal freezes and rises where it grows noisy. ``bounds`` are where pieces
    that do not belong together begin, and the end of the last; rows that are not ``known`` do not
    count.
    """
    out = np.empty_like(levels)
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        piece, counts = levels[start:stop], known[start:stop, None].astype(np.float64)
        share = np.maximum(_mean_around(counts), 1.0 / VARIABILITY_ROWS)
        mean = _mean_around(piece * counts) / share
        square = _mean_around(piece * piece * counts) / share - mean * mean
        out[start:stop] = np.log(np.sqrt(np.maximum(square, 0.0)) + QUIET)
    return standardized(out, np.median(out, axis=0))


def relation(levels: Floats) -> Floats:
    """(n, d) what the other channels of the same row leave open of each, itself standardized.

    Least squares with a small ridge: of channels that are copies of each other something stays,
    and no rounding is blown up.
    """
    rows = np.unique(np.linspace(0, len(levels) - 1, MOST_ROWS).astype(np.int64))
    columns = np.array(levels.T, order="C")
    _, covariance = moments(columns, rows, np.zeros(len(columns)))
    precision = np.linalg.inv(covariance + RIDGE * np.eye(len(columns)))
    left = levels @ (precision / np.diag(precision))
    return standardized(left, np.median(left, axis=0))


def _mean_around(values: Floats) -> Floats:
    """(n, d) mean over 20 rows around each; the ends are mirrored."""
    half = VARIABILITY_ROWS // 2
    wide = np.pad(values, ((half, half - 1), (0, 0)), mode="symmetric")
    total = np.zeros((len(wide) + 1, values.shape[1]))
    np.cumsum(wide, axis=0, out=total[1:])
    return np.asarray((total[VARIABILITY_ROWS:] - total[:-VARIABILITY_ROWS]) / VARIABILITY_ROWS)
