"""Models in files: saved, loaded, and asked about data."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...app import App, build
from ...core import Detection, ModelRef, PredictionRequest
from ...data import Categories, Reading, examine
from ...data.policy import refuse_flaws
from ...learn import Estimator, what_a_model_does
from ...registry import load_artifact, save_artifact
from ...settings import read_settings


class UntrustedModel(UserWarning):
    """A model file that nobody whom this installation trusts has signed."""


def read_for(app: App, model: str, source: Any) -> Reading:
    """``source`` read as the stored model's own data were: its columns, its time, its ids."""
    schema = app.models.resolve(ModelRef(model), None)[0].schema_
    return examine(
        source,
        time=schema.time_column,
        id=schema.id_column,
        columns=list(schema.channels) if schema.named else None,
        categories=Categories(schema.categories) if schema.categories else None,
        kind=schema.kind,
    )


def score(app: App, model: str, reading: Reading) -> Detection:
    """What the model stored at ``model`` says of ``reading``, in the order of the input."""
    stored = app.models.resolve(ModelRef(model), None)[0]
    refuse_flaws(stored.policy_.missing, reading)
    with reading.named_in_errors():
        answer = app.predictor.predict(PredictionRequest(ModelRef(model), reading.data))
    chosen = what_a_model_does(stored, model, reading)
    output = replace(answer.output, chosen=chosen)
    return reading.answered(output)


def save(model: Estimator, path: str | Path) -> None:
    """Write a fitted model to one file, signed with this installation's key."""
    save_artifact(model, Path(path), _app().keyring)


def load(path: str | Path) -> Estimator:
    """The model saved at ``path``; warns (``UntrustedModel``) where its signature is not trusted.

    Raises
    ------
    NotFound : there is no such file.
    BadArtifact : it is no model, damaged, changed after it was signed, or of a newer format.
    """
    app = _app()
    loaded = load_artifact(Path(path), app.keyring, app.settings.max_model_mb * 2**20)
    if loaded.notice is not None:
        warnings.warn(loaded.notice, UntrustedModel, stacklevel=2)
    return loaded.model


def _app() -> App:
    return build(read_settings(), lambda notice: None)
