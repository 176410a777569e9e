"""Score → calibrate → decide → explain: what every door does with a fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Container, Detection, Table
from .detector import Detector
from .judgement import Judgement, Part

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Stretch:
    """Rows ``start:end`` of the container that belong together, and the strangest of them."""

    part: Part
    start: int
    end: int
    peak: int


def decide(
    model: Detector,
    data: Container,
    judgement: Judgement | None = None,
    core: slice | None = None,
    *,
    candidate: bool = True,
) -> Detection:
    """The model's answer about ``data``, one entry per row.

    Columns are matched to the model's by name. ``judgement`` may be given where the data were
    prepared and judged already. Rows outside ``core`` are there for what surrounds it: the answer
    is about the rows of ``core`` alone. Without ``candidate``, nothing is said of the strongest
    row where none is strange: for who asks about one row at a time it is most of the work.
    """
    if judgement is None:
        data = model.prepare(data)
        judgement = model.judge(data)
    scores = judgement.scores
    tails, limits = model.tail_probability(data, scores), model.limits(data)
    strange = scores > limits
    if core is not None:
        outside = np.ones(len(scores), dtype=np.bool_)
        outside[core] = False
        # Not in place: the judgement is the caller's.
        scores, strange = np.where(outside, np.nan, scores), strange & ~outside
    band = _band(judgement, limits, data.values.shape[1])
    stretches = _merged(model, data, scores, strange)
    if not stretches and not candidate:
        found = []
    else:
        found = stretches or _strongest(model, data, tails, scores)
    # Beyond one in a million a tail learned from thousands of rows ranks no better than the score.
    order = sorted(found, key=lambda s: (max(tails[s.peak], 1e-6), -scores[s.peak], s.start))
    told = []
    if order:
        shares = model.blame(data, np.array([s.peak for s in order], dtype=np.int64))
        told = [
            _anomaly(stretch, data, scores, tails, band, share)
            for stretch, share in zip(order, shares, strict=True)
        ]
    answer = Detection(
        scores=scores,
        is_anomaly=strange,
        probability=1.0 - tails,
        anomalies=told if stretches else [],
        cutoff=model.threshold_.cutoff,
        expected=band[0],
        lower=band[1],
        upper=band[2],
        candidate=None if stretches or not told else told[0],
        problems=list(judgement.notes),
    )
    return answer if core is None else answer.cut(core)


def _band(
    judged: Judgement, limits: Floats, n_columns: int
) -> tuple[Floats | None, Floats | None, Floats | None]:
    """Expected value, lower and upper bound; only where there is one value column."""
    if judged.expected is None or judged.unit is None or n_columns != 1:
        return None, None, None
    expected = np.where(np.isnan(judged.scores), np.nan, judged.expected[:, 0])
    width = (
        np.where(np.isfinite(limits), limits, np.nan)
        * np.broadcast_to(judged.unit, judged.expected.shape)[:, 0]
    )
    return expected, expected - width, expected + width


def _merged(
    model: Detector, data: Container, scores: Floats, strange: NDArray[np.bool_]
) -> list[_Stretch]:
    """Strange rows joined where they lie within reach; a table's rows stay by themselves."""
    found: list[_Stretch] = []
    if not strange.any():
        return found
    for part in model.parts(data):
        rows = part.start + np.flatnonzero(strange[part.start : part.stop])
        if rows.size == 0:
            continue
        reach = 0 if isinstance(data, Table) else model.reach(part.number)
        breaks = np.flatnonzero(np.diff(rows) > reach) + 1
        for group in np.split(rows, breaks):
            peak = int(group[np.argmax(scores[group])])
            found.append(_Stretch(part, int(group[0]), int(group[-1]) + 1, peak))
    return found


def _strongest(model: Detector, data: Container, tails: Floats, scores: Floats) -> list[_Stretch]:
    """The row that came nearest to being an anomaly; none where no row has a score."""
    known = np.flatnonzero(np.isfinite(scores))
    if known.size == 0:
        return []
    peak = int(known[np.lexsort((-scores[known], tails[known]))[0]])
    part = next(p for p in model.parts(data) if p.start <= peak < p.stop)
    return [_Stretch(part, peak, peak + 1, peak)]


def _anomaly(
    stretch: _Stretch,
    data: Container,
    scores: Floats,
    tails: Floats,
    band: tuple[Floats | None, Floats | None, Floats | None],
    share: Floats,
) -> Anomaly:
    time = None if isinstance(data, Table) else data.time
    peak = stretch.peak

    def at_peak(values: Floats | None) -> float | None:
        return None if values is None or np.isnan(values[peak]) else float(values[peak])

    return Anomaly(
        series=stretch.part.series,
        start=stretch.start,
        end=stretch.end,
        start_time=None if time is None else int(time[stretch.start]),
        end_time=None if time is None else int(time[stretch.end - 1]),
        peak=peak,
        score=float(scores[peak]),
        probability=float(1.0 - tails[peak]),
        columns=dict(zip(data.channels, share.tolist(), strict=True)),
        expected=at_peak(band[0]),
        lower=at_peak(band[1]),
        upper=at_peak(band[2]),
    )
