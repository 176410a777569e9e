"""Workbooks as people keep them."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from sonde.data.formats.files import load, read_frame
from sonde.errors import InvalidInput, MissingExtra, NotFound

openpyxl = pytest.importorskip("openpyxl", reason="writes the workbooks")
pytest.importorskip("fastexcel", reason="needs the extra excel")


def book(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


TABLE: list[list[Any]] = [
    ["day", "v", "n", "s", "on"],
    [datetime(2024, 1, 1), 1.5, 1, "x", True],
    [datetime(2024, 1, 2), None, 2, "y", False],
]


def test_reads_a_sheet_with_its_types() -> None:
    frame, _ = read_frame(io.BytesIO(book(a=TABLE)))
    assert frame.columns == ["day", "v", "n", "s", "on"]
    assert frame.dtypes[1:] == [pl.Float64, pl.Int64, pl.String, pl.Boolean]
    assert frame["day"].to_list() == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]
    assert frame["v"].to_list() == [1.5, None]


def test_finds_the_table_below_titles_and_blank_rows() -> None:
    text, _ = load(io.BytesIO(book(a=[[], ["Plant 7"], [], *TABLE, [], []])))
    assert text.frame.columns == ["day", "v", "n", "s", "on"]
    assert text.frame.height == 2
    assert text.notes == ["1 row above the header was skipped"]


def test_says_which_sheet_was_read_and_reads_the_one_named(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_bytes(book(empty=[], first=TABLE, second=[["a"], [7]]))
    text, _ = load(path)
    assert text.frame.height == 2
    assert len(text.notes) == 1
    assert "sheet 'first' was read" in text.notes[0]
    assert "'second'" in text.notes[0]
    assert read_frame(f"{path}::second")[0].rows() == [(7,)]
    with pytest.raises(
        NotFound, match=r"no sheet 'third' in .*; it has 'empty', 'first', 'second'"
    ):
        read_frame(f"{path}::third")


def test_a_failed_formula_is_missing_and_text_amid_numbers_is_named() -> None:
    rows: list[list[Any]] = [["a"], [1.5], ["#DIV/0!"], [2.5], [3.5]]
    assert read_frame(io.BytesIO(book(a=rows)))[0]["a"].to_list() == [1.5, None, 2.5, 3.5]
    with pytest.raises(InvalidInput, match="row 4, column 'a': 'oops' is not a number"):
        read_frame(io.BytesIO(book(a=[*rows, ["oops"]])))


def test_refuses_empty_and_damaged_workbooks() -> None:
    with pytest.raises(InvalidInput, match="no filled sheet"):
        read_frame(io.BytesIO(book(a=[])))
    data = book(a=TABLE)
    with pytest.raises(InvalidInput, match=r"damaged or cut off|damaged, cut off"):
        read_frame(io.BytesIO(data[: len(data) // 2]))
    with pytest.raises(InvalidInput, match="damaged, cut off or no workbook"):
        read_frame(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)))


def test_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with pytest.raises(MissingExtra, match=r"pip install 'sonde\[excel\]'"):
        read_frame(io.BytesIO(book(a=TABLE)))


@pytest.mark.parametrize(
    "note",
    [
        [["day", "v"]],
        [["Measured by the night shift"]],
        [["Plant 7"], ["Measured by the night shift"], ["Pump 2 was off on Sunday"]],
        [["Author", "Plant"], ["Ada", "North"], ["Grace", "South"]],
    ],
    ids=["a header alone", "a title", "sentences", "words in two columns"],
)
def test_passes_over_a_sheet_that_is_a_note_on_the_others(note: list[list[Any]]) -> None:
    text, _ = load(io.BytesIO(book(readme=note, data=TABLE, more=[["a"], [7]])))
    assert text.frame.columns == ["day", "v", "n", "s", "on"]
    assert text.frame.height == 2
    assert "sheet 'data' was read" in text.notes[0]
    assert "also has 'readme', 'more'" in text.notes[0]


def test_text_is_read_where_no_sheet_has_numbers() -> None:
    words = [["who", "where"], ["Ada", "North"]]
    text, _ = load(io.BytesIO(book(first=[["who"]], second=words, third=words)))
    assert text.frame.rows() == [("Ada", "North")]
    assert "sheet 'second' was read" in text.notes[0]


def test_a_sheet_without_rows_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(book(plan=[["day", "v"]], data=TABLE, empty=[]))
    with pytest.raises(
        InvalidInput, match=r"sheet 'plan' of .* has columns and no rows; .*: 'data', 'empty'$"
    ):
        read_frame(f"{path}::plan")
    with pytest.raises(
        InvalidInput, match=r"sheet 'a' of .* has columns and no rows; .* wrote it$"
    ):
        read_frame(io.BytesIO(book(a=[["day", "v"]])))
