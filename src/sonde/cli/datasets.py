"""``sonde datasets``: the small data sets that ship, and where their files are."""

from __future__ import annotations

from typing import Annotated

import typer

from . import options as o
from .exit_codes import FINE, UsageMistake, checking_usage
from .screen import print_json, print_renderable, print_text

Path = Annotated[
    str | None, typer.Option("--path", help="Print the path of this data set's file only.")
]
Split = Annotated[
    str | None, typer.Option("--split", help="With --path: which file of a collection.")
]


def datasets(path: Path = None, split: Split = None, json: o.AsJson = False) -> int:
    """List the data sets that ship: what they are, how large, under which licence."""
    from ..datasets import describe, names
    from ..datasets import path as path_of

    if path is not None:
        with checking_usage():
            print_text(str(path_of(path, split)))
        return FINE
    if split is not None:
        raise UsageMistake("--split needs --path NAME")
    entries = [describe(name) for name in names()]
    if json:
        shown = [
            {**vars(entry), "events": [event._asdict() for event in entry.events]}
            for entry in entries
        ]
        print_json({"datasets": shown})
        return FINE
    from rich.table import Table

    table = Table("name", "kind", "rows", "columns", "labels", "licence", "what", box=None)
    for entry in entries:
        size = (f"{entry.rows:,}", str(entry.channels), entry.label or "")
        table.add_row(entry.name, entry.kind, *size, entry.licence, entry.about)
    print_renderable(table)
    return FINE
