"""Everything that the page of a profile draws: plain JSON values and one text of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .encode import Packer
from .lines import Line
from .payload import Detail, legible
from .profile_findings import Findings
from .thin import gaps_of, thin

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CHANNELS = 24
MOST_LEVELS = 6
MOST_FINDINGS = 200  # of each kind
MOST_SHAPES = 12  # findings whose windows are drawn over each other
MOST_SHAPE_CHANNELS = 4
SHAPE_STEPS = 150  # of a drawn window; each step keeps its extremes


def profile_payload(findings: Findings, detail: Detail | None = None) -> Any:
    """The page's data; ``page/decode.js`` and ``page/profile.js`` read it."""
    detail = Detail() if detail is None else detail
    profile = findings.profile
    packer = Packer()
    shown = _channels_shown(findings)
    levels = _levels_shown(findings)
    told: dict[str, Any] = {
        "window": profile.window,
        "channels": [profile.channels[c] for c in shown],
        "allChannels": profile.n_channels,
        "time": profile.time is not None,
        "rows": len(profile.values),
        "joined": profile.other is not None,
        "levels": [level + 1 for level in levels],
        "level": levels.index(findings.level),
        "motifs": [_motif(findings, i, shown) for i in range(len(findings.motifs))],
        "discords": [_discord(findings, i, shown) for i in range(len(findings.discords))],
        "regimes": [_regime(findings, i) for i in range(len(findings.regimes))],
    }
    for kind in ("motifs", "discords"):
        told[f"all{kind.capitalize()}"] = len(told[kind])
        told[kind] = told[kind][:MOST_FINDINGS]
        for one in told[kind][:MOST_SHAPES]:
            one["shapes"] = _shapes(findings, one, shown, packer)
    told["series"] = _series(findings, detail, shown, levels, packer)
    if findings.other_columns is not None:
        told["other"] = _other(findings, detail, shown, packer)
    return told | {"numbers": packer.text()}


def _channels_shown(findings: Findings) -> list[int]:
    """All channels where they are few, else those that carry what was found, then the others."""
    n = findings.profile.n_channels
    if n <= MOST_CHANNELS:
        return list(range(n))
    return list(dict.fromkeys([*findings.carrying, *range(n)]))[:MOST_CHANNELS]


def _levels_shown(findings: Findings) -> list[int]:
    """Rows of the profile to choose from: those of the motifs, the first, the last, the others."""
    n = len(findings.levels)
    wanted = [findings.level, *(len(m.channels) - 1 for m in findings.motifs), n - 1, 0]
    return sorted(list(dict.fromkeys([*wanted, *range(n)]))[:MOST_LEVELS])


def _series(
    findings: Findings, detail: Detail, shown: list[int], levels: list[int], packer: Packer
) -> dict[str, Any]:
    """The channels, then the rows of the profile, then its arc curves, on one thinned axis."""
    profile = findings.profile
    curves = [_padded(findings.levels[level], len(profile.values)) for level in levels]
    if findings.regimes:
        arcs = np.atleast_2d(profile.arc_curve)
        curves += [_padded(arcs[level], len(profile.values)) for level in levels]
    columns = np.column_stack([findings.columns[:, shown], *curves])
    spans = [
        (start, start + profile.window)
        for found in (*findings.discords, *findings.motifs)
        for start in _own_starts(findings, found)
    ]
    packed = _packed(columns, profile.time, findings.step_ns, spans, detail, packer)
    return packed | {"arcs": bool(findings.regimes)}


def _other(findings: Findings, detail: Detail, shown: list[int], packer: Packer) -> dict[str, Any]:
    """The other series of an AB-join; a smaller picture, so fewer points."""
    assert findings.other_columns is not None
    columns = findings.other_columns[:, shown]
    fewer = Detail(detail.points // 4, detail.bits)
    found = _packed(columns, findings.other_time, None, [], fewer, packer)
    name = findings.other_source or "the other series"
    return found | {"name": name, "timed": findings.other_time is not None}


def _packed(
    columns: Floats,
    time: Integers | None,
    step_ns: int | None,
    spans: Sequence[tuple[int, int]],
    detail: Detail,
    packer: Packer,
) -> dict[str, Any]:
    n = len(columns)
    nothing = np.zeros(n)
    line = Line(None, np.arange(n), time, columns, nothing, nothing, None, None, None, ())
    most = max(50, detail.points // columns.shape[1])
    points = thin(line, most, spans, gaps_of(line, step_ns))
    axis = line.axis[points.starts]
    x = packer.integers(axis if time is None else legible(axis))
    if time is not None:  # nanoseconds do not fit a browser's numbers, milliseconds do
        x = {key: v if key in ("n", "at") else v / 1e6 for key, v in x.items()}
    return {
        "rows": n,
        "x": x,
        "row": packer.integers(points.starts.astype(np.int64)),
        "values": [packer.floats(column, detail.bits) for column in points.values.T],
        "breaks": points.breaks.tolist(),
        "end": _at(line.axis, n - 1, time),
    }


def _padded(curve: Floats, n: int) -> Floats:
    """(n,) the curve at the row where each window begins; NaN where none begins or none is like."""
    padded = np.full(n, np.nan)
    padded[: len(curve)] = np.where(np.isfinite(curve), curve, np.nan)
    return padded


def _at(axis: Integers, row: int, time: Integers | None) -> float:
    return float(axis[row]) / (1.0 if time is None else 1e6)


def _own_starts(findings: Findings, found: Any) -> list[int]:
    """Where windows of the series itself begin; those of the other series are drawn apart."""
    if hasattr(found, "first"):
        if findings.profile.other is not None:
            return [found.first]
        return [found.first, found.second, *found.matches]
    return [found.start]


def _place(findings: Findings, start: int, *, in_other: bool) -> dict[str, Any]:
    """A window: its rows and where they lie on the axis."""
    time = findings.other_time if in_other else findings.profile.time
    end = start + findings.profile.window
    axis = np.array([start, end - 1]) if time is None else time[[start, end - 1]]
    return {
        "start": start,
        "end": end,
        "from": _at(axis, 0, time),
        "to": _at(axis, 1, time),
        "other": in_other,
    }


def _motif(findings: Findings, number: int, shown: list[int]) -> dict[str, Any]:
    motif = findings.motifs[number]
    joined = findings.profile.other is not None
    first = _place(findings, motif.first, in_other=False) | {"distance": None}
    starts = [motif.second, *motif.matches]
    distances = [motif.distance, *motif.match_distances]
    others = [
        _place(findings, start, in_other=joined) | {"distance": _short(distance)}
        for start, distance in zip(starts, distances, strict=True)
    ]
    return {
        "rank": number + 1,
        "distance": _short(motif.distance),
        "level": len(motif.channels),
        "channels": [shown.index(c) for c in motif.channels if c in shown],
        "places": [first, *others],
    }


def _discord(findings: Findings, number: int, shown: list[int]) -> dict[str, Any]:
    discord = findings.discords[number]
    joined = findings.profile.other is not None
    places = [_place(findings, discord.start, in_other=False)]
    if discord.neighbour >= 0:
        places.append(_place(findings, discord.neighbour, in_other=joined))
    # Over how many channels it was the farthest is where the profile has its distance.
    far = np.abs(findings.levels[:, discord.start] - discord.distance)
    return {
        "rank": number + 1,
        "distance": _short(discord.distance),
        "level": int(np.argmin(far)) + 1,
        "channels": [shown.index(c) for c in discord.channels if c in shown],
        "places": places,
    }


def _regime(findings: Findings, number: int) -> dict[str, Any]:
    regime = findings.regimes[number]
    axis = np.arange(len(findings.profile.values))
    time = findings.profile.time
    axis = axis if time is None else time
    return {
        "rank": number + 1,
        "start": regime.start,
        "end": regime.stop,
        "from": _at(axis, regime.start, time),
        "to": _at(axis, regime.stop - 1, time),
        "score": _short(regime.score),
    }


def _shapes(
    findings: Findings, one: dict[str, Any], shown: list[int], packer: Packer
) -> list[dict[str, Any]]:
    """For each carrying channel the windows, z-normalised, to be drawn over each other."""
    drawn = []
    for channel in one["channels"][:MOST_SHAPE_CHANNELS]:
        windows = []
        for place in one["places"]:
            columns = findings.other_columns if place["other"] else findings.columns
            assert columns is not None
            window = columns[place["start"] : place["end"], shown[channel]]
            windows.append(packer.floats(steps_of(z_normalised(window)), 11))
        drawn.append({"channel": channel, "windows": windows})
    return drawn


def z_normalised(window: Floats) -> Floats:
    """(m,) with mean 0 and standard deviation 1; zeros where the window is constant, NaN where it
    holds something missing or infinite.

    >>> z_normalised(np.array([1e12, 1e12 + 2.0]))
    array([-1.,  1.])
    """
    if not np.isfinite(window).all():
        return np.full(len(window), np.nan)
    # From the first value on: a mean of 1e12 would take the last digits with it.
    moved = window - window[0]
    moved = moved - moved.mean()
    spread = float(np.sqrt(np.mean(moved**2)))
    return moved / spread if spread > 0.0 else np.zeros(len(window))


def steps_of(values: Floats) -> Floats:
    """At most ``2 · SHAPE_STEPS`` of ``values``: of each stretch the two extremes, as they came."""
    if len(values) <= 2 * SHAPE_STEPS:
        return values
    bounds = np.linspace(0, len(values), SHAPE_STEPS + 1).astype(int)
    kept = []
    for start, end in pairwise(bounds):
        part = values[start:end]
        pair = sorted((int(np.argmin(part)), int(np.argmax(part))))
        kept += [part[i] for i in pair]
    return np.array(kept)


def _short(value: float) -> float | None:
    """Seven significant digits, which is more than anybody reads; None where not finite."""
    return float(f"{value:.7g}") if np.isfinite(value) else None
