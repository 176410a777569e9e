"""A reading and its detection, one series at a time, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..core import Anomaly, Detection, Panel, Series

if TYPE_CHECKING:
    from ..data.reading import Reading

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RAREST = 1e-16  # a probability of 1 − p cannot tell smaller tail probabilities from 0


@dataclass(frozen=True, eq=False)
class Line:
    """One series with its answer, row by row.

    Parameters
    ----------
    id : the series' id, or None where there is one series or a table.
    rows : (n,) the input row of each row.
    time : (n,) nanoseconds since 1970 UTC, ascending, or None.
    values : (n, n_channels); NaN where missing.
    score, rarity : (n,); NaN where not judged. Rarity is −log10 of the tail probability.
    expected, lower, upper : (n,) or None.
    anomalies : those of this series, strangest first, as positions in the detection's list.
    first : the input row that is called 0: where the file of this series begins.
    time_shift : by input row, what was added to ``time`` to tell an anomaly's time, or None.
    """

    id: str | None
    rows: Integers
    time: Integers | None
    values: Floats
    score: Floats
    rarity: Floats
    expected: Floats | None
    lower: Floats | None
    upper: Floats | None
    anomalies: tuple[int, ...]
    first: int = 0
    time_shift: Integers | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def axis(self) -> Integers:
        """What the horizontal axis shows: nanoseconds where there is time, else input rows."""
        return self.rows - self.first if self.time is None else self.time

    def span_of(self, anomaly: Anomaly) -> tuple[int, int]:
        """First and last (exclusive) position of an anomaly of this series."""
        if self.time is not None and anomaly.start_time is not None:
            first, last = anomaly.start_time, anomaly.end_time
            last = first if last is None else last
            if self.time_shift is not None:
                first -= int(self.time_shift[anomaly.start])
                last -= int(self.time_shift[anomaly.end - 1])
            start = int(np.searchsorted(self.time, first, side="left"))
            end = int(np.searchsorted(self.time, last, side="right"))
        else:
            start = int(np.searchsorted(self.rows, anomaly.start, side="left"))
            end = int(np.searchsorted(self.rows, anomaly.end, side="left"))
        start = min(start, len(self) - 1)
        return start, max(end, start + 1)

    def position_of(self, row: int) -> int:
        """Where an input row of this series stands in it."""
        return int(self._order[np.searchsorted(self.rows, row, sorter=self._order)])

    @cached_property
    def _order(self) -> Integers:
        return np.argsort(self.rows, kind="stable")


def rarity_of(probability: Floats) -> Floats:
    """How rare, in powers of ten: 3 for one in a thousand; NaN stays NaN.

    >>> rarity_of(np.array([0.0, 0.9, 0.999, 1.0])).round(6) + 0.0
    array([ 0.,  1.,  3., 16.])
    """
    return -np.log10(np.clip(1.0 - probability, RAREST, 1.0))


def lines_of(reading: Reading, detection: Detection) -> list[Line]:
    """One line per series that has rows, in the panel's order; a table is one line."""
    data = reading.data
    rarity = rarity_of(detection.probability)
    if isinstance(data, Panel):
        bounds = [(int(a), int(b)) for a, b in zip(data.offsets, data.offsets[1:], strict=False)]
        ids: Sequence[str | None] = data.ids
    else:
        bounds, ids = [(0, len(data))], [None]
    time = None if not isinstance(data, Series | Panel) else data.time
    owned: dict[str | None, list[int]] = {id_: [] for id_ in ids}
    for number, anomaly in enumerate(detection.anomalies):
        owned[anomaly.series if isinstance(data, Panel) else None].append(number)

    def picked(values: Floats | None, rows: Integers) -> Floats | None:
        return None if values is None else values[rows]

    lines = []
    for id_, (start, end) in zip(ids, bounds, strict=True):
        if start == end:
            continue
        rows = reading.rows[start:end]
        lines.append(
            Line(
                id=id_,
                rows=rows,
                time=None if time is None else time[start:end],
                values=data.values[start:end],
                score=detection.scores[rows],
                rarity=rarity[rows],
                expected=picked(detection.expected, rows),
                lower=picked(detection.lower, rows),
                upper=picked(detection.upper, rows),
                anomalies=tuple(owned[id_]),
                first=_first_row(reading, rows),
                time_shift=reading.time_shift,
            )
        )
    return lines


def _first_row(reading: Reading, rows: Integers) -> int:
    """Where the file begins that holds all of ``rows``; 0 where several do."""
    if reading.files is None:
        return 0
    file, row = reading.files.place(int(rows.min()))
    same = file == reading.files.place(int(rows.max()))[0]
    return int(rows.min()) - row if same else 0


def blamed_first(detection: Detection, channels: Sequence[str]) -> list[str]:
    """The channels, those with the largest share in all anomalies first; ties as they came."""
    stretches = detection.anomalies or [a for a in (detection.candidate,) if a is not None]
    total = dict.fromkeys(channels, 0.0)
    for anomaly in stretches:
        for name, share in anomaly.columns.items():
            if name in total and np.isfinite(share):
                total[name] += share
    return sorted(channels, key=lambda name: -total[name])
