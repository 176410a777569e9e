"""Time beside values: int64 nanoseconds since 1970 UTC, one per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InvalidInput

Nanoseconds = NDArray[np.int64]


def one_per_row(time: ArrayLike | None, n: int) -> Nanoseconds | None:
    """``time`` as a read-only (n,) int64 view, or None; InvalidInput for another shape."""
    if time is None:
        return None
    clock = np.ascontiguousarray(time, dtype=np.int64)
    if clock.shape != (n,):
        raise InvalidInput(f"time must have one entry per row: {n} rows, time {clock.shape}")
    view = clock.view()
    view.flags.writeable = False
    return view


def refuse_unsorted(clock: Nanoseconds | None, offsets: NDArray[np.int64] | None = None) -> None:
    """Raise InvalidInput where a row is not later than the one before it.

    ``offsets`` are the bounds of the series that lie end to end; rows are counted in each.
    """
    if clock is None or clock.size < 2:
        return
    is_late = clock[1:] <= clock[:-1]
    if offsets is not None:
        starts = offsets[(offsets > 0) & (offsets < clock.size)]
        is_late[starts - 1] = False
    if is_late.any():
        at = int(np.argmax(is_late)) + 1
        series = None if offsets is None else int(np.searchsorted(offsets, at, side="right")) - 1
        row = at if offsets is None or series is None else at - int(offsets[series])
        where = "" if series is None else f" of series number {series}"
        raise InvalidInput(
            f"time must rise from row to row; row {row}{where} is not later than row {row - 1}",
            row=row,
        )


def clock_of(time: Any, lengths: Sequence[int] | NDArray[np.int64]) -> Nanoseconds | None:
    """The clock of series of ``lengths`` points that lie end to end.

    Parameters
    ----------
    time : int64 nanoseconds since 1970 UTC or datetime64, taken as UTC: one entry per point of all
        series, in any shape; or, for series of one length, the (n_points,) they share. None: none.

    Returns
    -------
    (total_points,) int64 nanoseconds, or None.
    """
    if time is None:
        return None
    given = np.asarray(time)
    if given.dtype.kind not in "iuM":
        raise InvalidInput(
            f"time must be int64 nanoseconds since 1970 UTC or datetime64, not {given.dtype}; "
            "turn moments with a time zone into UTC first",
            dtype=str(given.dtype),
        )
    if given.dtype.kind == "M" and np.isnat(given).any():
        row = int(np.argmax(np.isnat(given.ravel())))
        raise InvalidInput(f"entry {row} of time is missing; fill it in", row=row)
    ns = given.astype("datetime64[ns]") if given.dtype.kind == "M" else given
    if np.any(ns.astype(given.dtype) != given):
        # NumPy wraps around without a word.
        raise InvalidInput("time has dates outside the years 1677–2262; correct them")
    ns = ns.astype(np.int64).ravel()
    total, n, longest = int(np.sum(lengths)), len(lengths), int(np.max(lengths))
    if ns.size == longest and n * longest == total:
        return np.tile(ns, n)
    if ns.size != total:
        shared = f" or the {longest} they share" if n * longest == total else ""
        raise InvalidInput(
            f"time must have one entry for each of the {total} points{shared}; it has {ns.size}",
            needed=total,
            got=ns.size,
        )
    return ns
