"""Words of the command that contradict the data."""

from __future__ import annotations

from pathlib import Path

from .cases import Malformed, file, items, series_csv, with_cell

_HEAD = "name,a,b,y\n"
_LINES = [f"x{i % 5},{a},{b},{i % 3}\n" for i, (a, b) in enumerate(items())]
_TABLE = file(_HEAD + "".join(_LINES))
_QUIET = file(_HEAD + "".join(line[:-2] + "0\n" for line in _LINES))
_SERIES = file(series_csv())
_THERE = "there are 'name', 'a', 'b', 'y'"


def _unsorted(folder: Path) -> None:
    """Row 10 of the file is empty, and is the 51st moment."""
    head, *lines = with_cell(series_csv(), 50, "").splitlines(keepends=True)
    lines[10], lines[50] = lines[50], lines[10]
    (folder / "plant.csv").write_text(head + "".join(lines))


def _detect(options: str) -> str:
    return f"detect plant.csv {options}"


CASES = (
    Malformed(
        "--time of words",
        _TABLE,
        ("plant.csv: column 'name' cannot be read as time", "write dates as"),
        _detect("--time name"),
    ),
    Malformed(
        "--time of no column",
        _TABLE,
        ("plant.csv has no column 'when'", _THERE),
        _detect("--time when"),
    ),
    Malformed(
        "--columns of words",
        _TABLE,
        ("plant.csv: column 'name' is text", "choose numeric columns"),
        _detect("--columns name"),
    ),
    Malformed(
        "--columns of no column",
        _TABLE,
        ("plant.csv has no column 'c'", _THERE),
        _detect("--columns a,c"),
    ),
    Malformed(
        "--columns twice",
        _TABLE,
        ("columns must name one or more different columns",),
        _detect("--columns a,a"),
    ),
    Malformed(
        "--id with a hole",
        file(with_cell(_HEAD + "".join(_LINES), 30, "", 0)),
        ("plant.csv, row 30: id column 'name' is empty", "fill it in or drop the row"),
        _detect("--id name"),
    ),
    Malformed(
        "one column in two roles",
        _TABLE,
        ("column 'name' is named in both id and labels", "name another column"),
        _detect("--id name --labels name"),
    ),
    Malformed(
        "--labels of other values",
        _TABLE,
        ("plant.csv, row 2: 2 in labels column 'y'", "correct it"),
        _detect("--labels y"),
    ),
    Malformed(
        "--labels that mark nothing",
        _QUIET,
        ("labels must mark at least one row as an anomaly",),
        _detect("--labels y"),
    ),
    Malformed(
        "--categories of measurements",
        _TABLE,
        ("plant.csv: column 'a' .* holds no categories", "name columns of text"),
        _detect("--categories a"),
    ),
    Malformed(
        "--fit-rows beyond the rows",
        _SERIES,
        ("fit_rows is 5000, and there are 120 rows", "smaller number"),
        _detect("--fit-rows 5000"),
    ),
    Malformed(
        "--fit-rows too few",
        _SERIES,
        ("plant.csv: .* needs at least 10 rows .* got 2", "more rows"),
        _detect("--fit-rows 2"),
    ),
    Malformed(
        "--missing error with a hole, in rows out of order",
        _unsorted,
        ("plant.csv, row 10, column 'v' is empty", "fill it in, or choose another policy"),
        _detect("--missing error"),
    ),
    Malformed(
        "--missing that needs an order",
        file(with_cell(_HEAD + "".join(_LINES), 3, "", 1)),
        ("fills from rows before and after, which a table does not have", "use 'auto'"),
        _detect("--missing linear"),
    ),
    Malformed(
        "--online without an order",
        _TABLE,
        ("online detection needs rows in an order", "name the time column"),
        _detect("--online"),
    ),
    Malformed(
        "--online with a detector that can't",
        _SERIES,
        ("discord can't work online", "use auto_online, ewma"),
        _detect("--online --detector discord"),
    ),
    Malformed(
        "a window beyond the rows",
        _SERIES,
        ("plant.csv: discord needs at least 10000 rows .* got 120", "more rows"),
        _detect("--detector discord --param window=5000"),
    ),
    Malformed(
        "a model that is not there",
        _SERIES,
        ("there is no model file no.sonde",),
        "score no.sonde plant.csv",
    ),
)
