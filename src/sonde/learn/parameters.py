"""Checks of one parameter each: the sentence says whose it is, what it must be and what it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InvalidInput
from .randomness import seed_of, threads_for

MOST = 1_000_000  # rows, neighbours or trees that a parameter may ask for
LARGEST_SHARE = 0.5  # more than half of the rows are no exception
LONGEST_SHOWN = 60


def whole(owner: str, name: str, value: Any, low: int, high: int = MOST) -> None:
    """Refuse all but a whole number from ``low`` to ``high``; True and 8.0 are none.

    >>> whole("knn", "n_neighbors", 8.5, 1)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: knn: n_neighbors must be a whole number, and 8.5 is not one
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise _refused(owner, name, value, f"must be a whole number, and {_shown(value)} is not")
    if value < low:
        raise _refused(owner, name, value, f"must be {low} or more, got {_shown(value)}", one="")
    if value > high:
        raise _refused(owner, name, value, f"must be at most {high:,}, got {_shown(value)}", one="")


def number(owner: str, name: str, value: Any, above: float, most: float) -> None:
    """Refuse all but a number above ``above`` and at most ``most``; NaN is none.

    >>> number("ewma", "smoothing_level", "abc", 0, 1)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: ewma: smoothing_level must be a number, and 'abc' is not one
    """
    numeric = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not numeric or value != value:
        raise _refused(owner, name, value, f"must be a number, and {_shown(value)} is not")
    if not above < value <= most:
        limits = f"must be above {above:g} and at most {most:g}, got {_shown(value)}"
        raise _refused(owner, name, value, limits, one="")
