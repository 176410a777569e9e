"""``sonde doctor``: what is installed, where things are kept, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import options as o
from .exit_codes import FAILED, FINE
from .screen import print_json, print_renderable, print_text

if TYPE_CHECKING:
    from rich.table import Table

    from ..installation.finding import Finding

_SIGNS = {"fine": "✓", "absent": "–", "wrong": "✗"}


def doctor(
    everything: Annotated[
        bool, typer.Option("--all", help="Also the settings that nobody changed.")
    ] = False,
    json: o.AsJson = False,
) -> int:
    """Check the installation: packages, extras, folders, keys, memory, settings.

    Exits with 1 when something is wrong; each fault comes with its remedy, at the end.
    """
    from ..installation import examine, is_fine
    from ..settings import read_settings

    findings = examine(read_settings)
    code = FINE if is_fine(findings) else FAILED
    if json:
        body = [vars(finding) for finding in findings]
        print_json({"fine": code == FINE, "findings": body})
        return code
    wrong = [finding for finding in findings if finding.state == "wrong"]
    shown = [finding for finding in findings if everything or not finding.is_default]
    hidden = len(findings) - len(shown)
    print_renderable(_table(shown))
    if hidden:
        print_text(f"{hidden} more settings have their defaults: sonde doctor --all")
    if not wrong:
        print_text("Nothing is wrong.")
    else:
        # Once more where the eye ends.
        print_text(f"\nWrong: {len(wrong)}")
        print_renderable(_table(wrong))
    return code


def _table(findings: list[Finding]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "what", "name", box=None)
    table.add_column("found", overflow="fold")  # a path cut short helps nobody
    group = ""
    for finding in findings:
        what = "" if finding.group == group else finding.group
        group = finding.group
        # As text, so that brackets in a path or a command are not read as markup.
        cells = (_SIGNS[finding.state], what, finding.name, _told(finding.found, finding.remedy))
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _told(found: str, remedy: str) -> str:
    return f"{found}\n→ {remedy}" if remedy else found
