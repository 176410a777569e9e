"""Large files: the time beside Polars' own reading, and the memory of a run in parts."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from measured import Measured, alone, medians

_MEASURED = (
    "import resource, sys, time; t = time.perf_counter(); import sonde;"
    "{work};"
    "print(time.perf_counter() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
)


def _run(work: str, *words: str) -> tuple[float, float]:
    """Seconds and gigabytes (at most) of a process of its own."""
    code = _MEASURED.format(work=work)
    done = subprocess.run(
        [sys.executable, "-c", code, *words], check=True, capture_output=True, text=True
    )
    seconds, kilobytes = map(float, done.stdout.split())
    return seconds, kilobytes / 2**20


def large_table() -> list[Measured]:
    """5 million rows × 5 columns of CSV, the default detector; the peak memory of the process."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        rng = np.random.default_rng(0)
        columns = {name: rng.normal(size=5_000_000).round(4) for name in "abcde"}
        pl.DataFrame(columns).write_csv(path)
        del columns
        seconds, peak = _run("sonde.detect(sys.argv[1], n_jobs=-1)", str(path))
    return [
        alone("5M × 5 CSV, default detector", "< 30 s", seconds, unit="s"),
        {"figure": "… peak memory", "wanted": "< 3 GB", "ours": peak, "unit": "GB"},
    ]


def reading() -> list[Measured]:
    """Reading 5M × 5 and finding out what it is, beside Polars' reading with the types given."""
    import polars as pl

    from sonde.data import examine

    rng, n = np.random.default_rng(0), 5_000_000
    time = pl.datetime_range(
        pl.datetime(2020, 1, 1), pl.datetime(2040, 1, 1), "1m", eager=True
    ).alias("ts")[:n]
    found = []
    for what in ("5 columns of floats", "a time and 4 columns of floats"):
        frame = pl.DataFrame(rng.normal(size=(n, 5)), schema=list("abcde"))
        if "time" in what:
            frame = frame.drop("e").insert_column(0, time)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.csv"
            frame.write_csv(path, datetime_format="%Y-%m-%d %H:%M:%S")
            schema = frame.schema
            del frame
            spent = medians(
                5,
                ours=partial(examine, path),
                peer=partial(pl.read_csv, path, schema=schema),
            )
        found.append(
            {
                "figure": f"read 5M rows of CSV, {what}",
                "wanted": "≤ 1.3 times Polars",
                "ours_ms": spent["ours"] * 1e3,
                "peer_ms": spent["peer"] * 1e3,
                "ratio": spent["peer"] / spent["ours"],
            }
        )
    return found


def in_parts() -> list[Measured]:
    """A CSV of 5 GB, 8 full and 12 sparse columns, judged row by row: time and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "large.csv", Path(folder) / "scores.parquet"
        _write(path, 5_000_000_000)
        work = "sonde.detect_file(sys.argv[1], scores=sys.argv[2], n_jobs=-1)"
        seconds, peak = _run(work, str(path), str(out))
    return [
        alone("5 GB of CSV read in parts, default detector", "", seconds, unit="s"),
        {"figure": "… peak memory", "wanted": "≤ 1.5 GB", "ours": peak, "unit": "GB"},
    ]


def _write(path: Path, size: int) -> None:
    import polars as pl

    rng, n = np.random.default_rng(0), 200_000
    full = {f"s{i}": rng.normal(size=n).round(6) for i in range(8)}
    sparse = {
        f"e{i}": np.where(rng.random(n) < 0.02, rng.normal(size=n).round(3), np.nan)
        for i in range(12)
    }
    frame = pl.DataFrame(full | sparse).fill_nan(None)
    block = frame.write_csv(include_header=False).encode()
    with path.open("wb") as file:
        file.write((",".join(frame.columns) + "\n").encode())
        while file.tell() < size:
            file.write(block)
