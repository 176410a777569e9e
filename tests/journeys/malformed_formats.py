"""Parquet, Arrow, NumPy, JSON, .ts, .arff, workbooks, databases and URLs that can't be used."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl

from .cases import Malformed, file, items, nothing, pump, table_csv, with_cell
from .odd_formats import (
    arff,
    arrow_file,
    arrow_stream,
    database,
    frame,
    json_lines,
    npy,
    npz,
    parquet,
    ts,
    workbook,
    zipped,
)

_LINES = json_lines().splitlines()
_NO_SHEETS = {
    "[Content_Types].xml": "<Types "
    "xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>",
    "xl/workbook.xml": "<workbook "
    "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheets/></workbook>",
}
_ROWS: list[list[Any]] = [["a", "b"], *(list(item) for item in items())]
_TWO_ARRAYS = npz(a=np.array(pump()), b=np.arange(20.0))


def _lines(*others: str) -> str:
    """JSON lines with one more or other line at row 7."""
    return "\n".join([*_LINES[:7], *others, *_LINES[8:]]) + "\n"


def _sql(query: str, url: str = "sqlite:///plant.db") -> str:
    return f'detect {url} --query "{query}"'


CASES = (
    Malformed(
        "Parquet cut off",
        file(parquet(frame())[:-20]),
        ("plant.csv is a damaged or cut off Parquet file", "copy or download it again"),
    ),
    Malformed(
        "Parquet without rows",
        file(parquet(frame().head(0))),
        ("plant.csv has columns and no rows", "check what wrote it"),
    ),
    Malformed(
        "Parquet of lists",
        file(parquet(pl.DataFrame({"a": [[1, 2], [3]]}))),
        (r"plant.csv has no column of numbers .*'a' \(list", "name one"),
    ),
    Malformed(
        "an Arrow file cut off",
        file(arrow_file(frame())[:-200]),
        ("plant.csv is a damaged or cut off Arrow file", "write it again"),
    ),
    Malformed(
        "an Arrow stream cut off",
        file(arrow_stream(frame())[:-200]),
        ("plant.csv is a damaged or cut off Arrow stream", "write it again"),
    ),
    Malformed(
        "a NumPy file cut off",
        file(npy(np.array(pump()))[:-100]),
        ("plant.csv is a damaged or cut off NumPy file", "copy it or save it again"),
    ),
    Malformed(
        "a NumPy file of Python objects",
        file(npy(np.array([1, "a", None], dtype=object), allow_pickle=True)),
        ("plant.csv holds Python objects", "make it numbers or text"),
    ),
    Malformed(
        "a NumPy file with three axes",
        file(npy(np.zeros((3, 4, 5)))),
        (r"plant.csv has three axes \(3 x 4 x 5\)", "load it with numpy"),
    ),
    Malformed(
        "a NumPy file of complex numbers",
        file(npy(np.array(pump()) * 1j)),
        ("plant.csv holds complex numbers", "save their real"),
    ),
    Malformed(
        "arrays of different lengths",
        file(_TWO_ARRAYS),
        (r"plant.csv holds arrays of different lengths: a \(120,\), b \(20,\)", "choose one"),
    ),
    Malformed(
        "an array that is not there",
        file(_TWO_ARRAYS),
        ("plant.csv has no array 'c'", "it has 'a', 'b'"),
        "detect plant.csv::c",
    ),
    Malformed(
        "JSON lines with a broken line",
        file(_lines('{"t": "2024-01-01 07:00:00", "v": 1.5')),
        ("plant.csv, line 8: this is no JSON", "correct or drop the line"),
    ),
    Malformed(
        "JSON lines cut off",
        file(json_lines()[:-9]),
        ("plant.csv, line 120: this is no JSON", "correct or drop the line"),
    ),
    Malformed(
        "a number amid JSON objects",
        file(_lines("7")),
        ("plant.csv, line 8: 7 is a number, and the first row is an object", "drop this one"),
    ),
    Malformed(
        "a list amid JSON objects",
        file(_lines("[1, 2]")),
        (r"plant.csv, line 8: \[1, 2\] is a list, and the first row is an object", "drop this"),
    ),
    Malformed(
        "JSON lists of different lengths",
        file(json.dumps([*items()[:9], [1.5], *items()])),
        (r"plant.csv, row 9: \[1.5\] has 1 cells where the first row has 2", "in one way"),
    ),
    Malformed(
        "a word among JSON numbers",
        file(_lines('{"t": "2024-01-01 07:00:00", "v": "x"}')),
        ("plant.csv, row 7, column 'v': 'x' is not a number", "correct it"),
    ),
    Malformed(
        "a JSON document cut off",
        file(json.dumps([{"a": 1.5, "b": 2}] * 50)[:-9]),
        ("plant.csv, line 1, character 992: this is no JSON", "correct the file"),
    ),
    Malformed(
        "JSON columns of different lengths",
        file('{"a": [1, 2, 3], "b": [1, 2]}'),
        ("plant.csv: the columns have different lengths: a 3, b 2", "fill them up"),
    ),
    Malformed(
        "an empty JSON list", file("[]"), ("plant.csv has no columns", "check what wrote it")
    ),
    Malformed(
        "an answer of a service that failed",
        file('{"error": "not found", "status": 404}'),
        ("plant.csv: .* needs at least 10 rows .* got 1", "give it more rows"),
    ),
    Malformed(
        ".ts without @data",
        file(ts().replace("@data\n", "")),
        ("plant.csv, line 5: .* stands before @data", "put @data before"),
    ),
    Malformed(
        ".ts with a word among its numbers",
        file(ts().replace(",", ",zero,", 1)),
        ("plant.csv, .*value 1: 'zero' is not a number", "correct it"),
    ),
    Malformed(
        ".ts with a label in place of values",
        file(ts().replace("@classLabel false", "@classLabel true a b")),
        ("plant.csv, series 0: .* is a label with no values", "repair the line"),
    ),
    Malformed(
        ".arff without @data",
        file(arff().partition("@data")[0]),
        ("plant.csv has no line @data", "put it before the first row"),
    ),
    Malformed(
        ".arff with a row too long",
        file(arff() + "1,2,3\n"),
        ("plant.csv, row 150 has 3 cells where 2 attributes are named", "repair the row"),
    ),
    Malformed(
        ".arff with a type that is none",
        file(arff().replace("b numeric", "b matrix")),
        ("plant.csv, line 3: 'matrix' is no type", "write numeric"),
    ),
    Malformed(
        "a workbook without sheets",
        file(zipped(_NO_SHEETS), "a.xlsx"),
        ("a.xlsx is damaged, cut off or no workbook", "save it again"),
        "detect a.xlsx",
    ),
    Malformed(
        "a workbook with nothing in it",
        file(workbook({"S": []}), "a.xlsx"),
        ("a.xlsx holds no filled sheet", "check what wrote it"),
        "detect a.xlsx",
    ),
    Malformed(
        "a sheet that is not there",
        file(workbook({"S": _ROWS, "T": _ROWS}), "a.xlsx"),
        ("there is no sheet 'U' in a.xlsx", "it has 'S', 'T'"),
        "detect a.xlsx::U",
    ),
    Malformed(
        "a word among the numbers of a sheet",
        file(workbook({"S": [*_ROWS[:9], ["broken", 1.5], *_ROWS[9:]]}), "a.xlsx"),
        ("a.xlsx, row 8, column 'a': 'broken' is not a number", "correct it"),
        "detect a.xlsx",
    ),
    Malformed(
        "an old workbook that is none",
        file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000), "a.xls"),
        ("a.xls is damaged, cut off or no workbook", "save it again"),
        "detect a.xls",
    ),
    Malformed(
        "a database as a file", database, ("plant.db is an SQLite", "--query"), "detect plant.db"
    ),
    Malformed(
        "a database without a question",
        database,
        ("sqlite:///plant.db is a database, not a file", "--query"),
        "detect sqlite:///plant.db",
    ),
    Malformed(
        "a file with a question",
        database,
        ("the database's address is no URL", "write it like sqlite:///"),
        _sql("readings", "plant.db"),
    ),
    Malformed(
        "a database that nobody knows",
        nothing,
        ("'nosuch' is no database", "correct the URL"),
        _sql("a", "nosuch://x/y"),
    ),
    Malformed(
        "a database that is not there",
        nothing,
        ("there is no file plant.db", "check the name"),
        _sql("readings"),
    ),
    Malformed(
        "a table that is not there",
        database,
        ("no table 'reading'", "its tables: readings"),
        _sql("reading"),
    ),
    Malformed(
        "a column that is not there",
        database,
        ("no such column: w", "correct the query"),
        _sql("SELECT w FROM readings"),
    ),
    Malformed(
        "two statements",
        database,
        ("the query has several statements", "give one SELECT"),
        _sql("SELECT 1; SELECT 2"),
    ),
    Malformed(
        "a statement that changes",
        database,
        ("only a question is asked here, a SELECT", "begins with 'DELETE'"),
        _sql("DELETE FROM readings"),
    ),
    Malformed(
        "a question without an answer",
        database,
        ("--query 'SELECT .*' gives no rows", "correct it"),
        _sql("SELECT * FROM readings WHERE v > 1000"),
    ),
    Malformed(
        "text in place of a database",
        file(table_csv(), "plant.db"),
        ("plant.db: file is not a database", "check"),
        _sql("readings"),
    ),
    Malformed(
        "a web address",
        nothing,
        ("http://127.0.0.1:1/a.csv: web addresses are not read", "download the file"),
        "detect http://127.0.0.1:1/a.csv",
    ),
    Malformed(
        "a URL of no kind",
        nothing,
        ("foo:// is no kind of URL", "name a file"),
        "detect foo://a/b.csv",
    ),
    Malformed(
        "a store without keys",
        nothing,
        ("s3://plant-bucket/a.csv", "set AWS_ACCESS_KEY_ID|pip install"),
        "detect s3://plant-bucket/a.csv",
    ),
    Malformed(
        "a cell of a model's file",
        file(with_cell(table_csv(), 3, "1.5"), "plant.sonde"),
        ("plant.sonde is not a Sonde model",),
        "score plant.sonde plant.sonde",
    ),
)
