"""Numbers of a running service, as Prometheus reads them."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors import need
from . import families as f
from .cells import Cells, Counted, all_counted, own_cells, shared_cells

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
UNMATCHED = "unmatched"
MOST_ENDPOINTS = 200
MOST_NAMES = 100
_LONGEST_LABEL = 128
_SIZES = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
_SIZE_NAMES = (
    "1", "2-10", "11-100", "101-1000", "1001-10000", "10001-100000", "100001-1000000",
    "over_1000000",
)  # fmt: skip
_BUCKETS = len(f.SECONDS) + 1
_KEPT_ACCURACIES = 100
_K = TypeVar("_K")


class Metrics:
    """Counts and times what the service does; all threads may call.

    Parameters
    ----------
    is_on : False makes every method do nothing.
    compatibility_names : also keep ``predictions_total`` and its three companions.
    folder : where the processes of one service count together: a new one for each start of the
        service, made and removed by whoever starts them. None for a process of its own.

    What callers choose can't grow the number of series: unknown methods, routes and statuses,
    and names past the first hundred, share one label.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.request("GET", "/health", 200, 0.0002)
    >>> b'sonde_requests_total{endpoint="/health",method="GET",status="200"} 1.0' in (
    ...     metrics.exposition()[0])
    True
    """

    def __init__(
        self, is_on: bool = True, compatibility_names: bool = False, folder: Path | None = None
    ) -> None:
        self._is_on = is_on
        self._is_compatible = compatibility_names
        self._folder = folder
        self._predictions = self._prediction_seconds = self._prediction_errors = 0
        if not is_on:
            return
        need("prometheus_client", extra="serve", purpose="metrics")
        self._cells: Cells = own_cells(f.FORM) if folder is None else shared_cells(folder, f.FORM)
        self._cells.forget(f.dies_with_its_process)
        self._requests: dict[tuple[str, str | None, int], tuple[int, int]] = {}
        self._inferences: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._endpoints = _Names(MOST_ENDPOINTS)
        self._algorithms = _Names(MOST_NAMES)
        self._datasets = _Names(MOST_NAMES)
        self._dependencies = _Names(MOST_NAMES)
        self._accuracies: deque[float] = deque(maxlen=_KEPT_ACCURACIES)
        if compatibility_names:
            self._predictions = self._place(f.PREDICTIONS)
            self._prediction_seconds = self._place(f.PREDICTION_SECONDS)
            self._prediction_errors = self._place(f.PREDICTION_ERRORS)

    @property
    def is_on(self) -> bool:
        return self._is_on

    def request(self, method: str, endpoint: str | None, status: int, seconds: float) -> None:
        """A request was answered; ``endpoint`` is the template of its route, None without one."""
        if not self._is_on:
            return
        places = self._requests.get((method, endpoint, status))
        if places is None:
            places = self._places_of_request(method, endpoint, status)
        count, timing = places
        cells = self._cells
        with cells.lock:
            view = cells.view
            view[count] += 1.0
            view[timing + bisect_left(f.SECONDS, seconds)] += 1.0
            view[timing + _BUCKETS] += seconds

    def inference(
        self, algorithm: str, dataset: str, n_rows: int, n_anomalies: int, seconds: float
    ) -> None:
        """A model answered; ``dataset`` is the model's name, or the source of what was judged."""
        if not self._is_on:
            return
        size = bisect_left(_SIZES, n_rows)
        places = self._inferences.get((algorithm, dataset, size))
        if places is None:
            places = self._places_of_inference(algorithm, dataset, size)
        count, timing = places
        cells = self._cells
        with cells.lock:
            view = cells.view
            view[count] += n_anomalies
            view[timing + bisect_left(f.SECONDS, seconds)] += 1.0
            view[timing + _BUCKETS] += seconds
            if self._is_compatible:
                view[self._predictions] += 1.0
                view[self._prediction_seconds + bisect_left(f.SECONDS, seconds)] += 1.0
                view[self._prediction_seconds + _BUCKETS] += seconds

    def prediction_failed(self) -> None:
        if self._is_on and self._is_compatible:
            with self._cells.lock:
                self._cells.view[self._prediction_errors] += 1.0

    def active_models(self, n: int) -> None:
        """How many models this process holds."""
        if self._is_on:
            self._say(f.ACTIVE_MODELS.key(), n, 1.0)

    def quality(self, dataset: str, score: float) -> None:
        """The quality of a data set, 0 to 1."""
        if self._is_on:
            self._say(f.QUALITY.key(self._datasets(dataset)), score, time.time())

    def dependency(self, name: str, is_up: bool) -> None:
        """Whether ``name`` (the database, Redis …) answers this process."""
        if self._is_on:
            self._say(f.DEPENDENCY_UP.key(self._dependencies(name)), float(is_up), 1.0)

    def accuracy(self, value: float) -> None:
        """How right predictions were that the truth is known of, 0 to 1."""
        if self._is_on and self._is_compatible:
            self._accuracies.append(value)
            kept = tuple(self._accuracies)
            self._say(f.ACCURACY.key(), sum(kept), len(kept))

    def exposition(self) -> tuple[bytes, str]:
        """All numbers over all processes in Prometheus' text format, and its content type.

        ``b""`` where metrics are off. Takes milliseconds.
        """
        if not self._is_on:
            return b"", CONTENT_TYPE
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector

        given = self

        class _All(Collector):
            def collect(self) -> Iterable[Metric]:
                return given._collected()

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_All())
        return generate_latest(registry), CONTENT_TYPE

    def close(self) -> None:
        """Count nothing more; what was counted stays for the other processes."""
        if self._is_on:
            self._is_on = False
            self._cells.close()

    def _collected(self) -> Iterator[Metric]:
        if self._folder is None:
            counted = [self._cells.counted()]
        else:
            counted = all_counted(self._folder, f.FORM)
        families = (*f.FAMILIES, *f.COMPATIBLE) if self._is_compatible else f.FAMILIES
        yield from f.merged(counted, families)
        yield from _not_counted(counted)
        yield from _processes(counted, self._folder is not None)

    def _places_of_request(self, method: str, endpoint: str | None, status: int) -> tuple[int, int]:
        named = method if method in METHODS else OTHER
        route = UNMATCHED if endpoint is None else self._endpoints(endpoint)
        told = str(status) if 100 <= status <= 599 else OTHER
        count = self._cells.place(f.REQUESTS.key(named, route, told), f.REQUESTS.n_cells)
        timing = self._place(f.REQUEST_SECONDS, named, route)
        # Kept only where callers can't make up the name, or this table itself would grow.
        if named == method and route in (endpoint, UNMATCHED) and told != OTHER:
            self._keep(self._requests, (method, endpoint, status), count, timing)
        return count, timing

    def _places_of_inference(self, algorithm: str, dataset: str, size: int) -> tuple[int, int]:
        who, what = self._algorithms(algorithm), self._datasets(dataset)
        count = self._place(f.ANOMALIES, who, what)
        timing = self._place(f.INFERENCE_SECONDS, who, _SIZE_NAMES[size])
        if (who, what) == (algorithm, dataset):
            self._keep(self._inferences, (algorithm, dataset, size), count, timing)
        return count, timing

    def _keep(self, table: dict[_K, tuple[int, int]], key: _K, count: int, timing: int) -> None:
        if self._cells.has_room(count) and self._cells.has_room(timing):
            table[key] = (count, timing)

    def _place(self, family: f.Family, *labels: str) -> int:
        return self._cells.place(family.key(*labels), family.n_cells)

    def _say(self, key: str, value: float, second: float) -> None:
        at = self._cells.place(key, 2)
        with self._cells.lock:
            self._cells.view[at] = value
            self._cells.view[at + 1] = second


class _Names:
    """The first ``most`` different names as they are, the rest as one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, name: str) -> str:
        # Lone surrogates can't be written, and would fail every reading from then on.
        name = name[:_LONGEST_LABEL].encode("utf-8", "replace").decode()
        if name not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(name)
        return name


def _not_counted(counted: list[Counted]) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily

    lost = sum(one.lost for one in counted)
    told = "What was not counted because there were too many series."
    yield CounterMetricFamily("sonde_metrics_lost_total", told, value=lost)


def _processes(counted: list[Counted], is_shared: bool) -> Iterator[Metric]:
    """CPU, memory and files of each living process; ``worker`` tells several apart."""
    from prometheus_client import ProcessCollector
    from prometheus_client.metrics_core import Metric

    metrics: dict[str, Metric] = {}
    for one in counted:
        if not one.is_alive:
            continue
        labels = {"worker": str(one.slot)} if is_shared else {}
        for found in ProcessCollector(pid=partial(int, one.pid), registry=None).collect():
            metric = metrics.setdefault(
                found.name, Metric(found.name, found.documentation, found.type)
            )
            for sample in found.samples:
                metric.add_sample(sample.name, labels, sample.value)
    yield from metrics.values()
