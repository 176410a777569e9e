"""The small data that tests send, and the same rows as bodies of every kind."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

from sonde.wire import media as m

RNG = np.random.default_rng(17)
NAMES = ["rate", "load", "heat"]
TABLE = np.round(RNG.normal(size=(80, 3)), 3)
TABLE[17] = [9.0, -8.0, 7.0]
FRAME = pl.DataFrame(TABLE, NAMES)
WAVE = np.round(np.sin(np.arange(240) * 2 * np.pi / 24) + 0.05 * RNG.normal(size=240), 3)
WAVE[200] += 4.0
MOMENTS = np.datetime64("2024-03-01T00", "us") + np.arange(240) * np.timedelta64(1, "h")
TIMES = [f"{moment}Z" for moment in MOMENTS.astype("datetime64[s]")]


def csv(frame: pl.DataFrame) -> bytes:
    return frame.write_csv().encode()


def parquet(frame: pl.DataFrame) -> bytes:
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def arrow(frame: pl.DataFrame) -> bytes:
    return frame.write_ipc_stream(None).getvalue()


def arrow_file(frame: pl.DataFrame) -> bytes:
    return frame.write_ipc(None).getvalue()


BINARY: dict[str, Callable[[pl.DataFrame], bytes]] = {
    m.CSV: csv,
    m.PARQUET: parquet,
    m.ARROW: arrow,
    m.ARROW_FILE: arrow_file,
}
JSON: dict[str, dict[str, Any]] = {
    "rows": {"rows": TABLE.tolist()},
    "rows with names": {"rows": TABLE.tolist(), "names": NAMES},
    "columns": {"columns": FRAME.to_dict(as_series=False)},
    "records": {"records": FRAME.to_dicts()},
    "data of rows": {"data": TABLE.tolist()},
    "data of columns": {"data": FRAME.to_dict(as_series=False)},
    "data of records": {"data": FRAME.to_dicts()},
}


def zstd(data: bytes) -> bytes:
    name = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    packed: bytes = import_module(name).compress(data)
    return packed


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd}


def numbers(values: list[float | None]) -> np.ndarray[Any, Any]:
    """JSON's numbers as an array; null is NaN."""
    return np.array(values, dtype=np.float64)
