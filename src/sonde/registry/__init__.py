"""Stored models: files, and the registry that keeps versions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .artifact import Loaded, artifact_bytes, load_artifact, model_from_bytes, save_artifact
from .files import FileModels
from .lineage import lineage_of
from .records import EventRecord, ModelRecord, Page, VersionRecord
from .served import RegistryModels

if TYPE_CHECKING:
    from .blobs import Blobs, open_blobs
    from .versions import Registry

__all__ = [
    "Blobs",
    "EventRecord",
    "FileModels",
    "Loaded",
    "ModelRecord",
    "Page",
    "Registry",
    "RegistryModels",
    "VersionRecord",
    "artifact_bytes",
    "lineage_of",
    "load_artifact",
    "model_from_bytes",
    "open_blobs",
    "save_artifact",
]

# What stands on packages that the base install does not have: imported when it is asked for.
_LATER = {"Blobs": "blobs", "open_blobs": "blobs", "Registry": "versions"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from ..errors import need

    if name == "Registry":
        need("sqlalchemy", extra="registry", purpose="the registry's tables")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)
