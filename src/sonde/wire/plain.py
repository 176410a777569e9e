"""An answer as plain JSON values, by any library that writes JSON."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Detection
from ..core.results import iso_time

if TYPE_CHECKING:
    from ..data.reading import Reading

Floats = NDArray[np.float64]

# Only where the method expects a value.
_OPTIONAL = ("expected", "lower", "upper")


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
    told = with_arrays(detection)
    told["is_anomaly"] = detection.is_anomaly.tolist()
    for name in ("scores", "probability", *_OPTIONAL):
        if name in told:
            told[name] = _numbers(told[name])
    return told


def with_arrays(detection: Detection) -> dict[str, Any]:
    """The same with columns as arrays, for a writer of JSON that takes them."""
    told: dict[str, Any] = {
        "scores": detection.scores,
        "is_anomaly": detection.is_anomaly,
        "probability": detection.probability,
        "anomalies": list(map(anomaly_json, detection.anomalies)),
        "chosen": plain(detection.chosen),
        "candidate": None if detection.candidate is None else anomaly_json(detection.candidate),
        "problems": [str(problem) for problem in detection.problems],
    }
    for name in _OPTIONAL:
        values = getattr(detection, name)
        if values is not None:
            told[name] = values
    return told


def anomaly_json(anomaly: Anomaly) -> dict[str, Any]:
    """One anomaly as plain JSON values; times as ISO 8601 text in UTC.

    Each field by its name, because an answer may hold as many of them as rows.
    """
    return {
        "series": anomaly.series,
        "start": anomaly.start,
        "end": anomaly.end,
        "start_time": iso_time(anomaly.start_time),
        "end_time": iso_time(anomaly.end_time),
        "peak": anomaly.peak,
        "score": _number(anomaly.score),
        "probability": _number(anomaly.probability),
        "columns": _shares(anomaly.columns),
        "expected": _number(anomaly.expected),
        "lower": _number(anomaly.lower),
        "upper": _number(anomaly.upper),
    }


def _shares(columns: Mapping[str, float]) -> Mapping[str, float | None]:
    # One look at all of them: there may be hundreds in each of many anomalies.
    if isfinite(sum(columns.values())):
        return columns
    return {name: _number(share) for name, share in columns.items()}


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


def _numbers(values: Floats) -> list[float | None]:
    if np.isfinite(values).all():
        return values.tolist()  # type: ignore[no-any-return]
    return list(map(_number, values.tolist()))


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def synonyms(
    detection: Detection, algorithm: str, seconds: float, predictions: Any = None
) -> dict[str, Any]:
    """The fields of an answer that clients of an earlier service read.

    ``predictions`` are −1 and 1 a row, made as a list where they are not given.

    >>> quiet = Detection(np.zeros(2), np.array([False, True]), np.ones(2), [], cutoff=1e-3)
    >>> synonyms(quiet, "hbos", 0.0021)["predictions"]
    [1, -1]
    """
    if predictions is None:
        predictions = [-1 if flag else 1 for flag in detection.is_anomaly.tolist()]
    return {
        "predictions": predictions,
        "algorithm": algorithm,
        "anomaly_count": len(detection.anomalies),
        "processing_time_ms": round(seconds * 1e3, 3),
    }
