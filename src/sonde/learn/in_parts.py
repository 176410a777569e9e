"""Detection in data that come part by part, because all of them do not fit into memory."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..core import Anomaly, Container, Detection, Panel, Series, Table
from ..core.progress import tell
from ..data import Reading
from ..data.policy import refuse_flaws
from ..errors import InvalidInput
from .decide import decide
from .detector import Detector
from .online import OnlineDetector

Answer = Callable[[Container, slice | None], Detection]

MOST_ANOMALIES = 100_000  # kept to be listed; each takes some hundred bytes
MOST_NOTES = 20
_ROWS = re.compile(r"\brows? \d+(?:, \d+)*(?: and \d+)?")
LONGEST_CONTEXT = 1_000_000  # rows before a part that are kept for what the part's rows read


@dataclass(frozen=True, eq=False)
class Part:
    """Consecutive rows of an input: as read, the input row they begin with, and how far it is."""

    reading: Reading
    first_row: int
    share_done: float


Write = Callable[[Part, Detection], None]


@dataclass(eq=False)
class Whole:
    """What was found in all parts together.

    ``anomalies`` are the strangest, at most ``MOST_ANOMALIES``; ``n_anomalies`` counts all.
    """

    n_rows: int = 0
    n_anomalous_rows: int = 0
    n_anomalies: int = 0
    anomalies: list[Anomaly] = field(default_factory=list)
    candidate: Anomaly | None = None
    problems: list[str] = field(default_factory=list)
    chosen: dict[str, Any] = field(default_factory=dict)


def refuse_whole(model: Detector, source: str, needed_mb: int) -> None:
    """Raise InvalidInput for a detector that must see all rows at once."""
    if isinstance(model, OnlineDetector) or model.reads != "whole":
        return
    raise InvalidInput(
        f"{model.name} compares all rows with each other, so {source} can't be read in parts, and "
        f"reading it whole takes about {needed_mb:,} MB; choose isolation_forest (tables), "
        "seasonal_residual or ewma (series), or raise SONDE_MEMORY_MB",
        needed_mb=needed_mb,
    )


def judge_in_parts(model: Detector, answer: Answer, parts: Iterable[Part], write: Write) -> Whole:
    """Judge rows part by part, as if all had been judged at once.

    Parameters
    ----------
    model : fitted; who says what a row's answer depends on. An online detector is copied, and
        the copy learns as it goes.
    answer : the model's answer about rows, given the ones that surround them.
    parts : tables, or the rows of one series in the order of time.
    write : hears each part with its answer, rows counted within the part.

    Raises
    ------
    InvalidInput : a part that begins before the last one ended.
    """
    found = _Found(model)
    parts = _checked(model, parts)
    if isinstance(model, OnlineDetector):
        answers = _learning(model, parts)
    elif model.schema_.kind == "table":
        answers = ((part, answer(part.reading.data, None)) for part in parts)
    else:
        answers = _in_context(model, answer, parts)
    for part, detection in answers:
        reading = part.reading
        placed = reading.answered(detection)
        write(part, placed)
        found.add(placed.shifted(part.first_row), part.first_row)
        tell("scoring", part.share_done)
    return found.whole()


def counted_from(first_row: int, said: str) -> str:
    """A sentence about rows of a part, with the rows counted from the beginning of the input.

    >>> counted_from(100, "column 'a' has 2 missing values (row 7 first); rows 1 and 2 are equal")
    "column 'a' has 2 missing values (row 107 first); rows 101 and 102 are equal"
    """
    if not first_row:
        return said
    return _ROWS.sub(
        lambda found: re.sub(r"\d+", lambda n: str(int(n[0]) + first_row), found[0]), said
    )


def _refuse_flaws(model: Detector, part: Part) -> None:
    try:
        refuse_flaws(model.policy_.missing, part.reading)
    except InvalidInput as error:
        raise type(error)(counted_from(part.first_row, str(error)), **error.facts) from None


def _checked(model: Detector, parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        _refuse_flaws(model, part)
        yield part


def _learning(model: OnlineDetector, parts: Iterable[Part]) -> Iterator[tuple[Part, Detection]]:
    """Each part judged by what the parts before taught."""
    model = copy(model)
    last: int | None = None
    for part in parts:
        data = model.prepare(part.reading.data)
        last = _after(last, part)
        yield part, decide(model, data, model.judge(data))
        model._learn_as_it_goes(data)


def _in_context(
    model: Detector, answer: Answer, parts: Iterable[Part]
) -> Iterator[tuple[Part, Detection]]:
    """Each part judged between as many rows of its neighbours as its answers depend on."""
    # Runs that a policy fills reach over the border, so some rows on both sides must be known.
    margin = 2 * (model.policy_.max_gap + 1)
    counts = _complete_rows if model.policy_.missing == "drop" else len
    waiting: deque[tuple[Part, Series]] = deque()
    before: Series | None = None
    position = 0  # in the season, of the first waiting row
    last: int | None = None

    def judged() -> tuple[Part, Detection]:
        nonlocal before, position
        part, series = waiting.popleft()
        known = 0 if before is None else len(before)
        after = _begin([one for _, one in waiting], margin)
        start = position - (0 if before is None else counts(before))
        data = _joined([before, series, *after], start)
        detection = answer(data, slice(known, known + len(series)))
        position += counts(series)
        joined = _joined([before, series], 0)
        before = joined[len(joined) - _complete_at_end(joined, model.past + margin) :]
        return part, detection

    for part in parts:
        last = _after(last, part)
        waiting.append((part, _series(part)))
        while len(waiting) > 1 and _is_enough([one for _, one in waiting][1:], margin):
            yield judged()
    while waiting:
        yield judged()


def _is_enough(following: list[Series], margin: int) -> bool:
    """True when the rows that follow hold ``margin`` complete ones, or are very many."""
    complete = sum(_complete_rows(series) for series in following)
    return complete >= margin or sum(map(len, following)) > LONGEST_CONTEXT


def _complete_rows(series: Series) -> int:
    return int(np.isfinite(series.values).all(axis=1).sum())


def _begin(following: list[Series], wanted: int) -> list[Series]:
    """The first rows of what follows, up to ``wanted`` complete ones."""
    taken: list[Series] = []
    for series in following:
        known = np.flatnonzero(np.isfinite(series.values).all(axis=1))
        if known.size >= wanted:
            return [*taken, series[: int(known[wanted - 1]) + 1]]
        taken.append(series)
        wanted -= known.size
    return taken


def _series(part: Part) -> Series:
    data = part.reading.data
    if not isinstance(data, Series):
        raise InvalidInput(
            f"{part.reading.source}: from row {part.first_row} on the data are no longer one "
            "series; read them as a table (kind='table')"
        )
    return data


def _after(last: int | None, part: Part) -> int | None:
    """The last moment of the part, which must begin after the ``last`` one before it."""
    data = part.reading.data
    if isinstance(data, Table | Panel) or data.time is None or len(data) == 0:
        return last
    if last is not None and int(data.time[0]) <= last:
        row = part.first_row + int(part.reading.rows[0])
        raise InvalidInput(
            f"{part.reading.source}, row {row}: its time lies before that of rows far above it; a "
            "file that is read in parts must be in the order of time: sort it, or raise "
            "SONDE_MEMORY_MB so that it is read whole",
            row=row,
        )
    return int(data.time[-1])


def _joined(pieces: list[Series | None], first: int) -> Series:
    series = [piece for piece in pieces if piece is not None and len(piece)]
    times = [one.time for one in series if one.time is not None]
    return Series(
        np.concatenate([one.values for one in series]),
        series[0].channels,
        np.concatenate(times) if times else None,
        first,
    )


def _complete_at_end(series: Series, wanted: int) -> int:
    """How many rows at the end hold ``wanted`` rows without a missing value."""
    known = np.flatnonzero(np.isfinite(series.values).all(axis=1))
    if known.size < wanted:
        return min(len(series), LONGEST_CONTEXT)
    return min(len(series) - int(known[-wanted]), LONGEST_CONTEXT)


class _Found:
    """Gathers anomalies over the borders of parts."""

    def __init__(self, model: Detector) -> None:
        self._reach = 0 if model.schema_.kind == "table" else model.reach(0)
        self._whole = Whole()
        self._notes: dict[str, list[str]] = {}

    def add(self, detection: Detection, first_row: int) -> None:
        whole = self._whole
        whole.n_rows += len(detection)
        whole.n_anomalous_rows += int(np.count_nonzero(detection.is_anomaly))
        kept = whole.anomalies
        for anomaly in sorted(detection.anomalies, key=lambda a: a.start):
            last = kept[-1] if kept else None
            crosses = last is not None and last.end <= first_row <= anomaly.start
            if last is not None and crosses and anomaly.start - (last.end - 1) <= self._reach:
                stronger = max(last, anomaly, key=lambda a: a.score)
                kept[-1] = _spanning(last, anomaly, stronger)
                continue
            kept.append(anomaly)
            whole.n_anomalies += 1
        if len(kept) > 2 * MOST_ANOMALIES:
            # The last one may go on in the next part.
            strongest = sorted(kept[:-1], key=_strength)[: MOST_ANOMALIES - 1]
            kept[:-1] = sorted(strongest, key=lambda a: a.start)
        if detection.candidate is not None:
            known = [c for c in (whole.candidate, detection.candidate) if c is not None]
            whole.candidate = min(known, key=_strength)
        for note in detection.problems:
            self._notes.setdefault(_without_numbers(note), []).append(note)

    def whole(self) -> Whole:
        whole = self._whole
        whole.anomalies = sorted(whole.anomalies, key=_strength)[:MOST_ANOMALIES]
        if whole.n_anomalies:
            whole.candidate = None
        notes = [
            said[0] if len(said) == 1 else f"{said[0]} (in {len(said)} parts; the first is named)"
            for said in self._notes.values()
        ]
        whole.problems = notes[:MOST_NOTES]
        if len(notes) > MOST_NOTES:
            whole.problems.append(f"and {len(notes) - MOST_NOTES} more notes on parts of the data")
        return whole


def _strength(anomaly: Anomaly) -> tuple[float, float, int]:
    return max(1.0 - anomaly.probability, 1e-6), -anomaly.score, anomaly.start


def _spanning(first: Anomaly, last: Anomaly, stronger: Anomaly) -> Anomaly:
    return replace(
        stronger,
        start=first.start,
        end=last.end,
        start_time=first.start_time,
        end_time=last.end_time,
    )


def _without_numbers(note: str) -> str:
    return "".join(" " if letter.isdigit() else letter for letter in note)
