"""What the words of a command line name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import InvalidInput


def source_of(inputs: Sequence[str], query: str | None) -> Any:
    """What the words of a command line name: files, a pattern, or the rows of a query."""
    if query is not None:
        from ...sources import read_sql

        frame = read_sql(query, inputs[0])
        if frame.is_empty():
            raise InvalidInput(f"--query {query!r} gives no rows; ask for some, or correct it")
        return frame
    return inputs[0] if len(inputs) == 1 else list(inputs)
