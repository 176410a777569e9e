"""Matrix profiles: windows that are alike, windows like no other, and where a series changes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compute import matrix_profile
    from .floss import RegimeStream
    from .pan import PanProfile, pan_profile
    from .profile import DiscordWindow, Motif, Profile, Regime
    from .stream import MatrixProfileStream

# Imported on first use: a detector takes one of the kernels and waits for nothing else.
_HOME = {
    "DiscordWindow": "profile",
    "MatrixProfileStream": "stream",
    "Motif": "profile",
    "PanProfile": "pan",
    "Profile": "profile",
    "Regime": "profile",
    "RegimeStream": "floss",
    "matrix_profile": "compute",
    "pan_profile": "pan",
}
__all__ = [
    "DiscordWindow",
    "MatrixProfileStream",
    "Motif",
    "PanProfile",
    "Profile",
    "Regime",
    "RegimeStream",
    "matrix_profile",
    "pan_profile",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
