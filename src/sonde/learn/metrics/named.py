"""Every metric of an evaluation by its name, and what each needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import NotFound
from .affiliation import Affiliation, affiliation
from .archive import ucr_hit
from .best import BestF1, best_f1, point_adjusted_f1
from .events import Flags, runs
from .flags import f1, precision, recall
from .order import average_precision, roc_auc
from .ranges import range_f1, range_precision, range_recall
from .volume import Areas, range_auc, vus

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """One series as the metrics see it.

    Parameters
    ----------
    truth : (n,) bool, in the order of time.
    strangeness : (n,) float64, no NaN: a row without a score is −∞, the least strange.
    flagged : (n,) bool, or None where nobody said which rows are called anomalies.
    buffer : rows, as for ``vus``.
    """

    truth: Flags
    strangeness: Floats
    flagged: Flags | None
    buffer: int


Metric = Callable[[Judged], float | None]


def _ucr(one: Judged) -> float | None:
    starts, ends = runs(one.truth)
    if starts.size != 1:
        return None
    hit = ucr_hit(one.strangeness, int(starts[0]), int(ends[0]) - 1)
    return None if hit is None else float(hit)


def _of_flags(function: Callable[[Flags, Flags], float | None]) -> Metric:
    return lambda one: None if one.flagged is None else function(one.truth, one.flagged)


def _near(part: Callable[[Affiliation], float | None]) -> Metric:
    def told(one: Judged) -> float | None:
        found = None if one.flagged is None else affiliation(one.truth, one.flagged)
        return None if found is None else part(found)

    return told


def _best(function: Callable[[Flags, Floats], BestF1 | None]) -> Metric:
    def told(one: Judged) -> float | None:
        found = function(one.truth, one.strangeness)
        return None if found is None else found.f1

    return told


def _area(
    function: Callable[[Flags, Floats, int], Areas | None], part: Callable[[Areas], float]
) -> Metric:
    def told(one: Judged) -> float | None:
        found = function(one.truth, one.strangeness, one.buffer)
        return None if found is None else part(found)

    return told


# In the order in which they are shown.
METRICS: dict[str, Metric] = {
    "roc_auc": lambda one: roc_auc(one.truth, one.strangeness),
    "average_precision": lambda one: average_precision(one.truth, one.strangeness),
    "vus_roc": _area(vus, lambda areas: areas.roc),
    "vus_pr": _area(vus, lambda areas: areas.pr),
    "range_auc_roc": _area(range_auc, lambda areas: areas.roc),
    "range_auc_pr": _area(range_auc, lambda areas: areas.pr),
    "best_f1": _best(best_f1),
    "point_adjusted_f1": _best(point_adjusted_f1),
    "ucr": _ucr,
    "precision": _of_flags(precision),
    "recall": _of_flags(recall),
    "f1": _of_flags(f1),
    "range_precision": _of_flags(range_precision),
    "range_recall": _of_flags(range_recall),
    "range_f1": _of_flags(range_f1),
    "affiliation_precision": _near(lambda found: found.precision),
    "affiliation_recall": _near(lambda found: found.recall),
    "affiliation_f1": _near(lambda found: found.f1),
}
# One threshold for all series, so these are computed over all of them; with the profile of each.
OVER_ALL = {
    "nab": "standard",
    "nab_low_fp": "reward_low_FP_rate",
    "nab_low_fn": "reward_low_FN_rate",
}
NEED_FLAGS = frozenset(list(METRICS)[list(METRICS).index("precision") :])
OF_SCORES = ("roc_auc", "average_precision", "vus_roc", "vus_pr", "best_f1")
OF_FLAGS = ("precision", "recall", "f1", "range_f1", "affiliation_f1")

_ALSO = {
    "auc_roc": "roc_auc",
    "auroc": "roc_auc",
    "auc_pr": "average_precision",
    "aupr": "average_precision",
    "auprc": "average_precision",
    "pa_f1": "point_adjusted_f1",
    "r_auc_roc": "range_auc_roc",
    "r_auc_pr": "range_auc_pr",
    "ucr_accuracy": "ucr",
    "nab_standard": "nab",
}


def metric_names(names: Sequence[str]) -> list[str]:
    """Names as they are written here, each once; ``all`` is every one.

    Raises
    ------
    NotFound : no such metric; the message lists those there are.

    Examples
    --------
    >>> metric_names(["VUS-PR", "auroc", "vus_pr"])
    ['vus_pr', 'roc_auc']
    """
    known = [*METRICS, *OVER_ALL]
    told: list[str] = []
    for name in names:
        plain = name.strip().lower().replace("-", "_")
        plain = _ALSO.get(plain, plain)
        if plain == "all":
            told += known
        elif plain in known:
            told.append(plain)
        else:
            raise NotFound(
                f"there is no metric {name!r}; it is one of {', '.join(known)}, or all", name=name
            )
    return list(dict.fromkeys(told))
