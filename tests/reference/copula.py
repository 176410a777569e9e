"""Tails on both sides by counting."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .histogram import bin_scales

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Counts = NDArray[np.int32]


def skew_signs(columns: Floats) -> Whole:
    beside = columns - columns[:, :1]
    away = beside - beside.mean(axis=1, keepdims=True)
    third, spread = (away**3).mean(axis=1), (away**2).mean(axis=1) ** 1.5
    return np.where(np.abs(third) > 1e-12 * spread, np.sign(third), 0).astype(np.int64)


def guides(ordered: Floats, n_buckets: int) -> tuple[Floats, Counts]:
    d = len(ordered)
    scales = bin_scales(ordered[:, 0], ordered[:, -1], np.full(d, n_buckets))
    guide = []
    for column, scale in zip(ordered, scales, strict=True):
        place = (column / 2 - column[0] / 2) * scale
        bucket = np.minimum(np.floor(place), n_buckets - 1)
        guide.append([int((bucket < k).sum()) for k in range(n_buckets + 1)])
    return scales, np.array(guide, np.int32)


def copula_terms(
    x: Floats,
    ordered: Floats,
    guide: Counts,
    scales: Floats,
    skews: Whole,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    n = ordered.shape[1]
    for r in range(start, stop):
        for j, known in enumerate(ordered):
            left = -math.log(max(int((known <= x[r, j]).sum()), 1) / n)
            right = -math.log(max(int((known >= x[r, j]).sum()), 1) / n)
            leaning = {1: right, -1: left, 0: left + right}[int(skews[j])]
            out[r, j] = max(leaning, (left + right) / 2)


def copula_scores(
    x: Floats,
    ordered: Floats,
    guide: Counts,
    scales: Floats,
    skews: Whole,
    out: Floats,
    start: int,
    stop: int,
) -> None:
    terms = np.zeros(x.shape)
    copula_terms(x, ordered, guide, scales, skews, terms, start, stop)
    terms[np.isnan(x)] = np.nan
    out[start:stop] = terms[start:stop].sum(axis=1)
