"""Options that several commands share, and how their text is read."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InvalidInput

if TYPE_CHECKING:
    from ..learn import Rule

MOST_JOBS = 1024
DATA, LEARNING, DECIDING, OUTPUT = "Data", "Learning", "Threshold", "Output"

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT…",
        help="A file, several files, a pattern in quotes ('logs/*.csv'), s3://…, or - for standard "
        "input. CSV, Parquet, Arrow, JSON lines, NPY/NPZ, .ts, .arff, Excel: the content decides. "
        "With --query: the URL of a database.",
    ),
]
Time = Annotated[str | None, typer.Option(help="The time column.", rich_help_panel=DATA)]
Columns = Annotated[
    str | None,
    typer.Option(help="The value columns, by commas: a,b,c.", rich_help_panel=DATA),
]
Categories = Annotated[
    str | None,
    typer.Option(
        help="Columns of categories to look at as well, by commas; each becomes its frequency.",
        rich_help_panel=DATA,
    ),
]
Query = Annotated[
    str | None,
    typer.Option(
        help="A SELECT statement or the name of a table; INPUT is then a database's URL "
        "(sqlite:///plant.db, postgresql://…).",
        rich_help_panel=DATA,
    ),
]
Id = Annotated[
    str | None, typer.Option("--id", help="The column of series names.", rich_help_panel=DATA)
]
Kind = Annotated[
    str,
    typer.Option(help="auto, series or table.", rich_help_panel=DATA),
]
Missing = Annotated[
    str,
    typer.Option(
        help="What to do about missing values: auto (short gaps are filled linearly, longer ones "
        "left unscored), drop, linear, previous, zero or error.",
        rich_help_panel=DATA,
    ),
]
Param = Annotated[
    list[str] | None,
    typer.Option(help="A parameter of the detector: name=value.", rich_help_panel=LEARNING),
]
FitRows = Annotated[
    int | None,
    typer.Option(
        help="Learn from the first N rows only (of each series), score all.",
        rich_help_panel=LEARNING,
        min=2,
    ),
]
Online = Annotated[
    bool,
    typer.Option(
        "--online",
        help="Each row's score depends on earlier rows only.",
        rich_help_panel=LEARNING,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Seed of detectors that draw.", rich_help_panel=LEARNING, min=0, max=2**63 - 1
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        help="Threads; -1 for every core.", rich_help_panel=LEARNING, min=-1, max=MOST_JOBS
    ),
]
Contamination = Annotated[
    float | None,
    typer.Option(help="The share of rows that are anomalies.", rich_help_panel=DECIDING),
]
FalseAlarms = Annotated[
    str | None,
    typer.Option(
        help='A budget of false alarms: "2/day" (minute, hour, day, week or 1000rows).',
        rich_help_panel=DECIDING,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help="A column of true labels (1 anomaly, 0 not) to choose the threshold by.",
        rich_help_panel=DECIDING,
    ),
]
Scores = Annotated[
    Path | None,
    typer.Option(
        help="Write one line per row: .csv, .parquet, .jsonl or .json.", rich_help_panel=OUTPUT
    ),
]
Anomalies = Annotated[
    Path | None,
    typer.Option(
        help="Write one line per anomaly: .csv, .parquet, .jsonl or .json.", rich_help_panel=OUTPUT
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(help="Write an HTML report that needs no network.", rich_help_panel=OUTPUT),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document instead.", rich_help_panel=OUTPUT),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Say nothing on the way.", rich_help_panel=OUTPUT),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say what was found out.", rich_help_panel=OUTPUT),
]

KINDS = ("auto", "series", "table")
POLICIES = ("auto", "drop", "linear", "previous", "zero", "error")


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """``value``, or the sentence that lists what there is."""
    if value not in known:
        raise InvalidInput(f"--{name} is one of {', '.join(known)}; got {value!r}")
    return value


def split_names(text: str | None, option: str = "columns") -> list[str] | None:
    """``"a, b"`` as ``["a", "b"]``; None stays None."""
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InvalidInput(f"--{option} must be names with commas between, got {text!r}")
    return names


def check_inputs(inputs: list[str], query: str | None) -> None:
    """Refuse inputs that can't go together."""
    if query is not None and len(inputs) > 1:
        raise InvalidInput(f"--query goes with one database, got {len(inputs)} inputs")
    if len(inputs) > 1 and "-" in inputs:
        raise InvalidInput("standard input (-) can't be read together with files")


def shown_input(inputs: list[str], query: str | None) -> str:
    """The inputs as a message or an answer names them; a password in a URL is hidden."""
    return ", ".join(hide_password(one) if query is not None else one for one in inputs)


def hide_password(url: str) -> str:
    """``url`` without the password that it may hold.

    >>> hide_password("postgresql://ann:secret@db/plant")
    'postgresql://ann:***@db/plant'
    """
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)


def read_parameters(pairs: list[str] | None) -> dict[str, Any]:
    """``["window=50", "method=mean"]`` as a dict; numbers, true, false and null are read as such.

    >>> read_parameters(["window=50", "method=mean", "period=null"])
    {'window': 50, 'method': 'mean', 'period': None}
    """
    parameters: dict[str, Any] = {}
    for pair in pairs or []:
        name, equals, text = pair.partition("=")
        if not equals or not name.strip():
            raise InvalidInput(f"--param must look like name=value, got {pair!r}")
        try:
            parameters[name.strip()] = json.loads(text)
        except (ValueError, RecursionError):
            parameters[name.strip()] = text
    return parameters


def check_jobs(jobs: int) -> None:
    """Refuse 0 threads; the option itself refuses the rest."""
    if jobs == 0:
        raise InvalidInput("--jobs is -1 or a number of threads, 1 or more")


def check_outputs(
    *paths: Path | None, report: Path | None = None, read: tuple[str, ...] = ()
) -> None:
    """Refuse, before any work, an output that can't be written or would write over another file.

    ``read`` are the files that the command reads.
    """
    from ..data import check_ending

    for path in paths:
        if path is not None:
            check_ending(path)
    if report is not None and report.suffix.lower() not in (".html", ".htm"):
        raise InvalidInput(f"--report writes HTML; {report} must end in .html")
    check_places([path for path in (*paths, report) if path is not None], read)


def check_places(written: list[Path], read: tuple[str, ...]) -> None:
    """Refuse a place that is no file's, or that two of the files written and read share."""
    for path in written:
        if not path.absolute().parent.is_dir():
            raise InvalidInput(f"{path} can't be written: there is no folder {path.parent}")
        if path.is_dir():
            raise InvalidInput(f"{path} can't be written: it is a folder")
    for i, path in enumerate(written):
        for other in written[:i]:
            if _same_file(path, other):
                raise InvalidInput(f"{path} would be written twice; give each output its own file")
        for source in read:
            if _same_file(path, Path(source)):
                raise InvalidInput(f"{path} is read from; write to another file")


def _same_file(one: Path, other: Path) -> bool:
    """True also for links, and for two names of a file that is not there yet."""
    try:
        return one.samefile(other)
    except OSError:
        return Path(os.path.realpath(one)) == Path(os.path.realpath(other))


def check_detector(name: str, parameters: dict[str, Any]) -> None:
    """Refuse a detector or a parameter that does not exist."""
    from ..learn import Detector, can_be_named, create, find

    if name == "auto":
        if parameters:
            raise InvalidInput("--param needs --detector NAME; auto chooses its own parameters")
        return
    find(name)
    if not can_be_named(name):
        raise InvalidInput(
            f"{name} is made of other estimators, in Python; `sonde detectors` lists what can be "
            "named here"
        )
    made = create(name, **parameters)
    if not isinstance(made, Detector):
        raise InvalidInput(f"{name} is not a detector; `sonde detectors` lists them")
    made._check_parameters()


def threshold_rule(
    contamination: float | None, false_alarms: str | None, labels: str | None
) -> Rule:
    """The one rule that the options name."""
    from ..learn import rule_from

    return rule_from(contamination, false_alarms, labels is not None)
