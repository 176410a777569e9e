"""Models in files: saved, loaded, and asked about data."""

from __future__ import annotations

import warnings
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...app import App, build
from ...core import Detection, ModelRef, Prediction, PredictionRequest, Schema
from ...data import Categories, Reading, examine
from ...data.policy import refuse_flaws
from ...errors import InvalidInput
from ...learn import Estimator, what_a_model_does
from ...registry import load_artifact, save_artifact
from ...settings import read_settings
from ...wire.missing_columns import refuse_missing


class UntrustedModel(UserWarning):
    """A model file that nobody whom this installation trusts has signed."""


def read_for(app: App, model: str, source: Any) -> Reading:
    """``source`` read as the stored model's own data were: its columns, its time, its ids.

    ``model`` is a file, ``name``, ``name@alias`` or ``name:version``.
    """
    schema = app.models.resolve(ModelRef.parse(model), None)[0].schema_
    try:
        return examine(
            source,
            time=schema.time_column,
            id=schema.id_column,
            columns=list(schema.channels) if schema.named or _is_alike(source, schema) else None,
            categories=Categories(schema.categories) if schema.categories else None,
            kind=schema.kind,
        )
    except InvalidInput as error:
        if "known" in error.facts:  # a column was named that is not there, and all by the model
            refuse_missing(schema, tuple(error.facts["known"]))
        raise


def _is_alike(source: Any, schema: Schema) -> bool:
    """True for an array as wide as the model's data: its columns are those, varied or not."""
    return isinstance(source, np.ndarray) and (source.ndim, len(schema.channels)) in (
        (1, 1),
        (2, source.shape[-1]),
    )


def ask(app: App, model: str, reading: Reading) -> Prediction:
    """What the stored model says of ``reading``, in the order of the input."""
    ref = ModelRef.parse(model)
    stored = app.models.resolve(ref, None)[0]
    refuse_flaws(stored.policy_.missing, reading)
    with reading.named_in_errors():
        answer = app.predictor.predict(PredictionRequest(ref, reading.data))
    place = model if ref.is_file else f"the registry as {ref.name}:{answer.version}"
    chosen = what_a_model_does(stored, place, reading)
    return replace(answer, output=reading.answered(replace(answer.output, chosen=chosen)))


def score(app: App, model: str, reading: Reading) -> Detection:
    """The answer of ``ask`` alone."""
    return ask(app, model, reading).output


def save(model: Estimator, path: str | Path) -> None:
    """Write a fitted model to one file, signed with this installation's key."""
    save_artifact(model, Path(path), _app().keyring)


def load(path: str | Path) -> Estimator:
    """The model saved at ``path``, or registered under that name.

    A file's signature that is not trusted is warned of (``UntrustedModel``); the registry keeps
    only models whose signature is.

    Parameters
    ----------
    path : a file; as text also ``name``, ``name@alias`` or ``name:version`` of the registry.

    Raises
    ------
    NotFound : there is no such file, or no such model in the registry.
    BadArtifact : it is no model, damaged, changed after it was signed, or of a newer format.
    MissingExtra, Unavailable : for a name, where there is no registry to be had.
    """
    ref = ModelRef.parse(path) if isinstance(path, str) else None
    with closing(_app()) as app:
        if ref is not None and not ref.is_file:
            record = app.registry.version(ref.name, ref.version, ref.alias)
            return app.registry.load(record)
        loaded = load_artifact(Path(path), app.keyring, app.settings.max_model_mb * 2**20)
    if loaded.notice is not None:
        warnings.warn(loaded.notice, UntrustedModel, stacklevel=2)
    return loaded.model


def _app() -> App:
    return build(read_settings(), lambda notice: None)
