"""The page in a real browser, where one is installed."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonde.report import write

from .answers import (
    HOSTILE,
    Answer,
    panel_answer,
    quiet_answer,
    series_answer,
    table_answer,
)
from .test_html import Outline

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium, chromium-browser or google-chrome is installed"
)


def hostile_answer() -> Answer:
    reading, detection = series_answer(name=HOSTILE)
    return replace(reading, source=HOSTILE), detection


def unjudged_answer() -> Answer:
    """Infinite values, and no row with a score."""
    reading, detection = quiet_answer()
    values = reading.data.values.copy()
    values[3:6, 0] = [np.inf, -np.inf, np.nan]
    nothing = np.full(len(values), np.nan)
    return (
        replace(reading, data=reading.data.with_values(values)),  # type: ignore[union-attr]
        replace(detection, scores=nothing, probability=nothing, candidate=None),
    )


def opened(answer: Answer, folder: Path) -> str:
    """The document after its script ran."""
    page = folder / "page.html"
    write(*answer, page)
    return opened_page(page)


def opened_page(page: Path) -> str:
    """The document of a page in a folder of its own, after its script ran."""
    assert BROWSER is not None
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", "--window-size=1000,900", "--virtual-time-budget=10000"),
        *(f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return finished.stdout


def root_of(document: str) -> str:
    found = re.search(r"<html[^>]*>", document)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        (series_answer, 1),
        (panel_answer, 1),
        (table_answer, 32),
        (hostile_answer, 1),
        (unjudged_answer, 0),
    ],
)
def test_the_script_finishes_and_fills_the_page(
    answer: Callable[[], Answer], rows: int, tmp_path: Path
) -> None:
    document = opened(answer(), tmp_path)
    assert 'data-ready="1"' in root_of(document)
    assert "data-error" not in root_of(document)
    outline = Outline(document)
    body = document[document.index("<tbody>") : document.index("</tbody>")]
    assert body.count("<tr") == rows
    assert "img" not in [tag for tag, _ in outline.tags]


def test_a_panel_shows_a_card_per_series_and_a_panel_per_column(tmp_path: Path) -> None:
    outline = Outline(opened(panel_answer(), tmp_path))
    classes = [attrs.get("class") for _, attrs in outline.tags]
    assert classes.count("spark") == 3
    assert classes.count("panel") == 3  # two columns and the scores
    assert "pump 1" in outline.text_in("h2")
