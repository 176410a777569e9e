"""Small inputs that would take all memory or time: each is refused, or read, within limits.

``python -m tests.data.fuzz_bombs`` runs all of them in this process, with bounded memory, and
prints for each how it ended, its seconds and the most memory so far.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import io
import json
import lzma
import resource
import time
import zipfile
from collections.abc import Callable

from sonde.errors import SondeError

from .fuzz_checks import check_bytes, tell
from .fuzz_long import bound_memory
from .fuzz_seeds import members_of, ods, seeds, zipped, zstd

MORE_MEMORY = 3 << 30
SECONDS = 30.0


def _npy(shape: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + b"\x00" * 64


def _sheet(xml: str | bytes) -> bytes:
    members = members_of(seeds()["xlsx"])
    start = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/'
        b'spreadsheetml/2006/main">'
    )
    inner = xml.encode() if isinstance(xml, str) else xml
    members["xl/worksheets/sheet1.xml"] = b"".join([start, inner, b"</worksheet>"])
    return zipped(members)


def _ods_cells(times: str) -> bytes:
    return ods(
        f"<table:table-row {times}><table:table-cell {times} office:value-type='float' "
        "office:value='1'><text:p>1</text:p></table:table-cell></table:table-row>"
    )


def _lying_zip() -> bytes:
    """A member that says it is small and unpacks to 40 megabytes."""
    data = bytearray(zipped({"a.csv": b"1" * (40 << 20)}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(data)


def _many_members(n: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for i in range(n):
            archive.writestr(zipfile.ZipInfo(f"{i}.csv"), b"")
    return held.getvalue()


_CELL = '<row r="{r}"><c r="{c}{r}"><v>1</v></c></row>'
BOMBS: dict[str, Callable[[], bytes]] = {
    "npy of 10^12 rows": lambda: _npy("(1000000000000,)"),
    "npy of 10^40 rows": lambda: _npy(f"({10**40}, 3)"),
    "npy of many axes": lambda: _npy("(" + "1," * 90 + ")"),
    "npy of no columns": lambda: _npy("(1000000000000, 0)"),
    "packed npy of 10^12 rows": lambda: gzip.compress(_npy("(1000000000000,)")),
    "npz of 10^12 rows": lambda: zipped({"x.npy": _npy("(1000000000000,)")}),
    "gzip of one line": lambda: gzip.compress(b"1" * (16 << 20)) * 64,
    "gzip of blank lines": lambda: gzip.compress(b"\n" * (16 << 20)) * 64,
    "gzip of opened arrays": lambda: gzip.compress(b"[" * (16 << 20)) * 64,
    "gzip of delimiters": lambda: gzip.compress(b"," * (16 << 20)) * 64,
    "bzip2 of one line": lambda: bz2.compress(b"1" * (16 << 20)) * 64,
    "xz of nothing": lambda: lzma.compress(b"\x00" * (16 << 20)) * 64,
    "zstd of one line": lambda: zstd(b"x" * (16 << 20)) * 256,
    "zip that lies": _lying_zip,
    "zip of 30,000 members": lambda: _many_members(30_000),
    "zip of 30,000 directories deep": lambda: zipped({"a/" * 30_000 + "b.csv": b"1\n2\n"}),
    "deep json": lambda: b"[" * 1_000_000 + b"]" * 1_000_000,
    "deep json objects": lambda: b'{"a":' * 300_000 + b"1" + b"}" * 300_000,
    "deep json line": lambda: b'{"a":1}\n' + b'{"a":' + b"[" * 300_000,
    "json of other keys in each row": lambda: b"\n".join(
        b'{"k%d":1}' % i for i in range(100_000)
    ),
    "json of one wide row": lambda: json.dumps([[1] * 100_000, *[[1]] * 100_000]).encode(),
    "json of a key given twice": lambda: (
        "{" + ",".join(f'"k{i}":1' for i in range(100_000)) + ',"k99999":1}'
    ).encode(),
    "json of a long number": lambda: b"[" + b"9" * 3_000_000 + b"]",
    "json of many columns": lambda: json.dumps({f"k{i}": [1, 2] for i in range(20_000)}).encode(),
    "csv of one row of 10^7 cells": lambda: b"," * 10_000_000,
    "csv of two rows of 10^6 cells": lambda: b"1," * 1_000_000 + b"\n" + b"2," * 1_000_000,
    "csv of one name 50,000 times": lambda: b"a," * 50_000 + b"a\n" + b"1," * 50_000 + b"1\n",
    "csv of 20,000 columns": lambda: (
        ",".join(f"k{i}" for i in range(20_000)) + "\n" + ("1," * 19_999 + "1\n") * 3
    ).encode(),
    "csv of a quote that stays open": lambda: b'a,b\n1,"' + b"x,y\n" * 3_000_000,
    "csv of quotes": lambda: b'"' * 5_000_000,
    "csv of apostrophes": lambda: b"'" * 2_000_000,
    "csv of backslashes and quotes": lambda: b'\\"' * 1_000_000,
    "csv of ever wider rows": lambda: b"\n".join(b"1," * i for i in range(1000)),
    "csv of one long cell of digits": lambda: b"a\n" + b"1-" * 100_000 + b"\n2\n",
    "csv of long moments": lambda: b"time,v\n" + b"2024-01-01 " * 50_000 + b",1\n2024-01-02,2\n",
    "csv of a long number": lambda: b"a,b\n1,2\n" + b"9" * 3_000_000 + b",1\n",
    "csv of colons": lambda: b"a\n" + b"1:" * 300_000 + b"\n" + b"1:" * 300_000,
    "csv of blanks": lambda: b"a b\n" + b" " * 5_000_000 + b"1 2\n",
    "csv of comments": lambda: b"#\n" * 1_000_000 + b"a,b\n1,2\n",
    "csv of carriage returns": lambda: b"a,b\r" * 1_000_000,
    "csv of thousands": lambda: b"a,b\n" + b'"1' + b",000" * 200_000 + b'",1\n2,3\n',
    "arff of 100,000 attributes": lambda: (
        "@relation r\n" + "".join(f"@attribute a{i} numeric\n" for i in range(100_000)) + "@data\n"
        + "?," * 99_999 + "?\n"
    ).encode(),
    "arff of an open quote": lambda: (
        b"@relation r\n@attribute a string\n@data\n'" + b"a" * 100_000 + b"\n"
    ),
    "arff of an open quote and backslashes": lambda: (
        b"@relation r\n@attribute a string\n@data\n'" + b"\\a" * 50_000 + b"\n"
    ),
    "arff of open quotes": lambda: (
        b"@relation r\n@attribute a string\n@data\n" + b"'a" * 20_001 + b"\n"
    ),
    "arff of blanks": lambda: (
        b"@relation r\n@attribute a " + b" " * 100_000 + b"\n@data\n'1'" + b" " * 100_000 + b"x\n"
    ),
    "arff of a long name": lambda: b"@attribute '" + b"\\a" * 50_000 + b" numeric\n@data\n1\n",
    "ts of 300,000 channels": lambda: b"@classLabel false\n@data\n" + b"1:" * 300_000 + b"1\n",
    "ts of moments and colons": lambda: (
        b"@timeStamps true\n@classLabel false\n@data\n(0,1)" + b":" * 100_000 + b"\n"
    ),
    "ts of an open moment": lambda: (
        b"@timeStamps true\n@classLabel false\n@data\n(" + b" " * 20_000 + b"\n"
    ),
    "ts of open moments": lambda: (
        b"@timeStamps true\n@classLabel false\n@data\n" + b"( , " * 20_000 + b"\n"
    ),
    "ts of uneven series": lambda: (
        b"@classLabel false\n@data\n" + b"1\n" * 100_000 + b"1," * 100_000 + b"1\n"
    ),
    "xlsx whose sheet is a billion cells wide": lambda: _sheet(
        '<dimension ref="A1:XFD1048576"/><sheetData>'
        + _CELL.format(r=1, c="A") + _CELL.format(r=1048576, c="XFD") + "</sheetData>"
    ),
    "xlsx of a row beyond the last": lambda: _sheet(
        "<sheetData>" + _CELL.format(r=1, c="A") + _CELL.format(r=4294967295, c="ZZZZZZ")
        + "</sheetData>"
    ),
    "xlsx of three million rows": lambda: _sheet(
        "<sheetData>" + "<row/>" * 3_000_000 + "</sheetData>"
    ),
    "xlsx of 400 megabytes": lambda: _sheet(b" " * (400 << 20)),
    "xlsx of deep elements": lambda: _sheet("<a>" * 300_000),
    "ods of a billion columns": lambda: _ods_cells("table:number-columns-repeated='1000000000'"),
    "ods of a billion rows": lambda: _ods_cells("table:number-rows-repeated='1000000000'"),
    "ods of 1,000,000 rows of 16,000": lambda: _ods_cells(
        "table:number-rows-repeated='1000000' table:number-columns-repeated='16000'"
    ),
    "arrow stream of a long message": lambda: b"\xff\xff\xff\xff\xff\xff\xff\x7f" + b"\x00" * 64,
    "arrow file of a long footer": lambda: (
        b"ARROW1\x00\x00" + b"\x00" * 64 + b"\xff\xff\xff\x7fARROW1"
    ),
    "parquet of a long footer": lambda: b"PAR1" + b"\x15" * 64 + b"\xff\xff\xff\x7fPAR1",
    "parquet whose lists are long": lambda: (
        b"PAR1" + (foot := b"\x15\x02\x19\xfc\xff\xff\xff\xff\x07" + b"\x00" * 16)
        + len(foot).to_bytes(4, "little") + b"PAR1"
    ),
    "npy of dates": lambda: seeds()["npy dates"],
}  # fmt: skip


# Seconds each, for what is only long: run where there is time.
SLOW = {
    "ts of 300,000 channels",
    "arff of 100,000 attributes",
    "csv of a quote that stays open",
    "csv of one name 50,000 times",
    "csv of 20,000 columns",
    "csv of carriage returns",
    "json of many columns",
    "json of other keys in each row",
    "xlsx of three million rows",
    "xlsx of 400 megabytes",
    "ods of a billion columns",
    "csv of comments",
    "gzip of one line",
    "gzip of blank lines",
    "gzip of opened arrays",
    "gzip of delimiters",
    "bzip2 of one line",
    "xz of nothing",
    "zip of 30,000 members",
}


def main(given: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these; all when left out")
    names = parser.parse_args(given).names or list(BOMBS)
    bound_memory(MORE_MEMORY)
    wrong = 0
    for name in names:
        data = BOMBS[name]()
        before = _peak()
        began = time.perf_counter()
        try:
            found = check_bytes(data, seconds=SECONDS)
            said = f"{type(found).__name__}: {str(found)[:90]}"
            if not isinstance(found, SondeError):
                said = f"{type(found).__name__} of {found.n_rows} rows"
        except BaseException as fault:
            wrong += 1
            said = f"FAULT {type(fault).__name__}: {' '.join(str(fault).split())[:200]}"
        taken = time.perf_counter() - began
        grown = _peak() - before
        tell(f"{name}\t{len(data)}\t{taken:.1f} s\t+{grown} MiB\t{said}")
    return int(wrong > 0)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    raise SystemExit(main())
