from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from sonde.core import Series
from sonde.report import anomaly_table
from sonde.report.lines import lines_of
from sonde.report.terminal import Chart

from .answers import (
    Answer,
    anomaly_at,
    clock,
    detection_of,
    panel_answer,
    quiet_answer,
    series_answer,
    table_answer,
)


def shown(answer: Answer, most: int = 20, width: int = 80, colour: bool = False) -> str:
    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    console.print(anomaly_table(*answer, most=most))
    return out.getvalue()


@pytest.mark.parametrize("answer", [series_answer, panel_answer, table_answer, quiet_answer])
def test_every_kind_fits_eighty_columns(answer: object) -> None:
    text = shown(answer())  # type: ignore[operator]
    assert text.strip()
    assert max(cell_len(line) for line in text.splitlines()) <= 80


def test_the_table_says_where_how_strong_and_what_was_expected() -> None:
    text = shown(series_answer())
    assert "2023-11-14 23:53:20 – 23:57:20" in text
    assert "1 in 1M or more" in text
    assert "→ 5" in text
    assert "load" in text


def test_a_panel_names_the_series_and_the_columns_to_blame() -> None:
    text = shown(panel_answer())
    assert "pump 1" in text
    assert "flow 75%" in text
    assert "pump 1: flow" in text


def test_a_table_of_rows_has_no_chart() -> None:
    text = shown(table_answer())
    assert "b 80%" in text
    assert not any("\u2800" <= mark <= "\u28ff" for mark in text)


def test_what_does_not_fit_is_counted() -> None:
    time = clock(600)
    reading, _ = series_answer()
    found = [anomaly_at(row, row + 1, time) for row in range(0, 600, 20)]
    text = shown((reading, detection_of(np.ones(600), found)), most=4)
    assert "… and 26 more" in text


def test_without_anomalies_the_candidate_is_shown() -> None:
    text = shown(quiet_answer())
    assert "No anomalies; the strongest candidate:" in text
    assert "40" in text


def test_without_a_candidate_the_table_says_so_and_draws_the_series() -> None:
    reading, detection = quiet_answer()
    text = shown((reading, replace(detection, candidate=None)))
    assert text.startswith("No anomalies.")
    assert any("\u2800" < mark <= "\u28ff" for mark in text)


def test_anomalies_are_red_in_the_chart_and_nothing_else_is() -> None:
    coloured = shown(series_answer(), colour=True)
    chart = coloured[coloured.index("load") :]
    assert "\x1b[31m⣿" in chart
    assert "\x1b[31m" not in shown(quiet_answer(), colour=True)


def test_the_chart_leaves_missing_values_blank() -> None:
    values = np.concatenate([np.zeros(50), np.full(50, np.nan), np.ones(50)])
    reading, _ = quiet_answer()
    reading = replace(reading, data=Series(values), n_rows=150, rows=np.arange(150))
    line = lines_of(reading, detection_of(np.zeros(150), []))[0]
    out = StringIO()
    Console(file=out, width=80).print(Chart(line, (), "c0"))
    rows = out.getvalue().splitlines()[1:-1]
    middle = [row[35:45] for row in rows]
    assert all(part.strip() == "" for part in middle)
    assert rows[0][70].strip()
    assert rows[-1][10].strip()


def test_a_chart_without_braille_uses_plain_characters() -> None:
    reading, detection = series_answer()
    line = lines_of(reading, detection)[0]
    console = Console(file=StringIO(), width=80)
    options = console.options.update(width=80)
    options.encoding = "ascii"
    parts = [
        str(part) for part in Chart(line, ((100, 105),), "load").__rich_console__(console, options)
    ]
    drawn = "".join(parts)
    assert drawn.isascii()
    assert "#" in drawn
    assert ":" in drawn


def test_user_text_is_not_read_as_markup() -> None:
    reading, detection = series_answer(name="[red]load[/red]")
    assert "[red]load[/red]" in shown((reading, detection))
