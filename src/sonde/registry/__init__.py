"""Stored models."""

from .artifact import Loaded, load_artifact, save_artifact
from .files import FileModels

__all__ = ["FileModels", "Loaded", "load_artifact", "save_artifact"]
