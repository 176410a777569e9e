"""Finds what is unusual in time series and tables, from one file to a service."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Each public name and the module that has it; imported on first use, so that
# `import sonde` and `sonde --help` wait for nothing.
_PUBLIC = {
    "Anomaly": "core",
    "Detection": "core",
    "Labelled": "core",
    "MatrixProfileStream": "learn.profiles",
    "Panel": "core",
    "Profile": "learn.profiles",
    "RegimeStream": "learn.profiles",
    "Series": "core",
    "Table": "core",
    "client": "client",
    "container_from": "data",
    "convert": "data",
    "create": "learn",
    "datasets": "datasets",
    "detect": "runtimes.embedded",
    "detect_file": "runtimes.embedded",
    "detect_many": "runtimes.embedded",
    "evaluate": "learn.metrics",
    "load": "runtimes.embedded",
    "make_ensemble": "learn",
    "make_pipeline": "learn",
    "matrix_profile": "learn.profiles",
    "pan_profile": "learn.profiles",
    "read": "data",
    "read_archive": "data",
    "read_sql": "sources",
    "save": "runtimes.embedded",
    "select": "runtimes.embedded",
    "train": "runtimes.embedded",
}
__version__ = "0.1.0"
__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        module = import_module(f".{_PUBLIC[name]}", __name__)
        return module if _PUBLIC[name] == name else getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
