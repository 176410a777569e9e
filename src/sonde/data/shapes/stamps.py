"""When the rows of a frame were: moments, or positions that only tell their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.clocks import Nanoseconds
from ...errors import InvalidInput
from ..quoting import quoted
from ..timing.nanoseconds import nanoseconds

if TYPE_CHECKING:
    import polars as pl

_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, eq=False)
class Stamps:
    """One int64 per row: nanoseconds since 1970 UTC, or, unless ``is_time``, a position."""

    values: NDArray[np.int64]
    is_time: bool

    def clock(
        self, order: NDArray[np.int64], offsets: NDArray[np.int64], names: tuple[str, ...]
    ) -> Nanoseconds | None:
        """The moments in ``order``; None for positions.

        Raises
        ------
        InvalidInput : positions of one series that do not rise by one, so that they say more than
            an order.
        """
        values = self.values[order]
        if self.is_time:
            return values
        is_gap = np.diff(values) != 1
        is_gap[offsets[1:-1][(offsets[1:-1] > 0) & (offsets[1:-1] < len(values))] - 1] = False
        if is_gap.any():
            at = int(np.argmax(is_gap))
            series = int(np.searchsorted(offsets, at, side="right")) - 1
            raise InvalidInput(
                f"the time of series {quoted(names[series])} goes from the integer {values[at]} to "
                f"{values[at + 1]}; integers that do not rise by one are moments of an unknown "
                "unit: name it with time_unit='s', 'ms', 'us' or 'ns', or number the points",
                series=series,
                row=int(order[at + 1]),
            )
        return None


def stamps_of_column(column: pl.Series, source: str, time_unit: str | None = None) -> Stamps:
    """A column of dates or integers; ``time_unit`` makes moments of the integers.

    Raises
    ------
    InvalidInput : another kind of column, or a missing entry.
    """
    import polars as pl

    if column.null_count():
        row = int(column.is_null().arg_max() or 0)
        raise _missing(source, row, column.name)
    if column.dtype in (pl.Date, pl.Datetime):
        return Stamps(nanoseconds(column), True)
    if column.dtype.is_integer():
        _refuse_wide(column, source)
        return of_integers(column.cast(pl.Int64).to_numpy(), source, column.name, time_unit)
    raise InvalidInput(
        f"{source}: column {quoted(column.name)} ({column.dtype}) holds no dates and no integers; "
        "turn it into dates first, or name another column as time",
        column=column.name,
    )


def _refuse_wide(column: pl.Series, source: str) -> None:
    import polars as pl

    lost = column.cast(pl.Int64, strict=False).is_null()
    if lost.any():
        row = int(lost.arg_max() or 0)
        raise InvalidInput(
            f"{source}, row {row}: {column[row]} in time column {quoted(column.name)} does not fit "
            "64 bits; correct it or drop the row",
            row=row,
            column=column.name,
        )


def stamps_of_index(index: Any, source: str, time_unit: str | None = None) -> Stamps:
    """A pandas index of moments, periods (their start) or integers.

    Raises
    ------
    InvalidInput : another kind of index, or a missing entry.
    """
    name = str(index.name or "index")
    if type(index).__name__ == "PeriodIndex":
        index = index.to_timestamp()
    if index.hasnans:
        raise _missing(source, int(np.argmax(index.isna())), name)
    if type(index).__name__ == "DatetimeIndex":
        unit = index.unit
        _refuse_beyond(index.asi8, _UNITS[unit], source, name)
        # asi8 counts in UTC, whatever the zone.
        return Stamps(index.asi8 * _UNITS[unit], True)
    if index.dtype.kind in "iu":
        return of_integers(index.to_numpy().astype(np.int64), source, name, time_unit)
    raise InvalidInput(
        f"{source}: the index {quoted(name)} ({index.dtype}) holds no dates and no integers; make "
        "it a DatetimeIndex, or number the points",
        column=name,
    )


def of_integers(values: NDArray[np.int64], source: str, name: str, time_unit: str | None) -> Stamps:
    """Positions, or moments in ``time_unit`` since 1970."""
    if time_unit is None:
        return Stamps(values, False)
    if time_unit not in _UNITS:
        raise InvalidInput(
            f"time_unit must be one of {', '.join(map(repr, _UNITS))}, not {time_unit!r}"
        )
    _refuse_beyond(values, _UNITS[time_unit], source, name)
    return Stamps(values * _UNITS[time_unit], True)


def dates(clock: Nanoseconds) -> NDArray[np.datetime64]:
    """The clock as datetime64[ns], in UTC and without a zone; the same memory."""
    return clock.view("datetime64[ns]")


def positions(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … within each series.

    >>> positions(np.array([2, 3]))
    array([0, 1, 0, 1, 2])
    """
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts, lengths)


def _missing(source: str, row: int, name: str) -> InvalidInput:
    return InvalidInput(
        f"{source}, row {row}: time {quoted(name)} is missing; fill it in or drop the row",
        row=row,
        column=name,
    )


def _refuse_beyond(values: NDArray[np.int64], factor: int, source: str, name: str) -> None:
    most = np.iinfo(np.int64).max // factor
    if values.size and (values.max() > most or values.min() < -most):
        row = int(np.argmax((values > most) | (values < -most)))
        raise InvalidInput(
            f"{source}, row {row}: time {quoted(name)} is outside the years 1677–2262; correct or "
            "drop such rows",
            row=row,
            column=name,
        )
