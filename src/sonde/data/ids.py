"""Which column tells series apart, and the order that makes a panel of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InvalidInput
from .named import column_named
from .quoting import quoted, shortened
from .timing.nanoseconds import nanoseconds

_NAMES = (
    "unique_id", "series", "series_id", "id", "sensor", "device", "machine", "host", "hostname",
    "unit", "station", "site", "node", "server", "instance", "engine", "asset", "meter", "store",
    "service", "pod", "container", "process", "location", "region", "city", "country", "dev",
    "item", "product", "sku", "tag", "metric", "symbol", "ticker", "channel", "name",
    "group", "key",
)  # fmt: skip
LEAST_ROWS = 3  # rows per id, on median; fewer make no series


@dataclass(frozen=True, eq=False)
class Ids:
    """A column of ids: ``codes[i]`` is the number of row i's id, in order of first appearance."""

    name: str | None
    codes: NDArray[np.int64]
    names: tuple[str, ...]

    def order(self, time: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Rows series by series, by time within each; input order where there is no time."""
        n = len(self.codes)
        sorted_already = len(self.names) == 1 or bool(np.all(np.diff(self.codes) >= 0))
        if time is None:
            return np.arange(n) if sorted_already else np.argsort(self.codes, kind="stable")
        if sorted_already and bool(np.all((np.diff(time) >= 0) | (np.diff(self.codes) > 0))):
            return np.arange(n)
        if len(self.names) == 1:
            return np.argsort(time, kind="stable")
        return np.lexsort((time, self.codes))

    def twins(self, time: NDArray[np.int64]) -> tuple[int, int] | None:
        """Two rows of one id and one moment, the first such pair in time order."""
        order = self.order(time)
        same = (np.diff(time[order]) == 0) & (np.diff(self.codes[order]) == 0)
        if not same.any():
            return None
        first = int(np.argmax(same))
        return int(order[first]), int(order[first + 1])

    def repeats(self, time: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows, ascending, whose moment an earlier row of their id has already."""
        # Stable: of the rows of one moment the first of the input comes first.
        order = np.lexsort((time, self.codes))
        same = (np.diff(time[order]) == 0) & (np.diff(self.codes[order]) == 0)
        return np.sort(order[1:][same])

    def offsets(self) -> NDArray[np.int64]:
        """(n_series + 1,) bounds of the series once the rows are in ``order``."""
        counts = np.bincount(self.codes, minlength=len(self.names))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def no_ids(n_rows: int) -> Ids:
    """All rows belong to one series."""
    return Ids(None, np.zeros(n_rows, dtype=np.int64), ("0",))


def read_ids(frame: pl.DataFrame, name: str, source: str) -> Ids:
    """Column ``name`` as ids, because the caller says so.

    Raises
    ------
    InvalidInput : no such column, or a row without an id.
    """
    column = column_named(frame, name, source)
    if column.null_count():
        row = int(column.is_null().arg_max() or 0)
        raise InvalidInput(
            f"{source}, row {row}: id column {quoted(name)} is empty; fill it in or drop the row",
            source=source,
            row=row,
            column=name,
        )
    dtype = column.dtype
    is_plain = dtype.is_numeric() or dtype in (pl.Boolean, pl.Date, pl.Datetime, pl.Time)
    if not is_plain and not _is_text(column):
        raise InvalidInput(
            f"{source}: column {quoted(name)} ({shortened(str(column.dtype))}) cannot tell series "
            "apart; name a column of text or integers as id",
            column=name,
        )
    return _coded(column)


def find_text_ids(frame: pl.DataFrame, taken: set[str]) -> Ids | None:
    """The column of text whose name says id and whose values have several rows each, or None.

    For rows without time, where nothing but the names can tell series apart.
    """
    for column in _candidates(frame, taken):
        if not _is_text(column) or column.null_count():
            continue
        ids = _coded(column)
        if len(ids.names) > 1 and np.bincount(ids.codes).min() >= LEAST_ROWS:
            return ids
    return None


def find_ids(
    frame: pl.DataFrame, time: NDArray[np.int64], taken: set[str], *, texts_only: bool
) -> Ids | None:
    """The column whose name says id and within whose values every moment occurs once, or None.

    Parameters
    ----------
    texts_only : look at columns of text, and at integers only where the name ends in "id"; for
        data whose moments differ anyway, where a number called ``unit`` is rather a measurement.
    """
    for column in _candidates(frame, taken):
        is_sure = _is_text(column) or column.name.strip().lower().endswith("id")
        if column.null_count() or (texts_only and not is_sure):
            continue
        ids = _coded(column)
        if len(ids.names) < 2 or np.median(np.bincount(ids.codes)) < LEAST_ROWS:
            continue
        if ids.twins(time) is None:
            return ids
    return None


def candidates(frame: pl.DataFrame, taken: set[str]) -> list[Ids]:
    """Columns whose name says id and that name two series or more, likely ones first."""
    found = [_coded(column) for column in _candidates(frame, taken) if not column.null_count()]
    return [
        ids
        for ids in found
        if len(ids.names) > 1 and np.median(np.bincount(ids.codes)) >= LEAST_ROWS
    ]


def _candidates(frame: pl.DataFrame, taken: set[str]) -> list[pl.Series]:
    free = [c for c in frame.iter_columns() if c.name not in taken and _may_be_id(c)]
    plain = {column.name: column.name.strip().lower().replace(" ", "_") for column in free}
    known = [c for c in free if plain[c.name] in _NAMES]
    known.sort(key=lambda column: _NAMES.index(plain[column.name]))
    ending = [c for c in free if plain[c.name].endswith(("_id", "_name")) and c not in known]
    return known + ending


def _may_be_id(column: pl.Series) -> bool:
    return _is_text(column) or column.dtype.is_integer()


def _is_text(column: pl.Series) -> bool:
    return column.dtype in (pl.String, pl.Categorical, pl.Enum)


def _coded(column: pl.Series) -> Ids:
    if column.dtype in (pl.Date, pl.Datetime):
        nanoseconds(column.drop_nulls())  # Polars panics over dates that no calendar has
    text = column.cast(pl.String)
    names = text.unique(maintain_order=True)
    numbers = pl.int_range(names.len(), dtype=pl.Int64, eager=True)
    codes = text.replace_strict(names, numbers, return_dtype=pl.Int64)
    return Ids(column.name, codes.to_numpy().astype(np.int64), tuple(names.to_list()))
