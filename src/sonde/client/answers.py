"""Bodies of answers, JSON or Arrow, to results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly
from ..errors import Malformed
from .errors import not_understood
from .messages import Reply
from .results import Detected, Health, ModelRecord, Predicted, Readiness, VersionRecord

if TYPE_CHECKING:
    import polars as pl

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
BESIDE = "sonde"  # the key under which an Arrow answer holds everything that is no column
Floats = NDArray[np.float64]
T = TypeVar("T")
_OPTIONAL = ("expected", "lower", "upper")


def detected(reply: Reply) -> Detected:
    """The answer of ``detect``."""
    return _read(reply, lambda: Detected(**_parts(reply)[0]))


def predicted(reply: Reply) -> Predicted:
    """The answer of a stored model."""

    def whole() -> Predicted:
        columns, beside = _parts(reply)
        variant = beside.get("variant")
        return Predicted(
            **columns,
            model=str(beside["model"]),
            version=str(beside["version"]),
            variant=None if variant is None else str(variant),
        )

    return _read(reply, whole)


def version_record(reply: Reply) -> VersionRecord:
    return _read(reply, lambda: _record(VersionRecord, document(reply)))


def model_record(reply: Reply) -> ModelRecord:
    return _read(reply, lambda: _record(ModelRecord, document(reply)))


def page(reply: Reply, kind: type[T]) -> tuple[list[T], str | None]:
    """The records of one page, and the cursor of the next or None."""

    def whole() -> tuple[list[T], str | None]:
        body = document(reply)
        following = body.get("next")
        return (
            [_record(kind, item) for item in body["items"]],
            None if following is None else str(following),
        )

    return _read(reply, whole)


def health(reply: Reply) -> Health:
    def whole() -> Health:
        body = document(reply)
        return Health(
            str(body["status"]), bool(body.get("model_loaded", False)), str(body.get("version", ""))
        )

    return _read(reply, whole)


def readiness(reply: Reply) -> Readiness:
    details = _read(reply, lambda: document(reply)) if reply.content else {}
    return Readiness(reply.status < 300, details)


def document(reply: Reply) -> dict[str, Any]:
    """The JSON object in an answer.

    Raises
    ------
    ServiceError : there is none.
    """
    import orjson

    try:
        body = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        what = reply.media or "nothing that says what it is"
        raise not_understood(reply, f"with no JSON object ({what})")
    return body


def _read(reply: Reply, whole: Callable[[], T]) -> T:
    try:
        return whole()
    except KeyError as missing:
        raise not_understood(reply, f"without {missing}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as wrong:
        raise not_understood(reply, f"not as expected: {wrong}") from None


def _parts(reply: Reply) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of ``Detected``, and the body that holds what is no column."""
    if reply.media == ARROW:
        frame, body = _of_arrow(reply)
        columns = _columns_of_frame(frame)
    else:
        body = document(reply)
        columns = _columns_of_json(body)
    if len({len(values) for values in columns.values() if values is not None}) != 1:
        raise ValueError("columns of different lengths")
    candidate = body.get("candidate")
    chosen = body.get("chosen")
    return {
        **columns,
        "anomalies": [_anomaly(one) for one in body["anomalies"]],
        "candidate": None if candidate is None else _anomaly(candidate),
        "chosen": chosen if isinstance(chosen, dict) else {},
        "problems": [str(problem) for problem in body.get("problems") or []],
        "request_id": body.get("request_id") or reply.request_id,
    }, body


def _columns_of_json(body: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "scores": _floats(body["scores"]),
        "is_anomaly": np.array(body["is_anomaly"], dtype=np.bool_),
        "probability": _floats(body["probability"]),
    }
    for name in _OPTIONAL:
        given = body.get(name)
        values = None if given is None else _floats(given)
        # Arrow has the column in any case, without a number where the method has none.
        columns[name] = None if values is None or np.isnan(values).all() else values
    return {name: _frozen(values) for name, values in columns.items()}


def _floats(given: list[float | None]) -> Floats:
    if not isinstance(given, list):
        raise TypeError(f"a list of numbers was expected, not {type(given).__name__}")
    return np.array(given, dtype=np.float64)  # null, which is None, becomes NaN


def _of_arrow(reply: Reply) -> tuple[pl.DataFrame, dict[str, Any]]:
    import orjson
    import polars as pl

    from .arrow_metadata import schema_metadata

    try:
        beside = orjson.loads(schema_metadata(reply.content)[BESIDE])
        frame = pl.read_ipc_stream(reply.content)
    except (Malformed, pl.exceptions.PolarsError, OSError, orjson.JSONDecodeError) as damaged:
        raise ValueError(str(damaged)) from None
    if not isinstance(beside, dict):
        raise TypeError("the metadata hold no JSON object")
    return frame, beside


def _columns_of_frame(frame: pl.DataFrame) -> dict[str, Any]:
    for name in ("score", "is_anomaly", "probability"):
        if name not in frame.columns:
            raise KeyError(name)
    columns: dict[str, Any] = {
        "scores": _numbers(frame, "score"),
        "is_anomaly": frame["is_anomaly"].to_numpy().astype(np.bool_),
        "probability": _numbers(frame, "probability"),
    }
    for name in _OPTIONAL:
        is_there = name in frame.columns and frame[name].null_count() < frame.height
        columns[name] = _numbers(frame, name) if is_there else None
    return {name: _frozen(values) for name, values in columns.items()}


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    import polars as pl

    return np.ascontiguousarray(frame[name].cast(pl.Float64).to_numpy(), dtype=np.float64)


def _frozen(values: Any) -> Any:
    if values is None:
        return None
    # A view: what an answer says can't be changed by who reads it.
    shown = values.view()
    shown.flags.writeable = False
    return shown


def _anomaly(given: Mapping[str, Any]) -> Anomaly:
    known = {field.name for field in fields(Anomaly)}
    plain = {name: value for name, value in given.items() if name in known}
    for name in ("start_time", "end_time"):
        plain[name] = _nanoseconds(plain.get(name))
    for name in ("score", "probability"):
        # JSON has no NaN and no infinity; a stretch without a finite score has none.
        plain[name] = np.nan if plain[name] is None else float(plain[name])
    plain.setdefault("series", None)
    plain.setdefault("columns", {})
    return Anomaly(**plain)


def _nanoseconds(text: str | None) -> int | None:
    if text is None:
        return None
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))


def _record(kind: type[T], given: Mapping[str, Any]) -> T:
    # Fields that a newer service adds are left aside.
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in given.items() if name in known})
