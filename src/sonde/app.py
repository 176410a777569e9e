"""Builds every object from the settings. The only module that knows them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .registry import FileModels
from .security import Keyring
from .serving import Predictor
from .settings import Settings


@dataclass(frozen=True)
class App:
    """Everything one process needs, built once."""

    settings: Settings
    keyring: Keyring
    models: FileModels
    predictor: Predictor


def build(settings: Settings, tell: Callable[[str], None]) -> App:
    """All objects; ``tell`` hears notices for the person at the screen."""
    keyring = Keyring(settings.home / "keys")
    models = FileModels(keyring, settings.max_model_mb * 2**20, tell)
    return App(settings, keyring, models, Predictor(models))
