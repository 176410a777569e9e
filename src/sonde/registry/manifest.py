"""The manifest of a model file: what it says is checked before anything believes it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core import Schema
from ..data import Policy
from ..learn import Calibration, Detector, Estimator, Fitted, Threshold, rebuild
from ..learn.stored_state import branch


def parsed(text: bytes) -> Any:
    """JSON without NaN and infinity, which are no JSON."""
    return json.loads(text, parse_constant=_no_number)


def revived(manifest: Mapping[str, Any], tree: Mapping[str, Any]) -> Estimator:
    """The fitted model; any error means that manifest and arrays do not make one."""
    model = rebuild(manifest["model"])
    model._check_parameters()
    _check_jobs(model)
    schema = _schema(manifest["schema"], model)
    policy = _policy(manifest["policy"], schema)
    state = dict(branch(tree, "state"))
    model._check_state(state, len(schema.channels))
    calibration = threshold = None
    if isinstance(model, Detector) and "calibration" in tree:
        calibration = Calibration.from_arrays(branch(tree, "calibration"))
        threshold = Threshold.from_dict(manifest["threshold"])
        parts = len(state["ids"]) if schema.kind == "panel" else 1
        if not parts == len(calibration) == len(threshold.limits):
            raise ValueError(
                f"{parts} series with {len(calibration)} calibrations and "
                f"{len(threshold.limits)} limits"
            )
    elif manifest["threshold"] is not None:
        raise ValueError("a threshold without a calibration")
    model._fitted = Fitted(state, schema, policy, calibration, threshold)
    return model


def _schema(stored: Any, model: Estimator) -> Schema:
    schema = Schema.from_dict(stored)
    channels = stored["channels"]
    if not isinstance(channels, list) or not channels or not _all_texts(channels):
        raise ValueError("the schema's channels must be a list of names")
    if len(set(channels)) != len(channels):
        raise ValueError("the schema's channels must differ from each other")
    _check_whole(schema.min_rows, 1, "min_rows")
    if schema.step_ns is not None:
        _check_whole(schema.step_ns, 1, "step_ns")
    if not isinstance(schema.named, bool) or not isinstance(schema.missing_allowed, bool):
        raise ValueError("the schema's flags must be true or false")
    if not _all_texts([c for c in (schema.time_column, schema.id_column) if c is not None]):
        raise ValueError("the schema's columns must be names")
    kinds = {"table", "series"} if model.reads == "rows" else {"series"}
    if schema.kind not in ({"panel"} if model.name == "per_series" else kinds):
        raise ValueError(f"{model.name} does not read data of the kind {schema.kind!r}")
    if schema.categories is not None:
        _check_categories(schema.categories, channels)
    if schema.dtype != "float64":
        raise ValueError(f"the schema's values are {schema.dtype!r}")
    return schema


def _policy(stored: Any, schema: Schema) -> Policy:
    policy = Policy.from_dict(stored)
    _check_whole(policy.max_gap, 0, "max_gap")
    if policy.fill is None:
        if policy.missing == "auto" and schema.kind == "table":
            raise ValueError("the policy has no values to fill a table with")
        return policy
    numbers = all(_is_finite(value) for value in policy.fill)
    if len(policy.fill) != len(schema.channels) or not numbers:
        raise ValueError("the policy must have one finite value to fill in for each column")
    return policy


def _check_jobs(model: Estimator) -> None:
    for part in (model, *model._children().values()):
        jobs = getattr(part, "n_jobs", None)
        if jobs is not None and (type(jobs) is not int or jobs == 0 or jobs < -1):
            raise ValueError(f"n_jobs must be null, -1 or a positive number, is {jobs!r}")
        if part is not model:
            _check_jobs(part)


def _check_categories(stored: Any, channels: list[str]) -> None:
    if not isinstance(stored, dict) or not set(stored) <= set(channels):
        raise ValueError("the schema's categories must belong to its channels")
    for shares in stored.values():
        if not isinstance(shares, dict) or not _all_texts(list(shares)):
            raise ValueError("the schema's categories must be names")
        for share in shares.values():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise ValueError("the share of a category must lie between 0 and 1")


def _check_whole(value: Any, least: int, name: str) -> None:
    if type(value) is not int or not least <= value <= np.iinfo(np.int64).max:
        raise ValueError(f"{name} must be a whole number from {least}, is {value!r}")


def _is_finite(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)


def _all_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")
