"""A small valid file of every format that is read, for the fuzzer to damage."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

_CSV = (
    "time,sensor,rate,on,level\n"
    "2024-01-01 00:00,a,1.5,true,7\n"
    "2024-01-01 01:00,a,2.25,false,9\n"
    "2024-01-01 00:00,b,-3e2,true,\n"
    '2024-01-01 01:00,"b, too",NaN,false,12\n'
)
_ODD_CSV = "# plant 7\n\nt;v;v\ns;degC;\n01.02.2024 10:00;1,5;2\n02.02.2024 10:00;2,5;3\n#end\n"
_TS = (
    "@problemName toy\n@timeStamps false\n@univariate false\n@classLabel true a b\n@data\n"
    "1,2,3:4,5,6:a\n4,?,2:0,1,1:b\n"
)
_TIMED_TS = (
    "@problemName toy\n@timeStamps true\n@classLabel false\n@data\n"
    "(2024-01-01 00:00:00,1.5),(2024-01-01 00:00:01,2)\n"
    "(2024-01-02 00:00:00,1),(2024-01-03 00:00:00,?)\n"
)
_ARFF = (
    "@relation toy\n@attribute a numeric\n@attribute 'b c' {x,\"y z\"}\n@attribute d date\n"
    "@data\n1,x,'2024-01-01'\n?,'y z',? % odd\n3,x,'2024-01-03',{0.5}\n"
)
_SERIES_ARFF = (
    "@relation toy\n@attribute bag relational\n@attribute p1 numeric\n@attribute p2 numeric\n"
    "@end bag\n@attribute class {x,y}\n@data\n'1,2\\n3,4',x\n'5,?\\n7,8',y\n"
)
_ODS = (
    '<?xml version="1.0"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
    '<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table>'
    "</office:spreadsheet></office:body></office:document-content>"
)


@cache
def seeds() -> dict[str, bytes]:
    """Format → bytes of a valid file."""
    csv = _CSV.encode()
    return {
        "csv": csv,
        "odd csv": _ODD_CSV.encode(),
        "utf-16 csv": _CSV.encode("utf-16"),
        "latin csv": "größe\tµ\n1\t2\n3\t4.5\n".encode("latin-1"),
        "blank csv": b"t  v\n1   2.5\n2  3.5\n3  1.5\n",
        "gz": gzip.compress(csv, mtime=0),
        "bz2": bz2.compress(csv),
        "xz": lzma.compress(csv),
        "zst": zstd(csv),
        "zip": zipped({"a.csv": csv}),
        "parquet": _saved(_frame(), "write_parquet", compression="snappy", statistics=True),
        "plain parquet": _saved(_frame(), "write_parquet", compression="uncompressed"),
        "arrow": _saved(_frame(), "write_ipc", compression="uncompressed"),
        "lz4 arrow": _saved(_frame(), "write_ipc", compression="lz4"),
        "arrow stream": _saved(_frame(), "write_ipc_stream", compression="uncompressed"),
        "jsonl": b'{"t": "2024-01-01", "v": 1, "w": null}\n{"t": "2024-01-02", "v": 2.5}\n',
        "json": b'[{"t": 1, "v": {"x": 2.5}}, {"t": 2, "v": {"x": 3}, "n": [1]}]',
        "json columns": b'{"columns": {"a": [1, 2, null], "b": ["x", "y", "z"]}}',
        "json rows": b'{"rows": [[1, 2.5], [2, 1e300]], "names": ["a", "b"]}',
        "npy": _saved_array(np.arange(12.0).reshape(4, 3)),
        "big npy": _saved_array(np.asfortranarray(np.arange(12).reshape(4, 3).astype(">i2"))),
        "npy fields": _saved_array(np.array([(1, 2.5), (2, 3.5)], dtype="i4,f8")),
        "npy dates": _saved_array(np.array(["2024-01-01", "NaT"], dtype="M8[D]")),
        "npz": _npz(),
        "ts": _TS.encode(),
        "timed ts": _TIMED_TS.encode(),
        "arff": _ARFF.encode(),
        "series arff": _SERIES_ARFF.encode(),
        "xlsx": _workbook(),
        "ods": ods("".join(map(_ods_row, (("a", "b"), ("1", "2.5"), ("4", "3.5"), ("2", "7"))))),
    }


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of ``members``."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return held.getvalue()


def members_of(archive: bytes) -> dict[str, bytes]:
    """What ``zipped`` was given."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zstd(content: bytes) -> bytes:
    """``content`` packed with zstandard."""
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    packed: bytes = import_module(name).compress(content)
    return packed


def ods(rows: str) -> bytes:
    """An OpenDocument sheet of these rows of XML."""
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        b'<?xml version="1.0"?><manifest:manifest '
        b'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        b'<manifest:file-entry manifest:full-path="/" manifest:media-type="' + kind + b'"/>'
        b"</manifest:manifest>"
    )
    return zipped(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": manifest,
            "content.xml": _ODS.format(rows=rows).encode(),
        }
    )


def _ods_row(cells: tuple[str, ...]) -> str:
    made = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in cells
    )
    return f"<table:table-row>{made}</table:table-row>"


def _frame() -> pl.DataFrame:
    start = datetime(2024, 1, 1)
    return pl.DataFrame(
        {
            "time": [start + timedelta(hours=i) for i in range(6)],
            "sensor": pl.Series(["a", "b", "a", "b", "a", None], dtype=pl.Categorical),
            "rate": [1.5, 2.25, None, float("nan"), float("inf"), -3.0],
            "count": pl.Series([1, 2, 3, 5, 8, 2**40]),
            "small": pl.Series([1, 2, 3, 4, None, 5], dtype=pl.UInt8),
            "price": pl.Series([Decimal("1.25")] * 5 + [Decimal("-9.75")]),
            "on": [True, False, None, True, True, False],
            "day": [date(2024, 1, 1)] * 6,
            "nested": [[1, 2], [], None, [3], [4], [5]],
            "pair": [{"x": i, "y": "z"} for i in range(6)],
        }
    )


def _saved(frame: pl.DataFrame, method: str, **options: Any) -> bytes:
    held = io.BytesIO()
    getattr(frame, method)(held, **options)
    return held.getvalue()


def _saved_array(array: Any) -> bytes:
    held = io.BytesIO()
    np.save(held, array, allow_pickle=False)
    return held.getvalue()


def _npz() -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, x=np.arange(4.0), Y=np.eye(4))
    return held.getvalue()


def _workbook() -> bytes:
    import xlsxwriter

    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as w:
        sheet = w.add_worksheet("data")
        for row, cells in enumerate(_cells()):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        w.add_worksheet("other").write(0, 0, "=1/0")
    return held.getvalue()


def _cells() -> Iterator[list[Any]]:
    yield ["day", "rate", "on", "note"]
    for i in range(4):
        yield [datetime(2024, 1, 1 + i), 1.5 * i, i % 2 == 0, f"n{i}"]
