"""``sonde train``: learn from a file and keep the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from ..errors import InvalidInput
from . import options as o
from .answers import say_problems
from .exit_codes import FINE, checking_usage
from .screen import print_json, print_renderable, print_text, say, working

if TYPE_CHECKING:
    from ..learn.evaluate import Evaluation
    from ..runtimes.embedded import Trained

_FIGURES = {
    "flagged_share": "flagged",
    "expected_share": "expected of ordinary rows",
    "ks_distance": "tail probabilities from uniform (KS)",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
}
_SHARES = ("flagged_share", "expected_share")


def train(
    input: o.Inputs,
    name: Annotated[
        str | None,
        typer.Option(
            help="Register the model as the next version of this name.", rich_help_panel=o.OUTPUT
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The model file to write.", rich_help_panel=o.OUTPUT)
    ] = None,
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
    tune: Annotated[
        bool,
        typer.Option(
            "--tune",
            help="Try several detectors and take the best, by --label where it is given: what "
            "`sonde select` does.",
            rich_help_panel=o.LEARNING,
        ),
    ] = False,
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
    evaluate: Annotated[
        bool | None,
        typer.Option(
            "--evaluate/--no-evaluate",
            help="Hold rows out and say how a model learned from the others does on them; done "
            "with --name unless told.",
            rich_help_panel=o.LEARNING,
            show_default=False,
        ),
    ] = None,
    description: Annotated[
        str | None,
        typer.Option(help="What the model is for; kept with its name.", rich_help_panel=o.OUTPUT),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="K=V", help="A tag of the registered version.", rich_help_panel=o.OUTPUT
        ),
    ] = None,
    version_label: Annotated[
        str | None,
        typer.Option(
            help="A name of the registered version beside its number.", rich_help_panel=o.OUTPUT
        ),
    ] = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Learn from a file and keep the model: registered under a name, in one signed file, or both.

    Example: sonde train plant.csv --name plant
    """
    with checking_usage():
        o.check_inputs(input, query)
        o.one_of("task", task, ("detect",))
        parameters, tags = o.read_parameters(param), read_tags(tag)
        names, encoded = o.split_names(columns), o.split_names(categories, "categories")
        o.one_of("kind", kind, o.KINDS)
        o.one_of("missing", missing, o.POLICIES)
        _check_places(name, output, input, told=bool(tags) or bool(description or version_label))
        o.check_jobs(jobs)
        o.check_detector(model, parameters)
        if tune and model != "auto":
            raise InvalidInput("--tune chooses the detector itself; leave --model out")
        o.threshold_rule(contamination, false_alarms, label)
        from ..runtimes.embedded import check_names

        if name is not None:
            check_names(name, version_label, tags, description)
    from ..runtimes.embedded import save, source_of
    from ..runtimes.embedded import train as run

    with working(quiet=quiet):
        trained = run(
            source_of(input, query),
            task=task,
            model=model,
            name=name,
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
            evaluate=evaluate,
            tune=tune,
            description=description,
            tags=tags,
            label=version_label,
        )
        if output is not None:
            save(trained.model, output)
    if tune:
        selection = trained.chosen["selection"]
        others = len(selection["detectors"])
        told = f"Took {selection['best']}, the best of {others} by {selection['how']}."
        say(told, quiet=quiet)
    say(trained.chosen["message"], quiet=quiet)
    say_problems(trained.problems, quiet=quiet, verbose=verbose)
    if json:
        print_json(_as_json(trained, output) | {"input": o.shown_input(input, query)})
        return FINE
    if trained.evaluation is not None:
        _show(trained.evaluation)
    if trained.record is not None:
        print_text(f"Registered as {trained.record}; use it with: sonde score {name} FILE")
    if output is not None:
        print_text(f"Model written to {output}; use it with: sonde score {output} FILE")
    return FINE


def read_tags(pairs: list[str] | None) -> dict[str, str]:
    """``["site=north"]`` as a dict.

    >>> read_tags(["site=north", "note=a=b"])
    {'site': 'north', 'note': 'a=b'}
    """
    tags: dict[str, str] = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise InvalidInput(f"--tag must look like name=value, got {pair!r}")
        if name in tags:
            raise InvalidInput(f"--tag {name} is given twice")
        tags[name] = text
    return tags


def _check_places(name: str | None, output: Path | None, read: list[str], *, told: bool) -> None:
    """Refuse a model that is kept nowhere, and what is said of one that has no name."""
    if name is None and output is None:
        raise InvalidInput(
            "say where the model is to be kept: --name NAME (the registry), --output FILE.sonde, "
            "or both"
        )
    if name is None and told:
        raise InvalidInput("--description, --tag and --version-label go with --name")
    if output is not None:
        if output.suffix.lower() != ".sonde":
            raise InvalidInput(f"--output must end in .sonde, got {output}")
        o.check_places([output], read=tuple(read))


def _as_json(trained: Trained, output: Path | None) -> dict[str, Any]:
    """The body that training has over HTTP; the file takes the name's place where there is none."""
    record, evaluation = trained.record, trained.evaluation
    about: dict[str, Any] = {"model": str(output), "version": None}
    if record is not None:
        about = record.to_dict() | {"name": record.model}
    if output is not None:
        about["output"] = str(output)
    return about | {
        "evaluation": None if evaluation is None else evaluation.to_dict(),
        "chosen": trained.chosen,
        "request_id": uuid4().hex,
    }


def _show(evaluation: Evaluation) -> None:
    """What was found on the rows held out, as a small table; then what could not be told."""
    from rich.table import Table

    notes = [f"Note: {note}." for note in evaluation.notes]
    if not evaluation.judged_rows:
        print_text("\n".join(["Not evaluated on rows held out.", *notes]))
        return
    table = Table(box=None, show_header=False)
    values = evaluation.to_dict()
    for name, shown in _FIGURES.items():
        if values[name] is not None:
            share = name in _SHARES
            table.add_row(shown, f"{values[name]:.3%}" if share else f"{values[name]:.3f}")
    n, learned = evaluation.held_out_rows, evaluation.learned_rows
    print_text(f"Held out: {evaluation.how} ({n:,} rows), learning from {learned:,} others.")
    print_renderable(table)
    if notes:
        print_text("\n".join(notes))
