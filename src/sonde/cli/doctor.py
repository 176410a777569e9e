"""``sonde doctor``: what is installed, where things are kept, and what is wrong."""

from __future__ import annotations

from . import options as o
from .exit_codes import FAILED, FINE
from .screen import print_json, print_renderable

_SIGNS = {"fine": "✓", "absent": "–", "wrong": "✗"}


def doctor(json: o.AsJson = False) -> int:
    """Check the installation: packages, extras, folders, keys, memory, settings.

    Exits with 1 when something is wrong; each fault comes with its remedy.
    """
    from ..installation import examine, is_fine
    from ..settings import read_settings

    findings = examine(read_settings)
    code = FINE if is_fine(findings) else FAILED
    if json:
        body = [vars(finding) for finding in findings]
        print_json({"fine": code == FINE, "findings": body})
        return code
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
    wrong = sum(finding.state == "wrong" for finding in findings)
    say = "Nothing is wrong." if wrong == 0 else f"Wrong: {wrong}, marked ✗, each with a remedy."
    print_renderable(table, say)
    return code


def _told(found: str, remedy: str) -> str:
    return f"{found}\n→ {remedy}" if remedy else found
