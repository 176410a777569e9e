"""Options of detect and train: checked here, once, for every door that others knock at."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, get_args

from ..data.policy import Missing
from ..data.quoting import quoted, shortened
from ..errors import InvalidInput, SondeError
from ..learn import Detector, Recipe, can_be_named, create, detector_entries, find, rule_from
from . import option_values as v
from .body import Body
from .pointers import pointer_to

KINDS = ("auto", "series", "table", "panel")
TASKS = ("detect",)
_MOST_SEED = 2**63 - 1
_PARAMETER = "parameters."


@dataclass(frozen=True)
class DataOptions:
    """What the data are taken for. Names and meanings are those of ``sonde.detect``.

    ``labels`` is the name of a column or one entry per row; the others as there. ``time`` and
    ``id`` are those of the query, for bodies that can't name them.
    """

    time: str | None = None
    id: str | None = None
    kind: str = "auto"
    columns: list[str] | None = None
    categories: list[str] | None = None
    labels: str | list[bool] | None = None
    fit_rows: int | None = None
    online: bool = False


@dataclass(frozen=True)
class DetectOptions(DataOptions):
    """The options of ``sonde.detect`` beside the data.

    >>> detect_options(Body(options={"algorithm": "hbos", "n_bins": 20})).parameters
    {'n_bins': 20}
    """

    detector: str = "auto"
    parameters: dict[str, Any] = field(default_factory=dict)
    missing: Missing = "auto"
    contamination: float | None = None
    false_alarms: str | None = None
    random_state: int | None = 0
    n_jobs: int | None = None

    def recipe(self) -> Recipe:
        """What to train and how."""
        return Recipe(
            detector=self.detector,
            parameters=dict(self.parameters),
            fit_rows=self.fit_rows,
            online=self.online,
            missing=self.missing,
            rule=rule_from(self.contamination, self.false_alarms, self.labels is not None),
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        )


@dataclass(frozen=True)
class TrainOptions(DetectOptions):
    """The same for a model that is kept, and what it is kept as.

    ``source`` says where the data lie that are not in the body; ``label`` is a word for the
    version; ``evaluate`` asks for the metrics of the model on rows that it did not learn from.
    """

    name: str = ""
    task: str = "detect"
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    label: str | None = None
    source: str | None = None
    evaluate: bool = True


def detect_options(body: Body, query: Mapping[str, str] | None = None) -> DetectOptions:
    """The options of a request to detect, from its body and its query.

    Options that are unknown, and plain values, are parameters where the detector has them: an
    earlier guide sends them so. It also says ``algorithm`` for ``detector``.

    Raises
    ------
    InvalidInput : an unknown option (names the nearest), one given twice, a value of another type
        or outside its range, or a detector or parameter that does not exist; facts: pointer.
    """
    given, said = _gathered(body, query, DetectOptions, _DETECT_NAMES)
    options = DetectOptions(**given)
    _check(options, said)
    return options


def train_options(body: Body, query: Mapping[str, str] | None = None) -> TrainOptions:
    """The same of a request to train; ``model`` and ``algorithm`` name the detector."""
    given, said = _gathered(body, query, TrainOptions, _TRAIN_NAMES)
    options = TrainOptions(**given)
    _check(options, said)
    return options


def detector_names() -> tuple[str, ...]:
    """What can be named as a detector; the first call imports all of them.

    >>> "ecod" in detector_names(), "standard_scaler" in detector_names()
    (True, False)
    """
    return tuple(entry.name for entry in detector_entries())


def check_detector(name: str, parameters: Mapping[str, Any]) -> None:
    """Refuse a detector or a parameter that does not exist.

    Raises
    ------
    NotFound, InvalidInput : names what there is.
    """
    if name == "auto":
        if parameters:
            raise InvalidInput(
                "parameters need a detector by name; 'auto' chooses its own", pointer="/parameters"
            )
        return
    kind = find(name)
    named = can_be_named(name)
    if not named or not issubclass(kind, Detector):
        what = "is not a detector" if named else "is made of other estimators, in Python"
        raise InvalidInput(
            f"{name} {what}; detectors that can be named here: {', '.join(detector_names())}",
            pointer="/detector",
        )
    try:
        create(name, **parameters)._check_parameters()
    except SondeError as error:
        at_fault = error.facts.get("parameter")
        steps = (at_fault,) if at_fault in parameters else ()
        error.facts.setdefault("pointer", pointer_to("/parameters", *steps))
        raise


def _check(options: DetectOptions, said: Mapping[str, _Said]) -> None:
    """Refuse options that can't go together, pointing at one of them by the name it was given."""
    try:
        check_detector(options.detector, options.parameters)
        options.recipe()
    except SondeError as error:
        at_fault = next(
            (name for name in ("contamination", "false_alarms") if name in error.facts), "detector"
        )
        pointer = error.facts.setdefault("pointer", f"/{at_fault}")
        given = said.get(pointer)
        if given is not None and given.in_query:
            del error.facts["pointer"]
            error.facts["field"] = given.name
        elif given is not None:
            error.facts["pointer"] = pointer_to("", given.name)
        raise


@dataclass(frozen=True)
class _Said:
    """What an option was called, and whether in the query."""

    name: str
    in_query: bool


def _gathered(
    body: Body,
    query: Mapping[str, str] | None,
    kind: type[DetectOptions],
    synonyms: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, _Said]]:
    """Every option once, by its own name, each of its type; and, by pointers, how it was given."""
    known = {one.name for one in fields(kind)}
    given: dict[str, Any] = {}
    loose: dict[str, Any] = {}
    said: dict[str, _Said] = {}

    def take(name: str, value: Any, is_text: bool) -> None:
        option = synonyms.get(name, name)
        if option not in known:
            loose[name] = _of_text(value) if is_text else value
            said[pointer_to("/parameters", name.removeprefix(_PARAMETER))] = _Said(name, is_text)
            return
        at = pointer_to("", option)
        if option in given:
            both = option if said[at].name == name else f"{said[at].name} and {name}"
            raise InvalidInput(
                f"{both}: the same option is given twice; give it once",
                pointer=pointer_to("", name),
            )
        said[at] = _Said(name, is_text)
        read = _CHECKS[option]
        given[option] = read(_as_json(option, value) if is_text else value, pointer_to("", name))

    for name, value in body.options.items():
        take(name, value, False)
    for name, text in (query or {}).items():
        if name in ("time", "id") and getattr(body, name) is not None:
            raise InvalidInput(f"{name} is given in the body and in the query; give it once")
        take(name, text, True)
    _add_parameters(given, loose, sorted(known | set(synonyms)))
    return given, said


def _add_parameters(given: dict[str, Any], loose: dict[str, Any], known: list[str]) -> None:
    """Options that are none, as parameters of the detector where it has them."""
    if not loose:
        return
    detector = given.get("detector", "auto")
    own: set[str] = set()
    if detector != "auto" and can_be_named(detector):
        own = set(create(detector).get_params())
    parameters = dict(given.get("parameters", {}))
    for name, value in loose.items():
        plain = name.removeprefix(_PARAMETER)
        is_meant = name.startswith(_PARAMETER) or (
            plain in own and isinstance(value, str | int | float | bool | None)
        )
        if not is_meant:
            raise _unknown(name, known, own, detector)
        if plain in parameters:
            raise InvalidInput(
                f"parameter {quoted(plain)} is given twice; give it once",
                pointer=pointer_to("", name),
            )
        parameters[plain] = value
    given["parameters"] = parameters


def _unknown(name: str, known: list[str], own: set[str], detector: str) -> InvalidInput:
    near = get_close_matches(name[:100], [*known, *sorted(own)], n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    kind = f"option, and no parameter of {detector}" if own else "option"
    return InvalidInput(
        f"{quoted(name)} is no {kind}; {hint}",
        pointer=pointer_to("", name),
        option=shortened(name),
        nearest=near[0] if near else None,
    )


_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "time": v.text,
    "id": v.text,
    "kind": v.one_of(KINDS),
    "columns": v.or_null(v.texts),
    "categories": v.or_null(v.texts),
    "labels": v.or_null(v.labels),
    "fit_rows": v.or_null(v.whole(2, 1 << 40)),
    "online": v.switch,
    "detector": v.text,
    "parameters": v.parameters,
    "missing": v.one_of(get_args(Missing)),
    "contamination": v.or_null(v.number),
    "false_alarms": v.or_null(v.text),
    "random_state": v.or_null(v.whole(0, _MOST_SEED)),
    "n_jobs": v.or_null(v.jobs),
    "name": v.text,
    "task": v.one_of(TASKS),
    "description": v.or_null(v.text),
    "tags": v.tags,
    "label": v.or_null(v.text),
    "source": v.or_null(v.text),
    "evaluate": v.switch,
}
_DETECT_NAMES = {"algorithm": "detector", "model": "detector", "seed": "random_state"}
_TRAIN_NAMES = _DETECT_NAMES | {
    "model_name": "name",
    "training_data": "source",
    "data": "source",
    "data_source": "source",
}


# --- the query -------------------------------------------------------------------------------

_LISTS = ("columns", "categories")
_TEXTS = (
    "time", "id", "kind", "labels", "detector", "missing", "false_alarms", "name", "task",
    "description", "label", "source",
)  # fmt: skip


def _as_json(option: str, text: str) -> Any:
    """What the text of a query means for an option: lists by commas, numbers as JSON."""
    if option in _TEXTS:
        return text
    if option in _LISTS:
        return [part.strip() for part in text.split(",")]
    return _of_text(text)


def _of_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
