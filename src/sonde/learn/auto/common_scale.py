"""Joint scores brought to decades of rarity, so that one threshold serves every table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..estimator import State
from ..stored_state import finite, positive

Floats = NDArray[np.float64]

KNOTS = 128
# Ranks up to where one row in forty is as strange; beyond it scores go on in proportion to their
# size, at the rate of the stretch that leads there, from four times as many rows.
LAST_SHARE, STRETCH, FEWEST_ROWS = 0.025, 4.0, 8
SMALLEST, LARGEST = 1e-9, 1e100


def learn_scale(joint: Floats) -> State:
    """From the (n_rows,) joint scores of the rows learned from, finite, ≥ 0.

    Returns
    -------
    ``knots``, ``levels`` : (KNOTS,) float64, rising; scores and −log10 of the share of rows that
        score at least as high. ``slope`` : levels for each unit of the score beyond the last.
    """
    n = joint.size
    last = min(max(LAST_SHARE, FEWEST_ROWS / n), 0.5)
    shares = np.geomspace(1.0, last, KNOTS)
    knots, levels = np.quantile(joint, 1.0 - shares), -np.log10(shares)
    before = float(np.quantile(joint, 1.0 - min(STRETCH * last, 1.0)))
    rise = float(knots[-1]) - before
    steep = np.log10(min(STRETCH, 1.0 / last)) / rise if rise > SMALLEST else 1.0
    return {"knots": knots, "levels": np.maximum(levels, 0.0), "slope": np.float64(steep)}


def in_decades(scale: State, joint: Floats) -> Floats:
    """(n_rows,) ≥ 0: 2 where one row of a hundred is as strange, 3 where one of a thousand."""
    knots, levels = scale["knots"], scale["levels"]
    beyond = np.maximum(joint - knots[-1], 0.0) * scale["slope"]
    return np.asarray(np.interp(joint, knots, levels) + beyond)


def check_scale(scale: State) -> None:
    """Raise ValueError unless this is what ``learn_scale`` gives."""
    for name in ("knots", "levels"):
        values = finite(scale, name, (KNOTS,), least=0.0)
        if (values[1:] < values[:-1]).any() or values.max() > LARGEST:
            raise ValueError(f"{name!r} must rise, and not beyond {LARGEST:g}")
    if positive(scale, "slope", ()) > 1.0 / SMALLEST:
        raise ValueError("'slope' is too steep")
