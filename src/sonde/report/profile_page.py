"""One self-contained page for a matrix profile: the series, what is alike in it, what is not."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from .payload import Detail, fitting
from .profile_findings import Findings
from .profile_payload import MOST_CHANNELS, MOST_SHAPES, profile_payload
from .profile_words import (
    decided,
    discord_text,
    motif_text,
    regime_text,
    span_text,
)
from .sheet import CHART_SCRIPTS, definitions, notices, problems, sheet, tiles, write_text

# In this order they make one script: each may use what the ones before it define.
_SCRIPTS = (
    *CHART_SCRIPTS,
    "start.js",
    "profile_marks.js",
    "profile_chart.js",
    "profile_shapes.js",
    "profile_table.js",
    "profile.js",
)


def write_profile(findings: Findings, path: str | Path) -> None:
    """Write the page to ``path`` as UTF-8.

    Raises
    ------
    InvalidInput : the file cannot be written.

    Examples
    --------
    >>> import sonde, tempfile
    >>> profile = sonde.matrix_profile(np.sin(np.arange(300) / 4.0) ** 3, window=25)
    >>> found = Findings(profile, profile.motifs(1), profile.discords(1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_profile(found, f"{folder}/profile.html")
    """
    write_text(render_profile(findings), path)


def render_profile(findings: Findings) -> str:
    """The page as text, at most about a million bytes whatever the size of the data.

    More than 100,000 numbers are thinned, keeping extremes and what was found, and the page says
    so. The same findings give the same text.
    """
    return fitting(lambda detail: _page(findings, detail))


def _page(findings: Findings, detail: Detail) -> str:
    payload = profile_payload(findings, detail)
    parts = {
        "source": escape(findings.source),
        "message": escape(findings.message or f"{findings.profile!r} of {findings.source}"),
        "headline": tiles(_figures(findings)),
        "notices": notices(_notices(findings, payload)),
        "decisions": definitions(decided(findings)),
        "problems": problems(findings.problems),
        "listing": _listing(findings),
    }
    return sheet("profile.html", ["page.css", "profile.css"], _SCRIPTS, payload, parts)


def _figures(findings: Findings) -> list[tuple[str, str, str]]:
    profile = findings.profile
    rows = len(profile.values)
    figures = [
        (f"{profile.window:,}", "rows in a window", ""),
        (f"{rows:,}", "row" if rows == 1 else "rows", ""),
    ]
    if profile.n_channels > 1:
        figures.append((f"{profile.n_channels:,}", "columns", ""))
    for found, name, kind in (
        (findings.motifs, "motif", ""),
        (findings.discords, "discord", "found"),
        (findings.regimes, "regime", ""),
    ):
        if found:
            figures.append((f"{len(found):,}", name if len(found) == 1 else f"{name}s", kind))
    if findings.n_unknown:
        figures.append((f"{findings.n_unknown:,}", "windows without a distance", ""))
    span = span_text(findings)
    if span:
        figures.append((span, "time span", "wide"))
    return figures


def _notices(findings: Findings, payload: Any) -> list[str]:
    """What the page leaves out or can't show."""
    said = []
    if not (findings.motifs or findings.discords or findings.regimes):
        said.append("Nothing was looked for or found; the profile itself is below.")
    drawn, rows = payload["series"]["x"]["n"], payload["series"]["rows"]
    if drawn < rows:
        said.append(
            f"Drawn thinned: {drawn:,} points stand for {rows:,} rows. Smallest and largest "
            "values are kept, and what was found row by row as far as there is room."
        )
    for kind in ("motifs", "discords"):
        held, everything = len(payload[kind]), payload[f"all{kind.capitalize()}"]
        if held < everything:
            said.append(f"The page holds {held:,} of {everything:,} {kind}.")
    if any(len(payload[kind]) > MOST_SHAPES for kind in ("motifs", "discords")):
        said.append(f"The first {MOST_SHAPES} motifs and discords are drawn by themselves.")
    if payload["allChannels"] > MOST_CHANNELS:
        said.append(f"The page holds {MOST_CHANNELS} of {payload['allChannels']:,} columns.")
    if np.isinf(findings.levels).all():
        said.append("No window has a distance: each holds a missing or infinite value.")
    return said


def _listing(findings: Findings) -> str:
    """What was found, for a browser that runs no script."""
    lines = [
        *(motif_text(findings, i) for i in range(len(findings.motifs))),
        *(discord_text(findings, i) for i in range(len(findings.discords))),
        *(regime_text(findings, i) for i in range(len(findings.regimes))),
    ]
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in lines) + "</ul>"
