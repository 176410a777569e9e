"""Small real data that ship with the package; ``datasets.md`` beside this file has the sources."""

from __future__ import annotations

from pathlib import Path

from ..core import Panel, Series, Table
from ..errors import NotFound

# Name → file in this folder.
_FILES = {
    "ambient_temperature": "ambient_temperature.csv.gz",
    "nyc_taxi": "nyc_taxi.csv.gz",
}


def names() -> list[str]:
    """What there is.

    >>> names()
    ['ambient_temperature', 'nyc_taxi']
    """
    return sorted(_FILES)


def path(name: str) -> Path:
    """The file of a data set, for the command line."""
    if name not in _FILES:
        raise NotFound(f"no data set called {name!r}; there are: {', '.join(names())}", name=name)
    return Path(__file__).parent / _FILES[name]


def load(name: str) -> Series | Panel | Table:
    """A data set as a container.

    >>> len(load("nyc_taxi"))
    10320
    """
    from ..data import read

    return read(path(name))
