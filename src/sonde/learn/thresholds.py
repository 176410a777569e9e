"""Tail probabilities → decisions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput
from .calibration import Calibration

Floats = NDArray[np.float64]
Kind = Literal["extreme value", "contamination", "false alarms", "labels"]

# One ordinary row in this many may pass, at the most; fewer where there are many rows.
RAREST, COMMONEST, COMMONEST_SMEARED = 1e-6, 1e-3, 5e-3
EXPECTED_FALSE_ALARMS = 0.5  # among the rows learned from, under the extreme-value rule
_UNITS_S = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}


@dataclass(frozen=True)
class Rule:
    """How the cutoff is to be found. Built by ``rule_from``."""

    kind: Kind = "extreme value"
    value: float | None = None
    unit: str | None = None


def rule_from(
    contamination: float | None = None,
    false_alarms: str | None = None,
    has_labels: bool = False,
) -> Rule:
    """The one rule that the options name.

    >>> rule_from(false_alarms="2/day")
    Rule(kind='false alarms', value=2.0, unit='day')
    >>> rule_from(contamination=0.7)
    Traceback (most recent call last):
    sonde.errors.InvalidInput: contamination must be above 0 and at most 0.5, got 0.7
    """
    given = [contamination is not None, false_alarms is not None, has_labels]
    if sum(given) > 1:
        raise InvalidInput("give one of contamination, false_alarms and labels, not several")
    if contamination is not None:
        if not 0.0 < contamination <= 0.5:
            raise InvalidInput(
                f"contamination must be above 0 and at most 0.5, got {contamination}",
                contamination=contamination,
            )
        return Rule("contamination", float(contamination))
    if false_alarms is not None:
        return _parse_budget(false_alarms)
    return Rule("labels") if has_labels else Rule()


def _parse_budget(text: str) -> Rule:
    match = re.fullmatch(r"\s*([0-9.]+)\s*/\s*(minute|hour|day|week|1000rows)\s*", str(text))
    value = float(match.group(1)) if match and match.group(1).count(".") <= 1 else 0.0
    if match is None or value <= 0:
        raise InvalidInput(
            f"false alarms must look like '2/day' (minute, hour, day, week or 1000rows), "
            f"got {text!r}",
            false_alarms=text,
        )
    return Rule("false alarms", value, match.group(2))


@dataclass(frozen=True)
class Threshold:
    """A cutoff on the tail probability, and what it means as a score.

    Parameters
    ----------
    rule : what it was found by.
    cutoff : rows whose tail probability is at most this are anomalies.
    limits : per part of the calibration, the largest score that is still ordinary.
    why : one sentence for people.
    """

    rule: Rule
    cutoff: float
    limits: tuple[float, ...]
    why: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"limits": [None if np.isinf(x) else x for x in self.limits]}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Threshold:
        """The inverse of ``to_dict``; raises ValueError where a value can't be right."""
        rule, limits, why = Rule(**stored["rule"]), stored["limits"], stored["why"]
        if rule.kind not in get_args(Kind) or not isinstance(why, str):
            raise ValueError(f"the threshold's rule {rule.kind!r} is not known")
        if rule.unit is not None and rule.unit not in (*_UNITS_S, "1000rows"):
            raise ValueError(f"the threshold's unit {rule.unit!r} is not known")
        if rule.value is not None:
            _number(rule.value, "value")
        if not isinstance(limits, list) or not limits:
            raise ValueError("the threshold must have a list of limits")
        cutoff = _number(stored["cutoff"], "cutoff")
        if not 0.0 <= cutoff <= 1.0:
            raise ValueError(f"the threshold's cutoff must be 0 to 1, is {cutoff}")
        known = tuple(-np.inf if x is None else _number(x, "limit") for x in limits)
        return cls(rule, cutoff, known, why)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError(f"the threshold's {name} must be a finite number, is {value!r}")
    return float(value)


def find_threshold(
    rule: Rule,
    calibration: Calibration,
    scores: Sequence[Floats],
    *,
    rows_per_ns: float | None = None,
    labelled: Sequence[tuple[Floats, NDArray[np.bool_]]] | None = None,
    smears: Sequence[int] = (1,),
) -> Threshold:
    """The cutoff that ``rule`` asks for, given the scores learned from (one array a part).

    ``rows_per_ns`` is how many rows come in a nanosecond, all parts together. ``smears`` are, a
    part each, the numbers of neighbouring rows that share most of their score: so many rows are
    one chance to be wrong.
    """
    tails = np.concatenate([calibration.tail_probability(part, i) for i, part in enumerate(scores)])
    known = np.isfinite(tails)
    if rule.kind == "contamination":
        cutoff, why = _by_share(tails[known], float(rule.value or 0))
    elif rule.kind == "false alarms":
        cutoff, why = _by_budget(rule, rows_per_ns)
    elif rule.kind == "labels":
        if labelled is None:
            raise InvalidInput("the rule 'labels' needs labels")
        cutoff, why = _by_labels(calibration, labelled)
    else:
        cutoff, why = _by_extremes([int(np.isfinite(s).sum()) for s in scores], smears)
    limits = tuple(calibration.largest_ordinary(cutoff, i) for i in range(len(calibration)))
    return Threshold(rule, cutoff, limits, why)


def fixed_threshold(limit: float, why: str, calibration: Calibration) -> Threshold:
    """The threshold of scores that mean the same for all data: ``limit`` is still ordinary."""
    cutoff = float(calibration.tail_probability(np.array([limit]))[0])
    limits = tuple(calibration.largest_ordinary(cutoff, i) for i in range(len(calibration)))
    return Threshold(Rule(), cutoff, limits, why)


def _by_share(tails: Floats, share: float) -> tuple[float, str]:
    count = round(share * tails.size)
    why = f"the {share:.3g} strangest share of the rows learned from, as asked"
    if count == 0:
        return float(np.nextafter(tails.min(), 0.0)) if tails.size else share, why
    cutoff = float(np.partition(tails, count - 1)[count - 1])
    # Who ties with the last is left out, as scikit-learn does; unless all of the strangest tie.
    if np.count_nonzero(tails <= cutoff) > count and tails.min() < cutoff:
        cutoff = float(np.nextafter(cutoff, 0.0))
    return cutoff, why


def _by_budget(rule: Rule, rows_per_ns: float | None) -> tuple[float, str]:
    value, unit = float(rule.value or 0), str(rule.unit)
    if unit == "1000rows":
        rows = 1000.0
    elif rows_per_ns is None:
        raise InvalidInput(
            f"{value:g} false alarms per {unit} need a time column, and there is none; "
            "give a budget per 1000rows instead",
            unit=unit,
        )
    else:
        rows = _UNITS_S[unit] * 1e9 * rows_per_ns
    cutoff = value / rows
    if cutoff >= 0.5:
        raise InvalidInput(
            f"{value:g} false alarms per {unit} are more than half of the rows in that time, "
            f"{rows:.3g}",
            rows=rows,
        )
    per = "thousand rows" if unit == "1000rows" else unit
    are = "row passes" if value == 1 else "rows pass"
    return cutoff, f"about {value:g} ordinary {are} it per {per}, as asked"


def _by_labels(
    calibration: Calibration, labelled: Sequence[tuple[Floats, NDArray[np.bool_]]]
) -> tuple[float, str]:
    tails = np.concatenate(
        [calibration.tail_probability(scores, i) for i, (scores, _) in enumerate(labelled)]
    )
    known = np.isfinite(tails)
    tails = tails[known]
    labels = np.concatenate([truth for _, truth in labelled])[known]
    if not labels.any() or labels.all():
        raise InvalidInput(
            "labels must mark at least one row as an anomaly and one as ordinary; name another "
            "column, or give a contamination instead"
        )
    order = np.argsort(tails, kind="stable")
    hits = np.cumsum(labels[order])
    f1 = 2.0 * hits / (np.arange(1, tails.size + 1) + labels.sum())
    last_of_tie = np.append(tails[order][1:] > tails[order][:-1], True)
    best = int(np.argmax(np.where(last_of_tie, f1, -1.0)))
    return float(tails[order][best]), f"best F1 on the labels, {f1[best]:.2f}"


def _by_extremes(n_rows: Sequence[int], smears: Sequence[int]) -> tuple[float, str]:
    chances = sum(n / smear for n, smear in zip(n_rows, smears, strict=True))
    commonest = COMMONEST if max(smears) == 1 else COMMONEST_SMEARED
    cutoff = min(commonest, max(RAREST, EXPECTED_FALSE_ALARMS / max(chances, 1e-9)))
    return cutoff, (
        f"extreme-value rule, half a false anomaly expected among {sum(n_rows):,} rows like those "
        "learned from"
    )
