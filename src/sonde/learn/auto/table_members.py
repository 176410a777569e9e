"""The methods that judge a table together, and what each learns from the rows.

The first four see all rows. The others need a reference without anomalies, and take the rows that
the first four and an isolation forest find most ordinary. The forest helps to find these and is
not kept: as a judge it takes more from the others than it adds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Table
from ...kernels.ecdf import column_tails, tail_scores, tail_tables
from ...kernels.histogram import bin_counts, bin_scales, column_ranges, column_terms, term_sums
from ...kernels.scatter import moments, whitened_distances, whitening
from .. import ellipsoids
from ..detectors.ecod import ECOD
from ..detectors.hbos import HBOS
from ..detectors.isolation_forest import IsolationForest
from ..estimator import State
from ..stored_state import branch
from .member_tails import learn_tails, tail_levels
from .neighbour_draws import as_halves, check_draws, draw_distances, draw_shares, learn_draws
from .table_scales import check_scales, in_robust_units, in_spans, learn_scales

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MEMBERS = ("near", "near_in_span", "rare", "tails", "ellipsoid", "near_clean", "clean_in_span")
TREES = 150
FEW, FEW_DRAWS = 32, 48  # so few that anomalies which lie together seldom meet each other
MANY, MANY_DRAWS = 512, 8  # only where the reference is clean
SOME, SOME_DRAWS = 128, 12
CLEAN_FOR_NEIGHBOURS, CLEAN_FOR_ELLIPSOID = 0.7, 0.5
BINS, EMPTY = 20, 0.1  # an empty bin counts as a tenth of the fullest
RIDGE = 1e-3  # of the mean variance
KNOWN_VALUES = 512  # of each column, kept for its tails
_TINY = 1e-9


def learn_members(values: Floats, seed: int) -> tuple[State, Floats]:
    """What every member learns, and its scores of the rows learned from.

    Parameters
    ----------
    values : (n_rows, n_columns) float64, finite, 4 rows or more.
    seed : 0 to 2^63 − 1.

    Returns
    -------
    A state with a part for each of ``MEMBERS`` and the scales, and (n_members, n_rows) scores.
    """
    rng = np.random.default_rng(seed)
    scales = learn_scales(values)
    robust = in_robust_units(scales, values)
    rows, spans, soft = as_halves(robust), as_halves(in_spans(scales, values)), np.arcsinh(robust)
    everything = np.arange(len(values))
    members: State = {
        "scales": scales,
        "near": learn_draws(rows, everything, FEW, FEW_DRAWS, rng),
        "near_in_span": learn_draws(spans, everything, FEW, FEW_DRAWS, rng),
        "rare": _learn_rare(soft),
        "tails": _learn_tails(values),
    }
    scores = np.empty((len(MEMBERS), len(values)))
    scores[:4] = _all_rows(members, values, robust, soft)
    seen = np.concatenate([scores[:4], _isolation(values, seed)[None]])
    levels = tail_levels(learn_tails(seen), seen)
    ordinary = np.argsort(levels.sum(axis=0), kind="stable")
    members["ellipsoid"] = _learn_ellipsoid(robust, _first(ordinary, CLEAN_FOR_ELLIPSOID))
    pool = _first(ordinary, CLEAN_FOR_NEIGHBOURS)
    members["near_clean"] = learn_draws(as_halves(soft), pool, MANY, MANY_DRAWS, rng)
    members["clean_in_span"] = learn_draws(spans, pool, SOME, SOME_DRAWS, rng)
    scores[4:] = _clean_rows(members, values, robust, soft)
    return members, scores


def member_scores(members: State, values: Floats) -> Floats:
    """(n_members, n_rows) the score that each member gives each row, ≥ 0."""
    robust = in_robust_units(members["scales"], values)
    soft = np.arcsinh(robust)
    return np.concatenate(
        [_all_rows(members, values, robust, soft), _clean_rows(members, values, robust, soft)]
    )


def _all_rows(members: State, values: Floats, robust: Floats, soft: Floats) -> Floats:
    n, out = len(values), np.empty((4, len(values)))
    out[0] = draw_distances(members["near"], as_halves(robust))
    spans = in_spans(members["scales"], values)
    out[1] = draw_distances(members["near_in_span"], as_halves(spans))
    term_sums(_read_only(soft), *_bins(members["rare"]), 0.0, out[2], 0, n)
    tail_scores(_read_only(values), *_tables(members["tails"]), out[3], 0, n)
    return out


def _isolation(values: Floats, seed: int) -> Floats:
    forest, rows = IsolationForest(n_estimators=TREES, random_state=seed), Table(_read_only(values))
    return forest._judge(forest._learn(rows), rows).scores


def _clean_rows(members: State, values: Floats, robust: Floats, soft: Floats) -> Floats:
    out, ellipsoid = np.empty((3, len(robust))), members["ellipsoid"]
    center, unit, root = ellipsoid["center"], ellipsoid["unit"], ellipsoid["root"]
    whitened_distances(_read_only(robust), center, unit, root, out[0], 0, len(robust))
    out[1] = draw_distances(members["near_clean"], as_halves(soft))
    spans = in_spans(members["scales"], values)
    out[2] = draw_distances(members["clean_in_span"], as_halves(spans))
    return out


def member_shares(members: State, values: Floats) -> Floats:
    """(n_members, n_rows, n_columns) what each column adds to the scores, ≥ 0; for few rows."""
    robust = in_robust_units(members["scales"], values)
    soft, n = np.arcsinh(robust), len(values)
    out = np.empty((len(MEMBERS), *values.shape))
    spans = as_halves(in_spans(members["scales"], values))
    out[0] = draw_shares(members["near"], as_halves(robust))
    out[1] = draw_shares(members["near_in_span"], spans)
    column_terms(soft, *_bins(members["rare"]), 0.0, out[2], 0, n)
    column_tails(np.array(values), *_tables(members["tails"]), out[3], 0, n)
    out[4] = ellipsoids.shares(members["ellipsoid"], robust)
    out[5] = draw_shares(members["near_clean"], as_halves(soft))
    out[6] = draw_shares(members["clean_in_span"], spans)
    return out


def check_members(members: Any, n_columns: int) -> None:
    """Raise ValueError unless this is what ``learn_members`` gives for so many columns."""
    check_scales(dict(branch(members, "scales")), n_columns)
    for name in ("near", "near_in_span", "near_clean", "clean_in_span"):
        check_draws(branch(members, name), n_columns)
    HBOS()._check_state(dict(branch(members, "rare")), n_columns)
    ECOD()._check_state(dict(branch(members, "tails")), n_columns)
    ellipsoids.check(dict(branch(members, "ellipsoid")), n_columns)


def _first(ordinary: Places, share: float) -> Places:
    return ordinary[: max(2, int(share * len(ordinary)))]


def _learn_rare(soft: Floats) -> State:
    """How empty the bin of a value is, beside the fullest of its column."""
    d = soft.shape[1]
    lows, highs = column_ranges(_read_only(soft))
    scales = bin_scales(lows, highs, np.full(d, BINS))
    starts = BINS * np.arange(d + 1)
    counts = bin_counts(_read_only(soft), lows, scales, starts).reshape(d, BINS)
    heights = np.pad(counts / counts.max(axis=1, keepdims=True), ((0, 0), (1, 1))) + EMPTY
    terms = np.log((1.0 + EMPTY) / heights).ravel()
    return {
        "lows": lows,
        "scales": scales,
        "offsets": (BINS + 2) * np.arange(d + 1),
        "terms": terms,
    }


def _bins(rare: State) -> tuple[Any, Any, Any, Any]:
    return rare["lows"], rare["scales"], rare["offsets"], rare["terms"]


def _learn_tails(values: Floats) -> State:
    """The tables of ECOD, thinned: every value near the ends, fewer in the middle."""
    known, through, offsets = tail_tables(_read_only(values))
    kept, counts, sizes = [], [], [0]
    for j in range(values.shape[1]):
        column = known[offsets[j] : offsets[j + 1]]
        below = through[offsets[j] + j : offsets[j + 1] + j + 1]
        places = np.arange(column.size)
        if column.size > KNOWN_VALUES:
            steps = np.geomspace(1, column.size / 2, KNOWN_VALUES // 2).astype(np.int64) - 1
            places = np.unique(np.concatenate([steps, column.size - 1 - steps]))
        kept.append(column[places])
        counts += [below[:1], below[places + 1]]
        sizes.append(places.size)
    return {
        "values": np.concatenate(kept),
        "through": np.concatenate(counts),
        "offsets": np.cumsum(sizes),
    }


def _tables(tails: State) -> tuple[Any, Any, Any]:
    return tails["values"], tails["through"], tails["offsets"]


def _learn_ellipsoid(robust: Floats, reference: Places) -> State:
    """Mean and spread of the reference, in its own standard deviations."""
    d = robust.shape[1]
    columns = np.ascontiguousarray(robust.T)
    center, covariance = moments(columns, reference, columns[:, reference[0]].copy())
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    unit = np.where(spread > _TINY, spread, 1.0)
    covariance = covariance / unit / unit[:, None]
    root, _ = whitening(covariance, RIDGE * max(float(np.trace(covariance)) / d, _TINY))
    return {"center": center, "unit": unit, "root": root}


def _read_only(values: Floats) -> Floats:
    view = values.view()
    view.setflags(write=False)
    return view
