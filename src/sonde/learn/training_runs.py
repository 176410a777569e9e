"""Training a model that is to be kept: the same from every door, to the byte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..data import Reading
from .detect import what_was_chosen
from .detector import Detector
from .estimator import Estimator
from .evaluate import Evaluation, hold_out
from .per_series import PerSeries
from .randomness import seed_of
from .training import Recipe, train


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A model to be kept, and what is worth knowing of it.

    Parameters
    ----------
    model : learned from all rows that the recipe names.
    evaluation : how the same recipe does on rows held out; None where that was not asked for.
    chosen : every choice made on the way, as ``sonde.detect`` tells it.
    recipe : as given, with the seed that was drawn where none was given.
    problems : sentences about the data.
    """

    model: Detector
    evaluation: Evaluation | None
    chosen: dict[str, Any]
    recipe: Recipe
    problems: tuple[str, ...]


def train_model(recipe: Recipe, reading: Reading, *, evaluate: bool) -> TrainingRun:
    """Learn from all rows; with ``evaluate`` also say how the recipe does on rows held out.

    The same recipe and data give the same model file from every door: a seed is settled before
    anything is drawn, and how many threads were used is not part of the model.

    Raises
    ------
    InvalidInput : as ``train``; the message names the input.

    Examples
    --------
    >>> import numpy as np
    >>> from sonde.data import examine
    >>> run = train_model(Recipe(), examine(np.sin(np.arange(150.0))), evaluate=True)
    >>> run.model.name, run.evaluation.held_out_rows
    ('seasonal_residual', 30)
    """
    settled = replace(recipe, random_state=seed_of(recipe.random_state))
    with reading.named_in_errors():
        trained = train(settled, reading)
    chosen = what_was_chosen(settled, reading, trained)
    model = trained.model
    # The machine that learned may have other cores than the one that will use the model.
    use_threads(model, None)
    evaluation = hold_out(_with_choice(settled, model), reading) if evaluate else None
    problems = (*trained.judgement.notes, *reading.problems)
    return TrainingRun(model, evaluation, chosen, settled, problems)


def use_threads(model: Estimator, n_jobs: int | None) -> None:
    """Let ``model``, and what it is made of, use that many threads where it can use several.

    The answers do not depend on it.
    """
    names = [name for name in model.get_params() if name == "n_jobs" or name.endswith("__n_jobs")]
    model.set_params(**dict.fromkeys(names, n_jobs))


def _with_choice(recipe: Recipe, model: Detector) -> Recipe:
    """The recipe with the detector that was chosen for all rows: that one is to be evaluated."""
    if recipe.detector != "auto":
        return recipe
    inner = model.detector if isinstance(model, PerSeries) else model
    return replace(recipe, detector=inner.name)
