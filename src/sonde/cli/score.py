"""``sonde score``: apply a stored model to a file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from . import options as o
from .answers import Outputs, refuse_report, say_problems, show, show_whole, write_files
from .exit_codes import FINE, UsageMistake, checking_usage
from .screen import print_json, say, working

if TYPE_CHECKING:
    from ..core import Prediction
    from ..data import Reading


def score(
    model: Annotated[
        str,
        typer.Argument(help="A model file, or name, name@alias or name:version of the registry."),
    ],
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

    A name alone is its champion if there is one, else its latest version.

    Example: sonde score plant.sonde today.csv --scores scores.csv
    """
    from ..core import ModelRef

    with checking_usage():
        o.check_inputs(input, query)
        _refuse_swapped(model, input)
        ref = ModelRef.parse(model)
        read = (ref.name, *input) if ref.is_file else tuple(input)
        o.check_outputs(scores, anomalies, report=report, read=read)
    from ..app import build
    from ..learn.training_runs import use_threads
    from ..runtimes.embedded import ask, parts_wanted, read_for, score_file, source_of
    from ..settings import read_settings

    app = build(read_settings(), lambda notice: say(f"Notice: {notice}", quiet=quiet))
    told = o.shown_input(input, query)
    out = Outputs(told, scores, anomalies, report, json, quiet, verbose)
    with closing(app), working(quiet=quiet):
        # What a model was kept with says nothing of the cores of this machine.
        use_threads(app.models.resolve(ref, None)[0], -1)
        source = source_of(input, query)
        parts = parts_wanted(source, "auto")
        if parts is None:
            reading = read_for(app, model, source)
            answer = ask(app, model, reading)
            write_files(reading, answer.output, out)
        else:
            refuse_report(out, parts)
            whole = score_file(app, model, parts, scores, anomalies)
    if parts is not None:
        return show_whole(whole, out)
    return (
        _show_as_json(reading, answer, out)
        if json
        else show(reading, answer.output, out, answer.seconds)
    )


def _refuse_swapped(model: str, input: Sequence[str]) -> None:
    """Raise UsageMistake for data named where the model belongs."""
    models = [name for name in input if str(name).endswith(".sonde")]
    if models and not model.endswith(".sonde"):
        raise UsageMistake(f"the model comes first: sonde score {models[0]} {model}")


def _show_as_json(reading: Reading, answer: Prediction, out: Outputs) -> int:
    """The body that prediction has over HTTP; with what was chosen, and what was read."""
    from ..report import files_json, to_json
    from ..wire.plain import synonyms

    output = answer.output
    say(output.chosen["message"], quiet=out.quiet)
    say_problems(output.problems, quiet=out.quiet, verbose=out.verbose)
    body: dict[str, Any] = {
        "model": answer.model,
        "version": answer.version,
        "variant": answer.variant,
    }
    body |= to_json(output) | files_json(reading)
    body |= synonyms(output, output.chosen["detector"], answer.seconds)
    body |= {"request_id": uuid4().hex, "input": out.source}
    print_json(body)
    out.say_written()
    return FINE
