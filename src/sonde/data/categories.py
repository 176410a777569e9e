"""Columns of categories as numbers: how frequent each category is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InvalidInput
from .named import column_named
from .quoting import quoted

MOST_CATEGORIES = 100_000  # more are rather names or free text, and a model would hold them all


@dataclass(frozen=True)
class Categories:
    """The share of the rows learned from that each category had, column by column.

    A category that was not among them has share 0; a missing one stays missing.

    Examples
    --------
    >>> frame = pl.DataFrame({"valve": ["open", "open", "shut", "open"]})
    >>> learned = Categories.learn(frame, ["valve"], np.arange(4), "rows")
    >>> learned.encode(pl.DataFrame({"valve": ["shut", "open", "stuck", None]}))["valve"].to_list()
    [0.25, 0.75, 0.0, None]
    """

    shares: Mapping[str, Mapping[str, float]]

    @classmethod
    def learn(
        cls, frame: pl.DataFrame, names: Sequence[str], rows: NDArray[np.int64], source: str
    ) -> Categories:
        """The shares among ``rows`` of ``frame``.

        Raises
        ------
        InvalidInput : no such column, one that holds no categories (lists, bytes, floats), or
            more than 100,000 different ones; the message names it.
        """
        shares: dict[str, dict[str, float]] = {}
        for name in names:
            column = _as_text(column_named(frame, name, source), source).gather(rows).drop_nulls()
            counts = column.value_counts().sort(name)  # the same rows, the same bytes
            if counts.height > MOST_CATEGORIES:
                raise InvalidInput(
                    f"{source}: column {quoted(name)} has {counts.height:,} different values; up "
                    f"to {MOST_CATEGORIES:,} can be categories, leave it out",
                    column=name,
                )
            seen, how_often = counts.get_columns()
            total = max(int(how_often.sum()), 1)
            shares[name] = {str(k): int(n) / total for k, n in zip(seen, how_often, strict=True)}
        return cls(shares)

    def encode(self, frame: pl.DataFrame) -> pl.DataFrame:
        """``frame`` with these columns as float64 shares; null stays null."""
        return frame.with_columns(
            _as_text(frame[name], "the data")
            .replace_strict(list(known), list(known.values()), default=0.0, return_dtype=pl.Float64)
            .set(frame[name].is_null(), None)
            .alias(name)
            for name, known in self.shares.items()
            if name in frame.columns
        )

    def to_dict(self) -> dict[str, Any]:
        return {name: dict(known) for name, known in self.shares.items()}


def _as_text(column: pl.Series, source: str) -> pl.Series:
    dtype = column.dtype
    if dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean):
        return column.cast(pl.String)
    if dtype == pl.Null:
        return column.cast(pl.String)
    raise InvalidInput(
        f"{source}: column {quoted(column.name)} ({dtype}) holds no categories; name columns of "
        "text, whole numbers or true and false",
        column=column.name,
    )
