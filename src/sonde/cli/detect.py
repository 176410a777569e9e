"""``sonde detect``: score every row of a file and say which are strange."""

from __future__ import annotations

import time as time_module
from typing import Annotated, Any

import typer

from . import options as o
from .answers import Outputs, refuse_report, show, show_whole, write_files
from .exit_codes import checking_usage
from .screen import working


def detect(
    input: o.Inputs,
    time: o.Time = None,
    columns: o.Columns = None,
    categories: o.Categories = None,
    id: o.Id = None,
    kind: o.Kind = "auto",
    query: o.Query = None,
    missing: o.Missing = "auto",
    detector: Annotated[
        str,
        typer.Option(
            help="auto, or a name that `sonde detectors` lists.", rich_help_panel=o.LEARNING
        ),
    ] = "auto",
    param: o.Param = None,
    fit_rows: o.FitRows = None,
    online: o.Online = False,
    seed: o.Seed = 0,
    jobs: o.Jobs = -1,
    contamination: o.Contamination = None,
    false_alarms: o.FalseAlarms = None,
    labels: o.Labels = None,
    scores: o.Scores = None,
    anomalies: o.Anomalies = None,
    report: o.Report = None,
    fail_on_anomaly: Annotated[
        bool,
        typer.Option(
            "--fail-on-anomaly",
            help="Leave with exit code 3 when something was found.",
            rich_help_panel=o.OUTPUT,
        ),
    ] = False,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Score every row of a file and say which are strange. Nothing needs to be configured.

    Example: sonde detect plant.csv --report report.html
    """
    with checking_usage():
        o.check_inputs(input, query)
        settings: dict[str, Any] = {
            "detector": detector,
            "parameters": o.read_parameters(param),
            "kind": o.one_of("kind", kind, o.KINDS),
            "columns": o.split_names(columns),
            "categories": o.split_names(categories, "categories"),
            "missing": o.one_of("missing", missing, o.POLICIES),
        }
        o.check_outputs(scores, anomalies, report=report, read=tuple(input))
        o.check_jobs(jobs)
        o.check_detector(detector, settings["parameters"])
        o.threshold_rule(contamination, false_alarms, labels)
    from ..runtimes.embedded import detect as run
    from ..runtimes.embedded import detect_file, parts_wanted, source_of

    settings |= {
        "time": time,
        "fit_rows": fit_rows,
        "online": online,
        "contamination": contamination,
        "false_alarms": false_alarms,
        "labels": labels,
        "random_state": seed,
        "n_jobs": jobs,
    }
    told = o.shown_input(input, query)
    out = Outputs(told, scores, anomalies, report, json, quiet, verbose, fail_on_anomaly)
    with working(quiet=quiet):
        source = source_of(input, query)
        parts = parts_wanted(source, detector, None if kind == "table" else id)
        if parts is None:
            started = time_module.perf_counter()
            found = run(source, id=id, **settings)
            seconds = time_module.perf_counter() - started
            write_files(found.reading, found.detection, out)
        else:
            refuse_report(out, parts)
            whole = detect_file(source, id=id, scores=scores, anomalies=anomalies, **settings)
    if parts is not None:
        return show_whole(whole, out)
    return show(found.reading, found.detection, out, seconds)
