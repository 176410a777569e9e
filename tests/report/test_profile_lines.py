from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from sonde.report import Findings, profile_table

from .profile_answers import joined, nothing_known, one_channel, three_channels


def shown(found: Findings, width: int = 80, encoding: str = "utf-8") -> str:
    out = StringIO()
    console = Console(file=out, width=width)
    options = console.options.update(width=width)
    options.encoding = encoding
    for line in console.render_lines(profile_table(found), options):
        out.write("".join(segment.text for segment in line).rstrip() + "\n")
    return out.getvalue()


@pytest.mark.parametrize("made", [one_channel, three_channels, joined, nothing_known])
def test_everything_fits_eighty_columns(made: Callable[[], Findings]) -> None:
    text = shown(made())
    assert text.strip()
    assert max(cell_len(line) for line in text.splitlines()) <= 80


def test_the_ruler_says_what_begins_where() -> None:
    found = one_channel()
    lines = shown(found).splitlines()
    ruler = lines[lines.index("distance to the nearest window") - 1]
    gutter = lines[1].index(" ", 1) + 1
    columns = 80 - gutter
    places = {gutter + row * columns // 500: name for row, name in
              [(50, "1"), (200, "1"), (350, "1"), (420, "A"), (300, "|")]}  # fmt: skip
    assert {i: character for i, character in enumerate(ruler) if character != " "} == places


def test_every_finding_has_a_line() -> None:
    text = shown(one_channel(), width=100)
    assert "1 motif    2023-11-14 23:03:20         0  2023-11-15 01:33:20" in text
    assert "A discord  2023-11-15 05:13:20" in text
    assert "| regime 2  2023-11-15 03:13:20   200   0.80" in text
    assert "load, heat" in shown(three_channels(), width=100)
    assert "over the best 2 of 3 columns" in shown(three_channels())
    assert "in the other series" in shown(joined())


def test_a_long_list_of_places_is_cut_short() -> None:
    found = three_channels()
    many = replace(found.motifs[0], matches=(10, 90, 130, 170), match_distances=(1.0,) * 4)
    assert "260, 10, 90 and 2 more" in shown(replace(found, motifs=[many]), width=100)


def test_without_braille_the_findings_are_hashes() -> None:
    text = shown(one_channel(), encoding="ascii")
    lines = text.splitlines()
    chart = lines[1 : lines.index("distance to the nearest window") - 1]
    gutter = lines[1].index(" ", 1) + 1
    columns = 80 - gutter
    hashes = {i - gutter for line in chart for i, cell in enumerate(line) if cell == "#"}
    inside = {
        row * columns // 500 for start in (50, 200, 350, 420) for row in range(start, start + 24)
    }
    assert hashes == inside
    assert any(":" in line for line in chart)
    assert "⠁" not in text
