"""What a detector is put through to be compared with others, step by step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Series, Table
from ..data import Reading
from ..errors import InvalidInput
from .detector import Detector
from .metrics import average_precision, main_lag, vus
from .metrics.named import METRICS, OVER_ALL, Judged, metric_names
from .synthetic_anomalies import IN_TABLES, MadeUp, with_events, with_rows
from .training import Recipe, train

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

THRESHOLDS = 50  # of VUS where made-up events are compared: enough to tell detectors apart
KEPT = 0.8  # of a table's rows, in each repetition
_FEWEST_IN_PART = 2


class Trial(ABC):
    """A number of steps, each of them one training."""

    n_steps: int

    @abstractmethod
    def step(self, recipe: Recipe, told: list[Any]) -> Any:
        """What the next step tells of the recipe's detector, after those that told ``told``."""


# --- without labels ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Unlabelled(Trial):
    """Learn from the data as they are, then again and again with anomalies made up in them."""

    reading: Reading
    repetitions: list[tuple[Reading, list[MadeUp], NDArray[np.int64]]]

    @classmethod
    def of(cls, reading: Reading, n: int, seed: int) -> Unlabelled:
        made = [_repetition(reading, np.random.default_rng([seed, i])) for i in range(n)]
        return cls(reading, made)

    @property
    def n_steps(self) -> int:  # type: ignore[override]
        return 1 + len(self.repetitions)

    def step(self, recipe: Recipe, told: list[Any]) -> Any:
        """First the scores of all rows; then how anomalies stand out, and how scores agree."""
        if not told:
            return _learned(recipe, self.reading)
        first: Floats = told[0]
        reading, made, rows = self.repetitions[len(told) - 1]
        again = _learned(recipe, reading)
        kinds = np.concatenate([one.kinds for one in made])
        untouched = kinds[: len(rows)] < 0
        stability = rank_correlation(first[rows][untouched], again[: len(rows)][untouched])
        return _standing_out(reading.data, kinds, again), stability


def _repetition(
    reading: Reading, rng: np.random.Generator
) -> tuple[Reading, list[MadeUp], NDArray[np.int64]]:
    """The data with anomalies, what was made up, and which rows the first of them were."""
    data = reading.data
    if isinstance(data, Table):
        n = len(data)
        rows = np.sort(rng.choice(n, max(int(KEPT * n), 1), replace=False))
        made = with_rows(data.values[rows], rng)
        return _of(reading, Table(made.values, data.channels)), [made], rows
    rows = np.arange(len(data.values))
    if isinstance(data, Series):
        made = with_events(data.values, rng)
        return _of(reading, Series(made.values, data.channels, data.time)), [made], rows
    each = [with_events(series.values, rng) for series in data]
    changed = [
        Series(one.values, series.channels, series.time)
        for one, series in zip(each, data, strict=True)
    ]
    return _of(reading, Panel.of(changed, data.ids)), each, rows


def _standing_out(data: Container, kinds: NDArray[np.int64], scores: Floats) -> float:
    """0–1: of a table the mean average precision over the kinds, of series the mean VUS-PR."""
    strangeness = np.where(np.isfinite(scores), scores, -np.inf)
    if isinstance(data, Table):
        found = []
        for kind in range(len(IN_TABLES)):
            among = (kinds < 0) | (kinds == kind)
            found.append(average_precision(kinds[among] == kind, strangeness[among]) or 0.0)
        return float(np.mean(found))
    areas = []
    for start, stop in _bounds(data):
        truth = kinds[start:stop] >= 0
        buffer = main_lag(data.values[start:stop, 0])
        area = vus(truth, strangeness[start:stop], buffer, THRESHOLDS)
        areas += [] if area is None else [area.pr]
    if not areas:
        raise InvalidInput("every series is too short to make up anomalies in; give labels")
    return float(np.mean(areas))


# --- with labels ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Labelled(Trial):
    """Learn from some rows, judge others whose labels are known."""

    reading: Reading
    truth: Flags
    metric: str
    splits: list[tuple[NDArray[np.int64], NDArray[np.int64]]]  # rows to learn from, to judge

    @classmethod
    def of(cls, reading: Reading, metric: str | None, n: int, seed: int) -> Labelled:
        truth = np.asarray(reading.labels)
        _refuse_one_kind(reading, truth)
        is_table = isinstance(reading.data, Table)
        name = metric or ("average_precision" if is_table else "vus_pr")
        name = metric_names([name])[0]
        if name in OVER_ALL:
            raise InvalidInput(f"{name} is told of many files with one threshold; name another")
        splits = _parts(truth, n, seed) if is_table else _expanding(reading.data, n)
        told = [s for s in splits if truth[s[1]].any() and not truth[s[1]].all()]
        if not told:
            raise InvalidInput(
                f"{reading.source}: every labelled anomaly lies in the first 1/{n + 1} of the "
                "rows, which is only learned from; give more splits, or labels of a longer time"
            )
        return cls(reading, truth, name, told)

    @property
    def n_steps(self) -> int:  # type: ignore[override]
        return len(self.splits)

    def step(self, recipe: Recipe, told: list[Any]) -> Any:
        """The metric of the rows judged, the mean over series."""
        learn, judge = self.splits[len(told)]
        data = self.reading.data
        part = _of(self.reading, _taken(data, learn))
        model = train(recipe, part).model
        # The rows before those judged are their past.
        seen = judge if isinstance(data, Table) else np.sort(np.concatenate([learn, judge]))
        prepared = model.prepare(_taken(data, seen))
        scores = model.judge(prepared).scores
        flagged = scores > model.limits(prepared)
        wanted = np.isin(seen, judge)
        found = []
        for start, stop in _bounds(prepared):
            mine = np.flatnonzero(wanted[start:stop]) + start
            strangeness = np.where(np.isfinite(scores[mine]), scores[mine], -np.inf)
            values = prepared.values[start:stop, 0]
            buffer = 0 if isinstance(data, Table) else main_lag(values)
            one = Judged(self.truth[seen[mine]], strangeness, flagged[mine], buffer)
            value = METRICS[self.metric](one)
            found += [] if value is None else [value]
        if not found:
            return 0.0  # nothing was flagged, so there is no precision to speak of
        return float(np.mean(found))


def _refuse_one_kind(reading: Reading, truth: Flags) -> None:
    if not truth.any() or truth.all():
        which = "an anomaly" if truth.all() else "ordinary"
        raise InvalidInput(
            f"{reading.source}: by its labels every row is {which}, so there is nothing to tell "
            "detectors apart by; leave the labels out, or name another column"
        )


def _parts(truth: Flags, n: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows of a table in ``n`` parts, drawn, with as many anomalies in each as in the others."""
    rng = np.random.default_rng(seed)
    n = max(n, 2)
    part = np.empty(truth.size, dtype=np.int64)
    for kind in (False, True):
        mine = rng.permutation(np.flatnonzero(truth == kind))
        part[mine] = np.arange(mine.size) % n
    return [(np.flatnonzero(part != i), np.flatnonzero(part == i)) for i in range(n)]


def _expanding(data: Container, n: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """The first rows of each series to learn from, those that follow to judge; ``n`` times."""
    splits = []
    for k in range(1, n + 1):
        learn, judge = [], []
        for start, stop in _bounds(data):
            rows = np.arange(start, stop)
            first, second = (round((stop - start) * part / (n + 1)) for part in (k, k + 1))
            learn.append(rows[: max(first, _FEWEST_IN_PART)])
            judge.append(rows[max(first, _FEWEST_IN_PART) : second])
        splits.append((np.concatenate(learn), np.concatenate(judge)))
    return splits


# --- both -------------------------------------------------------------------------------------


def _learned(recipe: Recipe, reading: Reading) -> Floats:
    """(n,) scores of the rows learned from; of several series, on the one scale they have."""
    trained = train(recipe, reading)
    model, scores = trained.model, trained.judgement.scores
    assert isinstance(model, Detector)
    if isinstance(trained.data, Panel):
        return np.asarray(-np.log10(model.tail_probability(trained.data, scores)))
    return scores


def _bounds(data: Container) -> list[tuple[int, int]]:
    if isinstance(data, Panel):
        return list(pairwise(data.offsets.tolist()))
    return [(0, len(data.values))]


def _taken(data: Container, rows: NDArray[np.int64]) -> Container:
    """Some rows; of series those from their beginning on."""
    if isinstance(data, Table):
        return Table(data.values[rows], data.channels)
    if isinstance(data, Series):
        return data[: len(rows)]
    counts = [int(((rows >= a) & (rows < b)).sum()) for a, b in _bounds(data)]
    return Panel.of([series[:n] for series, n in zip(data, counts, strict=True)], data.ids)


def _of(reading: Reading, data: Container) -> Reading:
    n = len(data.values)
    return replace(reading, data=data, labels=None, n_rows=n, rows=np.arange(n))


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's, over the rows that both have a score for; 0 where one never changes.

    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([10.0, 20.0, 30.0]))
    1.0
    """
    known = ~(np.isnan(first) | np.isnan(second))
    one, other = _ranks(first[known]), _ranks(second[known])
    if not one.size:
        return 0.0
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(np.clip(one @ other / size, -1.0, 1.0)) if size > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    """Places in rising order; equal values share the mean of theirs."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - 0.5 * (counts - 1))[where])
