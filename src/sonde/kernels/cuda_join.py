"""Two series on a GPU, and the best of their pairs of windows."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numba import cuda
from numpy.typing import NDArray

from .profile_cuda import CODE_BITS, EACH, EXPONENT, SHARE, WIDEST, take_columns, take_rows, walk

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


# In words, what problem() says where only the compiler is missing.
NO_COMPILER = "no compiler"


def problem() -> str | None:
    """Why no device can be used, in a few words; None when one can."""
    if cuda.is_available():
        return None
    return " ".join(str(cuda.cuda_error() or NO_COMPILER).split())


@dataclass(frozen=True)
class Launch:
    """How the work is cut: ``groups`` · ``threads`` · 4 diagonals in a strip, ``rows`` in a block.

    Rows are a multiple of 4. More rows need fewer covariances from the definition; more blocks
    keep a large device busy.
    """

    threads: int = 256
    groups: int = 7
    rows: int = 4096

    @property
    def strip(self) -> int:
        return self.groups * self.threads * EACH


@dataclass(frozen=True)
class Side:
    """One of the two series, prepared.

    values : (n,) float64, finite.
    rises : (k,) how far each window's mean lies above its first value.
    steps : (df, dg), each (k,), of the recurrence; NaN where it cannot go on.
    inverse : (k,) one over the window's norm; NaN for windows that match nothing.
    """

    values: Floats
    rises: Floats
    steps: tuple[Floats, Floats]
    inverse: Floats


def _in_planes(values: Floats, before: int, length: int) -> Floats:
    padded = np.full(length, np.nan)
    padded[before : before + len(values)] = values
    return np.ascontiguousarray(padded.reshape(-1, EACH).T)


class Join:
    """Two series on the device, and the best of the pairs that were walked so far.

    Parameters
    ----------
    a, b : the rows and the columns of the matrix; the same one for a self-join.
    m : points in a window.
    first : the first diagonal j − i that will be walked; the others follow by ``launch.strip``.
    """

    def __init__(self, a: Side, b: Side, m: int, first: int, launch: Launch) -> None:
        if launch.strip > WIDEST or launch.rows % EACH:
            raise ValueError(f"a strip has at most {WIDEST} diagonals, rows are a multiple of 4")
        self._m, self._launch = m, launch
        self.strip = launch.strip
        self._n_a, self._n_b = len(a.inverse), len(b.inverse)
        # So many columns before the first that every thread begins at plane 0; one thread reads
        # up to seven columns beyond its rows.
        self._before = 2 * EACH + (-first) % EACH
        length = -(-(self._before + self._n_b + 4 * EACH) // EACH) * EACH
        half = math.sqrt(SHARE)  # of each of the two windows
        rows = np.full((3, self._n_a + EACH), np.nan)
        for row, values in zip(rows, (*a.steps, a.inverse * half), strict=True):
            row[: self._n_a] = values
        columns = np.stack(
            [_in_planes(v, self._before, length) for v in (*b.steps, b.inverse * half)]
        )
        planes = columns.shape[1:]
        self._a, self._rises = cuda.to_device(a.values), cuda.to_device(a.rises)
        self._b = cuda.to_device(b.values)
        self._rows, self._columns = cuda.to_device(rows), cuda.to_device(columns)
        self._row_keys = cuda.to_device(np.zeros(rows.shape[1], np.int64))
        self._row_where = cuda.to_device(np.full(self._n_a, -1, np.int64))
        self._column_keys = cuda.to_device(np.zeros(planes, np.int64))
        self._column_where = cuda.to_device(np.full(planes, -1, np.int64))

    def walk(self, diagonal: int) -> None:
        """Compare the pairs of the strip that begins at ``diagonal``; strips go upwards."""
        launch, threads = self._launch, self._launch.threads
        top = max(0, -(diagonal + launch.strip - 1)) // EACH * EACH
        n_rows = min(self._n_a, self._n_b - diagonal) - top
        if n_rows <= 0:
            return
        blocks = -(-n_rows // launch.rows)
        with warnings.catch_warnings():
            # numba warns of every launch that leaves a part of the device idle, as short series do.
            warnings.filterwarnings("ignore", message="Grid size")
            walk[(launch.groups, blocks), threads](
                self._a,
                self._rises,
                self._b,
                self._rows,
                self._columns,
                self._row_keys,
                self._column_keys,
                self._m,
                self._n_a,
                self._n_b,
                self._before,
                diagonal,
                top,
                launch.rows,
            )
            take_rows[-(-self._n_a // threads), threads](self._row_keys, self._row_where, diagonal)
            per_plane = self._column_where.shape[1]
            take_columns[-(-per_plane // threads), threads](
                self._column_keys, self._column_where, diagonal, self._before
            )
            cuda.synchronize()

    def of_rows(self) -> tuple[Floats, Integers]:
        """(n_a,) best correlation of each row's window, and the column; −∞ and −1 without one."""
        keys = self._row_keys.copy_to_host()[: self._n_a]
        return _read(keys, self._row_where.copy_to_host())

    def of_columns(self) -> tuple[Floats, Integers]:
        """(n_b,) the same for each column's window, and the row."""
        flat = slice(self._before, self._before + self._n_b)
        keys = self._column_keys.copy_to_host().T.ravel()[flat]
        return _read(keys, self._column_where.copy_to_host().T.ravel()[flat])


def _read(keys: Integers, where: Integers) -> tuple[Floats, Integers]:
    likeness = ((keys >> CODE_BITS << 2) | EXPONENT).view(np.float64)
    return np.where(where >= 0, (likeness - 1.5) / SHARE, -np.inf), np.ascontiguousarray(where)
