"""The robust seasonal EWMA, row by row and channel by channel, from its definition."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonde.kernels import ewma as k

Floats = NDArray[np.float64]


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
    for i, row in enumerate(x):
        phase = int(clock[k.PHASE])
        clock[k.ROWS] += 1
        clock[k.PHASE] = (phase + 1) % clock[k.PERIOD]
        scores[i], expected[i], unit[i] = math.nan, math.nan, math.nan
        if not all(math.isfinite(v) for v in row):
            continue
        judged = []
        for j, value in enumerate(row):
            usual = season[phase, j] if clock[k.PERIOD] > 1 else 0.0
            seen, level, scale, floor, size = channels[:, j]
            if seen == 0:
                channels[:, j] = 1, value - usual, scale, floor, max(size, abs(value))
                continue
            scale_known = clock[k.KNOWS_SCALE] == 1
            believed = scale_known or seen >= k.MIN_SEEN
            spread = max(scale, floor, 1e-9 * size + 1e-300)
            error = value - (level + usual)
            if believed:
                expected[i, j], unit[i, j] = level + usual, spread
                judged.append(min(abs(error) / spread, k.LARGEST))
            taught = min(max(error, -3 * spread), 3 * spread) if believed else error
            counted = abs(error)
            if believed:
                counted = max(min(abs(error), 4 * spread), abs(error) / 100)
            young = 1 / (seen + 1)
            channels[k.LEVEL, j] = level + max(rates[0], young) * taught
            if clock[k.PERIOD] > 1:
                season[phase, j] += rates[1] * taught
            rate = rates[2] if scale_known else max(rates[2], young)
            mean_abs_to_sd = math.sqrt(math.pi / 2)
            channels[k.SCALE, j] = scale + rate * (mean_abs_to_sd * counted - scale)
            bounded = min(abs(value), 4 * size + abs(error))
            channels[k.SIZE, j] = size + rates[2] * (bounded - size)
            channels[k.SEEN, j] = seen + 1
        if judged:
            scores[i] = max(judged)
