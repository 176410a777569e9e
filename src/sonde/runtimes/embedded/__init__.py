"""The door for Python: ``sonde.detect``, ``sonde.select``, ``sonde.train``, ``sonde.load``, …"""

from .detection import Found, detect, detect_many
from .inputs import source_of
from .large_files import FoundInFile, detect_file, parts_wanted, score_file
from .selection import select
from .stored import UntrustedModel, ask, load, read_for, save, score
from .training import Trained, check_names, train

__all__ = [
    "Found",
    "FoundInFile",
    "Trained",
    "UntrustedModel",
    "ask",
    "check_names",
    "detect",
    "detect_file",
    "detect_many",
    "load",
    "parts_wanted",
    "read_for",
    "save",
    "score",
    "score_file",
    "select",
    "source_of",
    "train",
]
