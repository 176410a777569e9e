"""``sonde score``: apply a stored model to a file."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from .answers import Outputs, refuse_report, show, show_whole, write_files
from .exit_codes import checking_usage
from .screen import say, working


def score(
    model: Annotated[str, typer.Argument(help="A model file written by `sonde train`.")],
    input: o.Inputs,
    query: o.Query = None,
    scores: o.Scores = None,
    anomalies: o.Anomalies = None,
    report: o.Report = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Apply a stored model to a file: the same columns, found by name.

    Example: sonde score plant.sonde today.csv --scores scores.csv
    """
    with checking_usage():
        o.check_inputs(input, query)
        o.check_outputs(scores, anomalies, report=report, read=(model, *input))
    from ..app import build
    from ..runtimes.embedded import parts_wanted, read_for, score_file, source_of
    from ..runtimes.embedded import score as run
    from ..settings import read_settings

    app = build(read_settings(), lambda notice: say(f"Notice: {notice}", quiet=quiet))
    told = o.shown_input(input, query)
    out = Outputs(told, scores, anomalies, report, json, quiet, verbose)
    with working(quiet=quiet):
        source = source_of(input, query)
        parts = parts_wanted(source, "auto")
        if parts is None:
            reading = read_for(app, model, source)
            detection = run(app, model, reading)
            write_files(reading, detection, out)
        else:
            refuse_report(out, parts)
            whole = score_file(app, model, parts, scores, anomalies)
    return show(reading, detection, out) if parts is None else show_whole(whole, out)
