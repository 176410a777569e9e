"""Rows of Python values to a frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import polars as pl

_NARROW = 1 << 63


def frame_of(columns: Sequence[str], parts: Iterable[Sequence[Sequence[Any]]]) -> pl.DataFrame:
    """The rows of all parts under ``columns``.

    Each column has one kind: booleans, integers, floats (also for decimals and for integers
    beyond 64 bits), dates, moments (with a zone: in UTC), durations, times of day, bytes or text.
    Where the values are of several kinds the column is text.

    Examples
    --------
    >>> frame_of(["n", "x"], [[(1, None)], [(2, Decimal("0.5"))]]).rows()
    [(1, None), (2, 0.5)]
    """
    import polars as pl

    frames: list[list[pl.Series]] = [[] for _ in columns]
    for part in parts:
        for j, values in enumerate(zip(*part, strict=True)):
            frames[j].append(_column(values))
    return pl.DataFrame(
        [_joined(name, pieces) for name, pieces in zip(columns, frames, strict=True)]
    )


def _column(values: tuple[Any, ...]) -> pl.Series:
    import polars as pl

    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return pl.Series(values, dtype=pl.Null)
    if kinds == {Decimal} and all(v is None or _is_whole(v) for v in values):
        # Some databases have no other integers.
        values, kinds = tuple(None if v is None else int(v) for v in values), {int}
    if kinds == {bool}:
        return pl.Series(values, dtype=pl.Boolean)
    if kinds == {int} and all(v is None or -_NARROW <= v < _NARROW for v in values):
        return pl.Series(values, dtype=pl.Int64)
    if kinds <= {int, float, Decimal}:
        return pl.Series([None if v is None else float(v) for v in values], dtype=pl.Float64)
    if kinds <= {date, datetime}:
        return _moments(values, kinds)
    plain = {time: pl.Time(), timedelta: pl.Duration("us"), bytes: pl.Binary(), str: pl.String()}
    kind = next(iter(kinds))
    if (
        len(kinds) == 1
        and kind in plain
        and not (kind is time and any(v and v.tzinfo for v in values))
    ):
        return pl.Series(values, dtype=plain[kind])
    return pl.Series([_text(v) for v in values], dtype=pl.String)


def _is_whole(value: Decimal) -> bool:
    return value.is_finite() and value.as_tuple().exponent == 0


def _moments(values: tuple[Any, ...], kinds: set[type]) -> pl.Series:
    import polars as pl

    if kinds == {date}:
        return pl.Series(values, dtype=pl.Date)
    zoned = {v.tzinfo is not None for v in values if isinstance(v, datetime)}
    if kinds != {datetime} or len(zoned) > 1:
        return pl.Series([_text(v) for v in values], dtype=pl.String)
    if zoned == {False}:
        return pl.Series(values, dtype=pl.Datetime("us"))
    return pl.Series(
        [None if v is None else v.astimezone(UTC) for v in values], dtype=pl.Datetime("us", "UTC")
    )


def _joined(name: str, pieces: list[pl.Series]) -> pl.Series:
    import polars as pl

    kinds = {piece.dtype for piece in pieces} - {pl.Null()}
    if len(kinds) > 1:
        # A column of a database has one type, but not in SQLite, and a later part may be wider.
        numbers = all(kind in (pl.Int64, pl.Float64) for kind in kinds)
        kinds = {pl.Float64()} if numbers else {pl.String()}
    kind = next(iter(kinds), pl.Null())
    if not pieces:
        return pl.Series(name, [], dtype=kind)
    return pl.concat([piece.cast(kind) for piece in pieces]).rename(name)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    if isinstance(value, UUID | int | float | Decimal):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return str(value)
