"""Estimators, by task, and the one way to train them."""

from .calibration import Calibration
from .catalogue import (
    can_be_named,
    create,
    describe,
    detector_entries,
    find,
    names,
    rebuild,
)
from .decide import decide
from .detect import detect, what_a_model_does
from .detector import Detector
from .ensemble import make_ensemble
from .estimator import Estimator, Fitted, flatten, unflatten
from .online import OnlineDetector
from .pipeline import make_pipeline
from .thresholds import Rule, Threshold, rule_from
from .training import ONLINE_ROWS, Recipe, train
from .transformer import Transformer

__all__ = [
    "ONLINE_ROWS",
    "Calibration",
    "Detector",
    "Estimator",
    "Fitted",
    "OnlineDetector",
    "Recipe",
    "Rule",
    "Threshold",
    "Transformer",
    "can_be_named",
    "create",
    "decide",
    "describe",
    "detect",
    "detector_entries",
    "find",
    "flatten",
    "make_ensemble",
    "make_pipeline",
    "names",
    "rebuild",
    "rule_from",
    "train",
    "unflatten",
    "what_a_model_does",
]
