"""``sonde detectors``: the catalogue."""

from __future__ import annotations

from . import options as o
from .exit_codes import FINE
from .screen import print_json, print_renderable, print_text

_READS = {"rows": "each row alone", "past": "a stretch before the row", "whole": "all rows"}
_OTHERS = (
    "\nAlso any of PyOD or scikit-learn by its name there, where that is installed: pyod.KNN, "
    "sklearn.EllipticEnvelope, …"
)


def detectors(json: o.AsJson = False) -> int:
    """List the detectors: what data they take, whether they work online, what they do."""
    from ..learn import detector_entries

    found = detector_entries()
    if json:
        print_json({"detectors": [vars(entry) for entry in found]})
        return FINE
    from rich.table import Table

    table = Table("name", "data", "judges by", "online", "what it does", box=None)
    for entry in found:
        data = "tables" if entry.family == "rows" else "series"
        table.add_row(
            entry.name, data, _READS[entry.reads], "yes" if entry.online else "", entry.summary
        )
    print_renderable(table)
    print_text(_OTHERS)
    return FINE
