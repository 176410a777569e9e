"""A line as dots: eight to a braille character, or plain characters where there is no braille."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The dots of a braille character, by row and column; added to the empty one.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_EMPTY = 0x2800


def raster(values: Floats, width: int, height: int, low: float, high: float) -> NDArray[np.bool_]:
    """Dots, top row first; each column from the least to the most of its share of the values.

    Neighbouring columns are joined, so that steep parts show no holes; missing values leave one.
    """
    n = len(values)
    dots = np.zeros((height, width), dtype=bool)
    spread = high - low or 1.0
    before: tuple[int, int] | None = None
    for column in range(width):
        start = column * n // width
        part = values[start : max(start + 1, (column + 1) * n // width)]
        part = part[np.isfinite(part)]
        if part.size == 0:
            before = None
            continue
        levels = np.rint((np.array([part.min(), part.max()]) - low) / spread * (height - 1))
        bottom, top = int(levels[0]), int(levels[1])
        if before is not None:
            bottom, top = min(bottom, before[1] + 1), max(top, before[0] - 1)
        before = (int(levels[0]), int(levels[1]))
        dots[height - 1 - top : height - bottom, column] = True
    return dots


def mark_of(cell: NDArray[np.bool_], is_plain: bool, is_strange: bool) -> str:
    """The character of a (4, 2) cell of dots; a plain one where the output has no braille."""
    if not cell.any():
        return " "
    if is_plain:
        return "#" if is_strange else ":"
    return chr(_EMPTY + int(_DOTS[cell].sum()))


def cut_off(text: str, width: int) -> str:
    """``text``, no longer than ``width`` characters."""
    return text if len(text) <= width else text[: width - 1] + "…"
