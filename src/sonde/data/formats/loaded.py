"""What a file held, whatever its format: a frame, and what had to be decided on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ...core.labelled import Labelled
from ...errors import InvalidInput
from .text_numbers import Mixed


@dataclass(frozen=True, eq=False)
class Text:
    """A frame, and what had to be decided on the way to it.

    Parameters
    ----------
    frame : numbers as numbers, missing as null, everything else as text.
    notes : sentences about decisions that the reader of a result should know.
    mixed : the columns that are mostly numbers but not wholly, with the first cell that is none.
    labelled : where the format says itself which series there are (``.ts``, ``.arff`` of series):
        those. ``frame`` then has their points one after the other, in the same order, beside the
        column ``series`` and, where there are labels, ``class``.
    """

    frame: pl.DataFrame
    notes: list[str] = field(default_factory=list)
    mixed: dict[str, Mixed] = field(default_factory=dict)
    labelled: Labelled[Any] | None = None


def refuse_no_rows(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """``frame``, which has columns and rows; InvalidInput otherwise."""
    if frame.width == 0:
        raise InvalidInput(
            f"{source} has no columns; there is nothing to look at; check what wrote it",
            source=source,
        )
    if frame.is_empty():
        raise InvalidInput(
            f"{source} has columns and no rows; there is nothing to look at; check what wrote it",
            source=source,
        )
    return frame
