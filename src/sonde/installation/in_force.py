"""The settings in force, without their secrets."""

from __future__ import annotations

import re
from typing import Any

from ..settings import Settings
from .finding import Finding

_SECRET_NAMES = ("key", "password", "secret", "token")
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*(?=@)")
HIDDEN = "•••"


def in_force(settings: Settings) -> list[Finding]:
    """Each setting: its value, and whether it was set or is the default."""
    return [
        Finding(
            "settings",
            f"SONDE_{name.upper()}",
            "fine",
            f"{shown(name, getattr(settings, name))}"
            f"{'' if name in settings.model_fields_set else ' (default)'}",
        )
        for name in type(settings).model_fields
    ]


def shown(name: str, value: Any) -> str:
    """``value`` as it may be shown: no secrets, no passwords inside addresses.

    >>> shown("database", "postgresql://app:hunter2@db/sonde"), shown("api_key", "abc")
    ('postgresql://app:•••@db/sonde', '•••')
    """
    if value is not None and any(part in _SECRET_NAMES for part in name.lower().split("_")):
        return HIDDEN
    return _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}", str(value))
