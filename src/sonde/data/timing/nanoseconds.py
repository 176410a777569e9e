"""A column of dates as nanoseconds, refused where those do not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInput
from ..quoting import quoted

# Polars is imported where a frame is met: fitting an array must not wait for it.
if TYPE_CHECKING:
    import polars as pl

_NANOSECONDS = {"ms": 10**6, "us": 10**3, "ns": 1}
_DAY = 86_400 * 10**9


def nanoseconds(column: pl.Series) -> NDArray[np.int64]:
    """(n,) int64 nanoseconds since 1970 UTC of a column of dates or moments without nulls.

    Raises
    ------
    InvalidInput : a date outside the years 1677–2262, which 64 bits do not reach.

    Examples
    --------
    >>> import polars as pl
    >>> nanoseconds(pl.Series([1], dtype=pl.Datetime("ms"))).tolist()
    [1000000]
    """
    import polars as pl

    # A date counts days, and a zone is only a way of showing. Counted by us: a cast that does not
    # fit ends in a panic, since it shows the moments that did not, which no calendar has.
    unit = getattr(column.dtype, "time_unit", None)
    factor = _DAY if unit is None else _NANOSECONDS[unit]
    counts = column.to_physical().cast(pl.Int64).to_numpy()
    if counts.size:
        furthest = max(abs(int(counts.min())), abs(int(counts.max())))
        if furthest * factor >= 2**63:
            raise InvalidInput(
                f"column {quoted(column.name)} has dates outside the years 1677–2262; they are "
                "probably placeholders, correct or drop those rows",
                column=column.name,
            )
    return counts.astype(np.int64) * factor
