"""A service over HTTP as if it were here: ``Client``, and ``AsyncClient`` for asyncio.

One implementation of the protocol (``operations``, ``exchange``) does no input or output itself;
the two clients carry its requests over httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import need

if TYPE_CHECKING:
    from .asynchronous import AsyncClient
    from .errors import ServiceError
    from .results import Detected, Health, ModelRecord, Predicted, Readiness, VersionRecord
    from .synchronous import Client

# Imported on first use: httpx is an extra, and slow to import.
_HOME = {
    "AsyncClient": "asynchronous",
    "Client": "synchronous",
    "Detected": "results",
    "Health": "results",
    "ModelRecord": "results",
    "Predicted": "results",
    "Readiness": "results",
    "ServiceError": "errors",
    "VersionRecord": "results",
}
_OVER_HTTPX = ("AsyncClient", "Client")
__all__ = [
    "AsyncClient",
    "Client",
    "Detected",
    "Health",
    "ModelRecord",
    "Predicted",
    "Readiness",
    "ServiceError",
    "VersionRecord",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OVER_HTTPX:
        for library in ("httpx", "orjson"):
            need(library, extra="client", purpose="clients of the service")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
