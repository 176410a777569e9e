"""One row after the other: robust, seasonal, exponentially weighted level and scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import exact_kernel

Floats = NDArray[np.float64]

# Rows of ``channels`` in the state, one entry per channel each.
SEEN, LEVEL, SCALE, FLOOR, SIZE, N_FIELDS = 0, 1, 2, 3, 4, 5
# Entries of ``clock``.
ROWS, PHASE, PERIOD, KNOWS_SCALE, N_CLOCK = 0, 1, 2, 3, 4

CLIP = 3.0  # errors beyond this many scales teach no more than one of this size
SCALE_CLIP = 4.0
LEAST_TAUGHT = 0.01  # the share of an error that the scale hears of, however large the error is
ABS_TO_SD = 1.2533141373155001  # sqrt(pi / 2): mean absolute error to standard deviation
MIN_SEEN = 8  # rows of a channel before its scale is believed
LARGEST = 1e6  # scores stay finite on a flat line with a jump


@exact_kernel
def ewma_run(
    x: Floats,
    clock: NDArray[np.int64],
    channels: Floats,
    season: Floats,
    rates: Floats,
    scores: Floats,
    expected: Floats,
    unit: Floats,
) -> None:
    """Score each row with the state before it, then learn it; the state is changed in place.

    Parameters
    ----------
    x : (n, d) float64; a row with NaN or infinity gets no score and teaches nothing but time.
    clock : (4,) int64: rows seen, phase of the next row, period (1: no season), 1 when the scale
        is known from earlier data.
    channels : (5, d): finite rows seen, level, scale, smallest scale, typical size.
    season : (period or more, d): what each phase adds to the level.
    rates : (3,): smoothing of level, season and scale.
    scores : (n,) out: the largest error of a channel in scales, at most 1e6; NaN while no channel
        has been seen often enough.
    expected, unit : (n, d) out: forecast and scale of each channel before the row; NaN if none.
    """
    n, d = x.shape
    period = clock[PERIOD]
    for i in range(n):
        phase = clock[PHASE]
        clock[ROWS] += 1
        clock[PHASE] = (phase + 1) % period
        worst = np.nan
        whole = True
        for j in range(d):
            expected[i, j] = np.nan
            unit[i, j] = np.nan
            whole = whole and np.isfinite(x[i, j])
        scores[i] = np.nan
        if not whole:
            continue
        for j in range(d):
            value = x[i, j]
            seen = channels[SEEN, j]
            usual = season[phase, j] if period > 1 else 0.0
            if seen == 0.0:
                channels[LEVEL, j] = value - usual
                channels[SIZE, j] = max(channels[SIZE, j], abs(value))
                channels[SEEN, j] = 1.0
                continue
            forecast = channels[LEVEL, j] + usual
            floor = max(channels[FLOOR, j], 1e-9 * channels[SIZE, j] + 1e-300)
            scale = max(channels[SCALE, j], floor)
            error = value - forecast
            size = abs(error)
            believed = clock[KNOWS_SCALE] == 1 or seen >= MIN_SEEN
            if believed:
                expected[i, j] = forecast
                unit[i, j] = scale
                z = min(size / scale, LARGEST)
                if not (worst >= z):
                    worst = z
            # The first rows of a stream teach by their mean, the later ones at the set rate.
            young = 1.0 / (seen + 1.0)
            learned = error
            counted = size
            if believed:
                learned = min(max(error, -CLIP * scale), CLIP * scale)
                # A spread that is far too small, as after a flat stretch, must be able to grow.
                counted = max(min(size, SCALE_CLIP * scale), LEAST_TAUGHT * size)
            rate = rates[2]
            if clock[KNOWS_SCALE] == 0:
                rate = max(rate, young)
            channels[LEVEL, j] += max(rates[0], young) * learned
            if period > 1:
                season[phase, j] += rates[1] * learned
            channels[SCALE, j] += rate * (ABS_TO_SD * counted - channels[SCALE, j])
            channels[SIZE, j] += rates[2] * (
                min(abs(value), 4.0 * channels[SIZE, j] + size) - channels[SIZE, j]
            )
            channels[SEEN, j] = seen + 1.0
        scores[i] = worst
