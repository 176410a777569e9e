"""Frames and arrays to throw at the readers: columns of every type, and what else is in a list."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import polars as pl

from sonde.core import Panel
from sonde.data import examine, frame_from, rows_from
from sonde.data.reading import Reading
from sonde.data.shapes import LAYOUTS, container_from
from sonde.errors import SondeError

from .fuzz_checks import check_container, check_reading, check_values, outcome, watched

_START = datetime(2024, 1, 1)
_CELLS: dict[str, Callable[[Random, int], Any]] = {
    "float": lambda r, i: r.choice((r.random(), math.nan, math.inf, -math.inf, 5e-324, 1e308)),
    "int": lambda r, i: r.choice((i, r.randrange(-9, 9), 2**53 + i, 2**63 - 1 - i, -(2**63))),
    "huge int": lambda r, i: r.choice((i, 2**63 + i, 2**64, 2**127, -(2**200), 10**400)),
    "bool": lambda r, i: r.random() < 0.5,
    "text": lambda r, i: r.choice(("a", "b", "", "1", "2.5", "2024-01-01", "\x00", "é\ud83d")),
    "moments": lambda r, i: _START + timedelta(hours=i // r.choice((1, 1, 1, 2))),
    "zoned": lambda r, i: (_START + timedelta(hours=i)).replace(tzinfo=UTC),
    "any moment": lambda r, i: r.choice((datetime.min, datetime.max, _START, datetime(1600, 1, 1))),
    "day": lambda r, i: r.choice((date.min, date.max, date(2024, 1, 1 + i % 28))),
    "clock": lambda r, i: time(i % 24, r.randrange(60)),
    "duration": lambda r, i: r.choice((timedelta.max, timedelta(i), timedelta(0))),
    "decimal": lambda r, i: Decimal(r.choice((str(i), "0.1", "1e-9", "9e30"))),
    "odd decimal": lambda r, i: Decimal(r.choice(("NaN", "Infinity", "1e400"))),
    "null": lambda r, i: None,
    "bytes": lambda r, i: r.randbytes(3),
    "list": lambda r, i: [i] * r.randrange(3),
    "dict": lambda r, i: {"x": i},
    "complex": lambda r, i: complex(i, 1),
    "object": lambda r, i: object(),
    "numpy": lambda r, i: r.choice((np.float32(0.1), np.int8(3), np.datetime64("2024-01-01", "D"))),
}  # fmt: skip
_PLAIN = ("float", "int", "huge int", "bool", "null")
_NAMES = (
    "time",
    "date",
    "id",
    "value",
    "a",
    "b",
    "sensor",
    "label",
    "",
    "é",
    "a\nb",
    "\x1b[31m",
    "x" * 600,
)
_DTYPES = "?bhilqBHILQefdgFDOSUMmV"
_ARROW = (
    "null", "bool_", "int8", "uint64", "float16", "float64", "date32", "date64", "string",
    "large_string", "binary", "month_day_nano_interval",
)  # fmt: skip


def cells_of(random: Random, kind: str, n: int) -> list[Any]:
    """``n`` cells of one kind, a tenth of them missing, at times one of another kind."""
    make = _CELLS[kind]
    cells = [None if random.random() < 0.1 else make(random, i) for i in range(n)]
    if cells and random.random() < 0.05:
        cells[random.randrange(n)] = _CELLS[random.choice(list(_CELLS))](random, 0)
    return cells


def columns_of(random: Random) -> dict[str, list[Any]]:
    """Columns of different kinds, of one length as a rule."""
    n = random.choice((0, 1, 2, 3, 5, 8, 20, 40))
    made = {}
    for name in random.sample(_NAMES, random.randrange(0, 5)):
        kind = random.choice(list(_CELLS) if random.random() < 0.6 else _PLAIN)
        made[name] = cells_of(random, kind, n if random.random() < 0.99 else n + 1)
    return made


def check_dict(random: Random) -> None:
    """A dict of columns, or the same as rows: numbers come out as Python reads them."""
    columns = columns_of(random)
    as_rows = random.random() < 0.2 and len({len(c) for c in columns.values()}) == 1
    given: Any = columns
    if as_rows:
        given = [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ]
    options = _options(random, list(columns))
    with watched():
        found = outcome(lambda: examine(given, **options))
        if isinstance(found, Reading):
            check_reading(found)
            read = [
                name for name in found.data.channels if name not in options.get("categories", ())
            ]
            if all(_is_plain(columns[name]) for name in read):
                check_values(found, {name: columns[name] for name in read})
        outcome(lambda: rows_from(given, prefer=random.choice(("series", "table"))))


def check_frame(random: Random) -> None:
    """A frame of pandas, Polars or Arrow with a column of every type."""
    frame = _FRAMES[random.choice(list(_FRAMES))](random)
    if frame is None:
        return
    options = _options(random, [str(name) for name in _names_of(frame)])
    with watched():
        found = outcome(lambda: examine(frame, **options))
        if isinstance(found, Reading):
            check_reading(found)
        made = outcome(lambda: rows_from(frame, prefer="series"))
        if not isinstance(made, SondeError):
            check_container(made)
        outcome(lambda: frame_from(frame))


def check_array(random: Random) -> None:
    """Arrays of every type and shape at the doors that take arrays."""
    array = _array(random)
    axes = random.choice((None, None, "nt", "nct", "ntc", "tc", "ct", "t", "", "ttt", "xyz"))
    layout = random.choice(list(LAYOUTS))
    time: Any = None
    if random.random() < 0.4:
        time = _array(random)
    with watched():
        for call in (
            lambda: examine(array).data,
            lambda: rows_from(array, prefer="table"),
            lambda: Panel.from_array(array, axes, time=time),
            lambda: container_from(array, layout),
            lambda: container_from([array, array], layout),
            lambda: container_from({"id": array, "time": array, "value": array}, layout),
        ):
            made = outcome(call)
            if not isinstance(made, SondeError):
                check_container(made)


def _names_of(frame: Any) -> list[Any]:
    if isinstance(frame, pl.LazyFrame):
        return []
    of_arrow = getattr(frame, "column_names", None)
    return list(getattr(frame, "columns", [])) if of_arrow is None else list(of_arrow)


def _is_plain(cells: list[Any]) -> bool:
    return all(cell is None or isinstance(cell, int | float | Decimal) for cell in cells)


def _options(random: Random, names: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if random.random() < 0.3:
        options["kind"] = random.choice(("series", "panel", "table"))
    for role in ("time", "id", "labels"):
        if names and random.random() < 0.12:
            options[role] = random.choice(names)
    for role in ("columns", "categories"):
        if names and random.random() < 0.12:
            options[role] = random.sample(names, random.randrange(1, len(names) + 1))
    return options


def _array(random: Random) -> Any:
    shape = tuple(random.choice((0, 1, 2, 3, 5, 12)) for _ in range(random.randrange(4)))
    code = random.choice(_DTYPES)
    if code == "O":
        flat = np.empty(int(np.prod(shape)), dtype=object)
        kind = random.choice([kind for kind in _CELLS if kind != "huge int"])
        flat[:] = [_Cell(cell) for cell in cells_of(random, kind, flat.size)]
        for i, held in enumerate(flat):
            flat[i] = held.cell
        return flat.reshape(shape)
    dtype = np.dtype({"M": "M8[ns]", "m": "m8[s]", "S": "S3", "U": "U3", "V": "V5"}.get(code, code))
    if random.random() < 0.2:
        dtype = dtype.newbyteorder()
    size = int(np.prod(shape)) * dtype.itemsize
    if code in "?U" or random.random() < 0.5:
        made = np.zeros(shape, dtype)
        if code not in "?USVMm" and made.size:
            with np.errstate(all="ignore"):
                made += np.arange(made.size).reshape(shape).astype(dtype)
    else:
        made = np.frombuffer(random.randbytes(size), dtype, int(np.prod(shape))).reshape(shape)
        if code in "efdg":
            # Of the NaNs only the usual one, and of the long floats none beyond 64 bits.
            with np.errstate(all="ignore"):
                odd = np.isnan(made) | (np.isfinite(made) & (np.abs(made) > 1e308))
            made = np.where(odd, np.nan, made)
    if random.random() < 0.1 and code not in "V" and shape:
        return np.ma.masked_array(made, np.full(shape, random.random() < 0.5))
    return made.T if random.random() < 0.2 else made


class _Cell:
    """Keeps NumPy from unpacking a list that is one cell."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell


def _polars(random: Random) -> Any:
    made = []
    for name, cells in columns_of(random).items():
        try:
            column = pl.Series(name, cells, strict=False)
            if random.random() < 0.3:
                column = column.cast(random.choice(_POLARS_TYPES), strict=False)
        except (Exception, pl.exceptions.PanicException):
            continue  # what cannot be made cannot be given
        made.append(column)
    try:
        frame = pl.DataFrame(made)
    except pl.exceptions.PolarsError:
        return None
    return frame.lazy() if random.random() < 0.1 else frame


_POLARS_TYPES = (
    pl.Categorical, pl.String, pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Decimal(38, 3),
    pl.Time, pl.Datetime("ms"), pl.Datetime("ns", "Asia/Kathmandu"), pl.Duration("us"), pl.Binary,
    pl.Null, pl.List(pl.Int64), pl.Array(pl.Float64, 2), pl.Boolean, pl.Date,
)  # fmt: skip


def _pandas(random: Random) -> Any:
    import pandas as pd

    columns = columns_of(random)
    try:
        frame = pd.DataFrame({name: pd.Series(cells) for name, cells in columns.items()})
        for name in frame.columns:
            if random.random() < 0.4:
                frame[name] = frame[name].astype(random.choice(_PANDAS_TYPES))
        index = random.random()
        if index < 0.1 and len(frame):
            frame.index = pd.date_range("2024-01-01", periods=len(frame), freq="h", tz=None)
        elif index < 0.15 and len(frame):
            frame.index = pd.period_range("2024-01-01", periods=len(frame), freq="M")
        elif index < 0.2 and frame.shape[1] > 1:
            frame = frame.set_index(list(frame.columns)[:2])
        elif index < 0.25 and frame.shape[1]:
            frame.columns = pd.Index([random.choice(_ODD_NAMES) for _ in frame.columns])
        elif index < 0.3:
            frame = pd.concat([frame, frame], axis=1)
        if random.random() < 0.1 and frame.shape[1]:
            return frame.iloc[:, 0]
    except Exception:
        return None  # what cannot be made cannot be given
    return frame


_PANDAS_TYPES = (
    "category", "Int64", "Float32", "boolean", "string", "object", "float16", "datetime64[s]",
    "datetime64[ns, UTC]", "timedelta64[ns]", "Sparse[float64]", "complex128", "period[M]",
)  # fmt: skip
_ODD_NAMES = (0, 1, None, ("a", "b"), 1.5, "a", "a", date(2024, 1, 1))


def _arrow(random: Random) -> Any:
    import pyarrow as pa

    arrays, names = [], []
    for name, cells in columns_of(random).items():
        if any(isinstance(cell, np.generic) for cell in cells):
            continue  # Arrow itself dies of several kinds of them in one list
        try:
            array = pa.array(cells)
            if random.random() < 0.5:
                wanted = random.choice(_ARROW)
                # Unchecked, bytes become text that is no text, which no reader can survive.
                array = array.cast(getattr(pa, wanted)(), safe="string" in wanted)
            if random.random() < 0.1:
                array = array.dictionary_encode()
        except Exception:
            array = pa.array([0] * len(cells))
        arrays.append(array)
        names.append(random.choice((name, "a")))
    try:
        table = pa.table(arrays, names=names)
    except Exception:
        return None
    if random.random() < 0.2 and table.num_rows:
        return table.to_batches()[0]
    return table


_FRAMES: dict[str, Callable[[Random], Any]] = {
    "polars": _polars,
    "pandas": _pandas,
    "arrow": _arrow,
}
KINDS: dict[str, Callable[[Random], None]] = {
    "dict": check_dict,
    "frame": check_frame,
    "array": check_array,
}
