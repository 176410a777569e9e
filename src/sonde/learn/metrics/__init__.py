"""How well flags, scores and tail probabilities fit what is true, by the field's names."""

from __future__ import annotations

from .affiliation import Affiliation, affiliation
from .archive import ucr_hit
from .best import BestF1, best_f1, point_adjusted_f1
from .differences import LARGER_IS_BETTER, differences
from .evaluation import BUFFER, Metrics, evaluate
from .events import between, runs
from .flags import f1, precision, recall
from .lag import main_lag
from .nab import PROFILES, NabScore, nab_score
from .named import METRICS, OVER_ALL, metric_names
from .order import average_precision, distance_from_uniform, roc_auc
from .ranges import range_f1, range_precision, range_recall
from .volume import Areas, range_auc, vus

__all__ = [
    "BUFFER",
    "LARGER_IS_BETTER",
    "METRICS",
    "OVER_ALL",
    "PROFILES",
    "Affiliation",
    "Areas",
    "BestF1",
    "Metrics",
    "NabScore",
    "affiliation",
    "average_precision",
    "best_f1",
    "between",
    "differences",
    "distance_from_uniform",
    "evaluate",
    "f1",
    "main_lag",
    "metric_names",
    "nab_score",
    "point_adjusted_f1",
    "precision",
    "range_auc",
    "range_f1",
    "range_precision",
    "range_recall",
    "recall",
    "roc_auc",
    "runs",
    "ucr_hit",
    "vus",
]
