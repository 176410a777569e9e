"""A page that is complete in itself: template, style, script and data as one text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InvalidInput

MOST_BYTES = 1_000_000  # of a page, whatever the size of the data
# What every page with a chart begins its script with.
CHART_SCRIPTS = (
    "format.js",
    "decode.js",
    "scale.js",
    "plot.js",
    "overview.js",
    "strip.js",
    "chart.js",
    "gestures.js",
    "sortable.js",
)


def sheet(
    template: str,
    styles: Sequence[str],
    scripts: Sequence[str],
    payload: Any,
    parts: Mapping[str, str],
) -> str:
    """``template`` with everything filled in that it names as ``{{part}}``.

    Parameters
    ----------
    template, styles, scripts : files of ``page/``; scripts make one, each may use what the ones
        before it define.
    payload : plain JSON values, for the script.
    parts : what else the template names, as HTML.
    """
    folder = files(__package__) / "page"

    def read(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    script = "\n".join(map(read, scripts))
    script = f'(() => {{\n"use strict";\n{script}\n}})();\n'
    style = "\n".join(map(read, styles))
    filled = {
        **parts,
        "policy": _policy(script, style),
        "style": style,
        "script": script,
        "version": escape(__version__),
        "data": _embedded(payload),
    }
    # One pass: what a value contains is never taken for a place to fill in.
    return re.sub(r"\{\{(\w+)\}\}", lambda place: filled[place[1]], read(template))


def write_text(page: str, path: str | Path) -> None:
    """Write ``page`` to ``path`` as UTF-8.

    Raises
    ------
    InvalidInput : the file cannot be written.
    """
    try:
        Path(path).write_text(page, encoding="utf-8", newline="\n")
    except OSError as refused:
        raise InvalidInput(
            f"cannot write the report {str(path)!r}: {refused.strerror}; choose another place",
            path=str(path),
        ) from None


def tiles(figures: Iterable[tuple[str, str, str]]) -> str:
    """The figures at the head of a page: value, name and class of each."""
    return "\n".join(
        f'<div class="tile {kind}"><dd>{escape(value)}</dd><dt>{escape(name)}</dt></div>'
        for value, name, kind in figures
    )


def notices(said: Iterable[str]) -> str:
    """Sentences that stand out."""
    return "\n".join(f'<p class="notice">{escape(text)}</p>' for text in said)


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Terms and what is said of them, for a list of definitions."""
    return "\n".join(f"<div><dt>{escape(t)}</dt><dd>{escape(d)}</dd></div>" for t, d in pairs)


def problems(said: Iterable[object]) -> str:
    """Sentences about the data as a list, each once."""
    once = dict.fromkeys(map(str, said))
    if not once:
        return "<p>None.</p>"
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in once) + "</ul>"


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
