"""A detection for the terminal: a table of anomalies and a small chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table as Grid
from rich.text import Text

from ..core import Anomaly, Detection, Panel, Table, iso_time
from .braille import cut_off, mark_of, raster
from .lines import RAREST, Line, lines_of

if TYPE_CHECKING:
    from ..data.many import Files
    from ..data.reading import Reading

Floats = NDArray[np.float64]

WIDEST = 80
CHART_HEIGHT = 7  # rows of characters
STRANGE = "red"


def anomaly_table(reading: Reading, detection: Detection, most: int = 20) -> RenderableType:
    """The strongest anomalies and a chart of the series with the strongest one.

    Fits 80 columns. Without anomalies the strongest candidate is shown in their place; a table of
    rows has no chart, because its rows have no order.
    """
    shown = detection.anomalies[:most]
    parts: list[RenderableType] = []
    if shown:
        parts.append(_grid(_Shown.of(reading), shown, STRANGE))
        if len(detection.anomalies) > most:
            parts.append(Text(f"… and {len(detection.anomalies) - most:,} more", style="dim"))
    elif detection.candidate is not None:
        parts.append(Text("No anomalies; the strongest candidate:"))
        parts.append(_grid(_Shown.of(reading), [detection.candidate], ""))
    else:
        parts.append(Text("No anomalies."))
    if not isinstance(reading.data, Table):
        leading = next(iter([*shown, detection.candidate]), None)
        for line in lines_of(reading, detection):
            if leading is None or line.id == leading.series or line.id is None:
                spans = tuple(line.span_of(detection.anomalies[i]) for i in line.anomalies)
                column = _most_blamed(leading, reading.data.channels)
                parts += [Text(""), Chart(line, spans, reading.data.channels[column], column)]
                break
    return Group(*parts)


def anomaly_list(
    anomalies: Sequence[Anomaly], channels: Sequence[str], most: int = 20
) -> RenderableType:
    """The anomalies as a table, where their data are no longer at hand."""
    shown = _Shown(channels, False, None, None)
    parts: list[RenderableType] = [_grid(shown, list(anomalies[:most]), STRANGE)]
    if len(anomalies) > most:
        parts.append(Text(f"… and {len(anomalies) - most:,} more", style="dim"))
    return Group(*parts)


@dataclass(frozen=True, eq=False)
class _Shown:
    """What a table of anomalies can say: of which columns, series, files, and with which values."""

    channels: Sequence[str]
    are_of_series: bool
    files: Files | None
    reading: Reading | None

    @classmethod
    def of(cls, reading: Reading) -> _Shown:
        return cls(reading.data.channels, isinstance(reading.data, Panel), reading.files, reading)


def _grid(shown: _Shown, anomalies: list[Anomaly], style: str) -> Grid:
    """One line per anomaly, with the columns that say something."""
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    has_time = any(a.start_time is not None for a in anomalies)
    expects = any(a.expected is not None for a in anomalies)
    blames = len(shown.channels) > 1
    values = None if shown.reading is None else _peak_values(shown.reading, anomalies)
    where = _from if blames else _range
    names_files = shown.reading is not None and _files_to_name(shown.reading) is not None
    grid.add_column("#", justify="right", style="dim", no_wrap=True)
    grid.add_column("when" if has_time else "rows", no_wrap=True)
    if names_files:
        grid.add_column("file", max_width=24, no_wrap=True, overflow="ellipsis")
    if shown.are_of_series:
        grid.add_column("series", max_width=16, no_wrap=True, overflow="ellipsis")
    grid.add_column("score", justify="right", style=style, no_wrap=True)
    grid.add_column("by chance", justify="right", no_wrap=True)
    if blames:
        grid.add_column("columns")
    elif values is not None:
        grid.add_column("value → expected" if expects else "value", no_wrap=True)
    for rank, anomaly in enumerate(anomalies, start=1):
        value = None if values is None else values[rank - 1]
        file = None
        if shown.files is not None:
            file, anomaly = shown.files.named(anomaly)
        cells = [str(rank), where(anomaly)]
        cells += [str(file)] if names_files else []
        cells += [str(anomaly.series)] if shown.are_of_series else []
        cells += [f"{anomaly.score:.4g}", f"1 in {_compact(anomaly.probability)}"]
        if blames:
            cells.append(_blame(anomaly))
        elif value is not None:
            cells.append(_value(value, anomaly.expected))
        grid.add_row(*(Text(cell) for cell in cells))
    return grid


def _files_to_name(reading: Reading) -> Files | None:
    """The files, unless each is a series and goes by its name as such."""
    if reading.files is None:
        return None
    is_named = isinstance(reading.data, Panel) and reading.data.ids == reading.files.names
    return None if is_named else reading.files


def _peak_values(reading: Reading, anomalies: list[Anomaly]) -> list[float]:
    """The value of the first column at each peak."""
    order = np.argsort(reading.rows, kind="stable")
    peaks = np.array([a.peak for a in anomalies])
    at = order[np.searchsorted(reading.rows, peaks, sorter=order)]
    return [float(v) for v in reading.data.values[at, 0]]


def _most_blamed(anomaly: Anomaly | None, names: tuple[str, ...]) -> int:
    if anomaly is None or not anomaly.columns:
        return 0
    return names.index(max(anomaly.columns, key=lambda name: anomaly.columns[name]))


def _from(anomaly: Anomaly) -> str:
    """Where it begins and how long it lasts, in little room."""
    count = anomaly.end - anomaly.start
    start = f"{anomaly.start:,}" if anomaly.start_time is None else _moment(anomaly.start_time)
    return start if count == 1 else f"{start}, {count:,} rows"


def _range(anomaly: Anomaly) -> str:
    if anomaly.start_time is None:
        last = anomaly.end - 1
        return f"{anomaly.start:,}" if last == anomaly.start else f"{anomaly.start:,} – {last:,}"
    start, end = _moment(anomaly.start_time), _moment(anomaly.end_time)
    if end in ("", start):
        return start
    return f"{start} – {end[11:] if end[:10] == start[:10] and len(end) > 10 else end}"


def _moment(nanoseconds: int | None) -> str:
    text = (iso_time(nanoseconds) or "").removesuffix("Z").replace("T", " ")
    return text.removesuffix(":00") if len(text) == len("2014-05-13 16:53:20") else text


def _compact(probability: float) -> str:
    """How many ordinary rows there are to one with this probability or more.

    >>> _compact(0.99), _compact(1 - 1 / 25_000), _compact(1.0)
    ('100', '25k', '1M or more')
    """
    count = float(f"{1.0 / max(1.0 - probability, RAREST):.3g}")
    if count >= 1e6:
        return "1M or more"
    return f"{count / 1e3:.0f}k" if count >= 1e4 else f"{count:,.0f}"


def _value(value: float, expected: float | None) -> str:
    return f"{value:.5g}" if expected is None else f"{value:.5g} → {expected:.5g}"


def _blame(anomaly: Anomaly, most: int = 3) -> str:
    ranked = sorted(anomaly.columns.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {share:.0%}" for name, share in ranked[:most])


@dataclass(frozen=True, eq=False)
class Chart:
    """A line in braille dots, as wide as the terminal but no wider than 80 columns.

    Where the output has no braille, plain characters stand in: ``:``, and ``#`` in anomalies.

    Parameters
    ----------
    line : the series; its first column is drawn, the most and the least of each character kept.
    spans : (start, end) of the anomalies, in positions of the line.
    name : what the column is called.
    column : which column of the line is drawn.
    """

    line: Line
    spans: tuple[tuple[int, int], ...]
    name: str
    column: int = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(WIDEST, options.max_width)
        values = self.line.values[:, self.column]
        known = values[np.isfinite(values)]
        if known.size == 0:
            return
        low, high = float(known.min()), float(known.max())
        labels = [f"{high:.4g}", f"{low:.4g}"]
        gutter = max(len(text) for text in labels) + 1
        columns = max(8, width - gutter)
        dots = raster(values, 2 * columns, 4 * CHART_HEIGHT, low, high)
        strange = self._strange_columns(columns)
        title = self.name if self.line.id is None else f"{self.line.id}: {self.name}"
        yield Text(cut_off(title, width), style="dim")
        for row in range(CHART_HEIGHT):
            label = labels[0] if row == 0 else labels[1] if row == CHART_HEIGHT - 1 else ""
            text = Text().append(label.rjust(gutter - 1) + " ", style="dim")
            cells = dots[4 * row : 4 * row + 4]
            for column in range(columns):
                cell = cells[:, 2 * column : 2 * column + 2]
                mark = mark_of(cell, options.ascii_only, bool(strange[column]))
                text.append(mark, style=STRANGE if strange[column] else None)
            yield text
        yield Text(" " * gutter + self._ends(columns), style="dim")

    def _strange_columns(self, columns: int) -> NDArray[np.bool_]:
        strange = np.zeros(columns, dtype=bool)
        for start, end in self.spans:
            first, last = (position * columns // len(self.line) for position in (start, end - 1))
            strange[first : last + 1] = True
        return strange

    def _ends(self, columns: int) -> str:
        """What the first and the last character stand for."""
        axis = self.line.axis
        if self.line.time is None:
            first, last = f"row {axis[0]:,}", f"{axis[-1]:,}"
        else:
            first, last = _moment(int(axis[0])), _moment(int(axis[-1]))
        return first + last.rjust(columns - len(first))
