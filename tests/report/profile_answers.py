"""Small matrix profiles with known findings, computed from the definition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonde.learn.profiles import DiscordWindow, Motif, Profile, Regime
from sonde.report.profile_findings import Findings

from .answers import HOSTILE, MINUTE, clock

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

WINDOW = 24
BEAT = np.sin(np.linspace(0.0, 2 * np.pi, WINDOW)) ** 3 * 5.0


def nearest(x: Floats, other: Floats | None, window: int = WINDOW) -> tuple[Floats, Integers]:
    """Distances and indices, window by window."""
    a, b = (
        np.lib.stride_tricks.sliding_window_view(s, window)
        for s in (x, x if other is None else other)
    )
    a, b = ((w - w.mean(axis=1)[:, None]) / w.std(axis=1)[:, None] for w in (a, b))
    square = np.maximum(2.0 * window - 2.0 * a @ b.T, 0.0)
    if other is None:
        zone = -(-window // 4)
        lags = np.abs(np.arange(len(a))[:, None] - np.arange(len(b))[None, :])
        square[lags <= zone] = np.inf
    square[np.isnan(square)] = np.inf
    best = square.argmin(axis=1)
    distances = np.sqrt(square[np.arange(len(a)), best])
    return distances, np.where(np.isfinite(distances), best, -1)


def walk(n: int, seed: int) -> Floats:
    return np.cumsum(np.random.default_rng(seed).normal(0, 1, n))


def with_beats(n: int, places: list[int], seed: int) -> Floats:
    values = walk(n, seed)
    for place in places:
        values[place : place + WINDOW] = values[place] + BEAT
    return values


def one_channel(n: int = 500, seed: int = 1, name: str = "load") -> Findings:
    """A motif at 50 and 200, a match at 350, a discord at 420, two regimes, missing values."""
    values = with_beats(n, [50, 200, 350], seed)
    values[120:124] = np.nan
    distances, indices = nearest(values, None)
    profile = Profile(
        distances, indices, distances, indices, distances, indices, WINDOW, values,
        channels=(name,), time=clock(n), why="the cycle that the series repeats",
    )  # fmt: skip
    return Findings(
        profile,
        [Motif(50, 200, 0.0, (350,), (0.25,), (0,))],
        [DiscordWindow(420, int(indices[420]), float(distances[420]), (0,))],
        [Regime(0, 300, float("nan")), Regime(300, n, 0.8)],
        source="plant.csv",
        message="Took plant.csv for one series of 'load'.",
        step_ns=MINUTE,
        problems=["4 missing values in 'load'"],
    )


def three_channels(n: int = 400, seed: int = 2) -> Findings:
    """A motif that is in the first and the third channel, a discord in the second; no time."""
    values = np.column_stack(
        [with_beats(n, [40, 260], seed), walk(n, seed + 1), with_beats(n, [40, 260], seed + 2)]
    )
    each = [nearest(column, None) for column in values.T]
    order = np.sort([distances for distances, _ in each], axis=0)
    levels = np.cumsum(order, axis=0) / np.arange(1, 4)[:, None]
    indices = np.stack([indices for _, indices in each])
    profile = Profile(
        levels, indices, levels, indices, levels, indices, WINDOW, values, None,
        ("load", "flow", "heat"),
    )  # fmt: skip
    return Findings(
        profile,
        [Motif(40, 260, 0.0, (), (), (0, 2))],
        [DiscordWindow(150, 300, 4.5, (1,))],
        source="fleet.csv",
        message="Took fleet.csv for one series of 3 columns.",
    )


def joined(n: int = 300, seed: int = 5) -> Findings:
    """Every window of one series in another, which has times of its own."""
    values, other = with_beats(n, [80], seed), with_beats(2 * n, [30, 400], seed + 1)
    distances, indices = nearest(values, other)
    profile = Profile(
        distances, indices, None, None, None, None, WINDOW, values, other, ("load",)
    )  # fmt: skip
    return Findings(
        profile,
        [Motif(80, 30, 0.0, (400,), (0.0,), (0,))],
        [DiscordWindow(150, int(indices[150]), float(distances[150]), (0,))],
        source="today.csv",
        other_source="yesterday.csv",
        other_time=clock(2 * n),
    )


def nothing_known(n: int = 120) -> Findings:
    """A series of which every window holds something missing."""
    values = walk(n, 7)
    values[::10] = np.inf
    far, none = np.full(n - WINDOW + 1, np.inf), np.full(n - WINDOW + 1, -1)
    profile = Profile(far, none, far, none, far, none, WINDOW, values)
    return Findings(profile)


def hostile() -> Findings:
    """Names that would end a script or add an element, if they were let."""
    from dataclasses import replace

    found = one_channel(name=HOSTILE)
    return replace(found, source=HOSTILE, message=HOSTILE, problems=[HOSTILE])
