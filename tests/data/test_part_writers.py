"""A file written part by part holds what it would have held at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sonde.data import read_frame, write_frame
from sonde.data.formats.part_writers import part_writer
from sonde.errors import InvalidInput

FRAME = pl.DataFrame({"row": range(7), "score": [0.5, None, 2.0, 3.5, 1e-9, 6.0, 7.0]})


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_parts_make_the_file_that_the_whole_makes(ending: str, tmp_path: Path) -> None:
    parts, whole = tmp_path / f"parts.{ending}", tmp_path / f"whole.{ending}"
    with part_writer(parts) as out:
        for start in (0, 3, 5):
            out.write(FRAME[start : {0: 3, 3: 5, 5: 7}[start]])
    write_frame(FRAME, whole)
    if ending == "parquet":
        assert read_frame(parts)[0].equals(FRAME)
    else:
        assert parts.read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([parts.name, whole.name])


def _write_and_fail(path: Path) -> None:
    with part_writer(path) as out:
        out.write(FRAME)
        raise ZeroDivisionError


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_a_failure_on_the_way_leaves_the_old_file(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"scores.{ending}"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_names_the_file_that_can_not_be_written(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "scores.csv"
    with (
        pytest.raises(InvalidInput, match=r"scores.csv cannot be written"),
        part_writer(nowhere) as out,
    ):
        out.write(FRAME)
    with pytest.raises(InvalidInput, match=r"cannot write '.xlsx'"):
        part_writer(tmp_path / "a.xlsx")
