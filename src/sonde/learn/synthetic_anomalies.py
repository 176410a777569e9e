"""Anomalies made up in the data's own scale, so that detectors can be compared without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metrics import main_lag

Floats = NDArray[np.float64]

IN_SERIES = ("spike", "level", "noise", "amplitude", "reversed", "flat", "faster")
IN_TABLES = ("local", "global", "dependency", "cluster")
_SHARE, _FEWEST, _MOST = 0.01, 5, 100  # rows of each kind, of a table's rows
_SHORTEST, _PARTS = 4, 40  # an event lasts this many rows, at most this part of the series


@dataclass(frozen=True, eq=False)
class MadeUp:
    """Values with anomalies among them.

    Parameters
    ----------
    values : (n, n_columns).
    kinds : (n,) int64, which kind of anomaly a row is, by its place in the list of kinds; −1 for
        rows left as they were.
    """

    values: Floats
    kinds: NDArray[np.int64]


def with_events(values: Floats, rng: np.random.Generator) -> MadeUp:
    """A copy of a series in which one stretch of each kind is changed, as far as there is room.

    Parameters
    ----------
    values : (n, n_channels) in the order of time; NaN stays NaN. At least one channel is changed
        in each event, which lasts about as long as what repeats in the series (``main_lag``).
    rng : draws places, sizes, channels and the order of kinds.

    Source
    ------
    Goswami, Challu, Callot, Minorics, Kan (2023), Unsupervised model selection for time-series
    anomaly detection, ICLR, section 3.2: seven of their nine kinds, sizes as written here.

    Examples
    --------
    >>> made = with_events(np.sin(np.arange(2000.0) / 5)[:, None], np.random.default_rng(0))
    >>> sorted(set(made.kinds.tolist()))
    [-1, 0, 1, 2, 3, 4, 5, 6]
    """
    out, n = values.copy(), len(values)
    kinds = np.full(n, -1, dtype=np.int64)
    if n < 2 * _SHORTEST:
        return MadeUp(out, kinds)
    length = max(min(main_lag(values[:, 0]), n // _PARTS), _SHORTEST)
    count = max(min(len(IN_SERIES), n // (3 * length)), 1)
    slots = np.linspace(0, n, count + 1).astype(np.int64)
    units = _units(values)
    for slot, kind in enumerate(rng.permutation(len(IN_SERIES))[:count]):
        size = 1 if IN_SERIES[kind] == "spike" else length
        start = int(rng.integers(slots[slot], max(slots[slot + 1] - size, slots[slot] + 1)))
        changed = np.asarray(rng.random(values.shape[1]) < 0.5)
        changed[rng.integers(values.shape[1])] = True
        rows = slice(start, start + size)
        for channel in np.flatnonzero(changed):
            stretch = values[start : start + 2 * size, channel]
            out[rows, channel] = _event(IN_SERIES[kind], stretch, size, units[channel], rng)
        kinds[rows] = kind
    return MadeUp(out, kinds)


def _event(kind: str, stretch: Floats, size: int, unit: float, rng: np.random.Generator) -> Floats:
    """``size`` values in the place of the first of ``stretch``, which has twice as many."""
    own, sign = stretch[:size], rng.choice([-1.0, 1.0])
    if kind == "spike":
        return np.asarray(own + sign * unit * rng.uniform(3.0, 6.0))
    if kind == "level":
        return np.asarray(own + sign * unit * rng.uniform(0.75, 1.5))
    if kind == "noise":
        return np.asarray(own + unit * rng.uniform(0.3, 0.8) * rng.normal(size=len(own)))
    if kind == "amplitude":
        centre = own[0] if np.isnan(own).any() else own.mean()
        return np.asarray(centre + (own - centre) * rng.choice([0.3, 2.0]))
    if kind == "reversed":
        return own[::-1]
    if kind == "flat":
        return np.full(len(own), own[0])
    return np.resize(stretch[::2], len(own))


def with_rows(values: Floats, rng: np.random.Generator) -> MadeUp:
    """The rows of a table and, after them, as many of each kind that were made up.

    Parameters
    ----------
    values : (n, n_columns). Rows with NaN stay, and nothing is made of them.
    rng : draws.

    Source
    ------
    Han, Hu, Huang, Jiang, Zhao (2022), ADBench, NeurIPS, section 3.3: local, global, dependency
    and clustered anomalies. Theirs come from fitted mixtures and copulas; here a local one is a
    row moved in some columns, a global one uniform over a wider range, a dependency one takes each
    column from another row, and a cluster lies around one place away from the mean.

    Examples
    --------
    >>> made = with_rows(np.random.default_rng(0).normal(size=(100, 3)), np.random.default_rng(0))
    >>> len(made.values), np.unique(made.kinds).tolist()
    (120, [-1, 0, 1, 2, 3])
    """
    known = values[np.isfinite(values).all(axis=1)]
    width, units = values.shape[1], _units(values)
    if not len(known):
        return MadeUp(values.copy(), np.full(len(values), -1, dtype=np.int64))
    n = int(np.clip(_SHARE * len(values), _FEWEST, _MOST))
    low, high = np.quantile(known, [0.01, 0.99], axis=0)
    room = 0.25 * (high - low) + 0.1 * units
    moved = rng.random((n, width)) < max(0.3, 1.0 / width)
    moved[np.arange(n), rng.integers(width, size=n)] = True
    local = known[rng.integers(len(known), size=n)]
    local = local + moved * units * rng.choice([-1.0, 1.0], (n, width)) * rng.uniform(
        1.5, 3.0, (n, width)
    )
    anywhere = rng.uniform(low - room, high + room, (n, width))
    mixed = known[rng.integers(len(known), size=(n, width)), np.arange(width)]
    away = known.mean(axis=0) + units * rng.choice([-1.0, 1.0], width) * rng.uniform(1.5, 3.0)
    cluster = away + 0.2 * units * rng.normal(size=(n, width))
    kinds = np.repeat(np.arange(-1, len(IN_TABLES)), [len(values), n, n, n, n])
    return MadeUp(np.concatenate([values, local, anywhere, mixed, cluster]), kinds)


def _units(values: Floats) -> Floats:
    """(n_columns,) standard deviations of the known values; 1 where there is none."""
    units = np.ones(values.shape[1])
    for column in range(values.shape[1]):
        known = values[np.isfinite(values[:, column]), column]
        largest = float(np.abs(known).max(initial=0.0))
        if largest > 0:
            units[column] = float((known / largest).std()) * largest or 1.0
    return units
