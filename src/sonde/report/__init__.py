"""What people and programs get to see of a detection: frames, JSON, a page, a terminal table."""

from .frames import anomalies_frame, anomalies_lines, files_json, plain, scores_frame, to_json
from .html import render, write
from .terminal import anomaly_list, anomaly_table

__all__ = [
    "anomalies_frame",
    "anomalies_lines",
    "anomaly_list",
    "anomaly_table",
    "files_json",
    "plain",
    "render",
    "scores_frame",
    "to_json",
    "write",
]
