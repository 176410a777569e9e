"""Distances of all windows to the nearest of a few, several windows at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._jit import kernel

Floats = NDArray[np.float64]
Narrow = NDArray[np.float32]
Integers = NDArray[np.int64]

# Windows, and points, that are compared together: what was read serves all of them, and eight sums
# stay in registers.
_WINDOWS, _POINTS = 4, 2


@kernel
def nearest_of_few(
    values: Narrow, step: int, points: Narrow, draws: int
) -> tuple[Floats, Integers]:
    """How far each window lies from the nearest of a few, the mean over several draws.

    Parameters
    ----------
    values : (n,) float32, finite; window w is ``values[step · w : step · w + width]``.
    step : values from one window to the next, ≥ 1.
    points : (draws · few, width) float32, finite, few ≥ 1, width ≤ n: the windows to compare with,
        draw after draw.
    draws : ≥ 1.

    Returns
    -------
    distances : (n_windows,) float64, the mean over the draws of the Euclidean distance to the
        nearest of each; squares are summed in float32.
    nearest : (n_windows, draws) int64, the row of ``points`` it is; of equal ones the first.
    """
    total, width = points.shape
    few = total // draws
    n = (values.shape[0] - width) // step + 1
    distances, nearest = np.zeros(n), np.zeros((n, draws), np.int64)
    least = np.empty(_WINDOWS, np.float32)
    squares = np.empty((_WINDOWS, _POINTS), np.float32)
    for w in range(0, n, _WINDOWS):
        # The last windows and points are looked at twice where there is no other beside them.
        w1, w2, w3 = min(w + 1, n - 1), min(w + 2, n - 1), min(w + 3, n - 1)
        a = values[step * w : step * w + width]
        b = values[step * w1 : step * w1 + width]
        c = values[step * w2 : step * w2 + width]
        d = values[step * w3 : step * w3 + width]
        for draw in range(draws):
            least[:] = np.inf
            last = (draw + 1) * few - 1
            for p in range(draw * few, last + 1, _POINTS):
                q = min(p + 1, last)
                x, y = points[p], points[q]
                ax, bx, cx, dx = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
                ay, by, cy, dy = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
                for k in range(width):
                    u, v = x[k], y[k]
                    e, f, g, h = a[k], b[k], c[k], d[k]
                    ax += (e - u) * (e - u)
                    bx += (f - u) * (f - u)
                    cx += (g - u) * (g - u)
                    dx += (h - u) * (h - u)
                    ay += (e - v) * (e - v)
                    by += (f - v) * (f - v)
                    cy += (g - v) * (g - v)
                    dy += (h - v) * (h - v)
                squares[0, 0], squares[1, 0], squares[2, 0], squares[3, 0] = ax, bx, cx, dx
                squares[0, 1], squares[1, 1], squares[2, 1], squares[3, 1] = ay, by, cy, dy
                for i in range(min(_WINDOWS, n - w)):
                    for j in range(q - p + 1):
                        if squares[i, j] < least[i]:
                            least[i] = squares[i, j]
                            nearest[w + i, draw] = p + j
            for i in range(min(_WINDOWS, n - w)):
                distances[w + i] += np.sqrt(np.float64(least[i])) / draws
    return distances, nearest
