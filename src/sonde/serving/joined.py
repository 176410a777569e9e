"""Requests for one model, scored together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Container, Detection, PredictionRequest, Table
from ..errors import SondeError
from ..learn import Detector, decide

Floats = NDArray[np.float64]
Answer = Detection | SondeError


def joined(model: Detector, requests: Sequence[PredictionRequest]) -> list[Answer]:
    """One answer per request, in order; the same to the bit as if each had come alone.

    Tables without missing values are judged in one call where the model reads each row by itself;
    everything else (series, gaps to fill, rows among others) is judged alone. What is refused is
    an error in its own place.

    Examples
    --------
    >>> from sonde.core import ModelRef
    >>> from sonde.learn import create
    >>> rows = np.random.default_rng(0).normal(size=(500, 2))
    >>> model = create("hbos").fit(rows)
    >>> far, near, odd = Table([[9.0, 9.0]]), Table(rows[:3]), Table([[1.0]])
    >>> answers = joined(model, [PredictionRequest(ModelRef("m"), x) for x in (far, near, odd)])
    >>> answers[0].is_anomaly, len(answers[1]), answers[2].code
    (array([ True]), 3, 'schema_mismatch')
    """
    answers: list[Answer | None] = [None] * len(requests)
    tables: dict[int, Table] = {}
    for i, request in enumerate(requests):
        try:
            data = model.prepare(request.data)
            if model.reads == "rows" and request.core is None and _is_whole(data):
                tables[i] = data
            else:
                answers[i] = decide(
                    model, data, model.judge(data), request.core, candidate=request.candidate
                )
        except SondeError as error:
            answers[i] = error
    wanted = [requests[i].candidate for i in tables]
    for i, answer in zip(tables, _together(model, list(tables.values()), wanted), strict=True):
        answers[i] = answer
    return [answer for answer in answers if answer is not None]


def _is_whole(data: Container) -> TypeGuard[Table]:
    """Whether a policy for missing values has nothing to do, and so nothing to say."""
    return isinstance(data, Table) and bool(np.isfinite(data.values).all())


def _together(model: Detector, tables: list[Table], wanted: list[bool]) -> list[Answer]:
    if len(tables) > 1:
        try:
            return _split(model, tables, wanted)
        except SondeError:
            pass  # one of them is to blame: each alone, so that the others do not hear of it
    return [_alone(model, *each) for each in zip(tables, wanted, strict=True)]


def _alone(model: Detector, table: Table, candidate: bool) -> Answer:
    try:
        return decide(model, table, model.judge(table), candidate=candidate)
    except SondeError as error:
        return error


def _split(model: Detector, tables: list[Table], wanted: list[bool]) -> list[Answer]:
    """Judge all rows in one call, and give each table its part of the answer."""
    bounds = np.cumsum([0, *(len(table) for table in tables)])
    table = Table(np.concatenate([one.values for one in tables]), tables[0].channels)
    whole = decide(model, table, model.judge(table), candidate=False)
    owned: list[list[Anomaly]] = [[] for _ in tables]
    starts = [anomaly.start for anomaly in whole.anomalies]
    for owner, anomaly in zip(_owners(bounds, starts), whole.anomalies, strict=True):
        owned[owner].append(anomaly)
    quiet = np.array([not mine and asked for mine, asked in zip(owned, wanted, strict=True)])
    candidates = _candidates(model, table, whole, bounds, quiet)
    return [
        replace(
            whole,
            anomalies=owned[i],
            candidate=candidates.get(i),
            chosen=dict(whole.chosen),
            problems=list(whole.problems),
        ).cut(slice(int(bounds[i]), int(bounds[i + 1])))
        for i in range(len(tables))
    ]


def _owners(bounds: NDArray[np.int64], rows: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """The number of the table that each row came from."""
    owners: list[int] = (np.searchsorted(bounds, rows, side="right") - 1).tolist()
    return owners


def _candidates(
    model: Detector,
    table: Table,
    whole: Detection,
    bounds: NDArray[np.int64],
    quiet: NDArray[np.bool_],
) -> dict[int, Anomaly]:
    """The strangest row of each table that has no anomaly, as ``decide`` tells of one."""
    # Not from the probability: 1 − it has lost the digits that rank the rarest rows.
    tails = model.tail_probability(table, whole.scores)
    owners = np.repeat(np.arange(len(quiet)), np.diff(bounds))
    rows = np.flatnonzero(quiet[owners] & np.isfinite(whole.scores))
    rows = rows[np.lexsort((-whole.scores[rows], tails[rows], owners[rows]))]
    first = np.append(True, np.diff(owners[rows]) > 0)[: len(rows)]
    rows = rows[first]
    if rows.size == 0:
        return {}
    shares = model.blame(table, rows)
    return {
        owner: _told(table, whole, tails, int(row), share)
        for owner, row, share in zip(_owners(bounds, rows), rows, shares, strict=True)
    }


def _told(table: Table, whole: Detection, tails: Floats, row: int, share: Floats) -> Anomaly:
    def at(values: Floats | None) -> float | None:
        return None if values is None or np.isnan(values[row]) else float(values[row])

    return Anomaly(
        series=None,
        start=row,
        end=row + 1,
        start_time=None,
        end_time=None,
        peak=row,
        score=float(whole.scores[row]),
        probability=float(1.0 - tails[row]),
        columns=dict(zip(table.channels, share.tolist(), strict=True)),
        expected=at(whole.expected),
        lower=at(whole.lower),
        upper=at(whole.upper),
    )
