"""A detection as frames and as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Anomaly, Detection

if TYPE_CHECKING:
    from ..data.many import Files
    from ..data.reading import Reading

Floats = NDArray[np.float64]

_OURS = ("file", "row", "score", "is_anomaly", "probability", "expected", "lower", "upper")
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


def scores_frame(reading: Reading, detection: Detection, first_row: int = 0) -> pl.DataFrame:
    """One line per input row, in the input's order; ``first_row`` is what row 0 is called.

    Columns: ``file`` where there are several, ``row`` (0-based, in its file), the time and the id
    column of the input if there are any, ``score`` (null where the row could not be judged),
    ``is_anomaly`` (0 or 1), ``probability``, ``expected``, ``lower``, ``upper`` (null where the
    method has none). An input column that is called like one of ours gets an underscore after
    its name.
    """
    if reading.files is None:
        columns = [pl.Series("row", np.arange(first_row, first_row + len(detection)))]
    else:
        file, rows = reading.files.columns()
        columns = [file, pl.Series("row", rows)]
    taken = set(_OURS)
    for name, values in (
        (reading.time_column, reading.time_values),
        (reading.id_column, reading.id_values),
    ):
        if values is not None:
            free = _free_name(name or values.name, taken)
            taken.add(free)
            columns.append(values.alias(free))
    columns += [
        _nullable("score", detection.scores, len(detection)),
        pl.Series("is_anomaly", detection.is_anomaly.astype(np.int8)),
        _nullable("probability", detection.probability, len(detection)),
        _nullable("expected", detection.expected, len(detection)),
        _nullable("lower", detection.lower, len(detection)),
        _nullable("upper", detection.upper, len(detection)),
    ]
    return pl.DataFrame(columns)


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


def files_json(reading: Reading) -> dict[str, Any]:
    """Where each of several files begins in the rows of an answer; nothing for one file."""
    if reading.files is None:
        return {}
    starts = reading.files.starts.tolist()
    return {
        "files": [
            {"file": name, "first_row": start, "rows": end - start}
            for name, start, end in zip(reading.files.names, starts, starts[1:], strict=False)
        ]
    }


def to_json(detection: Detection) -> dict[str, Any]:
    """The answer as plain JSON values; null where a number is NaN or infinite.

    >>> import json
    >>> scores = np.array([0.5, np.nan])
    >>> answer = to_json(Detection(scores, np.array([False, False]), scores, [], cutoff=1e-3))
    >>> answer["scores"], answer["is_anomaly"], json.dumps(answer["candidate"])
    ([0.5, None], [False, False], 'null')
    """
    return {
        "scores": _numbers(detection.scores),
        "is_anomaly": detection.is_anomaly.tolist(),
        "probability": _numbers(detection.probability),
        "anomalies": [plain(anomaly.to_dict()) for anomaly in detection.anomalies],
        "chosen": plain(detection.chosen),
        "candidate": None if detection.candidate is None else plain(detection.candidate.to_dict()),
        "problems": [str(problem) for problem in detection.problems],
    }


def shares_text(anomaly: Anomaly, most: int | None = None) -> str:
    """The columns to blame and their shares, largest first.

    >>> shares_text(Anomaly(None, 0, 1, None, None, 0, 9.0, 1.0, {"rate": 0.29, "load": 0.71}))
    'load 0.71; rate 0.29'
    """
    ranked = sorted(anomaly.columns.items(), key=lambda item: -item[1])
    return "; ".join(f"{name} {share:.2f}" for name, share in ranked[:most])


def plain(value: Any) -> Any:
    """``value`` in the types that JSON has; numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    return value.as_posix() if isinstance(value, PurePath) else str(value)


def _free_name(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _nullable(name: str, values: Floats | None, n: int) -> pl.Series:
    if values is None:
        return pl.Series(name, [None] * n, dtype=pl.Float64)
    return pl.Series(name, values, dtype=pl.Float64).fill_nan(None)


def _numbers(values: Floats) -> list[float | None]:
    known = np.where(np.isfinite(values), values, np.nan)
    return pl.Series(known, dtype=pl.Float64).fill_nan(None).to_list()
