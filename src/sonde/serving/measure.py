"""What a model costs: measured once, when it is loaded."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..core import Container, ModelRef, Panel, PredictionRequest, Series, Table
from ..errors import SondeError
from ..learn import Detector, decide
from .joined import joined

FEW, MANY = 64, 1024  # rows; more is asked only where few are quick
QUICK_S = 0.01
MOST_ROUNDS, LONGEST_S = 7, 0.1
LEAST_ROW_S = 2e-7  # the fastest detector here took 2.6e-7 s a row; less was a lucky moment
SLOW_CALL_S = 1e-3  # below this, going through a queue and a thread costs more than it saves
GAIN = 4
LATEST_NS = 2**62  # a thousand steps of a year would leave the range of times


@dataclass(frozen=True)
class Cost:
    """Seconds that answering takes: a share for each call and one for each row.

    Parameters
    ----------
    per_call_s, per_row_s : seconds.
    joins : requests answered together get the answers, to the bit, that each gets alone.

    Examples
    --------
    >>> forest = Cost(per_call_s=5e-3, per_row_s=4e-6, joins=True)
    >>> round(forest.seconds_for(1000), 6), forest.pays, Cost(4e-4, 4e-6, joins=True).pays
    (0.009, True, False)
    """

    per_call_s: float
    per_row_s: float
    joins: bool = False

    def seconds_for(self, n_rows: int) -> float:
        """What one request of so many rows takes, about."""
        return self.per_call_s + n_rows * self.per_row_s

    @property
    def pays(self) -> bool:
        """Whether requests that come at once should be answered together."""
        return self.joins and self._would_pay

    @property
    def _would_pay(self) -> bool:
        together, apart = self.seconds_for(FEW), FEW * self.seconds_for(1)
        return self.per_call_s > SLOW_CALL_S and together < apart / GAIN


def measure(model: Detector) -> Cost:
    """What ``model`` costs on this machine, from harmless rows of its own kind.

    Takes a few tenths of a second at the most, unless a single answer takes longer, and compiles
    what the first request would otherwise wait for. The least of several rounds counts: whatever
    else the machine does only adds.

    Examples
    --------
    >>> from sonde.learn import create
    >>> model = create("hbos").fit(np.random.default_rng(0).normal(size=(500, 3)))
    >>> cost = measure(model)
    >>> 0 < cost.seconds_for(1) < cost.seconds_for(1_000_000)
    True
    """
    start = max(model.schema_.min_rows, 1)
    one, few = rows_like(model, start), rows_like(model, start + FEW - 1)
    seconds = _seconds(model, one)
    more, many = _seconds(model, few), few
    if more < QUICK_S:
        many = rows_like(model, start + MANY - 1)
        more = _seconds(model, many)
    n_more = len(many.values) - len(one.values)
    per_row = max((more - seconds) / n_more, LEAST_ROW_S)
    cost = Cost(max(seconds - start * per_row, 0.0), per_row, joins=True)
    return cost if cost._would_pay and _joins(model) else Cost(cost.per_call_s, per_row)


def rows_like(model: Detector, n_rows: int, spread: float = 1e-9) -> Container:
    """Rows as the model expects them: its columns, its step, an id that it knows.

    At the medians of what it learned where it keeps them, and 0 else, with normal noise of
    ``spread`` times their size. Little noise keeps them ordinary, however narrow the columns are.
    """
    schema = model.schema_
    fill = model.policy_.fill
    center = np.zeros(len(schema.channels)) if fill is None else np.array(fill)
    noise = np.random.default_rng(0).normal(size=(n_rows, len(schema.channels)))
    values = center + spread * np.maximum(np.abs(center), 1.0) * noise
    if schema.kind == "table":
        return Table(values, schema.channels)
    time = None
    if schema.step_ns is not None and n_rows * schema.step_ns < LATEST_NS:
        time = np.arange(n_rows) * schema.step_ns
    if schema.kind == "series":
        return Series(values, schema.channels, time)
    known = model.to_arrays().get("ids")
    ids = None if known is None else [str(known[0])]
    return Panel(values, [0, n_rows], schema.channels, ids, time)


def _seconds(model: Detector, data: Container) -> float:
    """The quickest of some answers, after one that nobody counts."""
    decide(model, data, candidate=False)
    spent: list[float] = []
    while len(spent) < MOST_ROUNDS and sum(spent) < LONGEST_S:
        started = time.perf_counter()
        decide(model, data, candidate=False)
        spent.append(time.perf_counter() - started)
    return min(spent)


def _joins(model: Detector) -> bool:
    """Whether rows of different requests may share a call; tried, for any model can be loaded."""
    data = rows_like(model, FEW, spread=1.0)
    if model.reads != "rows" or not isinstance(data, Table):
        return False
    cuts = (0, 1, 2, 5, 12, len(data))
    pieces = [data[a:b] for a, b in pairwise(cuts)]
    requests = [PredictionRequest(ModelRef(model.name), piece) for piece in pieces]
    for piece, together in zip(pieces, joined(model, requests), strict=True):
        if isinstance(together, SondeError):
            return False
        alone = decide(model, piece)
        if together.scores.tobytes() != alone.scores.tobytes():
            return False
        if (together.anomalies, together.candidate) != (alone.anomalies, alone.candidate):
            return False
    return True
