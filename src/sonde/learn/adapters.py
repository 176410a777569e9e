"""Detectors of PyOD and scikit-learn by their names there, behind our own contract."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import field, fields, make_dataclass
from difflib import get_close_matches
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..core import Table
from ..errors import InvalidInput, MissingExtra, NotFound, need
from . import parameters as check
from .detector import Detector
from .estimator import Fitted, State
from .judgement import Judgement
from .randomness import seed_of

Floats = NDArray[np.float64]

_SKLEARN = {
    "EllipticEnvelope": "sklearn.covariance",
    "IsolationForest": "sklearn.ensemble",
    "LocalOutlierFactor": "sklearn.neighbors",
    "OneClassSVM": "sklearn.svm",
    "SGDOneClassSVM": "sklearn.linear_model",
}
_ONLY_LABEL = {"DBSCAN": "dbscan", "HDBSCAN": "dbscan", "OPTICS": "lof"}  # → what we have instead
# Without this scikit-learn's own judges no row but those that it learned from.
_FIXED = {"sklearn.LocalOutlierFactor": {"novelty": True}}
_OTHER_DATA = ("audio_", "embedding", "pyg_", "ts_")  # modules of PyOD that do not read rows
_OF_PYOD = re.compile(r"^class (\w+)\((?:BaseDetector|BaseDeepLearningDetector)\)", re.MULTILINE)

LARGEST = 1e300  # scores beyond are taken for this
ZERO_ROWS = 2_000  # that tell where the scores begin
ALONE_ROWS = 3  # whose scores are asked for once more, without the others


class Kept:
    """What another library learned; it lives in memory only."""

    def __init__(self, name: str, model: Any) -> None:
        self.name, self.model = name, model

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        # A state is stored as arrays, and this is asked for its own.
        raise InvalidInput(
            f"{self.name} can't be saved: what another library learned can only be kept as a "
            "program that runs when it is opened; use a detector that `sonde detectors` lists, "
            "or fit this one again where it is needed",
            name=self.name,
        )


class OtherLibrarysDetector(Detector):
    """A detector of PyOD or scikit-learn: theirs learns and scores, ours calibrates and decides.

    Its parameters are those that it has there, but ``contamination``, which is ours and sets the
    threshold only. Scores are theirs, turned so that larger is stranger and moved so that the most
    ordinary rows are near 0; below 0 they are 0. A row with a missing value has none. A model
    can't be saved.
    """

    family: ClassVar[str] = "rows"
    reads: ClassVar[Any] = "rows"
    theirs: ClassVar[type]
    required: ClassVar[tuple[str, ...]] = ()

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        if hasattr(self, "random_state"):
            check.random_state(self.name, self.random_state)
        for name in self.required:
            if getattr(self, name) is None:
                raise InvalidInput(f"{self.name} needs a parameter {name!r}", parameter=name)

    def _learn(self, data: Table) -> State:
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.init}  # type: ignore[arg-type]
        del given["contamination"]
        if "random_state" in given:
            given["random_state"] = _their_seed(given["random_state"])
        model = self._asked(lambda: self.theirs(**given, **_FIXED.get(self.name, {})))
        self._asked(lambda: model.fit(np.array(data.values)))
        some = np.linspace(0, len(data) - 1, min(len(data), ZERO_ROWS)).astype(np.int64)
        raw = self._raw(model, data.values[some])
        self._refuse_comparing(model, data.values[some[:ALONE_ROWS]], raw[:ALONE_ROWS])
        raw = raw[~np.isnan(raw)]
        if not len(raw):
            raise InvalidInput(
                f"{self.name} gives no score to any of the rows that it learned from; check its "
                "parameters"
            )
        # As far below the lowest as that is below the middle: other rows may be more ordinary.
        return {
            "model": Kept(self.name, model),
            "zero": np.float64(2.0 * raw.min() - np.median(raw)),
        }

    def _refuse_comparing(self, model: Any, rows: Floats, among_others: Floats) -> None:
        """Raise InvalidInput where a row's score depends on which rows are judged with it."""
        try:
            alone = self._raw(model, rows)
        except InvalidInput:
            alone = np.full(len(rows), np.inf)  # it can't judge so few at all
        if not np.allclose(alone, among_others, rtol=1e-6, atol=1e-9, equal_nan=True):
            raise InvalidInput(
                f"{self.name} scores rows by the others that they are judged with, so that few new "
                "rows have no score that means anything; use another detector",
                name=self.name,
            )

    def _judge(self, state: State, data: Table) -> Judgement:
        known = np.isfinite(data.values).all(axis=1)
        scores = np.full(len(data), np.nan)
        if known.any():
            raw = self._raw(state["model"].model, data.values[known])
            scores[known] = np.maximum(raw - float(state["zero"]), 0.0)
        return Judgement(scores)

    def _raw(self, model: Any, values: Floats) -> Floats:
        """Their scores, larger is stranger; none is infinite."""
        values = np.array(values)  # some of theirs write into what they are given
        if self.name.startswith("sklearn."):
            raw = -np.asarray(self._asked(lambda: model.score_samples(values)), np.float64)
        else:
            raw = np.asarray(self._asked(lambda: model.decision_function(values)), np.float64)
        return np.clip(raw.reshape(len(values)), -LARGEST, LARGEST)

    def _asked(self, call: Callable[[], Any]) -> Any:
        """What their code answers; its refusals are refusals of what was given."""
        try:
            return call()
        except (ValueError, TypeError, LookupError, ArithmeticError, NotImplementedError) as error:
            raise InvalidInput(f"{self.name}: {error}", name=self.name) from error

    def _check_state(self, state: State, n_columns: int) -> None:
        raise ValueError(f"{self.name} can't be stored")

    def __reduce__(self) -> tuple[Any, ...]:
        # The class is made when it is asked for, so that pickle does not find it by its name.
        return _again, (self.name, self.get_params(deep=False), self._fitted)


def _again(name: str, parameters: dict[str, Any], fitted: Fitted | None) -> OtherLibrarysDetector:
    model = other_librarys(name)(**parameters)
    model._fitted = fitted
    return model


@cache
def other_librarys(name: str) -> type[OtherLibrarysDetector]:
    """The detector called ``name``: ``"pyod.ABOD"``, ``"sklearn.EllipticEnvelope"``.

    Raises
    ------
    NotFound : the library has no such detector.
    InvalidInput : it has, and it can't judge rows that it did not learn from, or needs labels.
    MissingExtra : the library, or one that it needs for this detector, is not installed.

    Examples
    --------
    >>> [f.name for f in fields(other_librarys("sklearn.SGDOneClassSVM"))][:3]
    ['contamination', 'nu', 'fit_intercept']
    """
    library, _, short = name.partition(".")
    need(library, extra=library, purpose=f"detectors called {library}.…")
    module = (_sklearn_module if library == "sklearn" else _pyod_module)(short)
    try:
        theirs = getattr(import_module(module), short)
    except ImportError as missing:
        raise MissingExtra(
            f"{name} needs a library that is not there ({missing}); install it beside {library}",
            module=missing.name,
        ) from missing
    if inspect.signature(theirs.fit).parameters["y"].default is inspect.Parameter.empty:
        raise InvalidInput(f"{name} learns from labels, and there are none here", name=name)
    return _adapted(name, theirs)


def _adapted(name: str, theirs: Any) -> type[OtherLibrarysDetector]:
    own: list[tuple[str, Any, Any]] = [("contamination", Any, field(default="auto"))]
    required = []
    for parameter in inspect.signature(theirs).parameters.values():
        fixed = parameter.name in _FIXED.get(name, {})
        if parameter.kind is parameter.VAR_KEYWORD or parameter.name == "contamination" or fixed:
            continue
        if hasattr(Detector, parameter.name):
            raise InvalidInput(
                f"{name} has a parameter {parameter.name!r}, which means something else here",
                name=name,
            )
        default = parameter.default
        if default is parameter.empty:
            default = None
            required.append(parameter.name)
        own.append((parameter.name, Any, field(default_factory=partial(deepcopy, default))))
    made: Any = make_dataclass(
        theirs.__name__,
        own,
        bases=(OtherLibrarysDetector,),
        namespace={
            "theirs": theirs,
            "required": tuple(required),
            "__doc__": _summary(name),
            "__module__": theirs.__module__,
        },
        eq=False,
        kw_only=True,
    )
    made.name = name
    return made  # type: ignore[no-any-return]


def _summary(name: str) -> str:
    library, _, short = name.partition(".")
    return f"{short} of {'scikit-learn' if library == 'sklearn' else 'PyOD'}."


def _sklearn_module(short: str) -> str:
    if short in _ONLY_LABEL:
        raise InvalidInput(
            f"sklearn.{short} labels the rows that it is given and can't score others; use "
            f"{_ONLY_LABEL[short]}",
            name=f"sklearn.{short}",
        )
    if short not in _SKLEARN:
        raise _unknown("sklearn", short, _SKLEARN)
    return _SKLEARN[short]


def _pyod_module(short: str) -> str:
    known = _pyod_modules()
    if short not in known:
        raise _unknown("pyod", short, known)
    return known[short]


@cache
def _pyod_modules() -> dict[str, str]:
    """Detector → module, read off the source: importing them all takes many seconds."""
    found: dict[str, str] = {}
    for folder in import_module("pyod.models").__path__:
        for module in sorted(iter_modules([folder]), key=lambda one: one.name):
            if not module.name.startswith(_OTHER_DATA) and not module.ispkg:
                text = (Path(folder) / f"{module.name}.py").read_text(encoding="utf-8")
                for name in set(_OF_PYOD.findall(text)) - {"BaseDeepLearningDetector"}:
                    found.setdefault(name, f"pyod.models.{module.name}")
    return found


def _unknown(library: str, short: str, known: dict[str, str]) -> NotFound:
    exact = {name.lower(): name for name in known}
    near = get_close_matches(short.lower(), exact, n=1)
    hint = f"; did you mean '{library}.{exact[near[0]]}'?" if near else "."
    listed = ", ".join(f"{library}.{name}" for name in sorted(known))
    return NotFound(
        f"no detector called '{library}.{short}'{hint} There are: {listed}",
        name=f"{library}.{short}",
    )


def _their_seed(random_state: Any) -> Any:
    """A seed as they take it: theirs have 32 bits."""
    return None if random_state is None else seed_of(random_state) % 2**32
