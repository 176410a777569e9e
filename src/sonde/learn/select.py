"""Which of several detectors suits some data: by labels, or by what can be told without."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Panel, Series, Table
from ..core.progress import tell
from ..data import Reading
from ..errors import InvalidInput, NotFound, SondeError
from .catalogue import can_be_named, find
from .detector import Detector
from .randomness import seed_of
from .thresholds import Rule
from .training import Recipe
from .trials import Labelled, Trial, Unlabelled, rank_correlation

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

BUDGET_S = 60.0
N_SPLITS = 3
# Agreement counts twice, stability is only told. By stability alone the choice was hardly better
# than chance on 21 tables (ROC AUC .787, the mean of all .771) and worse on 24 series (VUS-PR .237,
# .342): what hardly looks at the data is stable.
AGREEMENT = 2.0
MOST_ROWS = 10_000  # of a table; of more, so many are drawn
# What is tried unless told, the cheapest first.
FOR_TABLES = (
    "hbos", "ecod", "copod", "pca", "isolation_forest", "mcd", "knn", "cblof", "lof", "loop",
    "auto_table",
)  # fmt: skip
FOR_SERIES = (
    "spectral_residual", "seasonal_residual", "ewma", "poly", "sub_pca", "kmeans_windows",
    "discord", "pattern_graph", "auto_series",
)  # fmt: skip
FOR_CHANNELS = (
    "seasonal_residual", "ewma", "sub_pca", "kmeans_windows", "random_cut_forest", "auto_channels",
)  # fmt: skip
_BY_COST = (*FOR_TABLES[:-1], *FOR_SERIES[:-1], "random_cut_forest", "auto_table", "auto_series")


@dataclass(frozen=True)
class Tried:
    """How one detector did.

    Parameters
    ----------
    name : of the detector.
    score : what the order goes by, larger is better. With labels the mean of the metric over the
        splits; without, the share of the others that it is ahead of, in agreement (counted twice)
        and in made-up anomalies.
    spread : the standard deviation of the metric over the splits; None without labels.
    agreement : mean rank correlation of its scores with those of the others; None with labels.
    made_up : how well anomalies that were made up stand out; None with labels.
    stability : rank correlation of its scores after other data were learned; None with labels.
    seconds : that trying it took.
    """

    name: str
    score: float
    spread: float | None = None
    agreement: float | None = None
    made_up: float | None = None
    stability: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Selection:
    """What ``sonde.select`` found.

    Parameters
    ----------
    best : the detector to take, as it was given: for ``sonde.detect(detector=…)``.
    how : what the order goes by, as a phrase.
    metric : its name where there are labels.
    tried : every detector that was judged, the best first.
    refused : name → why the detector can't be used here.
    not_tried : names for which the budget was used up.
    """

    best: str | Detector
    how: str
    metric: str | None
    tried: tuple[Tried, ...]
    refused: dict[str, str] = field(default_factory=dict)
    not_tried: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "best": self.tried[0].name,
            "how": self.how,
            "metric": self.metric,
            "detectors": [asdict(one) for one in self.tried],
            "refused": dict(self.refused),
            "not_tried": list(self.not_tried),
        }

    def to_frame(self) -> pl.DataFrame:
        """One line per detector that was judged, the best first."""
        import polars as pl

        return pl.DataFrame([asdict(one) for one in self.tried])

    def __repr__(self) -> str:
        return f"<{self.tried[0].name}, the best of {len(self.tried)} by {self.how}>"


def select_detector(
    recipe: Recipe,
    reading: Reading,
    detectors: Sequence[str | Detector] | None = None,
    *,
    metric: str | None = None,
    budget_s: float = BUDGET_S,
    n_splits: int = N_SPLITS,
) -> Selection:
    """The detector that suits ``reading`` best, and how the others did.

    With labels each detector learns from some rows and is judged on others: of series from the
    first part, judged on the one that follows, again with more (an expanding window); of tables
    from all but one of ``n_splits`` parts with the same share of anomalies in each.

    Without labels two criteria are ranked and the ranks averaged (Borda): how much a detector's
    order of the rows agrees with that of the others, counted twice, and how well anomalies stand
    out that are made up in the data's own scale. How little its order changes when it learns from
    other rows is told beside them and does not count.

    Parameters
    ----------
    recipe : how to train; its detector and its rule are not looked at.
    reading : the data, with labels where there are any. Of a large table, rows are drawn.
    detectors : names or unfitted detectors; None for a list that goes by the kind of data.
    metric : of ``sonde.evaluate``; None is average precision of tables, VUS-PR of series.
    budget_s : no step is begun after so many seconds, but one detector is always judged.
    n_splits : parts, or repetitions without labels; 1 to 20.

    Raises
    ------
    InvalidInput : labels of one kind only, no detector can be used, a value out of range.
    NotFound : no such detector or metric.

    Source
    ------
    Ma, Zhao, Zhang, Akoglu (2023), The need for unsupervised outlier model selection, SIGKDD
    Explorations 25, section 3.2 (agreement: their MC); Goswami et al. (2023), Unsupervised model
    selection for time-series anomaly detection, ICLR, section 3 (made-up anomalies, centrality,
    Borda). Their prediction error is left out: not every detector has one.

    Examples
    --------
    >>> from sonde.data import examine
    >>> rows = np.random.default_rng(0).normal(size=(200, 3)); rows[:9] += 5.0
    >>> labels = np.arange(200) < 9
    >>> reading = replace(examine(rows, kind="table"), labels=labels)
    >>> select_detector(Recipe(), reading, ["hbos", "knn"]).metric
    'average_precision'
    """
    if not budget_s > 0:
        raise InvalidInput(f"budget must be above 0 seconds, got {budget_s}", budget_s=budget_s)
    if isinstance(n_splits, bool) or not isinstance(n_splits, int) or not 1 <= n_splits <= 20:
        raise InvalidInput(f"n_splits must be a whole number, 1 to 20, got {n_splits!r}")
    candidates = _candidates(reading.data, detectors)
    seed = seed_of(recipe.random_state)
    recipe = replace(recipe, parameters={}, rule=Rule(), random_state=seed, fit_rows=None)
    reading = _drawn(reading, seed)
    if reading.labels is not None:
        trial: Trial = Labelled.of(reading, metric, n_splits, seed)
    elif metric is None:
        trial = Unlabelled.of(reading, n_splits, seed)
    else:
        raise InvalidInput(f"metric {metric!r} needs labels; name their column, or leave it out")
    found, refused, not_tried = _try_all(trial, recipe, candidates, budget_s)
    if not found:
        raise InvalidInput(
            f"{reading.source}: no detector can be used: "
            + "; ".join(f"{name}: {why}" for name, why in refused.items()),
            refused=refused,
        )
    given = {name: list(figures) for name, (figures, _) in found.items()}
    taken = {name: seconds for name, (_, seconds) in found.items()}
    how, tried = (
        _by_metric(trial.metric, given, taken)
        if isinstance(trial, Labelled)
        else _by_criteria(given, taken)
    )
    return Selection(
        best=candidates[tried[0].name],
        how=how,
        metric=trial.metric if isinstance(trial, Labelled) else None,
        tried=tuple(tried),
        refused=refused,
        not_tried=tuple(not_tried),
    )


_Found = dict[str, tuple[list[Any], float]]


def _try_all(
    trial: Trial, recipe: Recipe, candidates: dict[str, str | Detector], budget_s: float
) -> tuple[_Found, dict[str, str], list[str]]:
    """What each detector's steps gave and how long they took; who can't be used, who was left."""
    found: _Found = {}
    refused: dict[str, str] = {}
    not_tried: list[str] = []
    begun = time.monotonic()

    def is_over() -> bool:
        return bool(found) and time.monotonic() - begun > budget_s

    for i, (name, detector) in enumerate(candidates.items()):
        tell(f"trying {name}", i / len(candidates))
        started = time.monotonic()
        try:
            figures = _steps(trial, replace(recipe, detector=detector), is_over)
        except SondeError as error:
            refused[name] = str(error)
            continue
        if figures is None:
            not_tried.append(name)
        else:
            found[name] = figures, time.monotonic() - started
    return found, refused, not_tried


def _steps(trial: Trial, recipe: Recipe, is_over: Callable[[], bool]) -> list[Any] | None:
    """What every step gives; None where the budget is used up before the last."""
    figures: list[Any] = []
    for _ in range(trial.n_steps):
        if is_over():
            return None
        figures.append(trial.step(recipe, figures))
    return figures


def _by_metric(
    metric: str, given: dict[str, list[Any]], taken: dict[str, float]
) -> tuple[str, list[Tried]]:
    tried = []
    for name, values in given.items():
        told = np.array([value for value in values if value is not None])
        tried.append(Tried(name, float(told.mean()), float(told.std()), seconds=taken[name]))
    return f"{metric} on labels", sorted(tried, key=lambda one: (-one.score, one.seconds))


def _by_criteria(given: dict[str, list[Any]], taken: dict[str, float]) -> tuple[str, list[Tried]]:
    """Each detector's first figure are its scores, the others pairs of what repetitions gave."""
    names = list(given)
    scores = [given[name][0] for name in names]
    agreement = _agreement(scores)
    made_up = np.array([np.mean([pair[0] for pair in given[name][1:]]) for name in names])
    stability = np.array([np.mean([pair[1] for pair in given[name][1:]]) for name in names])
    points = (AGREEMENT * _ahead_of(agreement) + _ahead_of(made_up)) / (AGREEMENT + 1.0)
    tried = [
        Tried(
            name,
            float(points[i]),
            agreement=float(agreement[i]),
            made_up=float(made_up[i]),
            stability=float(stability[i]),
            seconds=taken[name],
        )
        for i, name in enumerate(names)
    ]
    # Points tie often; the order in which they were tried is that of cost, and always the same.
    how = "agreement and made-up anomalies"
    return how, sorted(tried, key=lambda one: -one.score)


def _agreement(scores: list[Floats]) -> Floats:
    """(n,) mean rank correlation of each with the others."""
    n = len(scores)
    table = np.ones((n, n))
    for i in range(n):
        for j in range(i):
            table[i, j] = table[j, i] = rank_correlation(scores[i], scores[j])
    return np.asarray((table.sum(axis=1) - 1.0) / max(n - 1, 1))


def _ahead_of(values: Floats) -> Floats:
    """(n,) 0–1, the share of the others that each is ahead of; half for those equal."""
    lower = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1) - 1
    return np.asarray((lower + 0.5 * equal) / max(len(values) - 1, 1))


def _candidates(
    data: Container, detectors: Sequence[str | Detector] | None
) -> dict[str, str | Detector]:
    """Each detector by a name of its own, the cheapest first."""
    if detectors is None:
        if isinstance(data, Table):
            names: tuple[str, ...] = FOR_TABLES
        else:
            names = FOR_SERIES if data.values.shape[1] == 1 else FOR_CHANNELS
        return {name: name for name in names}
    if isinstance(detectors, str) or not len(detectors):
        raise InvalidInput("detectors must be a list of names or of detectors, one at least")
    found: dict[str, str | Detector] = {}
    for one in detectors:
        name = one.name if isinstance(one, Detector) else one
        if not isinstance(name, str):
            raise InvalidInput(f"a detector must be a name or a detector, got {one!r}")
        if not isinstance(one, Detector) and name != "auto":
            kind = find(name)
            if not can_be_named(name) or not issubclass(kind, Detector):
                raise NotFound(f"{name} is not a detector that can be named", name=name)
        number = 2
        while name in found:
            if not isinstance(one, Detector):
                raise InvalidInput(f"detector {name} is given twice")
            name, number = f"{one.name}-{number}", number + 1
        found[name] = one

    def cost(name: str) -> int:
        return _BY_COST.index(name) if name in _BY_COST else len(_BY_COST)

    return {name: found[name] for name in sorted(found, key=cost)}


def _drawn(reading: Reading, seed: int) -> Reading:
    """At most ``MOST_ROWS`` of a table's rows, in their order; all of a series."""
    labels = None if reading.labels is None else reading.labels[reading.rows]
    data, n = reading.data, len(reading.data.values)
    kept = np.arange(n)
    if isinstance(data, Table) and n > MOST_ROWS:
        kept = np.sort(np.random.default_rng(seed).choice(n, MOST_ROWS, replace=False))
        data = Table(data.values[kept], data.channels)
        labels = None if labels is None else labels[kept]
    if isinstance(data, Series | Panel | Table):
        return replace(
            reading,
            data=data,
            labels=labels,
            n_rows=len(kept),
            rows=np.arange(len(kept)),
            time_values=None,
            id_values=None,
            time_shift=None,
            files=None,
        )
    raise AssertionError("a reading holds a container")
