"""What a running service tells about itself: lines, numbers, spans."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Imported on first use: orjson and prometheus_client belong to an extra, and the base installation
# asks only `secrets`.
_PUBLIC = {
    "Metrics": "metrics",
    "PredictionLog": "predictions",
    "RequestLog": "logs",
    "Tracer": "traces",
    "bind": "logs",
    "lines_lost": "logs",
    "log": "logs",
    "masked": "secrets",
    "start_logging": "logs",
    "stop_logging": "logs",
    "unbind": "logs",
}
__all__ = list(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
