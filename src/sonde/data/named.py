"""Columns that a caller names."""

from __future__ import annotations

import polars as pl

from ..errors import InvalidInput
from .quoting import quoted

_LISTED = 12


def column_named(frame: pl.DataFrame, name: str, source: str) -> pl.Series:
    """Column ``name`` of ``frame``, or InvalidInput that lists the columns there are."""
    if name in frame.columns:
        return frame[name]
    known = frame.columns
    listed = ", ".join(map(quoted, known[:_LISTED]))
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    raise InvalidInput(
        f"{source} has no column {quoted(name)}; there are {listed}{more}", column=name, known=known
    )
