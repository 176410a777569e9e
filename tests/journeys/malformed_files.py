"""Text files, and things in place of files, that can't be used."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .cases import Malformed, file, nothing, series_csv, table_csv, with_cell

_BAD_ROW = with_cell(series_csv(), 5, "broken")
_LETTERS = table_csv("température,note\n").encode()
_PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>Sign in</body></html>\n"
_POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def _folder_of_text(folder: Path) -> None:
    (folder / "logs").mkdir()
    (folder / "logs" / "a.csv").write_text(table_csv())


def _loop(folder: Path) -> None:
    (folder / "plant.csv").symlink_to(folder / "plant.csv")


def _two_plants(folder: Path) -> None:
    (folder / "one.csv").write_text(table_csv())
    (folder / "two.csv").write_text(table_csv("a,c\n"))


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


CASES = (
    Malformed("empty", file(""), ("plant.csv is empty", "check what wrote it")),
    Malformed("blank lines", file("\n \n\n"), ("plant.csv holds only blank", "check what wrote")),
    Malformed(
        "a header and no rows", file("t,v\n"), ("plant.csv has a header and no rows", "check")
    ),
    Malformed(
        "one row of a series",
        file("t,v\n2024-01-01,1.5\n"),
        ("plant.csv: .* needs at least 10 rows .* got 1", "give it more rows"),
    ),
    Malformed(
        "one row of a table",
        file("a,b\n1.5,2.5\n"),
        ("plant.csv: .* needs at least 4 rows .* got 1", "give it more rows"),
    ),
    Malformed(
        "a constant column",
        file("v\n" + "5\n" * 50),
        ("plant.csv: .*'v', is 5 in all 50 rows", "name it in columns"),
    ),
    Malformed(
        "all missing",
        file("a,b\n" + "NA,\n" * 30),
        (r"plant.csv has no column of numbers .*'a' \(empty\), 'b' \(empty\)", "name one"),
    ),
    Malformed(
        "text alone",
        file("name,city\n" + "".join(f"x{i % 7},y{i % 3}\n" for i in range(40))),
        (r"plant.csv has no column of numbers .*'name' \(text\)", "name one in columns"),
    ),
    Malformed(
        "text in a column of numbers",
        file(_BAD_ROW),
        ("plant.csv, row 5, column 'v': 'broken' is not a number", "correct it or empty the cell"),
    ),
    Malformed(
        "text in a column of numbers that was asked for",
        file(_BAD_ROW),
        ("plant.csv, row 5, column 'v': 'broken'", "correct it"),
        "detect plant.csv --columns v",
    ),
    Malformed(
        "a delimiter that nobody uses",
        file(series_csv(sep="§", head="t§v\n")),
        ("plant.csv has no column of numbers .*'t§v'", "name one in columns"),
    ),
    Malformed(
        "a row too long",
        file(with_cell(table_csv(), 7, "1.5,9")),
        ("plant.csv, row 7 has 3 cells where the header has 2", "repair the row"),
    ),
    Malformed(
        "a row too short at the end",
        file(table_csv() + "1.5\n"),
        ("plant.csv, row 150 has 1 cell where the header has 2", "repair the row"),
    ),
    Malformed(
        "a quotation mark that is never closed",
        file(table_csv() + '"1.5,2.5\n3.5,4.5\n'),
        ("plant.csv, row 150: ", "quotation mark that is not closed"),
    ),
    Malformed(
        "UTF-8 that breaks its rules after letters of it",
        file(_LETTERS + b"3.5,\xff\n"),
        (r"plant.csv: b'3.5,\\xff' breaks the rules of UTF-8", "save the whole file as UTF-8"),
    ),
    Malformed(
        "UTF-8 by its mark that breaks its rules",
        file(b"\xef\xbb\xbf" + with_cell(series_csv(), 9, "\xff").encode("latin-1")),
        (r"plant.csv: b'2024-01-01 09:00:00,\\xff' breaks the rules", "save the whole file"),
    ),
    Malformed(
        "UTF-16 cut amid a letter",
        file(series_csv().encode("utf-16") + b"\x31\xd8"),
        ("plant.csv begins as UTF-16 .*breaks its rules", "save it as UTF-8"),
    ),
    Malformed(
        "NUL bytes amid the text",
        file(table_csv().replace("-0.", "\x000.")),
        ("plant.csv .*bytes that no text has", "export it as CSV"),
    ),
    Malformed(
        "an image called .csv",
        file(b"\x89PNG\r\n\x1a\n" + bytes(900)),
        ("plant.csv is a PNG", "look for"),
    ),
    Malformed(
        "random bytes called .csv",
        file(np.random.default_rng(0).bytes(5000)),
        ("plant.csv is neither CSV nor", "export it"),
    ),
    Malformed(
        "a PDF called .csv",
        file(b"%PDF-1.4\n1 0 obj\n"),
        ("plant.csv is a PDF", "look for the data"),
    ),
    Malformed(
        "a page in place of a file", file(_PAGE), ("plant.csv is XML or HTML", "export its table")
    ),
    Malformed("a pointer to a file", file(_POINTER), ("plant.csv", "Git LFS", "git lfs pull")),
    Malformed(
        "numbers beyond float64 alone",
        file("v\n" + "".join(f"{i}e400\n" for i in range(1, 30))),
        (r"plant.csv has no column of numbers .*'v' \(empty\)", "name one in columns"),
    ),
    Malformed(
        "ten million digits where nothing may be missing",
        file(with_cell(table_csv(), 30, "1" * 10_000_000)),
        ("plant.csv, row 30, column 'b' is infinite", "fill it in"),
        "detect plant.csv --missing error",
    ),
    Malformed("no such file", nothing, ("there is no file plant.csv", "check the name")),
    Malformed("an empty path", nothing, ("the path is empty", "name a file"), "detect ''"),
    Malformed(
        "a file in place of a folder",
        file(table_csv()),
        ("no file plant.csv/a.csv", "plant.csv is a file, not a folder"),
        "detect plant.csv/a.csv",
    ),
    Malformed(
        "an empty folder",
        lambda f: (f / "logs").mkdir(),
        ("logs is a folder", "name one with"),
        "detect logs",
    ),
    Malformed(
        "a folder of text files",
        _folder_of_text,
        (r"logs is a folder \(a.csv\)", r"with a pattern: 'logs/\*.csv'"),
        "detect logs",
    ),
    Malformed(
        "a link to itself", _loop, ("plant.csv cannot be opened: it is a link", "name the file")
    ),
    Malformed(
        "a device without an end",
        nothing,
        ("/dev/zero is a device", "name a file"),
        "detect /dev/zero",
    ),
    Malformed("the empty device", nothing, ("/dev/null is empty", "check"), "detect /dev/null"),
    Malformed(
        "a pipe that nobody writes to",
        _pipe,
        ("pipe is a pipe that nothing writes", "start the writer"),
        "detect pipe",
    ),
    Malformed(
        "a pattern that nothing fits",
        nothing,
        (r"no file fits logs/\*.csv", "check the folder"),
        "detect 'logs/*.csv'",
    ),
    Malformed(
        "files of different columns",
        _two_plants,
        ("two.csv lacks column 'b', unlike one.csv", "read them one by one"),
        "detect one.csv two.csv",
    ),
    Malformed(
        "a file named twice",
        _two_plants,
        ("one.csv is named twice", "name each"),
        "detect one.csv one.csv",
    ),
)
