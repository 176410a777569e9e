"""Columns of a table brought to scales in which distances between rows mean something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ellipsoids import power_of_two
from ..estimator import State
from ..stored_state import finite, positive

Floats = NDArray[np.float64]
Halves = NDArray[np.float32]

FARTHEST = 1e15  # in units of a column; squares of differences stay finite in float32
QUARTILES_APART = 1.349  # quartiles of normal rows, in standard deviations
LARGEST_POWER = 2.0**1000


def learn_scales(values: Floats) -> State:
    """Where the middle of each column is, and how wide it is.

    Parameters
    ----------
    values : (n_rows, n_columns) float64, finite.

    Returns
    -------
    ``power``, ``center``, ``unit``, ``low``, ``span``, each (n_columns,) float64. Values are
    divided by ``power``, a power of two, first, so that nothing overflows. ``unit`` is the
    distance of the quartiles as wide as a normal's; the standard deviation where the quartiles
    meet; the whole span of a column with two values, or a rare flag would outweigh all else.
    Columns that are constant have the size of their value for unit and span: who leaves it is far.
    """
    power = power_of_two(np.ascontiguousarray(values.T))
    shrunk = values / power
    first, center, third = np.quantile(shrunk, [0.25, 0.5, 0.75], axis=0)
    low, high = shrunk.min(axis=0), shrunk.max(axis=0)
    span, apart = high - low, (third - first) / QUARTILES_APART
    unit = np.where(apart > 0, apart, shrunk.std(axis=0))
    unit = np.where(((shrunk == low) | (shrunk == high)).all(axis=0), span, unit)
    own = np.where(center != 0, np.abs(center), 1.0 / power)
    return {
        "power": power,
        "center": center,
        "unit": _wide_enough(unit, span, own),
        "low": low,
        "span": _wide_enough(span, span, own),
    }


def _wide_enough(width: Floats, span: Floats, own: Floats) -> Floats:
    # A spread below what rounding leaves of the values is none.
    return np.where((span > 0) & (width > 1e-300), width, np.maximum(own, 1e-300))


def in_robust_units(scales: State, values: Floats) -> Floats:
    """(n_rows, n_columns) how far each value lies from the middle of its column."""
    return _scaled(values, scales["power"], scales["center"], scales["unit"])


def in_spans(scales: State, values: Floats) -> Floats:
    """(n_rows, n_columns) 0 for the smallest value learned from, 1 for the largest."""
    return _scaled(values, scales["power"], scales["low"], scales["span"])


def _scaled(values: Floats, power: Floats, center: Floats, unit: Floats) -> Floats:
    with np.errstate(over="ignore"):  # what becomes infinite is taken for FARTHEST
        return np.clip((values / power - center) / unit, -FARTHEST, FARTHEST)


def check_scales(scales: State, n_columns: int) -> None:
    """Raise ValueError unless these are scales of so many columns."""
    for name in ("power", "unit", "span"):
        positive(scales, name, (n_columns,))
    for name in ("center", "low"):
        finite(scales, name, (n_columns,))
