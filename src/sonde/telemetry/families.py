"""Every metric that is kept: its name, its labels, and how several processes are one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from .cells import Counted

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

# Seconds. From 0.1 ms, where one row of a compiled model lies, to the limit of a request.
SECONDS = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip

# sum       counts, added up over living and dead processes
# most      the largest of living processes: each holds the same models
# least     the smallest of living processes: what one can't reach is not well
# latest    what was said last, by whomever
# mean      sums of values and their numbers, of living processes
Merge = Literal["sum", "most", "least", "latest", "mean"]


@dataclass(frozen=True)
class Family:
    """One metric; ``bounds`` make it a histogram."""

    name: str
    told: str
    labels: tuple[str, ...] = ()
    merge: Merge = "sum"
    bounds: tuple[float, ...] = ()

    @property
    def n_cells(self) -> int:
        """Counter: its value. Histogram: a count for each bucket, then the sum. Gauge: value and
        time (``latest``) or value and how many there are (``mean``, ``most``, ``least``)."""
        if self.bounds:
            return len(self.bounds) + 2
        return 1 if self.merge == "sum" else 2

    def key(self, *labels: str) -> str:
        return json.dumps([self.name, *labels], ensure_ascii=False, separators=(",", ":"))


REQUESTS = Family("sonde_requests_total", "Requests answered.", ("method", "endpoint", "status"))
REQUEST_SECONDS = Family(
    "sonde_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("method", "endpoint"),
    bounds=SECONDS,
)
ANOMALIES = Family(
    "sonde_anomalies_detected_total", "Rows called anomalous.", ("algorithm", "dataset")
)
INFERENCE_SECONDS = Family(
    "sonde_model_inference_seconds",
    "Time a model took for one request, by the number of rows.",
    ("algorithm", "data_size"),
    bounds=SECONDS,
)
ACTIVE_MODELS = Family("sonde_active_models", "Models held in memory.", merge="most")
QUALITY = Family(
    "sonde_data_quality_score", "Quality of a data set, 0 to 1.", ("dataset",), merge="latest"
)
DEPENDENCY_UP = Family(
    "sonde_dependency_up", "1 where what the service needs answers.", ("dependency",), merge="least"
)
# What programs made for another service ask for.
PREDICTIONS = Family("predictions_total", "Predictions answered.")
PREDICTION_SECONDS = Family(
    "prediction_duration_seconds", "Time a prediction took.", bounds=SECONDS
)
PREDICTION_ERRORS = Family("prediction_errors_total", "Predictions that failed.")
ACCURACY = Family("model_accuracy", "Mean of the last 100 accuracies.", merge="mean")

FAMILIES = (
    REQUESTS,
    REQUEST_SECONDS,
    ANOMALIES,
    INFERENCE_SECONDS,
    ACTIVE_MODELS,
    QUALITY,
    DEPENDENCY_UP,
)
COMPATIBLE = (PREDICTIONS, PREDICTION_SECONDS, PREDICTION_ERRORS, ACCURACY)
_BY_NAME = {family.name: family for family in (*FAMILIES, *COMPATIBLE)}
# Cells that another release wrote may mean something else.
FORM = sha256(repr(_BY_NAME).encode()).digest()[:8]


def dies_with_its_process(key: str) -> bool:
    """True for a series that says nothing once its process has ended."""
    return _BY_NAME[json.loads(key)[0]].merge in ("most", "least", "mean")


def merged(counted: Iterable[Counted], families: Iterable[Family]) -> Iterator[Metric]:
    """The families as prometheus_client writes them, over all processes."""
    series: dict[str, dict[tuple[str, ...], list[tuple[float, ...]]]] = {}
    for one in counted:
        for key, cells in one.cells.items():
            name, *labels = json.loads(key)
            if one.is_alive or not dies_with_its_process(key):
                series.setdefault(name, {}).setdefault(tuple(labels), []).append(cells)
    for family in families:
        yield _metric(family, series.get(family.name, {}))


def _metric(family: Family, series: dict[tuple[str, ...], list[tuple[float, ...]]]) -> Metric:
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    if family.bounds:
        histogram = HistogramMetricFamily(family.name, family.told, labels=family.labels)
        for labels, parts in series.items():
            counts = [sum(column) for column in zip(*parts, strict=True)]
            histogram.add_metric(labels, _cumulated(family.bounds, counts[:-1]), counts[-1])
        return histogram
    if family.merge == "sum":
        counter = CounterMetricFamily(family.name, family.told, labels=family.labels)
        for labels, parts in series.items():
            counter.add_metric(labels, sum(value for (value,) in parts))
        return counter
    gauge = GaugeMetricFamily(family.name, family.told, labels=family.labels)
    for labels, parts in series.items():
        said = [part for part in parts if part[1] > 0]
        if said:
            gauge.add_metric(labels, _MERGES[family.merge](said))
    return gauge


def _cumulated(bounds: tuple[float, ...], counts: list[float]) -> list[tuple[str, float]]:
    buckets, total = [], 0.0
    for bound, count in zip([*map(str, bounds), "+Inf"], counts, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets


_MERGES: dict[Merge, Callable[[list[tuple[float, ...]]], float]] = {
    "most": lambda said: max(value for value, _ in said),
    "least": lambda said: min(value for value, _ in said),
    "latest": lambda said: max(said, key=lambda part: part[1])[0],
    "mean": lambda said: sum(value for value, _ in said) / sum(n for _, n in said),
}
