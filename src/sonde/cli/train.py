"""``sonde train``: learn from a file and keep the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InvalidInput
from . import options as o
from .answers import say_problems
from .detect import say_if_cold
from .exit_codes import FINE, checking_usage
from .screen import print_json, print_text, say, working


def train(
    input: o.Inputs,
    output: Annotated[
        Path, typer.Option(help="The model file to write.", rich_help_panel=o.OUTPUT)
    ],
    task: Annotated[
        str, typer.Option(help="What the model is for: detect.", rich_help_panel=o.LEARNING)
    ] = "detect",
    model: Annotated[
        str,
        typer.Option(
            help="auto, or a name that `sonde detectors` lists.", rich_help_panel=o.LEARNING
        ),
    ] = "auto",
    param: o.Param = None,
    label: o.Labels = None,
    time: o.Time = None,
    columns: o.Columns = None,
    categories: o.Categories = None,
    id: o.Id = None,
    kind: o.Kind = "auto",
    query: o.Query = None,
    missing: o.Missing = "auto",
    fit_rows: o.FitRows = None,
    seed: o.Seed = 0,
    jobs: o.Jobs = -1,
    contamination: o.Contamination = None,
    false_alarms: o.FalseAlarms = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Learn from a file and write the model, signed, to one file that `sonde score` uses.

    Example: sonde train plant.csv --output plant.sonde
    """
    with checking_usage():
        o.check_inputs(input, query)
        o.one_of("task", task, ("detect",))
        parameters = o.read_parameters(param)
        names, encoded = o.split_names(columns), o.split_names(categories, "categories")
        o.one_of("kind", kind, o.KINDS)
        o.one_of("missing", missing, o.POLICIES)
        if output.suffix.lower() != ".sonde":
            raise InvalidInput(f"--output must end in .sonde, got {output}")
        o.check_places([output], read=tuple(input))
        o.check_jobs(jobs)
        o.check_detector(model, parameters)
        o.threshold_rule(contamination, false_alarms, label)
    say_if_cold(model, quiet=quiet)
    from ..runtimes.embedded import detect, save, source_of

    with working(quiet=quiet):
        found = detect(
            source_of(input, query),
            detector=model,
            parameters=parameters,
            kind=kind,  # type: ignore[arg-type]
            columns=names,
            categories=encoded,
            id=id,
            time=time,
            fit_rows=fit_rows,
            missing=missing,  # type: ignore[arg-type]
            contamination=contamination,
            false_alarms=false_alarms,
            labels=label,
            random_state=seed,
            n_jobs=jobs,
        )
        save(found.model, output)
    say(found.chosen["message"], quiet=quiet)
    say_problems(found.detection.problems, quiet=quiet, verbose=verbose)
    if json:
        print_json(
            {"model": str(output), "chosen": found.chosen, "input": o.shown_input(input, query)}
        )
    else:
        print_text(f"Model written to {output}; use it with: sonde score {output} FILE")
    return FINE
