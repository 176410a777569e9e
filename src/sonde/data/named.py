"""Columns that a caller names."""

from __future__ import annotations

import polars as pl

from ..errors import InvalidInput
from .quoting import quoted

_LISTED = 12


def column_named(frame: pl.DataFrame, name: str, source: str) -> pl.Series:
    """Column ``name`` of ``frame``, or InvalidInput that lists the columns there are."""
    # Not by asking for the names: they are listed anew each time, and wide frames have many.
    column: pl.Series | None = frame.get_column(name, default=None)
    if column is not None:
        return column
    known = frame.columns
    listed = ", ".join(map(quoted, known[:_LISTED]))
    more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
    raise InvalidInput(
        f"{source} has no column {quoted(name)}; there are {listed}{more}", column=name, known=known
    )
