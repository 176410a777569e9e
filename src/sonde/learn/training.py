"""The one way to train: choose → policy → fit → score → calibrate."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Table
from ..core.progress import tell
from ..data import Policy, Reading
from ..data.policy import Missing, refuse_flaws
from ..errors import InvalidInput
from .choose import Choice, choose, named
from .detector import Detector
from .judgement import Judgement
from .online import OnlineDetector
from .per_series import PerSeries
from .thresholds import Rule, rule_from

Floats = NDArray[np.float64]

ONLINE_ROWS = 750  # rows that an online run learns period, scale and threshold from, unless told


@dataclass(frozen=True)
class Recipe:
    """What to train and how.

    Parameters
    ----------
    detector : a name of the catalogue, ``"auto"``, or an unfitted detector.
    parameters : of the named detector.
    fit_rows : learn from the first rows only, of each series; None: all (online: the first 750).
    online : each row's score depends on earlier rows only.
    missing : the policy for missing and infinite values.
    rule : how the threshold is found.
    in_parts : the rows to be judged come part by part.
    random_state, n_jobs : given to detectors that take them.
    """

    detector: str | Detector = "auto"
    parameters: dict[str, Any] = field(default_factory=dict)
    fit_rows: int | None = None
    online: bool = False
    missing: Missing = "auto"
    rule: Rule = field(default_factory=Rule)
    in_parts: bool = False
    random_state: int | None = 0
    n_jobs: int | None = None


@dataclass(frozen=True, eq=False)
class Trained:
    """A fitted and calibrated detector, with its judgement of all the data it was given."""

    model: Detector
    judgement: Judgement
    data: Container
    why: str
    learned_rows: int


def train(recipe: Recipe, reading: Reading, n_rows: int | None = None) -> Trained:
    """Learn from the rows the recipe names, judge all, calibrate on those learned from.

    ``n_rows``: of the whole input, where ``reading`` holds only some of them.
    """
    data = reading.data
    refuse_flaws(recipe.missing, reading)
    learn_from = _first_rows(data, recipe)
    choice = _chosen(recipe, learn_from)
    model = choice.detector
    if isinstance(data, Panel) and not isinstance(model, PerSeries):
        model = PerSeries(detector=model)
    tell("learning", 0.0)
    _fit(model, recipe, learn_from, reading.step_ns)
    categories = None if reading.categories is None else reading.categories.to_dict()
    model._replace(
        schema=model.schema_.with_source(reading.time_column, reading.id_column, categories)
    )
    tell("scoring", 0.0)
    prepared = model.prepare(data)
    judgement = model.judge(prepared)
    parts = sorted(model.parts(prepared), key=lambda part: part.number)
    ordinary = _ordinary_scores(model, recipe, prepared, judgement, learn_from)
    labelled = None
    if reading.labels is not None:
        # All labelled rows choose the cutoff, also those that were not learned from.
        truth = reading.labels[reading.rows]
        labelled = [(judgement.scores[p.start : p.stop], truth[p.start : p.stop]) for p in parts]
    model.calibrate(
        ordinary, _rule(recipe), labelled, _rows_per_ns(reading, n_rows or reading.n_rows)
    )
    is_fixed = model._limit_for_all() is not None and model.threshold_.rule == Rule()
    # Where no score needs others to compare with, each row was learned from once it was judged.
    learned = data if recipe.online and is_fixed else learn_from
    return Trained(model, judgement, prepared, choice.why, len(learned.values))


def _ordinary_scores(
    model: Detector, recipe: Recipe, data: Container, judgement: Judgement, learn_from: Container
) -> list[Floats]:
    """What the rows learned from score, one array a part: what calibration learns from."""
    scores = judgement.scores
    parts = sorted(model.parts(data), key=lambda part: part.number)
    if not recipe.online:
        lengths = _lengths(learn_from)
        return [scores[p.start : p.start + n] for p, n in zip(parts, lengths, strict=True)]
    # The scores of a stream's first rows come from before period and scale were known; what the
    # later ones will look like is told by the same rows judged with what was learned from them.
    settled = model.settled(model.prepare(learn_from))
    again = settled.judge(settled.prepare(learn_from)).scores
    return [again[p.start : p.stop] for p in settled.parts(learn_from)]


def _rows_per_ns(reading: Reading, n_rows: int) -> float | None:
    """How many rows come in a nanosecond, all series together; None without time."""
    data = reading.data
    if isinstance(data, Table) or data.time is None:
        return None if not reading.span_ns else n_rows / reading.span_ns
    bounds = data.offsets if isinstance(data, Panel) else np.array([0, len(data)])
    rate = 0.0
    for start, stop in pairwise(bounds.tolist()):
        if stop - start > 1:
            rate += (stop - start - 1) / float(data.time[stop - 1] - data.time[start])
    return rate or None


def _lengths(data: Container) -> list[int]:
    return np.diff(data.offsets).tolist() if isinstance(data, Panel) else [len(data)]


def _rule(recipe: Recipe) -> Rule:
    """The recipe's rule; a contamination given among the parameters where that is left open."""
    if recipe.rule != Rule():
        return recipe.rule
    given = recipe.parameters.get("contamination")
    if isinstance(recipe.detector, Detector):
        given = recipe.detector.contamination
    return rule_from(contamination=None if isinstance(given, str) else given)


def _chosen(recipe: Recipe, learn_from: Container) -> Choice:
    options: dict[str, Any] = {"random_state": recipe.random_state, "n_jobs": recipe.n_jobs}
    if recipe.online:
        options["warmup"] = recipe.fit_rows or ONLINE_ROWS
    if isinstance(recipe.detector, Detector):
        return Choice(_own(recipe.detector, recipe), "as given")
    if not isinstance(recipe.detector, str):
        raise InvalidInput(
            f"detector must be a name or an unfitted detector, got {recipe.detector!r}"
        )
    if recipe.detector == "auto":
        if recipe.parameters:
            raise InvalidInput("parameters need a detector by name; 'auto' chooses its own")
        return choose(
            learn_from,
            online=recipe.online,
            in_parts=recipe.in_parts,
            is_ordinary=recipe.fit_rows is not None,
            options=options,
        )
    return named(recipe.detector, recipe.parameters, options, recipe.online)


def _own(detector: Detector, recipe: Recipe) -> Detector:
    """A copy of the caller's own detector, made to fit the recipe."""
    if recipe.parameters:
        raise InvalidInput("parameters go with a detector's name; this one has its own already")
    own = detector.__sklearn_clone__()
    if recipe.online and not isinstance(own, OnlineDetector):
        raise InvalidInput(
            f"{own.name} can't work online: it does not learn row by row; use auto_online"
        )
    if recipe.online and recipe.fit_rows is not None and own.fixed_limit is None:
        own.set_params(warmup=recipe.fit_rows)
    return own


def _first_rows(data: Container, recipe: Recipe) -> Container:
    """The rows to learn from: the first of each series, or of the table."""
    n = recipe.fit_rows
    if n is None:
        n = ONLINE_ROWS if recipe.online else None
    elif n < 2:
        raise InvalidInput(f"fit_rows must be 2 or more, got {n}", fit_rows=n)
    if n is None:
        return data
    if isinstance(data, Panel):
        return Panel.of([series[:n] for series in data], data.ids)
    if recipe.fit_rows is not None and n > len(data) and not recipe.online:
        raise InvalidInput(
            f"fit_rows is {n}, and there are {len(data)} rows; give a smaller number", fit_rows=n
        )
    return data[:n]


def _fit(model: Detector, recipe: Recipe, learn_from: Container, step_ns: int | None) -> None:
    if not recipe.online:
        model._fit(learn_from, Policy(recipe.missing), step_ns)
        model.rewind()
        return
    if recipe.missing == "linear":
        raise InvalidInput(
            "missing='linear' looks at later rows and can't be used online; use auto, previous, "
            "zero, drop or error"
        )
    # Filling needs the row after a gap, which does not exist yet: missing rows stay unscored.
    policy = Policy(recipe.missing, max_gap=0)
    if not isinstance(model, PerSeries):
        learn_from = model._take(learn_from)  # a table becomes a series where that is what is read
    if isinstance(learn_from, Table):
        policy = policy.learn(learn_from)
    if isinstance(model, PerSeries) and isinstance(learn_from, Panel):
        model.begin(learn_from, policy, None)
    elif isinstance(model, OnlineDetector):
        model.start(learn_from, policy, None)
    else:
        raise InvalidInput(
            f"{model.name} can't work online: it does not learn row by row; use auto_online"
        )
