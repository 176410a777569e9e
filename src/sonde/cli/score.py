"""``sonde score``: apply a stored model to a file."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from .detect import show, write_files
from .exit_codes import FINE, checking_usage
from .screen import say, working


def score(
    model: Annotated[str, typer.Argument(help="A model file written by `sonde train`.")],
    input: o.Input,
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
        o.check_outputs(scores, anomalies, report=report, read=(model, input))
    from ..app import build
    from ..runtimes.embedded import read_for
    from ..runtimes.embedded import score as run
    from ..settings import read_settings

    app = build(read_settings(), lambda notice: say(f"Notice: {notice}", quiet=quiet))
    with working(quiet=quiet):
        reading = read_for(app, model, input)
        detection = run(app, model, reading)
        write_files(reading, detection, scores, anomalies, report)
    show(input, reading, detection, as_json=json, quiet=quiet, verbose=verbose)
    told = [path for path in (scores, anomalies, report) if path is not None]
    if told:
        say(f"Written: {', '.join(map(str, told))}", quiet=quiet)
    return FINE
