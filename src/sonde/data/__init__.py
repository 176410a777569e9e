"""Files, frames and arrays to containers: reading, periods, and one policy for what is missing."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .files import check_ending, read_frame, write_frame
    from .frames import frame_from, only_columns, rows_from
    from .infer import examine, read
    from .periods import Period, find_period
    from .policy import Applied, Policy
    from .reading import Reading

# Imported on first use: an array can be scored without waiting for Polars.
_HOME = {
    "Applied": "policy",
    "Period": "periods",
    "Policy": "policy",
    "Reading": "reading",
    "check_ending": "files",
    "examine": "infer",
    "find_period": "periods",
    "frame_from": "frames",
    "only_columns": "frames",
    "read": "infer",
    "read_frame": "files",
    "rows_from": "frames",
    "write_frame": "files",
}
__all__ = [
    "Applied",
    "Period",
    "Policy",
    "Reading",
    "check_ending",
    "examine",
    "find_period",
    "frame_from",
    "only_columns",
    "read",
    "read_frame",
    "rows_from",
    "write_frame",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
