"""Python, the packages Sonde stands on, and what each extra would add."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import TYPE_CHECKING

from .finding import Finding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

TESTED = ("3.11",)
# Extras for working on Sonde itself, and the one that is all the others.
_NOT_SHOWN = {"all", "bench", "peers", "test"}


def python(version: str = platform.python_version()) -> list[Finding]:
    """The interpreter and the system, and whether Sonde was tested on them."""
    from packaging.specifiers import SpecifierSet

    declared = metadata.metadata("sonde").get_all("Requires-Python") or [""]
    wanted = SpecifierSet(declared[0])
    system = Finding("python", "system", "fine", platform.platform())
    if not wanted.contains(version, prereleases=True):
        remedy = f"install Sonde for a Python {wanted}"
        return [Finding("python", "python", "wrong", f"{version}, needs {wanted}", remedy), system]
    tested = version.rpartition(".")[0] in TESTED
    shown = version if tested else f"{version} (tested: {', '.join(TESTED)})"
    return [Finding("python", "python", "fine", shown), system]


def base_packages() -> list[Finding]:
    """Sonde and each package it can't do without, against the bound it declares."""
    own = Finding("packages", "sonde", "fine", metadata.version("sonde"))
    return [own, *(_required(r) for r in requirements() if _belongs_to(r, ""))]


def extras() -> list[Finding]:
    """One finding for each extra: its packages, or the command that installs them."""
    named = metadata.metadata("sonde").get_all("Provides-Extra") or []
    return [_extra(name) for name in sorted(set(named) - _NOT_SHOWN)]


def requirements() -> list[Requirement]:
    """What the installed Sonde declares, extras included."""
    from packaging.requirements import Requirement

    return [Requirement(text) for text in metadata.requires("sonde") or []]


def is_installed(extra: str) -> bool:
    """True where every package of ``extra`` is there, in a version that it takes."""
    return _extra(extra).state == "fine"


def _wanted(extra: str) -> list[Requirement]:
    """The packages of an extra, and of the extras that it is made of."""
    found: dict[str, Requirement] = {}
    for requirement in requirements():
        if _belongs_to(requirement, extra):
            parts = sorted(requirement.extras) if requirement.name == "sonde" else []
            inner = [one for part in parts for one in _wanted(part)] if parts else [requirement]
            found.update({one.name: one for one in inner})
    return list(found.values())


def _belongs_to(requirement: Requirement, extra: str) -> bool:
    """True where ``requirement`` holds here for ``extra``, and for the extra's sake only."""
    marker = requirement.marker
    if marker is None:
        return extra == ""
    holds_alone = marker.evaluate({"extra": ""})
    return holds_alone if extra == "" else marker.evaluate({"extra": extra}) and not holds_alone


def _required(requirement: Requirement) -> Finding:
    state, found = compared(requirement)
    if state == "fine":
        return Finding("packages", requirement.name, "fine", found)
    return Finding("packages", requirement.name, "wrong", found, _install(requirement))


def _extra(name: str) -> Finding:
    compares = [(requirement, *compared(requirement)) for requirement in _wanted(name)]
    found = ", ".join(f"{requirement.name} {text}" for requirement, _, text in compares)
    if any(state == "wrong" for _, state, _ in compares):
        return Finding("extras", name, "wrong", found, f"pip install --upgrade 'sonde[{name}]'")
    if any(state == "absent" for _, state, _ in compares):
        return Finding("extras", name, "absent", found, f"pip install 'sonde[{name}]'")
    return Finding("extras", name, "fine", found)


def compared(requirement: Requirement) -> tuple[str, str]:
    """``"fine"``, ``"absent"`` or ``"wrong"``, and the version that is there.

    >>> from packaging.requirements import Requirement
    >>> compared(Requirement("numpy>=1"))[0], compared(Requirement("no-such-library>=2"))
    ('fine', ('absent', 'is not installed'))
    """
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return "absent", "is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return "fine", version
    return "wrong", f"{version}, needs {requirement.specifier}"


def _install(requirement: Requirement) -> str:
    return f"pip install '{requirement.name}{requirement.specifier}'"
