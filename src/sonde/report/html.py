"""One self-contained page for a detection: no network, no third-party code."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Anomaly, Detection, Panel, Table, iso_time
from .decided import decisions, one_in, span_text
from .frames import shares_text
from .payload import MOST_CHANNELS, MOST_SERIES, Detail, fitting, payload_of
from .sheet import CHART_SCRIPTS, definitions, notices, problems, sheet, tiles, write_text

if TYPE_CHECKING:
    from ..data.reading import Reading

LISTED_WITHOUT_SCRIPT = 20

# In this order they make one script: each may use what the ones before it define.
_SCRIPTS = (
    *CHART_SCRIPTS,
    "anomalies.js",
    "series.js",
    "rows.js",
    "start.js",
    "main.js",
)


def write(reading: Reading, detection: Detection, path: str | Path) -> None:
    """Write the page to ``path`` as UTF-8.

    Raises
    ------
    InvalidInput : the file cannot be written.
    """
    write_text(render(reading, detection), path)


def render(reading: Reading, detection: Detection) -> str:
    """The page as text, at most about a million bytes whatever the size of the data.

    More than 100,000 numbers are thinned, keeping extremes and anomalies, and the page says so.
    The same input gives the same text.
    """
    return fitting(lambda detail: _page(reading, detection, detail))


def _page(reading: Reading, detection: Detection, detail: Detail) -> str:
    payload = payload_of(reading, detection, detail)
    parts = {
        "source": escape(reading.source),
        "message": escape(_message(reading, detection)),
        "headline": _headline(reading, detection),
        "notices": notices(_notices(payload, detection)),
        "decisions": definitions(decisions(reading, detection)),
        "problems": problems([*detection.problems, *reading.problems]),
        "listing": _listing(detection),
    }
    return sheet("page.html", ["page.css"], _SCRIPTS, payload, parts)


def _message(reading: Reading, detection: Detection) -> str:
    said = detection.chosen.get("message")
    return str(said) if said else f"Read {reading.source}: {reading.kind_reason}."


def _headline(reading: Reading, detection: Detection) -> str:
    data = reading.data
    unscored = int(np.isnan(detection.scores).sum())
    found = len(detection.anomalies)
    figures = [
        (f"{found:,}", "anomaly" if found == 1 else "anomalies", "found" if found else ""),
        (f"{reading.n_rows:,}", "row" if reading.n_rows == 1 else "rows", ""),
    ]
    if isinstance(data, Panel):
        figures.append((f"{len(data):,}", "series", ""))
    if len(data.channels) > 1 or isinstance(data, Table):
        figures.append(
            (f"{len(data.channels):,}", "column" if len(data.channels) == 1 else "columns", "")
        )
    if detection.cutoff > 0:
        figures.append((f"1 in {one_in(detection.cutoff)}", "threshold", ""))
    if unscored:
        figures.append(
            (f"{unscored:,}", "row not judged" if unscored == 1 else "rows not judged", "")
        )
    span = span_text(reading)
    if span:
        figures.append((span, "time span", "wide"))
    return tiles(figures)


def _notices(payload: Any, detection: Detection) -> list[str]:
    """What the page leaves out, or shows in place of anomalies."""
    said = []
    if not detection.anomalies and detection.candidate is not None:
        said.append(
            "Nothing passed the threshold. The strongest candidate is "
            f"{_place(detection.candidate)}: a score this high is expected by chance in 1 row in "
            f"{one_in(1.0 - detection.candidate.probability)}, and the threshold is 1 in "
            f"{one_in(detection.cutoff)}."
        )
    elif not detection.anomalies:
        said.append("Nothing passed the threshold.")
    listed = payload.get("anomalies")
    if listed is not None and payload["total"] > len(listed):
        said.append(
            f"The page holds {len(listed):,} of {payload['total']:,} anomalies, chosen by "
            "strength; an anomalies file (--anomalies) holds all."
        )
    strange = sum(row["strange"] for row in payload.get("strangest", []))
    if "strangest" in payload and strange < detection.is_anomaly.sum():
        said.append(
            f"The page lists the {strange:,} strangest of {int(detection.is_anomaly.sum()):,} "
            "anomalous rows; a scores file (--scores) holds all."
        )
    drawn = sum(s["x"]["n"] for s in payload.get("series", []))
    rows = sum(s["rows"] for s in payload.get("series", []))
    if drawn < rows:
        said.append(
            f"Drawn thinned: {drawn:,} points stand for {rows:,} rows. Smallest and largest "
            "values are kept, and the strongest anomalies row by row."
        )
    if payload["allSeries"] > MOST_SERIES and payload["kind"] == "panel":
        said.append(f"The page holds {MOST_SERIES} of {payload['allSeries']:,} series.")
    if payload["allChannels"] > MOST_CHANNELS:
        said.append(f"The page holds {MOST_CHANNELS} of {payload['allChannels']:,} columns.")
    return said


def _place(anomaly: Anomaly) -> str:
    rows = (
        f"row {anomaly.start:,}"
        if anomaly.end == anomaly.start + 1
        else f"rows {anomaly.start:,} to {anomaly.end - 1:,}"
    )
    when = f" ({(iso_time(anomaly.start_time) or '').removesuffix('Z').replace('T', ' ')})"
    series = f" of series {anomaly.series}" if anomaly.series is not None else ""
    return rows + (when if anomaly.start_time is not None else "") + series


def _listing(detection: Detection) -> str:
    """The strongest anomalies for a browser that runs no script."""
    if not detection.anomalies:
        return ""
    lines = "".join(
        f"<li>{escape(_place(a))}: score {a.score:.4g}. {escape(shares_text(a, 4))}</li>"
        for a in detection.anomalies[:LISTED_WITHOUT_SCRIPT]
    )
    return f"<ol>{lines}</ol>"
