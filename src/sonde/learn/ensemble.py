"""Several detectors asked as one; itself a detector."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ..core import Series, Table
from ..core.progress import tell
from ..errors import InvalidInput, SondeError, TooShort
from . import parameters as check
from .combining import (
    COMBINATIONS,
    Scale,
    check_scale,
    combined,
    learn_scale,
    weighted_mean,
)
from .detector import CALIBRATION_ROWS, Detector
from .estimator import Estimator, Reads, State, _known_rows
from .judgement import Judgement
from .stored_state import branch

Floats = NDArray[np.float64]
Seen = Series | Table

MOST_MEMBERS = 64
HEAVIEST = 1e6
# Scores are sums of a few logarithms, ranks or standardised scores; smaller differences are noise.
RESOLUTION = 1e-9
_ORDER: tuple[Reads, ...] = ("rows", "past", "whole")


@dataclass(eq=False, kw_only=True)
class Ensemble(Detector):
    """Several detectors that judge the same data, their scores combined row by row.

    Built by ``make_ensemble``, or by a name with plus signs: ``create("ecod+knn")``. The members
    given are parameters: what they learn is kept here, they themselves stay as they were. A row
    that some members have no score for is judged by the others.

    Parameters
    ----------
    members : list of (name, detector).
    combination : ``"tail_probability"``: each member's score as the share of the rows learned
        from that score at least as high, then the mean of −log10 of them (Fisher's statistic, up
        to a factor). ``"average"``, ``"maximum"``: of the scores, each less its mean and in units
        of its standard deviation over the rows learned from, moved so that none is below 0.
        ``"rank"``: the mean share of the rows learned from that score lower, told as −log10 of
        what is missing to 1.
    weights : one number above 0 for each member; None for equal ones. The maximum is taken of
        scores multiplied by their weights.
    contamination : share of the rows learned from that ``predict`` calls anomalies; None takes
        the extreme-value rule. ``"auto"`` is a tenth in ``fit`` and leaves ``sonde.detect`` its
        own rules.

    Source
    ------
    Aggarwal, Sathe (2015), Theoretical foundations and algorithms for outlier ensembles, SIGKDD
    Explorations 17 (average and maximum of standardised scores); (2017), Outlier ensembles: an
    introduction, Springer, chapter 5. Fisher (1932), Statistical methods for research workers,
    section 21.1, for tail probabilities, which here come from ``Calibration``.

    Examples
    --------
    >>> from sonde import create, make_ensemble
    >>> rows = np.random.default_rng(0).normal(size=(200, 2)); rows[17] = 6.0
    >>> both = make_ensemble(create("ecod"), create("knn"), combination="rank").fit(rows)
    >>> int(np.argmax(both.anomaly_scores(rows)))
    17
    """

    name: ClassVar[str] = "ensemble"
    family: ClassVar[str] = "composite"

    members: list[tuple[str, Estimator]] = field(default_factory=list)
    combination: Literal["tail_probability", "average", "maximum", "rank"] = "tail_probability"
    weights: list[float] | None = None
    contamination: float | str | None = "auto"

    def _children(self) -> dict[str, Estimator]:
        return dict(self.members)

    def _replace_child(self, name: str, value: Any) -> None:
        self.members = [(n, value if n == name else one) for n, one in self.members]

    def _check_parameters(self) -> None:
        check.contamination(self.name, self.contamination)
        check.one_of(self.name, "combination", self.combination, COMBINATIONS)
        if not isinstance(self.members, list) or not all(map(_is_member, self.members)):
            raise InvalidInput("an ensemble's members are a list of (name, detector)")
        names = [name for name, _ in self.members]
        if not names or len(set(names)) != len(names) or any("__" in name for name in names):
            raise InvalidInput(f"an ensemble needs differently named members, got {names}")
        if len(names) > MOST_MEMBERS:
            raise InvalidInput(f"an ensemble has at most {MOST_MEMBERS} members, got {len(names)}")
        for name, member in self.members:
            if not isinstance(member, Detector):
                raise InvalidInput(f"member {name!r} of the ensemble is not a detector")
            if member.name == "per_series":
                raise InvalidInput(
                    f"member {name!r} learns each series by itself; put the ensemble into it: "
                    "per_series(detector=…)"
                )
            member._check_parameters()
        if self.weights is not None:
            if not isinstance(self.weights, list | tuple) or len(self.weights) != len(names):
                raise InvalidInput(
                    f"ensemble: weights must be {len(names)} numbers, one for each member",
                    parameter="weights",
                )
            for weight in self.weights:
                check.number(self.name, "weights", weight, 0.0, HEAVIEST)

    @property
    def _detectors(self) -> list[tuple[str, Detector]]:
        return cast("list[tuple[str, Detector]]", self.members)

    @property
    def reads(self) -> Reads:  # type: ignore[override]
        """The most that any member looks at: one that sees all rows makes all see them."""
        each = [one.reads for _, one in self._detectors if isinstance(one, Detector)]
        return max(each, key=_ORDER.index, default="rows")

    def _learn(self, data: Any) -> State:
        states: State = {}
        scales: State = {}
        for i, (name, member) in enumerate(self._detectors):
            tell("learning", i / len(self.members))
            with _named(name):
                seen = _seen(member, data)
                if member.reads == "rows":
                    seen = _known_rows(seen)
                if len(seen) < member.min_rows:
                    raise TooShort(
                        f"needs at least {member.min_rows} rows to learn from, got {len(seen)}",
                        needed=member.min_rows,
                        got=len(seen),
                    )
                state = member._rewound(member._learn(seen))
                scores = member._judge(state, _sample(member, seen)).scores
            states[str(i)] = state
            scales[str(i)] = learn_scale(
                self.combination, scores, member._resolution(state), member._smear(state)
            )
        return {"members": states, "scales": scales}

    def _each(self, state: State) -> list[tuple[str, Detector, State]]:
        states = state["members"]
        return [(name, one, states[str(i)]) for i, (name, one) in enumerate(self._detectors)]

    def _shares(self) -> Floats:
        """(n_members,) the weights, their sum 1."""
        given = np.ones(len(self.members)) if self.weights is None else np.array(self.weights)
        return np.asarray(given / given.sum(), dtype=np.float64)

    def _judge(self, state: State, data: Any) -> Judgement:
        scores = np.empty((len(self.members), len(data)))
        for i, (name, member, learned) in enumerate(self._each(state)):
            with _named(name):
                scores[i] = member._judge(learned, _seen(member, data)).scores
        scales: list[Scale] = [state["scales"][str(i)] for i in range(len(self.members))]
        return Judgement(combined(self.combination, scores, scales, self._shares()))

    def _blame(self, state: State, data: Any, rows: NDArray[np.int64]) -> Floats:
        each = np.empty((len(self.members), len(rows), data.values.shape[1]))
        for i, (name, member, learned) in enumerate(self._each(state)):
            with _named(name):
                raw = np.nan_to_num(member._blame(learned, _seen(member, data), rows), nan=0.0)
            raw = raw / np.maximum(raw.max(axis=1, keepdims=True), 1e-300)
            total = raw.sum(axis=1, keepdims=True)
            # Who blames no column says nothing about them.
            each[i] = np.where(total > 0, raw / np.where(total > 0, total, 1.0), np.nan)
        return np.nan_to_num(weighted_mean(each, self._shares()), nan=0.0)

    def _past(self, state: State) -> int:
        return max(one._past(learned) for _, one, learned in self._each(state))

    def _rows_to_use(self, state: State) -> int:
        return max(one._rows_to_use(learned) for _, one, learned in self._each(state))

    def _reach(self, state: State) -> int:
        return max(one._reach(learned) for _, one, learned in self._each(state))

    def _smear(self, state: State) -> int:
        return max(one._smear(learned) for _, one, learned in self._each(state))

    def _resolution(self, state: State) -> float:
        return RESOLUTION

    def _facts(self, state: State) -> dict[str, Any]:
        return {"members": [name for name, _ in self.members], "combination": self.combination}

    def _check_state(self, state: State, n_columns: int) -> None:
        states, scales = branch(state, "members"), branch(state, "scales")
        wanted = {str(i) for i in range(len(self.members))}
        if set(states) != wanted or set(scales) != wanted:
            raise ValueError("the members of the state are not those of the ensemble")
        for i, (_, member) in enumerate(self._detectors):
            member._check_state(dict(branch(states, str(i))), n_columns)
            check_scale(self.combination, branch(scales, str(i)))


def _is_member(member: Any) -> bool:
    pair = isinstance(member, tuple | list) and len(member) == 2
    return pair and isinstance(member[0], str) and isinstance(member[1], Estimator)


def _seen(member: Detector, data: Seen) -> Seen:
    """The data as a member reads them: a table where it looks at rows alone."""
    if member.reads == "rows" and isinstance(data, Series):
        return Table(data.values, data.channels)
    return data


def _sample(member: Detector, data: Seen) -> Seen:
    """The rows whose scores scale a member's; some of them where each stands alone."""
    if member.reads != "rows" or len(data) <= CALIBRATION_ROWS:
        return data
    chosen = np.linspace(0, len(data) - 1, CALIBRATION_ROWS).astype(np.int64)
    return Table(data.values[chosen], data.channels)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Within the block, an error says whose it is."""
    try:
        yield
    except SondeError as error:
        told = str(error).removeprefix(f"{name}: ")
        raise type(error)(f"ensemble: member {name!r}: {told}", **error.facts) from None


def make_ensemble(
    *detectors: Detector,
    combination: Literal["tail_probability", "average", "maximum", "rank"] = "tail_probability",
    weights: list[float] | None = None,
) -> Ensemble:
    """The detectors as one, each named by its own name, numbered where it comes twice.

    >>> from sonde import create
    >>> two = make_ensemble(create("knn"), create("knn", n_neighbors=20), combination="average")
    >>> [name for name, _ in two.members]
    ['knn-1', 'knn-2']
    """
    for one in detectors:
        if not isinstance(one, Detector):
            raise InvalidInput(
                f"a member must be a detector made by sonde.create, got {type(one).__name__}"
            )
    names = [one.name for one in detectors]
    named: list[tuple[str, Estimator]] = []
    for i, one in enumerate(detectors):
        number = names[: i + 1].count(one.name)
        named.append((one.name if names.count(one.name) == 1 else f"{one.name}-{number}", one))
    return Ensemble(members=named, combination=combination, weights=weights)
