"""One self-contained page for a detection: no network, no third-party code."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..core import Anomaly, Detection, Panel, Table, iso_time
from ..errors import InvalidInput
from .decided import decisions, one_in, span_text
from .frames import shares_text
from .payload import MOST_CHANNELS, MOST_SERIES, Detail, payload_of

if TYPE_CHECKING:
    from ..data.reading import Reading

MOST_BYTES = 1_000_000
LISTED_WITHOUT_SCRIPT = 20

# In this order they make one script: each may use what the ones before it define.
_SCRIPTS = (
    "format.js",
    "decode.js",
    "scale.js",
    "plot.js",
    "overview.js",
    "strip.js",
    "chart.js",
    "gestures.js",
    "sortable.js",
    "anomalies.js",
    "series.js",
    "rows.js",
    "main.js",
)


def write(reading: Reading, detection: Detection, path: str | Path) -> None:
    """Write the page to ``path`` as UTF-8.

    Raises
    ------
    InvalidInput : the file cannot be written.
    """
    page = render(reading, detection)
    try:
        Path(path).write_text(page, encoding="utf-8", newline="\n")
    except OSError as refused:
        raise InvalidInput(
            f"cannot write the report {str(path)!r}: {refused.strerror}; choose another place",
            path=str(path),
        ) from None


def render(reading: Reading, detection: Detection) -> str:
    """The page as text, at most about a million bytes whatever the size of the data.

    More than 100,000 numbers are thinned, keeping extremes and anomalies, and the page says so.
    The same input gives the same text.
    """
    detail = Detail()
    page = _page(reading, detection, detail)
    while len(page.encode()) > MOST_BYTES and detail.points > 2_000:
        detail = detail.coarser()
        page = _page(reading, detection, detail)
    return page


def _page(reading: Reading, detection: Detection, detail: Detail) -> str:
    folder = files(__package__) / "page"
    payload = payload_of(reading, detection, detail)
    script = "\n".join((folder / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'(() => {{\n"use strict";\n{script}\n}})();\n'
    style = (folder / "page.css").read_text(encoding="utf-8")
    parts = {
        "policy": _policy(script, style),
        "style": style,
        "script": script,
        "source": escape(reading.source),
        "version": escape(__version__),
        "message": escape(_message(reading, detection)),
        "headline": _headline(reading, detection),
        "notices": _notices(payload, detection),
        "decisions": _definitions(decisions(reading, detection)),
        "problems": _problems(reading, detection),
        "listing": _listing(detection),
        "data": _embedded(payload),
    }
    template = (folder / "page.html").read_text(encoding="utf-8")
    # One pass: what a value contains is never taken for a place to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)


def _policy(script: str, style: str) -> str:
    """The content security policy: nothing but this very script and this very style."""

    def digest(text: str) -> str:
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")

    return (
        f"default-src 'none'; script-src 'sha256-{digest(script)}'; "
        f"style-src 'sha256-{digest(style)}'; base-uri 'none'; form-action 'none'"
    )


def _embedded(payload: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _message(reading: Reading, detection: Detection) -> str:
    said = detection.chosen.get("message")
    return str(said) if said else f"Read {reading.source}: {reading.kind_reason}."


def _headline(reading: Reading, detection: Detection) -> str:
    data = reading.data
    unscored = int(np.isnan(detection.scores).sum())
    found = len(detection.anomalies)
    tiles = [
        (f"{found:,}", "anomaly" if found == 1 else "anomalies", "found" if found else ""),
        (f"{reading.n_rows:,}", "row" if reading.n_rows == 1 else "rows", ""),
    ]
    if isinstance(data, Panel):
        tiles.append((f"{len(data):,}", "series", ""))
    if len(data.channels) > 1 or isinstance(data, Table):
        tiles.append(
            (f"{len(data.channels):,}", "column" if len(data.channels) == 1 else "columns", "")
        )
    if detection.cutoff > 0:
        tiles.append((f"1 in {one_in(detection.cutoff)}", "threshold", ""))
    if unscored:
        tiles.append(
            (f"{unscored:,}", "row not judged" if unscored == 1 else "rows not judged", "")
        )
    span = span_text(reading)
    if span:
        tiles.append((span, "time span", "wide"))
    return "\n".join(
        f'<div class="tile {kind}"><dd>{escape(value)}</dd><dt>{escape(name)}</dt></div>'
        for value, name, kind in tiles
    )


def _notices(payload: Any, detection: Detection) -> str:
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
    return "\n".join(f'<p class="notice">{escape(text)}</p>' for text in said)


def _place(anomaly: Anomaly) -> str:
    rows = (
        f"row {anomaly.start:,}"
        if anomaly.end == anomaly.start + 1
        else f"rows {anomaly.start:,} to {anomaly.end - 1:,}"
    )
    when = f" ({(iso_time(anomaly.start_time) or '').removesuffix('Z').replace('T', ' ')})"
    series = f" of series {anomaly.series}" if anomaly.series is not None else ""
    return rows + (when if anomaly.start_time is not None else "") + series


def _definitions(pairs: list[tuple[str, str]]) -> str:
    return "\n".join(f"<div><dt>{escape(t)}</dt><dd>{escape(d)}</dd></div>" for t, d in pairs)


def _problems(reading: Reading, detection: Detection) -> str:
    said = list(dict.fromkeys([*detection.problems, *reading.problems]))
    if not said:
        return "<p>None.</p>"
    return "<ul>" + "".join(f"<li>{escape(str(text))}</li>" for text in said) + "</ul>"


def _listing(detection: Detection) -> str:
    """The strongest anomalies for a browser that runs no script."""
    if not detection.anomalies:
        return ""
    lines = "".join(
        f"<li>{escape(_place(a))}: score {a.score:.4g}. {escape(shares_text(a, 4))}</li>"
        for a in detection.anomalies[:LISTED_WITHOUT_SCRIPT]
    )
    return f"<ol>{lines}</ol>"
