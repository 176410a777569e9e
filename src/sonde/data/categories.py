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

    A category that was not among them has share 0; a missing one stays missing. Numbers and
    booleans are the same category however they are written: 01, 1 and 1.0; True and true.

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
        InvalidInput : no such column, one that holds no categories (lists, bytes, fractions), or
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
            _shares_of(_as_text(frame[name], "the data"), known)
            for name, known in self.shares.items()
            if name in frame.columns
        )

    def strangers(self, encoded: pl.DataFrame) -> list[str]:
        """Sentences on the columns of ``encoded`` in which no row has a category that is known.

        >>> learned = Categories({"valve": {"open": 0.75, "shut": 0.25}})
        >>> learned.strangers(learned.encode(pl.DataFrame({"valve": ["auf", "zu"]})))
        ["no row of column 'valve' has a category that was learned; its values are all new"]
        """
        return [
            f"no row of column {quoted(name)} has a category that was learned; its values are all "
            "new"
            for name in self.shares
            if name in encoded.columns and encoded[name].max() == 0
        ]

    def to_dict(self) -> dict[str, Any]:
        return {name: dict(known) for name, known in self.shares.items()}


def _shares_of(text: pl.Series, known: Mapping[str, float]) -> pl.Series:
    shares: dict[str, float] = {}
    written = _one_way(pl.Series(list(known), dtype=pl.String))
    for key, share in zip(written, known.values(), strict=True):
        shares[key] = shares.get(key, 0.0) + share
    found = text.replace_strict(
        list(shares), list(shares.values()), default=0.0, return_dtype=pl.Float64
    )
    return found.set(text.is_null(), None).alias(text.name)


def _as_text(column: pl.Series, source: str) -> pl.Series:
    dtype = column.dtype
    if dtype.is_integer() or dtype in (pl.Boolean, pl.Null):
        return column.cast(pl.String)
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _one_way(column.cast(pl.String))
    if dtype.is_float() and (whole := _as_whole(column)) is not None:
        return whole.cast(pl.String)
    raise InvalidInput(
        f"{source}: column {quoted(column.name)} ({dtype}) holds no categories; name columns of "
        "text, whole numbers or true and false",
        column=column.name,
    )


def _one_way(text: pl.Series) -> pl.Series:
    """``text`` with numbers and booleans as they are written where the column holds only them.

    Whether a reader sees 01 and True as text depends on the other rows of the same file.
    """
    plain = text.str.replace(r"^(-?)0*([0-9]+)(?:\.0+)?$", "${1}${2}")
    lower = plain.str.to_lowercase()
    return plain.zip_with(~lower.is_in(["true", "false"]).fill_null(False), lower)


def _as_whole(column: pl.Series) -> pl.Series | None:
    """Floats as integers, NaN as null; None where one is no whole number."""
    filled = column.fill_nan(None)
    whole = filled.cast(pl.Int64, strict=False)
    same = (whole.cast(column.dtype) == filled).fill_null(filled.is_null())
    return whole if same.all() else None
