"""How far windows of several channels lie from the nearest of a few that are drawn at random.

The few are drawn from all rows there are. With so few, a long anomaly is hardly ever its own
neighbour, and what is ordinary but first occurs late is covered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...kernels.few_windows import nearest_of_few

Floats = NDArray[np.float64]
Narrow = NDArray[np.float32]
Integers = NDArray[np.int64]

LENGTHS = (10, 20, 50, 100, 200)  # rows of a window
LAGS = 10  # means that a window is looked at through
FEW = 32  # windows drawn at a time, at most
SHARE = 8  # one window in so many at most: a window that is drawn is at no distance
BROKEN = 1e-6  # weight of a window with a gap
TOO_FEW = 10  # clean windows; then any are drawn from


@dataclass(frozen=True, eq=False)
class Drawn:
    """Windows to compare with.

    Parameters
    ----------
    starts : (draws, few) rows that they begin at.
    points : (draws · few, lags · d) float32, their means.
    """

    starts: Integers
    points: Narrow


class Rows:
    """Pieces of series end to end, as sums from which the mean of any stretch is read.

    Parameters
    ----------
    values : (n, d) float64, finite.
    bounds : (n_pieces + 1,) int64, where each piece begins, and the end of the last.
    known : (n,) bool, rows that are no filled gap.
    """

    def __init__(self, values: Floats, bounds: Integers, known: NDArray[np.bool_]) -> None:
        self.bounds = bounds
        self._sums = np.zeros((len(values) + 1, values.shape[1]))
        np.cumsum(values, axis=0, out=self._sums[1:])
        self._gaps = np.concatenate([[0], np.cumsum(~known)])

    def starts(self, length: int, rows: Integers) -> Integers:
        """Those of ``rows`` at which a window begins that lies in one piece and holds no gap."""
        piece = np.searchsorted(self.bounds, rows, side="right")
        inside = rows + length <= self.bounds[np.minimum(piece, len(self.bounds) - 1)]
        rows = rows[inside]
        is_whole = self._gaps[rows + length] == self._gaps[rows]
        return np.asarray(rows[is_whole])

    def draw(
        self, length: int, clean: Integers, draws: int, generator: np.random.Generator
    ) -> Drawn:
        """``draws`` times a few windows that begin in ``clean`` rows."""
        starts = self.starts(length, clean)
        if len(starts) < TOO_FEW:
            starts = self.starts(length, np.arange(self.bounds[-1]))
        if not len(starts):
            starts = np.zeros(1, dtype=np.int64)
        few = max(1, min(FEW, len(starts) // SHARE))
        drawn = np.stack([generator.choice(starts, few, replace=False) for _ in range(draws)])
        return Drawn(drawn, self._windows(drawn.ravel(), length))

    def distances(self, piece: int, length: int, drawn: Drawn) -> Floats:
        """(n of the piece,) mean over the windows that cover a row, in deviations a lag.

        A window's distance is to the nearest of each few, the mean over the draws. Windows begin
        every tenth of their length.
        """
        first, stop = int(self.bounds[piece]), int(self.bounds[piece + 1])
        step, lags = _step(length), min(length, LAGS)
        means = np.diff(self._sums[first : stop + 1 : step], axis=0) / step
        flat = np.asarray(means, dtype=np.float32).ravel()
        out, _ = nearest_of_few(flat, means.shape[1], drawn.points, len(drawn.starts))
        begins = first + step * np.arange(len(out))
        is_whole = self._gaps[begins + step * lags] == self._gaps[begins]
        return over_rows(out / np.sqrt(lags), is_whole, length, step, stop - first)

    def shares(self, rows: Integers, length: int, drawn: Drawn) -> Floats:
        """(len(rows), d) the parts of the channels in the squared distances of those rows.

        Of the windows that cover a row, in the same piece, the mean counts.
        """
        step, lags = _step(length), min(length, LAGS)
        piece = np.searchsorted(self.bounds, rows, side="right") - 1
        first, stop = self.bounds[piece], self.bounds[piece + 1]
        low, high = _covering(rows - first, length, step, (stop - first - length) // step)
        counts = high - low + 1
        begins = np.concatenate([[0], np.cumsum(counts)])
        place = np.arange(begins[-1]) - np.repeat(begins[:-1], counts)
        windows = self._windows(np.repeat(first + low * step, counts) + place * step, length)
        _, nearest = nearest_of_few(
            windows.ravel(), windows.shape[1], drawn.points, len(drawn.starts)
        )
        parts = np.zeros((len(windows), self._sums.shape[1]))
        for k in range(len(drawn.starts)):
            away = np.square(windows - drawn.points[nearest[:, k]])
            parts += away.reshape(len(windows), lags, -1).sum(axis=1)
        mean = np.add.reduceat(parts, begins[:-1]) / counts[:, None]
        return np.asarray(mean / (lags * len(drawn.starts)))

    def _windows(self, starts: Integers, length: int) -> Narrow:
        step, lags = _step(length), min(length, LAGS)
        sums = self._sums[starts[:, None] + step * np.arange(lags + 1)]
        means = np.diff(sums, axis=1) / step
        return np.asarray(means.reshape(len(starts), -1), dtype=np.float32)


def lengths_for(n_rows: int) -> Integers:
    """The lengths of windows of which a series of ``n_rows`` has enough; ascending, some equal."""
    fitting = [max(2, min(length, n_rows // 8)) for length in LENGTHS]
    return np.array([n - n % LAGS if n > LAGS else n for n in fitting], dtype=np.int64)


def over_rows(
    values: Floats, is_whole: NDArray[np.bool_], length: int, step: int, n_rows: int
) -> Floats:
    """(n_rows,) the mean of the windows that cover a row, of windows every ``step`` rows.

    Windows that are not whole count only in rows that have no other.
    """
    weight = np.where(is_whole, 1.0, BROKEN)
    total = np.concatenate([[0.0], np.cumsum(weight * values)])
    weights = np.concatenate([[0.0], np.cumsum(weight)])
    low, high = _covering(np.arange(n_rows), length, step, len(values) - 1)
    return np.asarray((total[high + 1] - total[low]) / (weights[high + 1] - weights[low]))


def _covering(
    rows: Integers, length: int, step: int, last: Integers | int
) -> tuple[Integers, Integers]:
    """The first and the last window that covers each row; beyond the last window, that one."""
    high = np.clip(rows // step, 0, last)
    low = np.clip(-((length - 1 - rows) // step), 0, high)
    return low, high


def _step(length: int) -> int:
    return max(1, length // LAGS)
