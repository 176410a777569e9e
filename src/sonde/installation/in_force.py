"""The settings in force, without their secrets."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

from ..settings import Settings, fields, variable
from ..telemetry.secrets import HIDDEN, masked
from .finding import Finding


def in_force(settings: Settings) -> list[Finding]:
    """Each setting: its value, and whether it was set or is the default."""
    findings = []
    for path, _ in fields():
        value: Any = settings
        is_set = True
        for name in path:
            is_set = is_set and isinstance(value, BaseModel) and name in value.model_fields_set
            value = getattr(value, name)
        told = shown(path, value) if is_set else f"{shown(path, value)} (default)"
        name = variable(*path)
        findings.append(Finding("settings", name, "fine", told, is_default=not is_set))
    return findings


def shown(path: tuple[str, ...], value: Any) -> str:
    """``value`` as it may be shown: no secrets, no passwords inside addresses.

    >>> shown(("database", "url"), SecretStr("postgresql://app:hunter2@db/sonde"))
    'postgresql://app:•••@db/sonde'
    >>> shown(("keys", "pepper"), SecretStr("abc")), shown(("sources", "hosts"), ("a", "b"))
    ('•••', 'a, b')
    """
    if isinstance(value, SecretStr):
        # Where it is an address, all but its password helps whoever looks for a mistake.
        return masked(value.get_secret_value()) if path[-1] == "url" else HIDDEN
    if value is None:
        return "not set"
    if isinstance(value, tuple):
        return masked(", ".join(map(str, value))) or "none"
    return masked(str(value)) or "none"
