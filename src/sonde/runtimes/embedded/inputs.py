"""What the words of a command line name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...data.frames import NamedFrame
from ...errors import InvalidInput


def source_of(inputs: Sequence[str], query: str | None) -> Any:
    """What the words of a command line name: files, a pattern, or the rows of a query."""
    if query is not None:
        from ...sources import read_sql

        frame = read_sql(query, inputs[0])
        if frame.is_empty():
            raise InvalidInput(f"--query {query!r} gives no rows; ask for some, or correct it")
        what = query if len(query) <= 40 else f"{query[:39]}…"
        return NamedFrame(frame, f"{_place(inputs[0])} ({' '.join(what.split())})")
    return inputs[0] if len(inputs) == 1 else list(inputs)


def _place(url: str) -> str:
    """What a database is called: the end of its URL, where no password stands.

    >>> _place("postgresql://ann:secret@db/plant?sslmode=require"), _place("sqlite:///data/plant.db")
    ('plant', 'plant.db')
    """
    return url.partition("?")[0].rpartition("/")[2] or "database"
