"""``sonde select``: which detector suits a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput
from . import options as o
from .exit_codes import FINE, checking_usage
from .screen import print_json, print_renderable, say, working

if TYPE_CHECKING:
    from rich.table import Table

    from ..learn.select import Selection

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_FIGURES = {
    "score": "score",
    "spread": "spread",
    "agreement": "agreement",
    "made_up": "made-up\nanomalies",
    "stability": "stability",
    "seconds": "seconds",
}


def select(
    input: o.Inputs,
    detectors: Annotated[
        str | None,
        typer.Option(
            help="What to compare, by commas; left out: a list that goes by the kind of data. "
            "ecod+knn is an ensemble of two.",
            rich_help_panel=o.LEARNING,
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            help="A column of true labels (1 anomaly, 0 not) to judge by.",
            rich_help_panel=o.LEARNING,
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="With --labels: a metric of `sonde evaluate`; left out, average_precision of a "
            "table, vus_pr of series.",
            rich_help_panel=o.LEARNING,
        ),
    ] = None,
    budget: Annotated[
        str,
        typer.Option(
            help="Nothing is begun after so long (30s, 5m, 1h); one detector is always judged.",
            rich_help_panel=o.LEARNING,
        ),
    ] = "60s",
    splits: Annotated[
        int,
        typer.Option(
            help="With labels: parts to learn from and judge; without: repetitions.",
            rich_help_panel=o.LEARNING,
            min=1,
            max=20,
        ),
    ] = 3,
    time: o.Time = None,
    columns: o.Columns = None,
    categories: o.Categories = None,
    id: o.Id = None,
    kind: o.Kind = "auto",
    query: o.Query = None,
    missing: o.Missing = "auto",
    seed: o.Seed = 0,
    jobs: o.Jobs = -1,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
) -> int:
    """Compare detectors on a file and say which to take, by labels or without.

    Example: sonde select plant.csv --budget 30s
    """
    with checking_usage():
        o.check_inputs(input, query)
        names, encoded = o.split_names(columns), o.split_names(categories, "categories")
        compared = o.split_names(detectors, "detectors")
        for one in compared or []:
            o.check_detector(one, {})
        o.one_of("kind", kind, o.KINDS)
        o.one_of("missing", missing, o.POLICIES)
        o.check_jobs(jobs)
        seconds = read_budget(budget)
        if metric is not None and labels is None:
            raise InvalidInput("--metric needs --labels, the column to judge by")
    from ..runtimes.embedded import select as run
    from ..runtimes.embedded import source_of

    with working(quiet=quiet):
        selection = run(
            source_of(input, query),
            detectors=compared,
            labels=labels,
            metric=metric,
            budget=seconds,
            n_splits=splits,
            kind=kind,  # type: ignore[arg-type]
            columns=names,
            categories=encoded,
            id=id,
            time=time,
            missing=missing,  # type: ignore[arg-type]
            random_state=seed,
            n_jobs=jobs,
        )
    _say_left_out(selection, quiet=quiet)
    if json:
        print_json(selection.to_dict() | {"input": o.shown_input(input, query)})
        return FINE
    best = selection.tried[0].name
    print_renderable(_table(selection), f"By {selection.how}: {best}.")
    return FINE


def read_budget(text: str) -> float:
    """Seconds.

    >>> read_budget("90"), read_budget("1.5m")
    (90.0, 90.0)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text)
    if found is None or found[2] not in _SECONDS or not float(found[1]) > 0:
        raise InvalidInput(f"--budget is a time such as 30s, 5m or 1h, got {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


def _say_left_out(selection: Selection, *, quiet: bool) -> None:
    for name, why in selection.refused.items():
        say(f"Note: {name} can't be used here: {why}", quiet=quiet)
    if selection.not_tried:
        left = ", ".join(selection.not_tried)
        say(f"Note: the budget was used up before these were tried: {left}.", quiet=quiet)


def _table(selection: Selection) -> Table:
    from rich.table import Table

    rows: list[dict[str, Any]] = selection.to_dict()["detectors"]
    shown = [name for name in _FIGURES if any(row[name] is not None for row in rows)]
    table = Table("detector", box=None)
    for name in shown:
        heading = selection.metric if name == "score" and selection.metric else _FIGURES[name]
        table.add_column(heading, justify="right", vertical="bottom")
    for row in rows:
        table.add_row(row["name"], *(f"{row[name]:.3f}" for name in shown))
    return table
