"""What was read off a matrix profile, beside what it was computed from; and as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import iso_time
from .frames import plain

if TYPE_CHECKING:
    from ..learn.profiles import DiscordWindow, Motif, Profile, Regime

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Findings:
    """A profile with its motifs, discords and regimes, and what a reader should know of the data.

    Parameters
    ----------
    profile : what all of it was read off.
    motifs, discords, regimes : as the profile's methods of these names give them; empty where
        nobody asked.
    source : what the series is called: the file it came from.
    message : what the input was taken for, and which window, in sentences.
    step_ns : the regular step in nanoseconds; None without time or with irregular steps.
    problems : sentences about the data that a reader should know.
    other_source, other_time : the name and the moments of the other series, for an AB-join.
    """

    profile: Profile
    motifs: Sequence[Motif] = ()
    discords: Sequence[DiscordWindow] = ()
    regimes: Sequence[Regime] = ()
    source: str = "array"
    message: str = ""
    step_ns: int | None = None
    problems: Sequence[str] = field(default_factory=tuple)
    other_source: str | None = None
    other_time: Integers | None = None

    @property
    def columns(self) -> Floats:
        """(n, d) the values of the series, one column for each channel."""
        return _columns(self.profile.values)

    @property
    def other_columns(self) -> Floats | None:
        """The same of the other series of an AB-join."""
        other = self.profile.other
        return None if other is None else _columns(other)

    @property
    def levels(self) -> Floats:
        """(d, n_windows) the distances; row k is about the k + 1 channels that match best."""
        return np.atleast_2d(self.profile.distances)

    @property
    def level(self) -> int:
        """The row to look at first: that of the best motif, else that of all channels."""
        return len(self.motifs[0].channels) - 1 if self.motifs else len(self.levels) - 1

    @property
    def carrying(self) -> list[int]:
        """The channels that carry motifs and discords, those of the strongest first."""
        each = [*(m.channels for m in self.motifs), *(d.channels for d in self.discords)]
        return list(dict.fromkeys(channel for channels in each for channel in channels))

    @property
    def n_unknown(self) -> int:
        """Windows that have no distance in any row."""
        return int((~np.isfinite(self.levels)).all(axis=0).sum())

    def names(self, channels: Sequence[int]) -> list[str]:
        """The channels by name."""
        return [self.profile.channels[c] for c in channels]

    def time_of(self, row: int, *, in_other: bool = False) -> str | None:
        """When a row is, as ISO 8601 text in UTC; None without time."""
        time = self.other_time if in_other else self.profile.time
        return None if time is None or row < 0 else iso_time(int(time[row]))


def findings_json(findings: Findings) -> dict[str, Any]:
    """Everything as plain JSON values; null for a distance that is infinite.

    Rows are those of the series in the order of time, counted from 0.
    """
    profile = findings.profile
    told: dict[str, Any] = {
        "window": profile.window,
        "why": profile.why,
        "channels": list(profile.channels),
        "rows": len(profile.values),
        "windows": profile.n_windows,
        "exclusion": profile.exclusion,
        "distances": _numbers(profile.distances),
        "indices": profile.indices.tolist(),
        "motifs": [_motif(findings, motif) for motif in findings.motifs],
        "discords": [_discord(findings, discord) for discord in findings.discords],
        "regimes": [_regime(findings, regime) for regime in findings.regimes],
        "message": findings.message,
        "problems": [str(problem) for problem in findings.problems],
    }
    if profile.other is not None:
        told |= {"other": findings.other_source, "other_rows": len(profile.other)}
    if findings.regimes:
        told["arc_curve"] = _numbers(profile.arc_curve)
    return told


def _motif(findings: Findings, motif: Motif) -> dict[str, Any]:
    in_other = findings.profile.other is not None
    return {
        "first": motif.first,
        "second": motif.second,
        "first_time": findings.time_of(motif.first),
        "second_time": findings.time_of(motif.second, in_other=in_other),
        "distance": plain(float(motif.distance)),
        "matches": list(motif.matches),
        "match_times": [findings.time_of(row, in_other=in_other) for row in motif.matches],
        "match_distances": plain(list(motif.match_distances)),
        "channels": findings.names(motif.channels),
    }


def _discord(findings: Findings, discord: DiscordWindow) -> dict[str, Any]:
    in_other = findings.profile.other is not None
    return {
        "start": discord.start,
        "start_time": findings.time_of(discord.start),
        "neighbour": discord.neighbour,
        "neighbour_time": findings.time_of(discord.neighbour, in_other=in_other),
        "distance": plain(float(discord.distance)),
        "channels": findings.names(discord.channels),
    }


def _regime(findings: Findings, regime: Regime) -> dict[str, Any]:
    return {
        "start": regime.start,
        "stop": regime.stop,
        "start_time": findings.time_of(regime.start),
        "end_time": findings.time_of(regime.stop - 1),
        "score": plain(float(regime.score)),
    }


def _columns(values: Floats) -> Floats:
    return values[:, np.newaxis] if values.ndim == 1 else values


def _numbers(values: Floats) -> list[Any]:
    listed = values.astype(object)
    listed[~np.isfinite(values)] = None
    numbers: list[Any] = listed.tolist()
    return numbers
