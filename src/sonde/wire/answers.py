"""Answers to bodies: JSON, or one line per row as Arrow, Parquet or CSV."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from ..core import Detection, Prediction
from ..errors import NotAcceptable
from . import media as m
from .plain import anomaly_json, files_json, synonyms, with_arrays

if TYPE_CHECKING:
    import polars as pl

    from ..data.reading import Reading

_NUMPY = orjson.OPT_SERIALIZE_NUMPY
# What stands in the lines of an answer already, and is left out of the words beside them.
_PER_ROW = frozenset(
    ("scores", "is_anomaly", "probability", "predictions", "expected", "lower", "upper")
)
_FEW = 16  # rows up to which lists of Python are ahead of arrays


def prediction_body(
    prediction: Prediction,
    *,
    algorithm: str,
    seconds: float | None = None,
    reading: Reading | None = None,
    media: str = m.JSON,
    is_own: bool = False,
) -> bytes:
    """What a stored model said of each row.

    Parameters
    ----------
    prediction : its output in the order of the rows as they came (``Reading.answered``).
    algorithm : the detector's name.
    seconds : what is told as the time it took; the prediction's own when left out.
    reading : puts the time and id columns into the lines of other media than JSON.
    is_own : adds what callers of ``POST /predict`` read by earlier guides.

    Raises
    ------
    NotAcceptable : another medium than answers are given in.
    """
    told = prediction_answer(prediction, algorithm, seconds)
    if is_own:
        told["success"] = True
        told["model_version"] = told["version"]
        told["probabilities"] = told["probability"]
    return _written(told, prediction.output, reading, media)


def prediction_answer(
    prediction: Prediction, algorithm: str, seconds: float | None = None
) -> dict[str, Any]:
    """The same as a dict for orjson: its numbers may be arrays."""
    output = prediction.output
    told: dict[str, Any] = {
        "model": prediction.model,
        "version": prediction.version,
        "variant": prediction.variant,
        "scores": _column(output.scores),
        "is_anomaly": _column(output.is_anomaly),
        "probability": _column(output.probability),
        "anomalies": list(map(anomaly_json, output.anomalies)) if output.anomalies else [],
        "problems": list(map(str, output.problems)) if output.problems else [],
    }
    if output.expected is not None:
        told["expected"] = _column(output.expected)
    if output.lower is not None:
        told["lower"] = _column(output.lower)
    if output.upper is not None:
        told["upper"] = _column(output.upper)
    taken = prediction.seconds if seconds is None else seconds
    return _with_synonyms(told, output, algorithm, taken, prediction.request_id)


def detection_body(
    reading: Reading,
    detection: Detection,
    request_id: str,
    media: str,
    seconds: float,
) -> bytes:
    """What ``sonde detect --json`` prints of the same data, and the names other clients know.

    Raises
    ------
    NotAcceptable : another medium than answers are given in.
    """
    answer = detection_answer(reading, detection, request_id, seconds)
    return _written(answer, detection, reading, media)


def detection_answer(
    reading: Reading, detection: Detection, request_id: str, seconds: float
) -> dict[str, Any]:
    """The same as a dict for orjson: its numbers may be arrays."""
    told = with_arrays(detection) | files_json(reading)
    for name in ("scores", "is_anomaly", "probability", "expected", "lower", "upper"):
        if name in told:
            told[name] = _column(told[name])
    algorithm = str(detection.chosen.get("detector", ""))
    return _with_synonyms(told, detection, algorithm, seconds, request_id)


def several_body(answers: Sequence[bytes | Mapping[str, Any]], request_id: str) -> bytes:
    """One body for several data sets, in order: an answer's JSON, or a problem as ``error``."""
    results = [
        orjson.Fragment(one) if isinstance(one, bytes) else {"error": dict(one)} for one in answers
    ]
    return orjson.dumps({"results": results, "request_id": request_id})


def json_body(value: Any) -> bytes:
    """Plain values and arrays as JSON; null where a number is NaN or infinite."""
    return orjson.dumps(value, option=_NUMPY)


def _with_synonyms(
    told: dict[str, Any], output: Detection, algorithm: str, seconds: float, request_id: str
) -> dict[str, Any]:
    flags = output.is_anomaly
    predictions = None if len(flags) <= _FEW else np.where(flags, np.int8(-1), np.int8(1))
    told |= synonyms(output, algorithm, seconds, predictions)
    told["request_id"] = request_id
    return told


def _column(values: Any) -> Any:
    """A column as orjson takes it: a short list, or an array without gaps in memory."""
    if len(values) <= _FEW:
        return values.tolist()
    return values if values.flags.c_contiguous else np.ascontiguousarray(values)


def _written(
    answer: dict[str, Any], output: Detection, reading: Reading | None, media: str
) -> bytes:
    if media == m.JSON:
        return orjson.dumps(answer, option=_NUMPY)
    from .lines import scores_frame

    lines = scores_frame(reading, output)
    words = {name: value for name, value in answer.items() if name not in _PER_ROW}
    return _lines_body(lines, orjson.dumps(words, option=_NUMPY).decode(), media)


def _lines_body(lines: pl.DataFrame, words: str, media: str) -> bytes:
    """``lines`` in ``media``, with ``words`` under ``sonde`` where the format has a place."""
    import polars as pl

    if media == m.ARROW:
        from .arrow_messages import with_words

        stream = lines.write_ipc_stream(None, compat_level=pl.CompatLevel.oldest()).getvalue()
        return with_words(stream, {"sonde": words})
    held = io.BytesIO()
    if media == m.PARQUET:
        lines.write_parquet(held, metadata={"sonde": words})
    elif media == m.CSV:
        lines.write_csv(held)
    else:
        raise NotAcceptable(
            f"answers are not given as {media}; ask for one of {', '.join(m.ANSWERS)}",
            offered=list(m.ANSWERS),
        )
    return held.getvalue()
