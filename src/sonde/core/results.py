"""What a detector's answer consists of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Anomaly:
    """One stretch of strange rows.

    ``start`` and ``end`` are 0-based rows of the input, ``end`` exclusive; ``peak`` is the
    strangest row, and ``score``, ``probability``, ``expected``, ``lower`` and ``upper`` are
    its. ``columns`` holds each column's share, summing to 1. ``series`` is the id or None;
    times are nanoseconds since 1970 UTC or None.
    """

    series: str | None
    start: int
    end: int
    start_time: int | None
    end_time: int | None
    peak: int
    score: float
    probability: float
    columns: dict[str, float]
    expected: float | None = None
    lower: float | None = None
    upper: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; times as ISO 8601 text in UTC."""
        plain = asdict(self)
        for name in ("start_time", "end_time"):
            plain[name] = iso_time(plain[name])
        return plain


@dataclass(frozen=True, eq=False)
class Detection:
    """The answer of a detector: one entry per row of the input, in the input's order.

    Parameters
    ----------
    scores : (n_rows,) float64, larger is stranger; NaN where a row could not be judged.
    is_anomaly : (n_rows,) bool; False where the score is NaN.
    probability : (n_rows,) float64 in 0–1, 1 − the tail probability of the score; NaN as scores.
    anomalies : merged stretches, strangest first.
    cutoff : the tail probability at and below which a row is an anomaly.
    expected, lower, upper : (n_rows,) float64, or None where the method has no expectation or
        there is more than one value column.
    candidate : the strangest stretch when nothing passed the cutoff, else None.
    chosen : what was chosen and why, as plain values (detector, threshold, period, …).
    problems : sentences about the data that the reader should know.
    """

    scores: Floats
    is_anomaly: NDArray[np.bool_]
    probability: Floats
    anomalies: list[Anomaly]
    cutoff: float
    expected: Floats | None = None
    lower: Floats | None = None
    upper: Floats | None = None
    candidate: Anomaly | None = None
    chosen: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.scores)

    def placed(self, rows: NDArray[np.int64], n_rows: int, problems: list[str]) -> Detection:
        """The same answer in the order of an input that was sorted or thinned to get here.

        ``rows[i]`` is the input row of this answer's row ``i``; rows of the input that are not
        among them get no score. ``problems`` are added.
        """
        problems = [*self.problems, *problems]
        if n_rows == len(self) and np.array_equal(rows, np.arange(n_rows)):
            return replace(self, problems=problems)

        def spread(values: Floats | None) -> Any:
            if values is None:
                return None
            out = np.full(n_rows, np.nan)
            out[rows] = values
            return out

        flags = np.zeros(n_rows, dtype=np.bool_)
        flags[rows] = self.is_anomaly
        return replace(
            self,
            scores=spread(self.scores),
            is_anomaly=flags,
            probability=spread(self.probability),
            expected=spread(self.expected),
            lower=spread(self.lower),
            upper=spread(self.upper),
            anomalies=[_moved(a, rows) for a in self.anomalies],
            candidate=None if self.candidate is None else _moved(self.candidate, rows),
            problems=problems,
        )

    def cut(self, rows: slice) -> Detection:
        """The answer about ``rows`` alone, counted from the first of them.

        Every anomaly must lie within them.
        """

        def part(values: Floats | None) -> Any:
            return None if values is None else values[rows]

        where = np.arange(len(self))[rows]
        moved = [_shifted(a, -int(where[0])) for a in self.anomalies] if len(where) else []
        candidate = self.candidate
        return replace(
            self,
            scores=self.scores[rows],
            is_anomaly=self.is_anomaly[rows],
            probability=self.probability[rows],
            expected=part(self.expected),
            lower=part(self.lower),
            upper=part(self.upper),
            anomalies=moved,
            candidate=None if candidate is None else _shifted(candidate, -int(where[0])),
        )

    def shifted(self, by: int) -> Detection:
        """The same where row 0 is row ``by`` of a longer input."""
        return replace(
            self,
            anomalies=[_shifted(anomaly, by) for anomaly in self.anomalies],
            candidate=None if self.candidate is None else _shifted(self.candidate, by),
        )


def _shifted(anomaly: Anomaly, by: int) -> Anomaly:
    return replace(anomaly, start=anomaly.start + by, end=anomaly.end + by, peak=anomaly.peak + by)


def _moved(anomaly: Anomaly, rows: NDArray[np.int64]) -> Anomaly:
    covered = rows[anomaly.start : anomaly.end]
    return replace(
        anomaly,
        start=int(covered.min()),
        end=int(covered.max()) + 1,
        peak=int(rows[anomaly.peak]),
    )


def iso_time(nanoseconds: int | None) -> str | None:
    """ISO 8601 in UTC, as short as is exact.

    >>> iso_time(1_400_000_000_000_000_000), iso_time(1_500_000)
    ('2014-05-13T16:53:20Z', '1970-01-01T00:00:00.001500Z')
    """
    if nanoseconds is None:
        return None
    text = str(np.datetime64(int(nanoseconds), "ns"))
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        width = next(w for w in (3, 6, 9) if len(fraction) <= w)
        whole = f"{whole}.{fraction.ljust(width, '0')}"
    return whole + "Z"
