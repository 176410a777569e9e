"""Honest files of other formats, some under a name that says something else."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .cases import N_HOURS, N_ITEMS, ODD_ITEM, Odd, file, items, moment, pump, series_csv, table_csv

_UNTIMED = "one series of 'c0'"
_TABLE = "a table of 'a', 'b'"


def frame() -> pl.DataFrame:
    """The pump, its moments as moments."""
    return pl.DataFrame({"t": [moment(i) for i in range(N_HOURS)], "v": pump()}).with_columns(
        pl.col("t").str.to_datetime()
    )


def parquet(rows: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    rows.write_parquet(out)
    return out.getvalue()


def arrow_stream(rows: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    rows.write_ipc_stream(out)
    return out.getvalue()


def arrow_file(rows: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    rows.write_ipc(out)
    return out.getvalue()


def npy(values: Any, allow_pickle: bool = False) -> bytes:
    out = io.BytesIO()
    np.save(out, values, allow_pickle=allow_pickle)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def zipped(members: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ts() -> str:
    tags = "@problemName pump\n@timeStamps false\n@univariate true\n@classLabel false\n@data\n"
    return tags + ",".join(map(str, pump())) + "\n"


def arff() -> str:
    return "@relation plant\n@attribute a numeric\n@attribute b numeric\n@data\n" + table_csv("")


def json_lines() -> str:
    rows = zip(map(moment, range(N_HOURS)), pump(), strict=True)
    return "".join(json.dumps({"t": t, "v": v}) + "\n" for t, v in rows)


def _keys_that_come_and_go() -> str:
    lines = [
        {"a": a, "b": b} | ({"note": "x"} if i % 5 == 4 else {}) for i, (a, b) in enumerate(items())
    ]
    del lines[30]["b"]
    return "".join(json.dumps(line) + "\n" for line in lines)


def database(folder: Path) -> None:
    with sqlite3.connect(folder / "plant.db") as connection:
        connection.execute("CREATE TABLE readings (t TEXT, v REAL)")
        rows = zip(map(moment, range(N_HOURS)), pump(), strict=True)
        connection.executemany("INSERT INTO readings VALUES (?, ?)", rows)
    connection.close()


def _sheet() -> list[list[Any]]:
    return [["t", "v"], *([moment(i), v] for i, v in enumerate(pump()))]


def _labelled() -> bytes:
    values = np.array(items())
    return npz(x=values, label=(values[:, 0] > 8).astype(int))


CASES = (
    Odd("Parquet called .csv", file(parquet(frame()))),
    Odd("an Arrow stream", file(arrow_stream(frame()), "plant.arrow"), words="detect plant.arrow"),
    Odd("an Arrow file", file(arrow_file(frame()), "plant.arrow"), words="detect plant.arrow"),
    Odd("CSV in a zip", file(zipped({"day/a.csv": series_csv()}), "a.zip"), words="detect a.zip"),
    Odd(
        "one of two files in a zip",
        file(zipped({"a.csv": series_csv(), "b.csv": "x\n1\n"}), "a.zip"),
        words="detect a.zip::a.csv",
    ),
    Odd("xz", file(lzma.compress(series_csv().encode()), "a.xz"), words="detect a.xz"),
    Odd("bzip2", file(bz2.compress(series_csv().encode()), "a.bz2"), words="detect a.bz2"),
    Odd("JSON lines", file(json_lines(), "a.jsonl"), words="detect a.jsonl"),
    Odd(
        "JSON lines with keys that come and go",
        file(_keys_that_come_and_go(), "a.jsonl"),
        _TABLE,
        N_ITEMS,
        ODD_ITEM,
        words="detect a.jsonl",
        notes=("column 'b' has 1 missing value",),
    ),
    Odd(
        "a JSON array of objects",
        file(json.dumps([{"a": a, "b": b} for a, b in items()])),
        _TABLE,
        N_ITEMS,
        ODD_ITEM,
    ),
    Odd("a JSON array of numbers", file(json.dumps(pump())), _UNTIMED),
    Odd(
        "a NumPy array with one axis",
        file(npy(np.array(pump())), "a.npy"),
        _UNTIMED,
        words="detect a.npy",
    ),
    Odd(
        "a NumPy archive of values and labels",
        file(_labelled(), "a.npz"),
        "a table of 'c0', 'c1'",
        N_ITEMS,
        ODD_ITEM,
        words="detect a.npz --labels label",
    ),
    Odd(".ts", file(ts(), "a.ts"), "1 series of 'c0'", words="detect a.ts"),
    Odd(".arff", file(arff(), "a.arff"), _TABLE, N_ITEMS, ODD_ITEM, words="detect a.arff"),
    Odd("a workbook", file(workbook({"Pump": _sheet()}), "a.xlsx"), words="detect a.xlsx"),
    Odd(
        "a sheet of a workbook",
        file(workbook({"About": [["by hand"]], "Pump": _sheet()}), "a.xlsx"),
        words="detect a.xlsx::Pump",
    ),
    Odd("a table of a database", database, words="detect sqlite:///plant.db --query readings"),
)
