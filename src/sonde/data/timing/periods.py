"""The season of a series: how long it is, and how much of the series it explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .grid import filled_linearly
from .period_candidates import Spectrum, candidates

Floats = NDArray[np.float64]

_FEWEST_POINTS = 12
_ROUNDING = 16 * float(np.finfo(np.float64).eps)  # share of the level that differs by rounding
_LONGEST = 1 << 20  # of longer series the middle part is searched: a third of it is period enough
_STRETCH = 1 << 17  # points that a candidate is tested on, if they hold at least _CYCLES
_CYCLES = 12
_BLOCK = 1 << 15  # points whose temporaries stay in the processor's cache
_RARE = 0.02
_CLIP = 6.0  # robust standard deviations beyond which a value is cut
_LEAST_SHARE = 0.08  # a season that explains less is of no use to anybody
_HOUR = 3_600 * 10**9
_CALENDAR = (60 * 10**9, _HOUR, 24 * _HOUR, 168 * _HOUR)
_FEWEST_WEEKS = 3
_CLEARLY_MORE = 0.15  # share of the variance that a week must explain beyond its days
_MUCH = 0.72  # a shorter period that explains this share of what the best one explains is taken


@dataclass(frozen=True)
class Period:
    """A season.

    Parameters
    ----------
    length : rows of one cycle, ≥ 2.
    strength : the share of the variance, 0–1, that the mean cycle explains when each cycle is
        compared with the mean of the others, after outliers were cut and the level of each
        cycle removed. Near 0 where cycles recur but drift out of phase.
    """

    length: int
    strength: float


def find_period(x: Floats, step_ns: int | None = None) -> Period | None:
    """The season of ``x``, or None where nothing recurs.

    Parameters
    ----------
    x : (n,) float64; NaN is missing and is bridged by straight lines.
    step_ns : the regular step in nanoseconds, when it is known; hours, days and weeks are then
        tried even where the data alone would not suggest them.

    Returns
    -------
    The shortest cycle that explains nearly as much as the best; None for noise, random walks,
    trends, fewer than three cycles, or when more than half is missing.

    Source
    ------
    Candidates are peaks of two autocorrelations, by Wiener–Khinchin: the plain one, and one of
    the spectrum divided by its smooth background, so that a red spectrum (a random walk) is not
    a season (Vaughan 2005, section 3, tests single lines against such a background). Each is
    tested in the time domain by the products of neighbouring cycles, whose mean over their
    standard error is Student's t whatever the correlation within a cycle.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=480)
    >>> season = np.sin(np.arange(480) * 2 * np.pi / 24)
    >>> find_period(season + 0.3 * noise).length, find_period(noise)
    (24, None)
    """
    if len(x) > _LONGEST:
        start = (len(x) - _LONGEST) // 2
        x = x[start : start + _LONGEST]
    clean = _cleaned(x)
    if clean is None:
        return None
    spectrum = Spectrum(clean)
    lengths = candidates(spectrum) | set(_spans(step_ns, spectrum.longest))
    found: list[_Tested] = []
    for p in sorted(lengths):
        if any(abs(p - tested.length) <= 0.01 * p for tested in found):
            continue  # it would be moved to the same place
        if (tested := _tested(clean, p, spectrum)) is not None:
            found.append(tested)
    if not found:
        return None
    length = _settled(clean, _fundamental(clean, _preferred(clean, found)))
    if step_ns is not None:
        length = _on_the_calendar(clean, length, step_ns)
    return Period(length, max(0.0, _explained(_level_removed(clean, length), length)))


def _cleaned(x: Floats) -> Floats | None:
    """(n,) without missing values, spikes and straight trend; None where too little is left."""
    missing = ~np.isfinite(x)
    if len(x) < _FEWEST_POINTS or missing.mean() > 0.5:
        return None
    x = filled_linearly(x, missing) if missing.any() else x
    # Scaled first: squares of very large or small values leave the range of a float.
    size = float(np.abs(x).max())
    if size == 0:
        return None
    # The level next: beside it a small season would pass for rounding.
    x = x / size
    x = x - np.median(x)
    size = float(np.abs(x).max())
    if size < _ROUNDING:
        return None
    x = _without_spikes(x / size)
    n = len(x)
    t = np.linspace(-1.0, 1.0, n)
    # A line through the medians of the two halves: no outlier bends it.
    slope = np.median(x[n - n // 2 :]) - np.median(x[: n // 2])
    x = x - slope * t
    x = x - np.median(x)
    spread = 1.4826 * float(np.median(np.abs(x))) or float(np.abs(x).mean())
    if spread < 1e-12:
        return None
    return np.clip(x, -_CLIP * spread, _CLIP * spread)


def _without_spikes(x: Floats) -> Floats:
    """Single points and pairs that leave the median of five become that median."""
    middle = x.copy()
    for start in range(2, len(x) - 2, _BLOCK):
        end = min(start + _BLOCK, len(x) - 2)
        middle[start:end] = _middle_of_five(x[start - 2 : end + 2])
    away = np.abs(x - middle)
    spread = float(np.median(away)) * 1.4826 or float(away.mean())
    spikes = away > 2 * _CLIP * spread
    # Spikes that are not rare are what the series is made of.
    return x if spikes.mean() > _RARE else np.where(spikes, middle, x)


def _middle_of_five(x: Floats) -> Floats:
    a, b, c, d, e = x[:-4], x[1:-3], x[2:-2], x[3:-1], x[4:]
    low, high = np.minimum(a, b), np.maximum(a, b)
    low2, high2 = np.minimum(d, e), np.maximum(d, e)
    # Of five, the smaller minimum and the larger maximum cannot be the middle one.
    low, high = np.maximum(low, low2), np.minimum(high, high2)
    low, high = np.minimum(low, high), np.maximum(low, high)
    return np.asarray(np.maximum(low, np.minimum(high, c)))


def _level_removed(x: Floats, p: int) -> Floats:
    """``x`` minus its moving mean over one cycle; cut by half a cycle at each end."""
    total = np.concatenate([[0.0], np.cumsum(x)])
    mean = (total[p:] - total[:-p]) / p
    if p % 2 == 0:
        # For an even period the two ends of p + 1 points count half each.
        mean = (mean[:-1] + mean[1:]) / 2
    removed: Floats = x[p // 2 : p // 2 + len(mean)] - mean
    return removed


@dataclass(frozen=True)
class _Tested:
    """A candidate that passed: its length, and what neighbouring cycles have in common."""

    length: int
    likeness: float


def _tested(x: Floats, p: int, spectrum: Spectrum) -> _Tested | None:
    """``p``, moved to the best length nearby, when cycles of it are alike beyond chance."""
    wanted = max(_STRETCH, _CYCLES * p)
    if len(x) > wanted:
        start = (len(x) - wanted) // 2
        x = x[start : start + wanted]
    p = _refined(x, p)
    y = _level_removed(x, p)
    cycles = _cycles(y, p)
    m = len(cycles)
    power = np.einsum("ij,ij->i", cycles, cycles)
    if m < 2 or power.sum() <= 0:
        return None
    products = np.einsum("ij,ij->i", cycles[:-1], cycles[1:])
    tested = _Tested(p, float(products.mean() / power.mean()))
    if tested.likeness < _LEAST_SHARE:
        return None
    share = _explained(y, p)
    if share >= 0.5 * _LEAST_SHARE and spectrum.has_line(p):
        return tested
    # A random walk's few long waves are alike by chance; the fewer, the more they must be.
    # Where no mean cycle explains anything, cycles may drift out of phase; they count when
    # they are many, alike, and long enough for their shape to mean something.
    drifts = tested.likeness >= 0.35 and m >= 8 and p >= 8
    if share < max(_LEAST_SHARE, 1.2 / m) and not drifts:
        return None
    if m == 2:
        return tested if tested.likeness > 0.9 else None
    error = float(products.std(ddof=1)) / np.sqrt(m - 1)
    needed = 4.0 + 15 / (m - 2) ** 1.2
    return tested if products.mean() > needed * error else None


def _refined(x: Floats, p: int) -> int:
    """The length near ``p`` whose mean cycle explains most; with few cycles, less near."""
    y = _level_removed(x, p)
    shares = {p: _explained(y, p)}
    reach = max(1, round(p * max(0.03, 0.3 * p / len(x))))
    while True:
        step = max(1, reach // 3)
        for q in range(max(2, p - reach), min(p + reach, len(y) // 2) + 1, step):
            if q not in shares:
                shares[q] = _explained(y, q)
        p = max(shares, key=lambda q: (shares[q], -q))
        if step == 1 or shares[p] < 0.01:
            return p
        reach = step


def _settled(x: Floats, p: int) -> int:
    """``p`` at the top of its hill, which a candidate from afar may not have reached."""
    for _ in range(3):
        p, before = _refined(x, p), p
        if p == before:
            break
    return p


def _cycles(y: Floats, p: int) -> Floats:
    """(m, p) whole cycles, each around its own mean."""
    m = len(y) // p
    cycles = y[: m * p].reshape(m, p)
    return np.asarray(cycles - cycles.mean(axis=1, keepdims=True))


def _explained(y: Floats, p: int) -> float:
    """Share of the variance that the mean of the other cycles explains; below 0 for nothing."""
    m = len(y) // p
    if m < 2:
        return 0.0
    whole = y[: m * p]
    mean = whole.reshape(m, p).sum(axis=0) / m
    level = float(mean.mean())
    # einsum, because BLAS would wake its threads for every one of these small products.
    total = float(np.einsum("i,i->", whole, whole)) - m * p * level**2
    between = m * (float(np.einsum("i,i->", mean, mean)) - p * level**2)
    # A cycle's distance from the mean of the others is m / (m − 1) times that from the mean.
    return 1 - (m / (m - 1)) ** 2 * (1 - between / total) if total > 0 else 0.0


def _preferred(x: Floats, found: list[_Tested]) -> int:
    """The shortest that is worth nearly as much as the best, all judged on the same series."""
    y = _level_removed(x, max(tested.length for tested in found))
    worth: dict[int, float] = {}
    for tested in found:
        # Between the likeness of neighbours and the share of the mean cycle: a cycle of 172.7
        # rows slips against 173, and thirteen of them fit their rounded length by luck.
        share = max(_explained(y, tested.length), 0.0) * (1 - tested.length / len(x))
        worth[tested.length] = float(np.sqrt(share * tested.likeness))
    best = max(worth.values())
    return min(p for p, value in worth.items() if value >= _MUCH * best)


def _on_the_calendar(x: Floats, p: int, step_ns: int) -> int:
    """The calendar's length in place of one close by, and the week for a day it refines."""
    y = _level_removed(x, p)
    share = _explained(y, p)
    for span in _spans(step_ns, len(x) // 2):
        if abs(span - p) <= 0.05 * p and _explained(y, span) >= 0.8 * share:
            p = span
    weeks = 7 * p
    if p * step_ns != 24 * _HOUR or weeks not in _spans(step_ns, len(x) // _FEWEST_WEEKS):
        return p
    y = _level_removed(x, weeks)
    return weeks if _explained(y, weeks) >= _explained(y, p) + _CLEARLY_MORE else p


def _spans(step_ns: int | None, longest: int) -> list[int]:
    """Minute, hour, day and week in rows, where they are whole numbers of rows."""
    if step_ns is None:
        return []
    rows = [span // step_ns for span in _CALENDAR if span % step_ns == 0]
    return [n for n in rows if 2 <= n <= longest]


def _fundamental(x: Floats, p: int) -> int:
    """The shortest whole part of ``p`` that explains nearly as much."""
    y = _level_removed(x, p)
    all_of_it = _explained(y, p)
    if all_of_it < _LEAST_SHARE:
        return p
    for parts in range(min(12, p // 2), 1, -1):
        near = {p // parts, -(-p // parts)}
        q = max(near, key=lambda q: _explained(y, q))
        if _explained(y, q) >= 0.9 * all_of_it:
            return q
    return p
