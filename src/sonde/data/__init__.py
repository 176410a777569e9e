"""Files, frames and arrays to containers: reading, periods, and one policy for what is missing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .categories import Categories
    from .formats.archives import read_archive
    from .formats.files import read_frame
    from .formats.writing import check_ending, write_frame
    from .frames import frame_from, only_columns, rows_from, with_categories
    from .infer import examine, read
    from .policy import Applied, Policy
    from .reading import Reading
    from .shapes import container_from, convert
    from .timing.periods import Period, find_period

# Imported on first use: an array can be scored without waiting for Polars.
_HOME = {
    "Applied": "policy",
    "Categories": "categories",
    "Period": "timing.periods",
    "Policy": "policy",
    "Reading": "reading",
    "check_ending": "formats.writing",
    "container_from": "shapes",
    "convert": "shapes",
    "examine": "infer",
    "find_period": "timing.periods",
    "frame_from": "frames",
    "only_columns": "frames",
    "read": "infer",
    "read_archive": "formats.archives",
    "read_frame": "formats.files",
    "rows_from": "frames",
    "with_categories": "frames",
    "write_frame": "formats.writing",
}
__all__ = [
    "Applied",
    "Categories",
    "Period",
    "Policy",
    "Reading",
    "check_ending",
    "container_from",
    "convert",
    "examine",
    "find_period",
    "frame_from",
    "only_columns",
    "read",
    "read_archive",
    "read_frame",
    "rows_from",
    "with_categories",
    "write_frame",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
