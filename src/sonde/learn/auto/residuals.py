"""What the rows before do not foretell: spikes and steps, which shapes are blind to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core import Series
from ..detectors.seasonal_residual import SeasonalResidual
from ..windowed import running_mean

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ORDER = 32  # rows that a row is foretold from
MOST_ROWS = 30_000  # the last of those learned from
FEWEST_ROWS = 400  # with fewer to learn from, all rows are
PENALTY = 1e-3  # per row, in units of the variance
_SEASON_ROWS = 50_000  # the last of those learned from; finding a period takes time


def forecast_errors(x: Floats, is_missing: Flags, n_learned: int) -> Floats:
    """(n,) size of the one-step error of a linear forecast, in standard deviations of ``x``.

    Parameters
    ----------
    x : (n,) float64, finite, n ≥ 8.
    is_missing : (n,) where ``x`` was made up; an error that depends on such a row is 0.
    n_learned : the first rows, known to be ordinary; the forecast is learned from them.

    Source
    ------
    An autoregression fitted by least squares with a ridge (Hoerl, Kennard 1970).
    """
    n = len(x)
    end = n_learned if n_learned > FEWEST_ROWS else n
    begin = max(0, end - MOST_ROWS)
    order = min(ORDER, (end - begin) // 4)
    learned = x[begin:end]
    scaled = (x - learned.mean()) / (learned.std() or 1.0)
    # The first of each window of order + 1 rows stands for it.
    made_up = np.convolve(is_missing, np.ones(order + 1), mode="valid") > 0.5
    usable = ~made_up[begin : end - order]
    windows = np.lib.stride_tricks.sliding_window_view(scaled[begin:end], order + 1)
    rows = np.ascontiguousarray(windows[usable])
    past, now = rows[:, :order], rows[:, order]
    # Not by matrix products: for so small a matrix their threads wait longer than they work.
    gram = np.einsum("ni,nj->ij", past, past)
    gram[np.diag_indices(order)] += PENALTY * max(len(now), 1)
    weights = np.append(-np.linalg.solve(gram, np.einsum("ni,n->i", past, now)), 1.0)
    errors = np.zeros(n)
    errors[order:] = np.where(made_up, 0.0, np.abs(np.correlate(scaled, weights, mode="valid")))
    return errors


def season_errors(x: Floats, is_missing: Flags, n_learned: int) -> Floats:
    """(n,) how far each row lies from its season and its recent level, in robust spreads.

    Parameters as for ``forecast_errors``; 0 for rows that were made up. See ``seasonal_residual``.
    """
    end = n_learned if n_learned > FEWEST_ROWS else len(x)
    series = Series(np.where(is_missing, np.nan, x)[:, None])
    season = SeasonalResidual()
    state = season._learn(series[max(0, end - _SEASON_ROWS) : end])
    return np.nan_to_num(season._judge(state, series).scores)


def root_mean_square(errors: Floats, width: int) -> Floats:
    """(n,) over ``width`` rows around each; zeros beyond the ends."""
    return np.sqrt(np.maximum(running_mean(errors * errors, width), 0.0))


def peaked_mean_square(errors: Floats, width: int) -> Floats:
    """As ``root_mean_square``, of weights that fall from the middle to both ends."""
    half = width // 2 | 1
    return np.sqrt(np.maximum(running_mean(running_mean(errors * errors, half), half), 0.0))
