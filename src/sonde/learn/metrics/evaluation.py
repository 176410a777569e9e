"""Scores held against the truth: the field's metrics, for each series and over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InvalidInput
from .events import Flags, runs
from .given import column, first_column, rows_of_series, true_rows, zero_one
from .lag import main_lag
from .nab import nab_score
from .named import METRICS, NEED_FLAGS, OF_FLAGS, OF_SCORES, OVER_ALL, Judged, metric_names

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Found = dict[str, float | None]

BUFFER = 100  # rows; that of the field's benchmark where nobody says what repeats
_NAMED = 3  # at most, in one note


@runtime_checkable
class Answer(Protocol):
    """What ``sonde.detect`` answers, as far as it matters here."""

    @property
    def scores(self) -> Floats: ...

    @property
    def is_anomaly(self) -> Flags: ...


@dataclass(frozen=True)
class Metrics:
    """What ``evaluate`` tells.

    Parameters
    ----------
    mean : by metric, the mean over the series for which it is defined; None where it is for none.
        NAB's scores are those of all series together.
    series : the same by name of the series; one entry where there are no names.
    rows, events, anomalous_rows : how many there are, and how many are labelled.
    buffers : by series, the rows that VUS reaches beyond an event.
    notes : what the reader should know, as sentences.
    """

    mean: Found
    series: dict[str, Found]
    rows: int
    events: int
    anomalous_rows: int
    buffers: dict[str, int]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "metrics": dict(self.mean),
            "series": {name: dict(found) for name, found in self.series.items()},
            "rows": self.rows,
            "events": self.events,
            "anomalous_rows": self.anomalous_rows,
            "buffers": dict(self.buffers),
            "notes": list(self.notes),
        }

    def to_frame(self) -> pl.DataFrame:
        """Polars, one line per series and metric: ``series``, ``metric``, ``value``.

        Where there are several series, the lines without a name are the means.
        """
        import polars as pl

        whole = [(None, name, value) for name, value in self.mean.items()]
        single = [
            (series, name, value)
            for series, found in self.series.items()
            for name, value in found.items()
        ]
        lines = whole + single if len(self.series) > 1 else whole
        types = {"series": pl.String, "metric": pl.String, "value": pl.Float64}
        return pl.DataFrame(lines, schema=types, orient="row")


def evaluate(
    scores: ArrayLike | Answer,
    labels: ArrayLike | Sequence[tuple[int, int]],
    metrics: Sequence[str] | None = None,
    *,
    series: ArrayLike | None = None,
    flags: ArrayLike | None = None,
    buffer: int | None = None,
    values: ArrayLike | None = None,
    test_from: int = 0,
) -> Metrics:
    """How well scores fit the truth, by the field's metrics.

    Parameters
    ----------
    scores : (n,) larger is stranger, rows of a series in the order of time; or what
        ``sonde.detect`` answered, with its flags. A row without a score (NaN) counts as the least
        strange one.
    labels : (n,) of 0 and 1, or of booleans; or pairs (first row, row after the last).
    metrics : names, or ``["all"]``; left out, a usual choice: ``roc_auc``,
        ``average_precision``, ``vus_roc``, ``vus_pr``, ``best_f1``, and with flags also
        ``precision``, ``recall``, ``f1``, ``range_f1``, ``affiliation_f1``.
    series : (n,) the name of each row's series; left out, one series.
    flags : (n,) of 0 and 1: which rows are called anomalies.
    buffer : rows that VUS and range AUC reach beyond an event. Left out: ``main_lag`` of
        ``values`` where they are given, else 100.
    values : (n,) or (n, columns), the data that were judged; the first column counts.
    test_from : rows of each series before it are not judged, such as those learned from.

    Returns
    -------
    Metrics

    Raises
    ------
    NotFound : no such metric.
    InvalidInput : other lengths, labels that are neither 0 nor 1, no anomaly at all, or a metric
        of flags without flags.

    Examples
    --------
    >>> found = evaluate([0.1, 0.2, 0.9, 0.3], [0, 0, 1, 0], ["roc_auc", "best_f1"])
    >>> found.mean
    {'roc_auc': 1.0, 'best_f1': 1.0}
    """
    if isinstance(scores, Answer):
        flags = scores.is_anomaly if flags is None else flags
        scores = scores.scores
    strangeness = column(scores, "scores").astype(np.float64)
    n = strangeness.size
    truth = true_rows(labels, n)
    flagged = None if flags is None else zero_one(column(flags, "flags"), n, "flags")
    wanted = _wanted(metrics, flagged is not None)
    if test_from < 0 or (buffer is not None and buffer < 0):
        raise InvalidInput("test_from and buffer are 0 or a number of rows above")
    groups = rows_of_series(series, n)
    notes = _unscored(strangeness)
    strangeness = np.where(np.isnan(strangeness), -np.inf, strangeness)
    observed = None if values is None else first_column(values, n)
    judged: dict[str, Judged] = {}
    for name, rows in groups.items():
        reach = buffer if buffer is not None else BUFFER
        if buffer is None and observed is not None:
            reach = main_lag(observed[rows])
        kept = rows[test_from:]
        if kept.size:
            on = None if flagged is None else flagged[kept]
            judged[name] = Judged(truth[kept], strangeness[kept], on, reach)
    if not any(one.truth.any() for one in judged.values()):
        raise InvalidInput(
            f"none of the {sum(one.truth.size for one in judged.values()):,} rows judged is "
            "labelled as an anomaly (1), so there is nothing to find; check the labels"
        )
    each = {
        name: {metric: METRICS[metric](one) for metric in wanted if metric in METRICS}
        for name, one in judged.items()
    }
    mean = {
        metric: _mean([found[metric] for found in each.values()])
        for metric in wanted
        if metric in METRICS
    }
    more = _over_all([metric for metric in wanted if metric in OVER_ALL], judged, each, mean)
    return Metrics(
        {metric: mean[metric] for metric in wanted},
        each,
        rows=sum(one.truth.size for one in judged.values()),
        events=sum(runs(one.truth)[0].size for one in judged.values()),
        anomalous_rows=sum(int(one.truth.sum()) for one in judged.values()),
        buffers={name: one.buffer for name, one in judged.items()},
        notes=(*notes, *more, *_undefined(each)),
    )


def _wanted(metrics: Sequence[str] | None, has_flags: bool) -> list[str]:
    if metrics is None:
        return [*OF_SCORES, *(OF_FLAGS if has_flags else ())]
    wanted = metric_names(metrics)
    if has_flags:
        return wanted
    if any(name.strip().lower() == "all" for name in metrics):
        return [name for name in wanted if name not in NEED_FLAGS]
    for name in wanted:
        if name in NEED_FLAGS:
            raise InvalidInput(
                f"{name} is about which rows are called anomalies: give flags (a column "
                "is_anomaly), or take a metric of scores, such as best_f1 or vus_pr",
                metric=name,
            )
    return wanted


def _over_all(
    names: Sequence[str], judged: Mapping[str, Judged], each: dict[str, Found], mean: Found
) -> list[str]:
    """Add NAB's scores to ``each`` and ``mean``; the notes on them."""
    notes = []
    truths = [one.truth for one in judged.values()]
    strange = [one.strangeness for one in judged.values()]
    for name in names:
        whole = nab_score(truths, strange, OVER_ALL[name])
        mean[name] = None if whole is None else whole.score
        if whole is None:
            continue
        notes.append(f"{name}: the best threshold for these labels is {whole.threshold:.6g}")
        for (series, _), truth, x in zip(judged.items(), truths, strange, strict=True):
            alone = nab_score([truth], [x], OVER_ALL[name], whole.threshold)
            each[series][name] = None if alone is None else alone.score
    return notes


def _mean(found: Sequence[float | None]) -> float | None:
    known = [one for one in found if one is not None]
    return float(np.mean(known)) if known else None


def _unscored(strangeness: Floats) -> list[str]:
    missing = int(np.isnan(strangeness).sum())
    if missing == strangeness.size:
        raise InvalidInput("no row has a score, so there is nothing to evaluate")
    if not missing:
        return []
    return [f"{missing:,} rows have no score and count as the least strange"]


def _undefined(each: Mapping[str, Found]) -> list[str]:
    """Which series have no value in a metric, and so do not count in its mean."""
    if len(each) == 1:
        return []
    notes: dict[tuple[str, ...], list[str]] = {}
    for metric in next(iter(each.values())):
        lacking = tuple(name for name, found in each.items() if found.get(metric) is None)
        if lacking:
            notes.setdefault(lacking, []).append(metric)
    told = []
    for lacking, metrics in notes.items():
        named = ", ".join(lacking[:_NAMED]) + (" and others" if len(lacking) > _NAMED else "")
        told.append(
            f"{', '.join(metrics)}: not defined for {len(lacking)} of {len(each)} series "
            f"({named}), which do not count in the mean"
        )
    return told
