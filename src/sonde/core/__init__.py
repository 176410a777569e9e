"""What flows through the package: containers, schema, results."""

from .containers import Panel, Series, Table, read_from
from .labelled import Labelled
from .prediction import ModelRef, Prediction, PredictionRequest
from .results import Anomaly, Detection, iso_time
from .schema import Container, Kind, Schema, kind_of, refuse_missing

__all__ = [
    "Anomaly",
    "Container",
    "Detection",
    "Kind",
    "Labelled",
    "ModelRef",
    "Panel",
    "Prediction",
    "PredictionRequest",
    "Schema",
    "Series",
    "Table",
    "iso_time",
    "kind_of",
    "read_from",
    "refuse_missing",
]
