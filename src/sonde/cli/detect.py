"""``sonde detect``: score every row of a file and say which are strange."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from . import options as o
from .exit_codes import FINE, FOUND_SOMETHING, checking_usage
from .screen import print_json, print_renderable, print_text, say, working

if TYPE_CHECKING:
    from ..core import Detection
    from ..data import Reading


def detect(
    input: o.Input,
    time: o.Time = None,
    columns: o.Columns = None,
    id: o.Id = None,
    kind: o.Kind = "auto",
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
        settings: dict[str, Any] = {
            "detector": detector,
            "parameters": o.read_parameters(param),
            "kind": o.one_of("kind", kind, o.KINDS),
            "columns": o.split_names(columns),
            "missing": o.one_of("missing", missing, o.POLICIES),
        }
        o.check_outputs(scores, anomalies, report=report, read=(input,))
        o.check_jobs(jobs)
        o.check_detector(detector, settings["parameters"])
        o.threshold_rule(contamination, false_alarms, labels)
    say_if_cold(detector, quiet=quiet)
    from ..runtimes.embedded import detect as run

    with working(quiet=quiet):
        found = run(
            input,
            id=id,
            time=time,
            fit_rows=fit_rows,
            online=online,
            contamination=contamination,
            false_alarms=false_alarms,
            labels=labels,
            random_state=seed,
            n_jobs=jobs,
            **settings,
        )
        write_files(found.reading, found.detection, scores, anomalies, report)
    show(input, found.reading, found.detection, as_json=json, quiet=quiet, verbose=verbose)
    told = [path for path in (scores, anomalies, report) if path is not None]
    if told:
        say(f"Written: {', '.join(map(str, told))}", quiet=quiet)
    return FOUND_SOMETHING if fail_on_anomaly and found.anomalies else FINE


def say_if_cold(detector: str, *, quiet: bool) -> None:
    """Tell a person who uses a detector for the first time why it takes longer."""
    from ..kernels._jit import is_cold
    from ..learn import find

    wanted = find(detector).kernels if detector != "auto" else ()
    if is_cold(wanted):
        say(
            "First use on this machine: compiling what is needed, once (some seconds).", quiet=quiet
        )


def write_files(
    reading: Reading,
    detection: Detection,
    scores: Path | None,
    anomalies: Path | None,
    report: Path | None,
) -> None:
    """The output files that were asked for."""
    from ..core.progress import tell
    from ..data import write_frame
    from ..report import anomalies_frame, scores_frame, write

    tell("writing", 0.0)
    if scores is not None:
        write_frame(scores_frame(reading, detection), scores)
    if anomalies is not None:
        flat = anomalies.suffix.lower() == ".csv"
        write_frame(anomalies_frame(reading, detection, flat=flat), anomalies)
    if report is not None:
        write(reading, detection, report)


def show(
    source: str,
    reading: Reading,
    detection: Detection,
    *,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """The answer on standard output, the message on standard error."""
    from ..report import anomaly_table, to_json

    say(detection.chosen["message"], quiet=quiet)
    say_problems(detection.problems, quiet=quiet, verbose=verbose)
    if as_json:
        print_json(to_json(detection) | {"request_id": uuid4().hex, "input": source})
        return
    if detection.anomalies:
        print_renderable(anomaly_table(reading, detection))
        return
    say_nothing_found(detection)


def say_problems(problems: Sequence[str], *, quiet: bool, verbose: bool) -> None:
    """What was odd about the data, or how to see it."""
    if verbose:
        for problem in problems:
            say(f"Note: {problem}", quiet=quiet)
    elif problems:
        are = "is 1 note" if len(problems) == 1 else f"are {len(problems)} notes"
        say(f"There {are} on the data; --verbose shows what.", quiet=quiet)


def say_nothing_found(detection: Detection) -> None:
    """The result of a quiet file, with the strongest candidate."""
    candidate = detection.candidate
    text = "Nothing unusual was found."
    if candidate is not None:
        where = f"row {candidate.peak}"
        if candidate.series is not None:
            where += f" of series {candidate.series!r}"
        text += (
            f" The strongest candidate is {where}, score {candidate.score:.4g} "
            f"(probability {candidate.probability:.6g}).\nIf you know that something is wrong, say "
            "how much (--contamination 0.01) or how many false alarms may pass (--false-alarms)."
        )
    print_text(text)
