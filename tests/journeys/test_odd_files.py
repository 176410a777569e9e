"""Odd but honest files work, and the row that was planted in them is the strangest."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.cli.run import sonde

from . import odd_formats, odd_text, odd_times
from .cases import Odd, series_csv, split
from .doors import here

CASES = (*odd_text.CASES, *odd_formats.CASES, *odd_times.CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_planted_row_is_the_strongest(
    case: Odd,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "plant"
    folder.mkdir()
    case.make(folder)
    monkeypatch.chdir(folder)
    scores = tmp_path / "scores.parquet"
    ran = here(capsys, *split(case.words), "--verbose", "--scores", scores)
    assert ran.code == 0, ran.err
    assert f" for {case.kind}" in ran.err
    answer = pl.read_parquet(scores)
    assert answer["row"].to_list() == list(range(case.n_rows))
    # Not arg_max alone: where all scores are missing or alike it would name some row too.
    assert answer["score"].drop_nulls().drop_nans().n_unique() > 1
    assert answer["score"].fill_nan(None).arg_max() == case.strongest
    for pattern in case.notes:
        assert re.search(pattern, ran.err), ran.err


def test_no_two_files_are_the_same_case() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 30


def test_standard_input_is_one_more_file(home: Path) -> None:
    ran = sonde("detect", "-", stdin=series_csv().encode())
    assert ran.code == 0
    assert "Took standard input for one series of 'v', every hour" in ran.err
    assert "2024-01-04 08:00" in ran.out
