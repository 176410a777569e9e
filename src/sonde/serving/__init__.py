"""The one path every prediction of a stored model takes, whatever door it came through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .predictor import ModelSource, Predictor

__all__ = ["ModelSource", "Predictor"]


def __getattr__(name: str) -> Any:
    # A computing process starts in this package, and need not wait for what it may never use.
    if name in __all__:
        from . import predictor

        return getattr(predictor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
