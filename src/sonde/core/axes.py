"""Which axis of an array counts series, which channels and which points."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput

Floats = NDArray[np.float64]
_MEANING = {"n": "series", "c": "channels", "t": "points"}
_DEFAULT = {2: "nt", 3: "nct"}


def series_points_channels(x: Any, axes: str | None) -> Floats:
    """``x`` seen as (n_series, n_points, n_channels) float64; the same memory where it can be.

    Parameters
    ----------
    x : an array of 2 or 3 axes; masked cells are NaN.
    axes : one letter per axis: ``n`` series, ``c`` channels, ``t`` points. ``"nt"`` and ``"nct"``
        when left out, unless ``"nct"`` would give more channels than points.

    Raises
    ------
    InvalidInput : text, complex numbers or rows of different lengths; letters that do not fit;
        nothing in the array; a shape that could be read two ways.

    Examples
    --------
    >>> series_points_channels(np.zeros((4, 100)), None).shape
    (4, 100, 1)
    >>> series_points_channels(np.zeros((100, 2)), "tc").shape
    (1, 100, 2)
    """
    array = numbers(x)
    letters = _letters(array.shape, axes)
    if 0 in array.shape:
        raise InvalidInput(
            f"an array of shape {array.shape} holds no series with points; leave it out",
            shape=array.shape,
        )
    moved = array.transpose([letters.index(one) for one in "ntc" if one in letters])
    return np.expand_dims(moved, [i for i, one in enumerate("ntc") if one not in letters])


def refuse_ambiguous(shape: tuple[int, ...], axes: str, also: str) -> None:
    """Raise InvalidInput where ``axes`` would give more channels than points.

    Parameters
    ----------
    axes : the reading that the shape's place stands for, as letters.
    also : the other reading, which swaps channels and points.
    """
    size = dict(zip(axes, shape, strict=True))
    if size["c"] > size["t"]:
        raise InvalidInput(
            f"an array of shape {shape} has more channels than points when it is read as "
            f"{spelt(axes)}: {_counted(axes, shape)}; it could also be {spelt(also)}: "
            f"{_counted(also, shape)}; say which with axes={axes!r} or axes={also!r}",
            shape=shape,
            axes=(axes, also),
        )


def numbers(x: Any) -> Floats:
    """``x`` as float64 of any number of axes; NaN where it is masked or None.

    Raises
    ------
    InvalidInput : text, dates, complex numbers, or rows of different lengths.
    """
    try:
        array = np.asarray(x)
    except ValueError:
        raise InvalidInput(
            "rows of different lengths make no array; give a list of arrays, one per series"
        ) from None
    is_text = array.dtype.kind == "O" and any(isinstance(cell, str | bytes) for cell in array.flat)
    if array.dtype.kind not in "fiubO" or is_text:
        kinds = {"c": "complex numbers", "m": "durations", "M": "dates"}
        what = kinds.get(array.dtype.kind, "text")
        raise InvalidInput(f"an array of {what} ({array.dtype}) holds no real numbers")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            values = array.astype(np.float64, copy=False)
    except (TypeError, ValueError, OverflowError) as refused:
        raise InvalidInput(
            f"the array holds something that is no number ({refused}); give numbers, or a list of "
            "arrays for series of different lengths"
        ) from None
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        return np.where(np.ma.getmaskarray(x), np.nan, values)
    return values


def spelt(axes: str) -> str:
    """The letters as a shape.

    >>> spelt("nct")
    '(n_series, n_channels, n_points)'
    """
    return "(" + ", ".join(f"n_{_MEANING[one]}" for one in axes) + ")"


def _counted(axes: str, shape: tuple[int, ...]) -> str:
    return ", ".join(f"{size} {_MEANING[one]}" for one, size in zip(axes, shape, strict=True))


def _letters(shape: tuple[int, ...], axes: str | None) -> str:
    if axes is None:
        if len(shape) not in _DEFAULT:
            raise InvalidInput(
                f"an array of series has 2 axes {spelt('nt')} or 3 {spelt('nct')}; this one has "
                f"{len(shape)}: shape {shape}",
                shape=shape,
            )
        if len(shape) == 3:
            refuse_ambiguous(shape, "nct", "ntc")
        return _DEFAULT[len(shape)]
    known = isinstance(axes, str) and set(axes) <= set(_MEANING) and len(set(axes)) == len(axes)
    if not known or "t" not in axes or len(axes) not in _DEFAULT:
        raise InvalidInput(
            f"axes={axes!r} names no order of axes; use each of n (series), c (channels) and "
            "t (points) at most once, and t always: 'nct', 'ntc', 'nt', 'tc', …",
            axes=axes,
        )
    if len(axes) != len(shape):
        raise InvalidInput(
            f"axes={axes!r} names {len(axes)} axes {spelt(axes)}, but the array has {len(shape)}: "
            f"shape {shape}",
            axes=axes,
            shape=shape,
        )
    return axes
