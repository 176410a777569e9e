"""A detection as frames; what it is as plain JSON values lies with what travels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from ..core import Anomaly, Detection
from ..wire.lines import scores_frame
from ..wire.plain import files_json, plain, to_json

if TYPE_CHECKING:
    from ..data.many import Files
    from ..data.reading import Reading

__all__ = [
    "anomalies_frame",
    "anomalies_lines",
    "files_json",
    "plain",
    "scores_frame",
    "shares_text",
    "to_json",
]

_ANOMALY_COLUMNS: dict[str, Any] = {
    "series": pl.String,
    "start": pl.Int64,
    "end": pl.Int64,
    "start_time": pl.String,
    "end_time": pl.String,
    "peak": pl.Int64,
    "score": pl.Float64,
    "probability": pl.Float64,
    "expected": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "columns": pl.String,
}


def anomalies_frame(reading: Reading, detection: Detection, *, flat: bool = False) -> pl.DataFrame:
    """One line per anomaly, strangest first; no lines when there are none.

    ``start`` and ``end`` are input rows, ``end`` exclusive, counted in ``file`` where there are
    several; times are ISO 8601 text in UTC, null without a time column; ``columns`` holds the
    share of each column by its name, or, where ``flat``, as text: ``"load 0.71; rate 0.29"``,
    which a CSV file can hold.
    """
    return anomalies_lines(detection.anomalies, reading.data.channels, reading.files, flat=flat)


def anomalies_lines(
    anomalies: Sequence[Anomaly], channels: Sequence[str], files: Files | None, *, flat: bool
) -> pl.DataFrame:
    """As ``anomalies_frame``, for anomalies whose data are no longer at hand."""
    schema = dict(_ANOMALY_COLUMNS)
    if files is not None:
        schema = {"file": pl.String} | schema
    lines = []
    for anomaly in anomalies:
        line: dict[str, Any] = {}
        if files is not None:
            line["file"], anomaly = files.named(anomaly)
        lines.append(line | anomaly.to_dict())
        if flat:
            lines[-1]["columns"] = shares_text(anomaly)
    if not flat:
        schema["columns"] = pl.Struct({name: pl.Float64 for name in channels})
    return pl.DataFrame(lines, schema=schema, orient="row").with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


def shares_text(anomaly: Anomaly, most: int | None = None) -> str:
    """The columns to blame and their shares, largest first.

    >>> shares_text(Anomaly(None, 0, 1, None, None, 0, 9.0, 1.0, {"rate": 0.29, "load": 0.71}))
    'load 0.71; rate 0.29'
    """
    ranked = sorted(anomaly.columns.items(), key=lambda item: -item[1])
    return "; ".join(f"{name} {share:.2f}" for name, share in ranked[:most])
