"""The windows of a series, and what is known of windows as scores of rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..core import Series
from ..errors import TooShort
from ..kernels.windows import MISSING, ORDINARY, cleaned, covariances, kinds, moments
from .seasons import cycle_length, robust_spread

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SHORTEST, LONGEST, USUAL = 4, 1024, 64  # rows of a window
FARTHEST = 1e6  # spreads; values beyond are taken for these
BLOCK = 1024  # windows that are handled together: their sums stay in the L1 cache


def window_length(data: Series, given: int | None) -> int:
    """``given``, or the shortest cycle that repeats (16 to 1024 rows), or 64 where none does.

    What is found is at most a quarter of the rows.
    """
    if given is not None:
        return int(given)
    period = cycle_length(data)
    window = min(max(period, 16), LONGEST) if period > 1 else USUAL
    return max(SHORTEST, min(window, len(data) // 4))


def spreads(values: Floats) -> dict[str, Floats]:
    """The ``center`` and ``unit`` of each channel of (n, n_channels) values: median, robust spread.

    A unit is above 0, and at least a billionth of the channel's largest value.
    """
    size = np.max(np.abs(values), axis=0, initial=0.0, where=np.isfinite(values))
    power = np.exp2(np.clip(np.frexp(size)[1], -900, 1000))  # squares must not overflow
    scaled = np.where(np.isfinite(values), values, np.nan) / power
    center = np.array([np.median(x[~np.isnan(x)]) if (~np.isnan(x)).any() else 0 for x in scaled.T])
    return {"center": center * power, "unit": np.maximum(robust_spread(scaled), 1e-9) * power}


def in_spreads(units: Mapping[str, Any], values: Floats) -> Floats:
    """(n, n_channels) values less their center, in their unit; −FARTHEST to FARTHEST or NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = (values - units["center"]) / units["unit"]
    return np.asarray(np.clip(np.where(np.isfinite(values), found, np.nan), -FARTHEST, FARTHEST))


@dataclass(frozen=True, eq=False)
class Windows:
    """All windows of one channel, as rows that are made when they are asked for.

    A window's row is its values less ``origins`` and ``rises``, times ``sizes``.

    Parameters
    ----------
    x : (n_rows,) float64, finite, in C order.
    window : rows of a window, n = n_rows − window + 1.
    known : (n,) bool, which have no missing value; the rows of the others are zeros.
    origins, rises, sizes : (n,) float64.
    squares : (n,) float64, the sum of squares of each row.
    """

    x: Floats
    window: int
    known: Flags
    origins: Floats
    rises: Floats
    sizes: Floats
    squares: Floats

    @classmethod
    def normed(cls, x: Floats, window: int) -> Windows:
        """The windows of (n_rows,) values, z-normalised: mean 0, deviation 1.

        Constant windows are zeros. NaN and infinity are missing.
        """
        column = np.array(x, dtype=np.float64)
        kind, clean = kinds(column, window), cleaned(column)
        rises, norms = moments(clean, window)
        usable = (kind == ORDINARY) & (norms > 0.0)
        sizes = np.zeros(len(norms))
        np.divide(math.sqrt(window), norms, out=sizes, where=usable)
        squares = np.where(usable, float(window), 0.0)
        return cls(clean, window, kind != MISSING, clean[: len(norms)], rises, sizes, squares)

    @classmethod
    def plain(cls, x: Floats, window: int) -> Windows:
        """The windows of (n_rows,) values as they are; NaN is missing, sizes up to 1e9."""
        column = np.array(x, dtype=np.float64)
        known = kinds(column, window) != MISSING
        clean = np.where(np.isfinite(column), column, 0.0)
        zeros, squares = np.zeros(len(known)), np.empty(len(known))
        view = sliding_window_view(clean, window)
        for start in range(0, len(known), BLOCK):
            squares[start : start + BLOCK] = np.square(view[start : start + BLOCK]).sum(axis=1)
        return cls(clean, window, known, zeros, zeros, known.astype(np.float64), squares)

    def __len__(self) -> int:
        return len(self.known)

    def rows(self, which: Integers) -> Floats:
        """(len(which), window) the rows of some windows."""
        found = sliding_window_view(self.x, self.window)[which]
        found = found - self.origins[which, None] - self.rises[which, None]
        return np.asarray(found * self.sizes[which, None])

    def distances(self, centres: Floats) -> Floats:
        """(k, n) squared distance of each of the centres, (k, window) float64, to each window.

        Centres of normalised windows have mean 0, so that the windows need not be centred.
        """
        n, rows = len(self), np.array(centres)  # of one type for the compiler
        out = np.empty((len(rows), n))
        for start in range(0, n, BLOCK):
            stop = min(start + BLOCK, n)
            for centre, found in zip(rows, out, strict=True):
                covariances(centre, self.x[start : stop + self.window - 1], found[start:stop])
        # The kernel takes the first value off each window; plain ones have it.
        out += rows.sum(axis=1)[:, None] * (self.x[:n] - self.origins)
        out *= -2.0 * self.sizes
        out += self.squares
        out += np.square(rows).sum(axis=1)[:, None]
        return np.asarray(np.maximum(out, 0.0))


def windows_to_learn_from(
    owner: str, known: Flags, most: int, seed: int, step: int = 1
) -> Integers:
    """The places of every ``step``-th window that is known, or of ``most`` of them by chance.

    Raises
    ------
    TooShort : where every window has a missing value.
    """
    places = np.flatnonzero(known)[::step]
    if not places.size:
        raise TooShort(
            f"{owner} learns from windows without a missing value, and there is none; fill the "
            "gaps (missing='linear') or give a shorter window",
            needed=1,
            got=0,
        )
    if len(places) <= most:
        return places
    # By chance and not evenly spaced: a step would fall in with the period of the series.
    chosen = np.random.default_rng(seed).choice(len(places), most, replace=False)
    return np.asarray(places[np.sort(chosen)])


def over_windows(values: Floats | Integers, known: Flags, window: int) -> Floats:
    """(n + window − 1,) of each row the mean over the windows that hold it, from (n,) of windows.

    Windows beyond the ends, or not known, count as 0: the mean of a few must not pass for a peak.
    NaN where no window that holds the row is known.
    """
    ends = np.arange(len(values) + window - 1)
    first, last = np.maximum(ends - window + 1, 0), np.minimum(ends + 1, len(values))
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    mean = np.maximum(total[last] - total[first], 0.0) / window
    return np.where(count[last] > count[first], mean, np.nan)


def running_mean(values: Floats, width: int) -> Floats:
    """(n,) mean over ``width`` values around each; zeros beyond the ends.

    Of an even number of values one more lies before the middle than behind it.
    """
    before, behind = width // 2, width - width // 2
    total = np.concatenate([np.zeros(before + 1), np.cumsum(values)])
    total = np.concatenate([total, np.full(behind, total[-1])])
    return np.asarray((total[width : width + len(values)] - total[: len(values)]) / width)
