"""What an extra adds to an installation: packages and megabytes of files."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement


def packages(*names: str) -> set[str]:
    """Everything that ``pip install`` brings for these, extras in brackets; themselves too."""
    found: set[tuple[str, str]] = set()
    waiting = [(Requirement(name).name, Requirement(name).extras) for name in names]
    while waiting:
        name, extras = waiting.pop()
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for extra in {"", *extras}:
            if (name, extra) in found:
                continue
            found.add((name, extra))
            for one in map(Requirement, requires):
                before = one.marker is None or one.marker.evaluate({"extra": ""})
                wanted = one.marker is None or one.marker.evaluate({"extra": extra})
                if wanted and (not extra or not before):
                    waiting.append((canonical(one.name), one.extras))
    return {name for name, _ in found}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def megabytes(name: str) -> float:
    """The files of a package, with what Python compiled of them."""
    files = {Path(str(file.locate())) for file in distribution(name).files or ()}
    total = sum(file.stat().st_size for file in files if file.is_file())
    folders = {file.parent for file in files if file.suffix == ".py"}
    compiled = {one for folder in folders for one in folder.glob("__pycache__/*.pyc")}
    total += sum(one.stat().st_size for one in compiled - files)
    return total / 1e6
