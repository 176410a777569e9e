"""What was read off a matrix profile, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..core import iso_time
from .profile_findings import Findings

MOST_NAMES = 6
NOTHING = 1e-9  # a smaller distance is what rounding left


def window_text(findings: Findings, start: int, *, in_other: bool = False) -> str:
    """Where a window is: its rows, and when it begins where that is known."""
    end = start + findings.profile.window - 1
    when = moment_text(findings.time_of(start, in_other=in_other))
    where = f" of {findings.other_source or 'the other series'}" if in_other else ""
    return f"rows {start:,} to {end:,}{where}" + (f" ({when})" if when else "")


def motif_text(findings: Findings, number: int) -> str:
    """One motif in a sentence."""
    motif = findings.motifs[number]
    joined = findings.profile.other is not None
    first = window_text(findings, motif.first)
    second = window_text(findings, motif.second, in_other=joined)
    text = f"Motif {number + 1}: {first} and {second}, distance {distance_text(motif.distance)}"
    if motif.matches:
        n = len(motif.matches)
        text += f", {n} more {'match' if n == 1 else 'matches'}"
    return text + _carried(findings, motif.channels)


def discord_text(findings: Findings, number: int) -> str:
    """One discord in a sentence."""
    discord = findings.discords[number]
    joined = findings.profile.other is not None
    text = f"Discord {number + 1}: {window_text(findings, discord.start)}"
    text += f", distance {distance_text(discord.distance)}"
    if discord.neighbour >= 0:
        like = window_text(findings, discord.neighbour, in_other=joined)
        text += f" from the window most like it, {like}"
    return text + _carried(findings, discord.channels)


def regime_text(findings: Findings, number: int) -> str:
    """One regime in a sentence."""
    regime = findings.regimes[number]
    when = moment_text(findings.time_of(regime.start))
    text = f"Regime {number + 1}: rows {regime.start:,} to {regime.stop - 1:,}"
    text += f" ({when})" if when else ""
    return text if np.isnan(regime.score) else f"{text}, score {regime.score:.2f}"


def decided(findings: Findings) -> list[tuple[str, str]]:
    """Terms and their explanation, in the order in which the decisions fell."""
    profile = findings.profile
    levels = len(findings.levels)
    told = [
        ("Window", f"{profile.window:,} rows" + (f": {profile.why}" if profile.why else ", given")),
        ("Columns", channel_names(profile.channels)),
        (
            "Distance",
            "z-normalised Euclidean: how far two windows are apart once level and scale are taken "
            f"out; 0 is alike, {np.sqrt(2 * profile.window):.3g} is unrelated, "
            f"{2 * np.sqrt(profile.window):.3g} is opposite",
        ),
    ]
    if profile.other is None:
        told.append(
            (
                "Left out",
                f"neighbours that begin {profile.exclusion:,} rows or fewer away: a window is "
                "always like itself moved a little",
            )
        )
    else:
        told.append(
            ("Compared with", f"{findings.other_source or 'another series'}, every window of it")
        )
    if levels > 1:
        told.append(
            (
                "Several columns",
                f"over the best k columns the distance is the mean of the k smallest, k from 1 to "
                f"{levels}",
            )
        )
    if findings.n_unknown:
        told.append(
            (
                "Without a distance",
                f"{findings.n_unknown:,} windows that hold a missing or infinite value, or have "
                "no other window to be compared with",
            )
        )
    if findings.regimes:
        told += [
            (
                "Regimes",
                "cut where the windows before and the windows after can best be told apart by the "
                "windows nearest to them; the score says how well",
            ),
            (
                "Arc curve",
                "how many arcs from a window to its nearest neighbour pass over each row, as a "
                "share of what chance would give; low where behaviour changes",
            ),
        ]
    return told


def distance_text(distance: float) -> str:
    """Four digits; what rounding leaves between equal windows is 0.

    >>> distance_text(2.71828), distance_text(1.2e-15)
    ('2.718', '0')
    """
    return f"{distance:.4g}" if distance >= NOTHING else "0"


def channel_names(names: Sequence[str]) -> str:
    """The first few names, and how many more there are.

    >>> channel_names(["a", "b"]), channel_names([str(i) for i in range(9)])
    ('a, b', '0, 1, 2, 3, 4, 5 and 3 more')
    """
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def moment_text(text: str | None) -> str:
    """ISO 8601 in UTC as people write it; empty for None.

    >>> moment_text("2024-01-01T00:30:00Z"), moment_text(None)
    ('2024-01-01 00:30', '')
    """
    shown = (text or "").removesuffix("Z").replace("T", " ")
    return shown.removesuffix(":00") if len(shown) == len("2024-01-01 00:30:00") else shown


def span_text(findings: Findings) -> str | None:
    """From the first to the last moment of the data; None without time."""
    time = findings.profile.time
    if time is None or len(time) == 0:
        return None
    first, last = (moment_text(iso_time(int(t))) for t in (time[0], time[-1]))
    return f"{first} – {last}"


def _carried(findings: Findings, channels: Sequence[int]) -> str:
    if findings.profile.n_channels == 1:
        return ""
    return f", carried by {channel_names(findings.names(channels))}"
