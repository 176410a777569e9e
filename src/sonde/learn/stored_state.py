"""Checks of states that were stored: kernels check no bounds, so a wrong array must not reach one.

A state may come from a file that anyone wrote. Each function takes one array out of it and raises
ValueError, naming the array, where it is not what the method itself would have stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Shape = tuple[int | None, ...]  # None: any length

MOST_ROWS = 2**53  # more than any clock will count, and far from where an int64 overflows


def branch(state: Any, name: str) -> Mapping[str, Any]:
    """The part of the tree called ``name``."""
    found = _member(state, name)
    if not isinstance(found, Mapping):
        raise ValueError(f"{name!r} must hold named arrays")
    return found


def stored(state: Any, name: str, shape: Shape, dtype: Any = np.float64) -> NDArray[Any]:
    """The array called ``name``, of this shape and exactly this type, in this machine's order."""
    found = _member(state, name)
    if isinstance(found, Mapping):
        raise ValueError(f"{name!r} must be an array")
    array = np.asarray(found)
    fits = array.ndim == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != np.dtype(dtype):
        sizes = ", ".join("any" if length is None else str(length) for length in shape)
        raise ValueError(
            f"{name!r} must be {np.dtype(dtype)} of shape ({sizes}), is {array.dtype} of shape "
            f"{array.shape}"
        )
    return array


def finite(state: Any, name: str, shape: Shape, least: float = -np.inf) -> Floats:
    """As ``stored``; float64, no NaN, no infinity, nothing below ``least``."""
    array = stored(state, name, shape)
    if not np.isfinite(array).all() or (array < least).any():
        bound = "" if least == -np.inf else f" and at least {least:g}"
        raise ValueError(f"{name!r} must be finite{bound}")
    return array


def positive(state: Any, name: str, shape: Shape) -> Floats:
    """As ``stored``; float64, finite and above 0."""
    array = finite(state, name, shape)
    if (array <= 0).any():
        raise ValueError(f"{name!r} must be above 0")
    return array


def whole(state: Any, name: str, least: int, most: int) -> int:
    """The whole number called ``name``, ``least`` to ``most``."""
    number = int(stored(state, name, (), np.int64))
    if not least <= number <= most:
        raise ValueError(f"{name!r} must be {least} to {most}, is {number}")
    return number


def origin(state: Any) -> None:
    """Check the time of phase 0 and the step, as ``seasons.origin_of`` gives them."""
    if stored(state, "origin", (2,), np.int64)[1] < 0:
        raise ValueError("'origin' must have a step of 0 or more")


def _member(state: Any, name: str) -> Any:
    if not isinstance(state, Mapping) or name not in state:
        raise ValueError(f"{name!r} is missing")
    return state[name]
