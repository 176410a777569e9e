"""Small real data that ship with the package; ``datasets.md`` beside this file has the sources."""

from .entries import Dataset, Event
from .loading import describe, events, load, names, path

__all__ = ["Dataset", "Event", "describe", "events", "load", "names", "path"]
