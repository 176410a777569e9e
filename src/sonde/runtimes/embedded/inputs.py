"""What the words of a command line name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def source_of(inputs: Sequence[str], query: str | None) -> Any:
    """What the words of a command line name: files, a pattern, or the rows of a query."""
    if query is not None:
        from ...sources import read_sql

        return read_sql(query, inputs[0])
    return inputs[0] if len(inputs) == 1 else list(inputs)
