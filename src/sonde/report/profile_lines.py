"""A matrix profile for the terminal: the series, its profile, and what was found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table as Grid
from rich.text import Text

from .braille import cut_off, mark_of, raster
from .profile_findings import Findings
from .profile_words import channel_names, distance_text, moment_text

Floats = NDArray[np.float64]

WIDEST = 80
SERIES_HEIGHT, CURVE_HEIGHT = 6, 3  # rows of characters
MOST_CHANNELS = 3
MOST_LISTED = 20
MOST_PLACES = 3
MOTIF_STYLES = ("green", "magenta", "yellow", "cyan", "blue")
DISCORD_STYLE = "red"
_PLAIN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def profile_table(findings: Findings) -> RenderableType:
    """A chart of the series over its profile, then one line for each finding.

    Fits 80 columns. Below the chart ``1`` is where a window of motif 1 begins, ``A`` where the
    first discord does, and ``|`` where a regime does, so that it can be read without colours.
    """
    parts: list[RenderableType] = [_Chart(findings)]
    if findings.motifs or findings.discords:
        parts += [Text(""), _windows(findings)]
    if findings.regimes:
        parts += [Text(""), _regimes(findings)]
    return Group(*parts)


def _windows(findings: Findings) -> Grid:
    """Motifs and discords, a line each."""
    grid = _grid()
    has_time = findings.profile.time is not None
    joined = findings.profile.other is not None
    wide = findings.profile.n_channels > 1
    grid.add_column("", no_wrap=True)
    grid.add_column("begins" if has_time else "row", no_wrap=True)
    grid.add_column("distance", justify="right", no_wrap=True)
    grid.add_column("in the other series" if joined else "also at")
    if wide:
        grid.add_column("columns")
    for number, motif in enumerate(findings.motifs[:MOST_LISTED]):
        places = _places(findings, [motif.second, *motif.matches], joined)
        grid.add_row(
            Text(f"{number + 1} motif", style=_motif_style(number)),
            _where(findings, motif.first),
            distance_text(motif.distance),
            places,
            *([channel_names(findings.names(motif.channels))] if wide else []),
        )
    for number, discord in enumerate(findings.discords[:MOST_LISTED]):
        near = [discord.neighbour] if discord.neighbour >= 0 else []
        grid.add_row(
            Text(f"{_letter(number)} discord", style=DISCORD_STYLE),
            _where(findings, discord.start),
            distance_text(discord.distance),
            Text(f"nearest {_places(findings, near, joined)}" if near else "", style="dim"),
            *([channel_names(findings.names(discord.channels))] if wide else []),
        )
    return grid


def _regimes(findings: Findings) -> Grid:
    grid = _grid()
    grid.add_column("", no_wrap=True)
    grid.add_column("begins", no_wrap=True)
    grid.add_column("rows", justify="right", no_wrap=True)
    grid.add_column("score", justify="right", no_wrap=True)
    for number, regime in enumerate(findings.regimes[:MOST_LISTED], start=1):
        known = not np.isnan(regime.score)
        grid.add_row(
            f"| regime {number}",
            _where(findings, regime.start),
            f"{regime.stop - regime.start:,}",
            f"{regime.score:.2f}" if known else "",
        )
    return grid


def _grid() -> Grid:
    return Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")


def _places(findings: Findings, rows: Sequence[int], in_other: bool) -> str:
    shown = [_where(findings, row, in_other=in_other) for row in rows[:MOST_PLACES]]
    more = f" and {len(rows) - MOST_PLACES} more" if len(rows) > MOST_PLACES else ""
    return ", ".join(shown) + more


def _where(findings: Findings, row: int, *, in_other: bool = False) -> str:
    return moment_text(findings.time_of(row, in_other=in_other)) or f"{row:,}"


def _motif_style(number: int) -> str:
    return MOTIF_STYLES[number % len(MOTIF_STYLES)]


def _letter(number: int) -> str:
    """The discord's letter; those beyond the alphabet share one.

    >>> _letter(0), _letter(40)
    ('A', '*')
    """
    return _PLAIN_LETTERS[number] if number < len(_PLAIN_LETTERS) else "*"


@dataclass(frozen=True, eq=False)
class _Chart:
    """The channels, the ruler of what was found, and the profile, on one axis of characters."""

    findings: Findings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        findings = self.findings
        shown = _channels_shown(findings)
        n = len(findings.profile.values)
        curve = np.full(n, np.nan)
        curve[: findings.profile.n_windows] = findings.levels[findings.level]
        curve[np.isinf(curve)] = np.nan
        lines = [(findings.profile.channels[c], findings.columns[:, c], c) for c in shown]
        ranges = [_range(values) for _, values, _ in lines] + [(0.0, _range(curve)[1])]
        labels = [[f"{high:.4g}", f"{low:.4g}"] for low, high in ranges]
        gutter = max(len(text) for pair in labels for text in pair) + 1
        width = min(WIDEST, options.max_width)
        columns = max(8, width - gutter)
        for (name, values, channel), span, pair in zip(lines, ranges, labels, strict=False):
            yield Text(cut_off(name, width), style="dim")
            styles = _styles(findings, channel, columns)
            yield from _drawn(
                values, span, pair, gutter, columns, SERIES_HEIGHT, styles, options.ascii_only
            )
        yield _ruler(findings, gutter, columns)
        over = ""
        if len(findings.levels) > 1:
            over = f" (over the best {findings.level + 1} of {len(findings.levels)} columns)"
        yield Text(cut_off(f"distance to the nearest window{over}", width), style="dim")
        none: list[str | None] = [None] * columns
        yield from _drawn(
            curve, ranges[-1], labels[-1], gutter, columns, CURVE_HEIGHT, none, options.ascii_only
        )
        yield _ends(findings, gutter, columns)


def _channels_shown(findings: Findings) -> list[int]:
    """The channels that carry most of what was found first; a few."""
    every = [*findings.carrying, *range(findings.profile.n_channels)]
    return sorted(list(dict.fromkeys(every))[:MOST_CHANNELS])


def _range(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)


def _drawn(
    values: Floats,
    span: tuple[float, float],
    labels: list[str],
    gutter: int,
    columns: int,
    height: int,
    styles: Sequence[str | None],
    is_plain: bool,
) -> RenderResult:
    dots = raster(values, 2 * columns, 4 * height, *span)
    for row in range(height):
        label = labels[0] if row == 0 else labels[1] if row == height - 1 else ""
        text = Text().append(label.rjust(gutter - 1) + " ", style="dim")
        cells = dots[4 * row : 4 * row + 4]
        for column in range(columns):
            style = styles[column]
            cell = cells[:, 2 * column : 2 * column + 2]
            text.append(mark_of(cell, is_plain, style is not None), style=style)
        yield text


def _styles(findings: Findings, channel: int, columns: int) -> list[str | None]:
    """The colour of each character of a channel: that of the strongest finding in it."""
    styles: list[str | None] = [None] * columns
    n, m = len(findings.profile.values), findings.profile.window
    # The last one written shows, so the strongest comes last.
    for number in reversed(range(len(findings.motifs))):
        if channel in findings.motifs[number].channels:
            for start in _starts(findings, number):
                _paint(styles, start, start + m, n, _motif_style(number))
    for discord in reversed(findings.discords):
        if channel in discord.channels:
            _paint(styles, discord.start, discord.start + m, n, DISCORD_STYLE)
    return styles


def _paint(styles: list[str | None], start: int, end: int, n: int, style: str) -> None:
    first, last = (row * len(styles) // n for row in (start, end - 1))
    styles[first : last + 1] = [style] * (last + 1 - first)


def _starts(findings: Findings, number: int) -> list[int]:
    """Where the windows of a motif begin that are in the series itself."""
    motif = findings.motifs[number]
    if findings.profile.other is not None:
        return [motif.first]
    return [motif.first, motif.second, *motif.matches]


def _ruler(findings: Findings, gutter: int, columns: int) -> Text:
    """A line of characters: what begins where."""
    n = len(findings.profile.values)
    cells: list[tuple[str, str | None]] = [(" ", None)] * columns
    for regime in findings.regimes[1:]:
        cells[regime.start * columns // n] = ("|", "bold")
    for number in reversed(range(len(findings.motifs))):
        name = str(number + 1) if number < 9 else "+"
        for start in _starts(findings, number):
            cells[start * columns // n] = (name, _motif_style(number))
    for number in reversed(range(len(findings.discords))):
        cells[findings.discords[number].start * columns // n] = (_letter(number), DISCORD_STYLE)
    text = Text(" " * gutter)
    for name, style in cells:
        text.append(name, style=style)
    return text


def _ends(findings: Findings, gutter: int, columns: int) -> Text:
    """What the first and the last character stand for."""
    last_row = len(findings.profile.values) - 1
    first, last = _where(findings, 0), _where(findings, last_row)
    if findings.profile.time is None:
        first = f"row {first}"
    return Text(" " * gutter + first + last.rjust(columns - len(first)), style="dim")
