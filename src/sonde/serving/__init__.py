"""The one path every prediction of a stored model takes, whatever door it came through."""

from .predictor import ModelSource, Predictor

__all__ = ["ModelSource", "Predictor"]
