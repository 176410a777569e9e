"""What people and programs get to see of an answer: frames, JSON, a page, a terminal table."""

from .frames import anomalies_frame, anomalies_lines, files_json, plain, scores_frame, to_json
from .html import render, write
from .profile_findings import Findings, findings_json
from .profile_lines import profile_table
from .profile_page import render_profile, write_profile
from .terminal import anomaly_list, anomaly_table

__all__ = [
    "Findings",
    "anomalies_frame",
    "anomalies_lines",
    "anomaly_list",
    "anomaly_table",
    "files_json",
    "findings_json",
    "plain",
    "profile_table",
    "render",
    "render_profile",
    "scores_frame",
    "to_json",
    "write",
    "write_profile",
]
