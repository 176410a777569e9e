"""Honest text files that look unusual."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np

from .cases import (
    N_ITEMS,
    ODD_ITEM,
    Odd,
    file,
    items,
    moment,
    series_csv,
    table_csv,
    with_cell,
)

_TABLE = "a table of 'a', 'b'"


def _german() -> bytes:
    text = series_csv(value=lambda v: str(v).replace(".", ","), head="Zeit;Öltemperatur\n", sep=";")
    return text.encode("latin-1")


def _wide() -> str:
    values = np.random.default_rng(3).normal(size=(12, 10_000)).round(2)
    values[7] = 9
    head = ",".join(f"c{i}" for i in range(10_000))
    return head + "\n" + "\n".join(",".join(map(str, row)) for row in values.tolist()) + "\n"


def _quoted() -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerows([("name, long", "a", "b"), *(("x, y", a, b) for a, b in items())])
    return out.getvalue()


def _in_brackets(folder: Path) -> None:
    (folder / "my plant [x].csv").write_text(series_csv())


def _with_counter() -> str:
    lines = [f"{1000 + i:07d},{a},{b}\n" for i, (a, b) in enumerate(items())]
    return "item,a,b\n" + "".join(lines)


CASES = (
    Odd(
        "semicolons, decimal commas, Latin-1",
        file(_german()),
        kind="one series of 'Öltemperatur', every hour",
        notes=("not UTF-8; its text was read as Latin-1",),
    ),
    Odd("UTF-16 with a mark", file(series_csv().encode("utf-16"))),
    Odd("UTF-8 with a mark", file(series_csv().encode("utf-8-sig"))),
    Odd(
        "tabs, comments and a row of units",
        file(
            "# exported by hand\n# plant 7\n" + series_csv(head="t\tv\ns\tdegC\n", sep="\t"),
        ),
        notes=(r"read as units: t \[s\], v \[degC\]",),
    ),
    Odd("no header", file(series_csv(head="")), kind="one series of 'c1', every hour"),
    Odd(
        "a table without a header", file(table_csv("")), "a table of 'c0', 'c1'", N_ITEMS, ODD_ITEM
    ),
    Odd(
        "everything in quotes, with commas in them",
        file(_quoted()),
        _TABLE,
        N_ITEMS,
        ODD_ITEM,
    ),
    Odd("carriage returns alone", file(series_csv().replace("\n", "\r"))),
    Odd("carriage returns and line feeds", file(series_csv().replace("\n", "\r\n"))),
    Odd("no line end at the end", file(series_csv().rstrip("\n"))),
    Odd("delimiters at the end of each row", file(series_csv().replace("\n", ",\n"))),
    Odd(
        "delimiters at the end of the data",
        file("t,v\n" + series_csv(head="").replace("\n", ",\n")),
    ),
    Odd("blank lines", file(series_csv().replace("\n", "\n\n"))),
    Odd("NUL bytes at the end", file(series_csv().encode() + bytes(4096))),
    Odd("lines before the table", file("Plant 7\nExported 2024-02-01\n\n" + series_csv())),
    Odd("a line that names the delimiter", file("sep=;\n" + series_csv(head="t;v\n", sep=";"))),
    Odd("blanks between the columns", file(table_csv("a   b\n", "   ")), _TABLE, N_ITEMS, ODD_ITEM),
    Odd("delimiters of two signs", file(table_csv("a::b\n", "::")), _TABLE, N_ITEMS, ODD_ITEM),
    Odd(
        "the header again amid the rows",
        file(series_csv().replace(moment(40), "t,v\n" + moment(40))),
        notes=("header",),
    ),
    Odd("gzip called .csv", file(gzip.compress(series_csv().encode()))),
    Odd(
        "thousands separators",
        file(series_csv(value=lambda v: f'"{1000 * v:,.1f}"')),
        notes=("thousands",),
    ),
    Odd(
        "10^8 in front of a small signal",
        file(series_csv(value=lambda v: f"{1e8 + v:.3f}")),
    ),
    Odd(
        "a header that gives a name twice",
        file(table_csv("v,v\n")),
        "a table of 'v', 'v_2'",
        N_ITEMS,
        ODD_ITEM,
        notes=("the header repeats 'v'",),
    ),
    Odd(
        "booleans",
        file(
            "open,a\n"
            + "".join(
                f"{'true' if i != ODD_ITEM else 'false'},{a if i != ODD_ITEM else 7}\n"
                for i, (a, _) in enumerate(items())
            )
        ),
        "a table of 'open', 'a'",
        N_ITEMS,
        ODD_ITEM,
    ),
    Odd("numbers with zeros in front", file(_with_counter()), _TABLE, N_ITEMS, ODD_ITEM),
    Odd("10,000 columns", file(_wide()), "a table of 10000 columns", 12, 7),
    Odd(
        "ten megabytes in a cell that is left out",
        file(
            with_cell(
                series_csv(lambda i: f"{moment(i)},x", head="t,note,v\n"), 50, "y" * 10_000_000, 1
            )
        ),
    ),
    Odd(
        "columns called as ours are",
        file(table_csv("score,row\n")),
        "a table of 'score', 'row'",
        N_ITEMS,
        ODD_ITEM,
    ),
    Odd(
        "names beyond Latin letters",
        file(table_csv("温度,🌡️ max\n")),
        "a table of '温度', '🌡️ max'",
        N_ITEMS,
        ODD_ITEM,
    ),
    Odd(
        "a path with blanks and brackets",
        _in_brackets,
        words="detect 'my plant [x].csv'",
    ),
    Odd(
        "numbers beyond float64",
        file(with_cell(with_cell(table_csv(), 20, "1e999"), 21, "-1e400")),
        _TABLE,
        N_ITEMS,
        ODD_ITEM,
        notes=(
            r"column 'b' has 2 infinite values \(row 20 first\)",
            "infinite values taken as missing",
        ),
    ),
    Odd(
        "words for what is missing",
        file(with_cell(with_cell(series_csv(), 20, "N/A"), 30, "null")),
        notes=("2 missing values",),
    ),
    Odd(
        "a series that is called a table",
        file(series_csv()),
        "a table of 'v'",
        words="detect plant.csv --kind table",
    ),
)
