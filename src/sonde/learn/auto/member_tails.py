"""Scores of different methods on one scale: how rare each is among the rows learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..estimator import State
from ..stored_state import finite

Floats = NDArray[np.float64]

KNOTS = 256
TAIL_SHARE = 0.1  # where a score's size begins to count, and not only its rank
SMALLEST, LARGEST = 1e-12, 1e100
STEEPEST = 50.0  # levels for a score that grows to ten times its size
STEPS = 10.0  # twice would be an exponential tail
PRIOR_SHAPE, PRIOR_WEIGHT, SHAPES = 0.1, 30.0, (0.05, 0.6)  # of the Pareto tail
BEYOND = 1.0  # levels above that of the strangest row to expect


def learn_tails(scores: Floats) -> State:
    """What ``tail_levels`` and ``excess_levels`` need of each method's scores.

    Parameters
    ----------
    scores : (n_methods, n_rows) float64, finite, ≥ 0: of the rows learned from, 2 or more.

    Returns
    -------
    ``knots``, ``levels`` : (n_methods, KNOTS) float64; scores, ascending, and the level of each:
        −log10 of the share of rows at least as strange.
    ``lines`` : (n_methods, 3) float64; beyond the score of the first the level is at least the
        second, plus the third for each time the score grows tenfold. The slope comes from the
        quartiles of the largest tenth, as if the logarithm of the size were exponential there
        (Hill's tail, from a quantile), so that a few anomalies do not shape it.
    ``pareto`` : (n_methods, 4) float64; start, level there, scale and shape of a generalised
        Pareto tail, from the quartiles of the largest tenth as in ``Calibration``.
    ``enough`` : the level that ``excess_levels`` counts from.
    """
    ordered = np.sort(scores, axis=1)
    knots, levels = zip(*(_ranks(one) for one in ordered), strict=True)
    highest = [float(level[-1]) for level in levels]
    return {
        "knots": np.stack(knots),
        "levels": np.stack(levels),
        "lines": np.array([_line(*one) for one in zip(ordered, highest, strict=True)]),
        "pareto": np.array([_pareto(one) for one in ordered]),
        "enough": np.float64(np.log10(scores.shape[1]) + BEYOND),
    }


def _ranks(ordered: Floats) -> tuple[Floats, Floats]:
    n = ordered.size
    known, first, count = np.unique(ordered, return_index=True, return_counts=True)
    share = 1.0 - (first + 0.5 * count) / n  # at least as strange; of equal rows half
    level = -np.log10(share)
    # Half of the knots follow the rows, half the levels: the largest scores have one each.
    by_rank = np.searchsorted(first, np.linspace(0, n - 1, KNOTS // 2), side="right") - 1
    by_level = np.searchsorted(level, np.linspace(0.0, level[-1], KNOTS // 2))
    chosen = np.sort(np.concatenate([by_rank, np.minimum(by_level, known.size - 1)]))
    return known[chosen], level[chosen]


def _tail(ordered: Floats) -> tuple[Floats, float, int]:
    """The largest tenth, the score just below, and how many they are."""
    n = ordered.size
    count = max(1, min(n - 1, max(8, int(TAIL_SHARE * n))))
    return ordered[n - count :], float(ordered[n - 1 - count]), count


def _line(ordered: Floats, highest: float) -> tuple[float, float, float]:
    tail, start, count = _tail(ordered)
    start = max(start, SMALLEST)
    half, quarter = np.log10(np.maximum(np.quantile(tail, [0.5, 0.75]), SMALLEST) / start)
    # Scores that come in steps have a middle next to the start; the quarter is on another step.
    decades = float(half if STEPS * half > quarter else 0.5 * quarter)
    if decades <= 0.0:  # most of the tail is one score
        return max(float(ordered[-1]), SMALLEST), highest, 1.0
    slope = min(float(np.log10(2.0)) / decades, STEEPEST)
    return start, float(-np.log10(count / ordered.size)), slope


def _pareto(ordered: Floats) -> tuple[float, float, float, float]:
    tail, start, count = _tail(ordered)
    near, far = np.quantile(tail - start, [0.5, 0.75])
    is_told = 1e-9 * far < near < 0.999 * far
    raw = np.log2(far / near - 1.0) if is_told else PRIOR_SHAPE
    shape = (count * raw + PRIOR_WEIGHT * PRIOR_SHAPE) / (count + PRIOR_WEIGHT)
    shape = float(np.clip(shape, *SHAPES))
    scale = float(near) * shape / (2.0**shape - 1.0)
    # A tail of one score: beyond the largest, nothing is known of how far is far.
    scale = max(scale, 1e-9 * start, float(ordered[-1] - start) if near <= 0 else 0.0, SMALLEST)
    return start, float(-np.log10(count / ordered.size)), scale, shape


def tail_levels(tails: State, scores: Floats) -> Floats:
    """(n_methods, n_rows) the level of each score, ≥ 0, never falling as the score rises."""
    out = np.empty(scores.shape)
    for i, one in enumerate(scores):
        start, level, slope = tails["lines"][i]
        size = np.log10(np.maximum(one, start) / start)
        beyond = np.where(one > start, level + slope * size, 0.0)
        out[i] = np.maximum(np.interp(one, tails["knots"][i], tails["levels"][i]), beyond)
    return out


def excess_levels(tails: State, scores: Floats) -> Floats:
    """(n_methods, n_rows) by how much each score is too large for chance, in levels; mostly 0.

    Counted from ``enough`` along the Pareto tail: a level that one row would reach by chance in
    ten times as many as were learned from.
    """
    out = np.empty(scores.shape)
    for i, one in enumerate(scores):
        start, level, scale, shape = tails["pareto"][i]
        away = np.minimum(np.maximum(one - start, 0.0) / scale, LARGEST)
        out[i] = np.maximum(level + np.log10(1.0 + shape * away) / shape - tails["enough"], 0.0)
    return out


def check_tails(tails: State, n_methods: int) -> None:
    """Raise ValueError unless these are the tails of so many methods."""
    for name in ("knots", "levels"):
        values = finite(tails, name, (n_methods, KNOTS), least=0.0)
        if (values[:, 1:] < values[:, :-1]).any() or values.max() > LARGEST:
            raise ValueError(f"{name!r} must rise, and not beyond {LARGEST:g}")
    lines = finite(tails, "lines", (n_methods, 3), least=0.0)
    pareto = finite(tails, "pareto", (n_methods, 4), least=0.0)
    if not (lines[:, 0] >= SMALLEST).all() or max(lines.max(), pareto.max()) > LARGEST:
        raise ValueError("'lines' and 'pareto' must start above 0 and stay below 1e100")
    if not ((pareto[:, 2] >= SMALLEST) & (pareto[:, 3] >= SHAPES[0])).all():
        raise ValueError("'pareto' must have a scale and a shape above 0")
    finite(tails, "enough", (), least=0.0)
