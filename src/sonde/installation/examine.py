"""Runs every check; one that breaks is itself a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ..errors import InvalidInput, SondeError
from ..settings import Settings
from .finding import Check, Finding, PlainCheck
from .folders import home, kernel_cache, signing_key, temporary_files
from .in_force import in_force
from .machine import cores, memory
from .packages import base_packages, extras, python
from .service_parts import SERVICE_CHECKS

PLAIN_CHECKS: tuple[PlainCheck, ...] = (
    python,
    base_packages,
    extras,
    cores,
    memory,
    temporary_files,
    kernel_cache,
)
CHECKS: tuple[Check, ...] = (home, signing_key, *SERVICE_CHECKS, in_force)


def examine(
    read: Callable[[], Settings],
    plain_checks: Iterable[PlainCheck] = PLAIN_CHECKS,
    checks: Iterable[Check] = CHECKS,
) -> list[Finding]:
    """Everything there is to say about this installation.

    Parameters
    ----------
    read : gives the settings. Where it refuses them that is a finding, and the checks that need
        settings are left out.

    Returns
    -------
    Findings in the order of the checks; none is raised.
    """
    found = [finding for check in plain_checks for finding in _run(check.__name__, check)]
    try:
        settings = read()
    except InvalidInput as refused:
        remedy = "correct or unset the variable; then run this again for the checks left out"
        return [*found, Finding("settings", "settings", "wrong", str(refused), remedy)]
    for check in checks:
        found += _run(check.__name__, partial(check, settings))
    return found


def is_fine(findings: Iterable[Finding]) -> bool:
    """True when nothing is wrong; what is only absent may be."""
    return all(finding.state != "wrong" for finding in findings)


def _run(name: str, check: PlainCheck) -> list[Finding]:
    try:
        return check()
    except SondeError as error:
        return [Finding("checks", name, "wrong", str(error), "do what the message says")]
    except Exception as error:
        # Whatever is broken here must not hide what the other checks found.
        broken = f"the check broke: {type(error).__name__}: {error}"
        return [Finding("checks", name, "wrong", broken, "install Sonde again, or report this")]
