"""Learn and judge in one go, and say what was chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core import Detection, Panel, Table
from ..data import Reading
from ..errors import InvalidInput
from .decide import decide
from .detector import Detector
from .estimator import Estimator
from .per_series import PerSeries
from .training import Recipe, Trained, train

_STEPS = [
    ("day", 86_400 * 10**9),
    ("hour", 3_600 * 10**9),
    ("minute", 60 * 10**9),
    ("second", 10**9),
    ("millisecond", 10**6),
    ("microsecond", 10**3),
]


def detect(recipe: Recipe, reading: Reading) -> tuple[Detection, Detector]:
    """The anomalies in ``reading``, and the model that found them."""
    trained = train(recipe, reading)
    chosen = what_was_chosen(recipe, reading, trained)
    answer = replace(decide(trained.model, trained.data, trained.judgement), chosen=chosen)
    return reading.answered(answer), trained.model


def what_was_chosen(
    recipe: Recipe, reading: Reading, trained: Trained, *, drawn: bool = False
) -> dict[str, Any]:
    """Every choice made on the way, as plain values, with a message of a few sentences.

    ``drawn`` says that the rows learned from were drawn from all of the input.
    """
    chosen = _told(trained.model, reading) | {
        "left_out": dict(reading.left_out),
        "why": trained.why,
        "fit_rows": trained.learned_rows,
        "online": recipe.online,
    }
    if drawn:
        chosen["drawn"] = True
    return chosen | {"message": _message(trained.model, reading, chosen)}


def what_a_model_does(model: Estimator, source: str, reading: Reading) -> dict[str, Any]:
    """The same for a stored model, of which only the model itself is known."""
    if not isinstance(model, Detector):
        raise InvalidInput(f"{source} is no detector but {model.name}")
    chosen = _told(model, reading) | {"why": f"stored in {source}"}
    return chosen | {"message": _message(model, reading, chosen)}


def _told(model: Detector, reading: Reading) -> dict[str, Any]:
    """What a fitted model tells of itself and of the data before it."""
    inner = model.detector if isinstance(model, PerSeries) else model
    threshold = model.threshold_
    chosen: dict[str, Any] = {
        "kind": model.schema_.kind,
        "columns": list(model.schema_.channels),
        "detector": inner.name,
        "threshold": {
            "rule": threshold.rule.kind,
            "cutoff": threshold.cutoff,
            "why": threshold.why,
        },
        "missing": model.policy_.missing,
        "rows": reading.n_rows,
        **model.facts(),
    }
    if model.schema_.categories:
        chosen["categories"] = list(model.schema_.categories)
    if reading.step_ns is not None:
        chosen["step"] = duration(reading.step_ns)
    return chosen


def _message(model: Detector, reading: Reading, chosen: dict[str, Any]) -> str:
    return " ".join([_what_it_is(model, reading, chosen), _what_is_done(chosen)])


def _what_it_is(model: Detector, reading: Reading, chosen: dict[str, Any]) -> str:
    columns = chosen["columns"]
    values = _listed(columns) if len(columns) <= 4 else f"{len(columns)} columns"
    data, reasons = reading.data, [reading.kind_reason]
    if isinstance(data, Panel):
        what = f"{len(data):,} series of {values}"
    elif isinstance(data, Table):
        what = f"a table of {values}"
        if model.reads != "rows":
            how = "learns row by row" if model.family == "rows" else "judges series"
            reasons.append(f"rows taken in file order, as {chosen['detector']} {how}")
    elif model.reads == "rows":
        what = f"a table of {values}"
        reasons.append(f"each row alone, as {chosen['detector']} looks at rows")
    else:
        what = f"one series of {values}"
    if chosen.get("categories"):
        what += f" ({_listed(chosen['categories'])} by frequency)"
    step = f", every {chosen['step']}" if "step" in chosen else ""
    sentence = f"Took {reading.source} for {what}{step} ({'; '.join(reasons)})"
    if chosen.get("left_out"):
        left = [f"{name!r} ({reason})" for name, reason in reading.left_out.items()]
        sentence += f", leaving out {', '.join(left)}"
    return sentence + "."


def _what_is_done(chosen: dict[str, Any]) -> str:
    learned = ""
    if chosen.get("fit_rows", chosen["rows"]) < chosen["rows"]:
        which = "{:,} rows drawn from all" if chosen.get("drawn") else "the first {:,} rows"
        learned = f", learning from {which.format(chosen['fit_rows'])}"
    short = chosen.get("too_short", [])
    if short:
        learned += f", leaving series too short to learn from without a score: {_listed(short)}"
    of = f" of {', '.join(chosen['members'])}" if "members" in chosen else ""
    return (
        f"Detector: {chosen['detector']}{of} ({chosen['why']}){learned}. "
        f"Threshold: {chosen['threshold']['why']}."
    )


def duration(nanoseconds: int) -> str:
    """A time step in words, after "every".

    >>> duration(300_000_000_000), duration(86_400_000_000_000), duration(1_500_000_000)
    ('5 minutes', 'day', '1.5 seconds')
    """
    for name, size in _STEPS:
        count = nanoseconds / size
        if count >= 1 and (count == int(count) or size <= 10**9):
            return name if count == 1 else f"{count:.6g} {name}s"
    return f"{nanoseconds} nanoseconds"


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
