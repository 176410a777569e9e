"""Small detections with known answers, one for each kind of data."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sonde.core import Anomaly, Detection, Panel, Series, Table
from sonde.data.reading import Reading

MINUTE = 60_000_000_000
START = 1_700_000_000_000_000_000
CUTOFF = 1e-3
HOSTILE = "</script><img src=x onerror=alert(1)> \"q\" & 's' \u2028 🔥 {{script}} " + "long " * 40

Answer = tuple[Reading, Detection]


def clock(n: int) -> NDArray[np.int64]:
    return START + MINUTE * np.arange(n)


def detection_of(
    scores: NDArray[np.float64], anomalies: list[Anomaly], **more: object
) -> Detection:
    """Probabilities from the scores; the flagged rows are those of the anomalies."""
    flagged = np.zeros(len(scores), dtype=bool)
    for anomaly in anomalies:
        flagged[anomaly.start : anomaly.end] = True
    return Detection(
        scores=scores,
        is_anomaly=flagged,
        probability=1.0 - np.power(10.0, -np.abs(scores)),
        anomalies=anomalies,
        cutoff=CUTOFF,
        **more,  # type: ignore[arg-type]
    )


def anomaly_at(
    start: int,
    end: int,
    time: NDArray[np.int64] | None = None,
    series: str | None = None,
    columns: dict[str, float] | None = None,
    expected: float | None = None,
) -> Anomaly:
    return Anomaly(
        series=series,
        start=start,
        end=end,
        start_time=None if time is None else int(time[start]),
        end_time=None if time is None else int(time[end - 1]),
        peak=start,
        score=6.0,
        probability=1.0 - 1e-6,
        columns={"load": 1.0} if columns is None else columns,
        expected=expected,
        lower=None if expected is None else expected - 1.0,
        upper=None if expected is None else expected + 1.0,
    )


def series_answer(n: int = 600, name: str = "load", seed: int = 1) -> Answer:
    """One column with an expectation, a gap in time, a missing stretch and one anomaly."""
    rng = np.random.default_rng(seed)
    time = clock(n)
    time[n // 2 :] += 30 * MINUTE
    wave = 10.0 * np.sin(np.arange(n) / 30.0)
    values = wave + rng.normal(0, 1, n)
    values[100:105] += 30.0
    values[200:220] = np.nan
    scores = np.abs(values - wave) / 10.0
    found = [anomaly_at(100, 105, time, None, {name: 1.0}, 5.0)]
    detection = detection_of(
        scores,
        found,
        expected=wave,
        lower=wave - 3.0,
        upper=wave + 3.0,
        chosen={
            "kind": "series",
            "message": f"Took plant.csv for one series of {name!r}.",
            "detector": "seasonal_residual",
            "why": "the values repeat",
            "parameters": {"period": 188},
            "threshold": {"rule": "extreme value", "cutoff": CUTOFF, "why": "as it is"},
            "period": 188,
            "left_out": {"note": "text"},
        },
        problems=["20 missing values in 'load'"],
    )
    moments = pl.Series("ts", time).cast(pl.Datetime("ns"))
    reading = Reading(
        data=Series(values, [name], time),
        n_rows=n,
        rows=np.arange(n),
        source="plant.csv",
        kind_reason="time column 'ts', one row per moment",
        time_column="ts",
        time_values=moments,
        step_ns=MINUTE,
        problems=["1 gap in time"],
    )
    return reading, detection


def panel_answer(n_series: int = 3, n: int = 200, seed: int = 2) -> Answer:
    """Two columns per series; the second series has the one anomaly."""
    rng = np.random.default_rng(seed)
    time = clock(n)
    ids = [f"pump {i}" for i in range(n_series)]
    each = [Series(rng.normal(0, 1, (n, 2)), ["load", "flow"], time) for _ in ids]
    panel = Panel.of(each, ids)
    scores = np.abs(panel.values[:, 0])
    found = [
        Anomaly(
            ids[1],
            n + 50,
            n + 60,
            int(time[50]),
            int(time[59]),
            n + 55,
            6.0,
            1.0 - 1e-6,
            {"load": 0.25, "flow": 0.75},
        )
    ]
    reading = Reading(
        data=panel,
        n_rows=len(panel.values),
        rows=np.arange(len(panel.values)),
        source="fleet.csv",
        kind_reason="time unique within each 'pump'",
        time_column="ts",
        id_column="pump",
        time_values=pl.Series("ts", np.tile(time, n_series)).cast(pl.Datetime("ns")),
        id_values=pl.Series("pump", np.repeat(ids, n)),
        step_ns=MINUTE,
    )
    return reading, detection_of(scores, found)


def table_answer(n: int = 400, seed: int = 3) -> Answer:
    """Three columns; rows 7 and 9 are anomalies."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (n, 3))
    values[[7, 9], 1] = 25.0
    scores = np.abs(values).max(axis=1) / 4.0
    shares = {"a": 0.1, "b": 0.8, "c": 0.1}
    found = [anomaly_at(row, row + 1, columns=shares) for row in (7, 9)]
    reading = Reading(
        data=Table(values, ["a", "b", "c"]),
        n_rows=n,
        rows=np.arange(n),
        source="orders.csv",
        kind_reason="no time column",
    )
    return reading, detection_of(scores, found)


def quiet_answer() -> Answer:
    """A series in which nothing passed; the candidate is row 40."""
    values = np.random.default_rng(4).normal(0, 1, 120)
    scores = np.abs(values) / 10.0
    candidate = anomaly_at(40, 41, columns={"c0": 1.0})
    reading = Reading(Series(values), 120, np.arange(120), "array", "one column, in file order")
    return reading, detection_of(scores, [], candidate=candidate)
