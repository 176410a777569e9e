"""What people and programs get to see of a detection: frames, JSON, a page, a terminal table."""

from .frames import anomalies_frame, scores_frame, to_json
from .html import render, write
from .terminal import anomaly_table

__all__ = ["anomalies_frame", "anomaly_table", "render", "scores_frame", "to_json", "write"]
