"""``sonde.train``: learn from data, say how well, and keep the model in the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from ...app import App, build
from ...data import Reading, examine
from ...data.policy import Missing
from ...errors import InvalidInput
from ...learn import ONLINE_ROWS, Detector, Recipe, rule_from
from ...learn.evaluate import Evaluation
from ...learn.select import select_detector
from ...learn.training_runs import TrainingRun, train_model
from ...registry import VersionRecord, lineage_of
from ...registry.naming import checked_alias, checked_name, checked_tags, checked_text
from ...settings import read_settings
from .detection import Kind, with_labels
from .large_files import refuse_too_large


@dataclass(frozen=True, eq=False)
class Trained:
    """A model that ``sonde.train`` made.

    Parameters
    ----------
    model : the fitted detector.
    evaluation : how the same recipe does on rows held out; None where that was not asked for.
    record : what the registry keeps of it; None where it was given no name.
    chosen : what was chosen and why; ``chosen["message"]`` says it in sentences.
    problems : sentences about the data.
    """

    model: Detector
    evaluation: Evaluation | None
    record: VersionRecord | None
    chosen: dict[str, Any]
    problems: tuple[str, ...]

    def __repr__(self) -> str:
        name = self.chosen["detector"]
        return f"<{name}>" if self.record is None else f"<{name}, registered as {self.record}>"


def train(
    data: Any,
    *,
    task: str = "detect",
    model: str | Detector = "auto",
    name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    kind: Kind = "auto",
    columns: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    id: str | None = None,
    time: str | None = None,
    fit_rows: int | None = None,
    online: bool = False,
    missing: Missing = "auto",
    contamination: float | None = None,
    false_alarms: str | None = None,
    labels: Any = None,
    random_state: int | None = 0,
    n_jobs: int | None = None,
    evaluate: bool | None = None,
    tune: bool = False,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    label: str | None = None,
) -> Trained:
    """Learn from ``data``; with a ``name`` keep the model as its next version.

    Parameters
    ----------
    data : as for ``sonde.detect``.
    task : what the model is for: ``"detect"``.
    model : ``"auto"``, a name of ``sonde detectors``, or an unfitted detector.
    name : what the model is called in the registry; None: it is not kept there.
    evaluate : hold some of the rows out and say how a model learned from the others does on them;
        None: where there is a name. The model itself learns from all rows.
    tune : take the detector that ``sonde.select`` finds best, by the labels where they are
        given; ``chosen["selection"]`` tells how the others did.
    description : what the model is for; of all its versions.
    tags : of this version, text by name.
    label : a name of this version beside its number.
    parameters and all others : as for ``sonde.detect``. ``n_jobs`` is for learning only: the model
        kept does not depend on it.

    Raises
    ------
    InvalidInput, NotFound : the data or an option can't be used; the message says which and why.
    Conflict : the label is taken by another version.
    MissingExtra, Unavailable : with a name, where there is no registry to be had.

    Examples
    --------
    >>> import numpy as np
    >>> trained = train(np.sin(np.arange(500) / 3.0), model="seasonal_residual", evaluate=True)
    >>> trained, trained.evaluation.held_out_rows
    (<seasonal_residual>, 100)
    """
    if task != "detect":
        raise InvalidInput(f"task must be 'detect', got {task!r}", task=task)
    if name is not None:
        check_names(name, label, tags, description)
    elif label is not None or tags or description is not None:
        raise InvalidInput("description, tags and label are kept with a name; give a name as well")
    recipe = Recipe(
        detector=model,
        parameters=dict(parameters or {}),
        fit_rows=fit_rows,
        online=online,
        missing=missing,
        rule=rule_from(contamination, false_alarms, labels is not None),
        random_state=random_state,
        n_jobs=n_jobs,
    )
    if tune and (model != "auto" or parameters or online):
        raise InvalidInput("tune chooses the detector itself: no model, parameters or online")
    refuse_too_large(data)
    with closing(build(read_settings(), lambda notice: None)) as app:
        if name is not None:
            # Before the work: what would be lost if there were no registry to keep it in.
            _ = app.registry
        label_column = labels if isinstance(labels, str) else None
        reading = examine(
            data,
            time=time,
            id=id,
            columns=columns,
            categories=categories,
            category_rows=fit_rows or (ONLINE_ROWS if online else None),
            labels=label_column,
            kind=kind,
        )
        if labels is not None and label_column is None:
            reading = with_labels(reading, labels)
        selection = None
        if tune:
            selection = select_detector(recipe, reading)
            recipe = replace(recipe, detector=selection.best)
        run = train_model(
            recipe, reading, evaluate=name is not None if evaluate is None else evaluate
        )
        if selection is not None:
            run.chosen["selection"] = selection.to_dict()
        record = None
        if name is not None:
            about = _About(name, description, tags, label)
            record = _registered(app, about, run, reading)
    return Trained(run.model, run.evaluation, record, run.chosen, run.problems)


def check_names(
    name: str, label: str | None, tags: Mapping[str, str] | None, description: str | None
) -> None:
    """Raise InvalidInput for what a version can't be called or carry."""
    checked_name(name)
    checked_tags(tags)
    checked_text(description, "the description")
    if label is not None:
        checked_alias(label, "a label")


@dataclass(frozen=True)
class _About:
    """What is said of a version that is registered."""

    name: str
    description: str | None
    tags: Mapping[str, str] | None
    label: str | None


def _registered(app: App, about: _About, run: TrainingRun, reading: Reading) -> VersionRecord:
    return app.registry.register(
        about.name,
        run.model,
        description=about.description,
        tags=about.tags,
        label=about.label,
        metrics=None if run.evaluation is None else run.evaluation.to_dict(),
        lineage=lineage_of(reading, run.recipe),
    )
