"""Series, panel or table: what the time and id columns make of the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Kind
from ..errors import InvalidInput
from .ids import LEAST_ROWS, Ids, candidates, find_ids, find_text_ids, no_ids
from .problems import repeated_moments
from .quoting import quoted
from .timing.clock import Clock
from .timing.daylight import WinterTime, on_winter_time

KindWanted = Literal["auto", "series", "panel", "table"]


@dataclass(frozen=True, eq=False)
class Decision:
    """The kind, the ids that go with it (one id for a series or a table) and why.

    Parameters
    ----------
    clock : the time to go by; another than was found where clocks had been changed in summer.
    repeats : rows, ascending, that are left out because their moment was there already.
    problems : sentences on both.
    """

    kind: Kind
    ids: Ids
    reason: str
    clock: Clock | None = None
    repeats: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    problems: tuple[str, ...] = ()

    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of the input series by series in time order, and the bounds of the series."""
        order = self.ids.order(None if self.clock is None else self.clock.ns).astype(np.int64)
        if self.repeats.size == 0:
            return order, self.ids.offsets()
        kept = np.ones(len(order), dtype=np.bool_)
        kept[self.repeats] = False
        counts = np.bincount(self.ids.codes[kept], minlength=len(self.ids.names))
        return order[kept[order]], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def decide(
    frame: pl.DataFrame,
    clock: Clock | None,
    ids: Ids | None,
    values: list[str],
    taken: set[str],
    wanted: KindWanted,
    source: str,
) -> Decision:
    """What the rows are.

    A time column that is unique (within each id) makes series; one value column without time
    makes a series in file order, or a panel where a column of text tells series apart; anything
    else is a table.

    Parameters
    ----------
    ids : the column of ids that the caller named, or None.
    values : the columns that would be values.
    taken : columns that cannot be ids.
    wanted : the kind that the caller asked for.

    Raises
    ------
    InvalidInput : a panel was asked for and there are no ids.
    """
    alone = no_ids(frame.height)
    if wanted == "table":
        return Decision("table", alone, "a table was asked for", clock)
    if clock is None:
        if ids is None and wanted != "series" and (wanted == "panel" or len(values) == 1):
            ids = find_text_ids(frame, taken)
        return _without_time(ids, alone, values, wanted)
    if clock.is_local and (even := _even_clock(frame, clock, ids, alone, taken)) is not None:
        winter, ids = even
        decided = _with_time(frame, replace(clock, ns=winter.ns), ids, alone, taken, wanted)
        return replace(decided, problems=(winter.note, *decided.problems))
    return _with_time(frame, clock, ids, alone, taken, wanted)


def _with_time(
    frame: pl.DataFrame,
    clock: Clock,
    ids: Ids | None,
    alone: Ids,
    taken: set[str],
    wanted: KindWanted,
) -> Decision:
    found = ids or _ids_for(frame, clock, alone, taken, wanted)
    twins = found.twins(clock.ns)
    if twins is None:
        return _series(clock, found, wanted)
    within = "" if found.name is None else f" of one {quoted(found.name)}"
    if wanted != "auto" or ids is not None:
        repeats = found.repeats(clock.ns)
        decided = _series(clock, found, wanted, one_row="the first row of each moment")
        return replace(decided, repeats=repeats, problems=(repeated_moments(repeats, within),))
    return Decision(
        "table",
        alone,
        f"time column {quoted(clock.name)} has several rows per moment{within} "
        f"(rows {twins[0]} and {twins[1]} first)"
        + (" and no id column tells them apart" if found.name is None else "")
        + "; kind series keeps the first row of each moment",
        clock,
    )


def _even_clock(
    frame: pl.DataFrame, clock: Clock, ids: Ids | None, alone: Ids, taken: set[str]
) -> tuple[WinterTime, Ids | None] | None:
    """The clock on winter time where it was put back once a year, with the ids that show it."""
    if bool(np.all(np.diff(clock.ns) > 0)):
        return None
    are_alike = _alike(frame)
    if winter := on_winter_time(clock.ns, (ids or alone).codes, clock.name, are_alike):
        return winter, ids
    # Rows of many series at each moment: no clock until they are told apart.
    if ids is not None or find_ids(frame, clock.ns, taken, texts_only=False) is not None:
        return None
    for guess in candidates(frame, taken):
        winter = on_winter_time(clock.ns, guess.codes, clock.name, are_alike)
        if winter is not None and guess.twins(winter.ns) is None:
            return winter, guess
    return None


def _alike(frame: pl.DataFrame) -> Callable[[int, int], bool]:
    return lambda i, j: frame.row(i) == frame.row(j)


def _ids_for(
    frame: pl.DataFrame, clock: Clock, alone: Ids, taken: set[str], wanted: KindWanted
) -> Ids:
    # Moments that never repeat are one series, whatever else the rows carry.
    if alone.twins(clock.ns) is None and wanted != "panel":
        return alone
    return find_ids(frame, clock.ns, taken, texts_only=False) or alone


def _series(
    clock: Clock, ids: Ids, wanted: KindWanted, one_row: str = "one row per moment"
) -> Decision:
    time = f"time column {quoted(clock.name)}"
    if ids.name is None and len(ids.names) == 1:
        if wanted == "panel":
            raise InvalidInput("a panel needs a column of ids; name it, or read a series")
        return Decision("series", ids, f"{time}, {one_row}", clock)
    if len(ids.names) == 1 and wanted != "panel":
        return Decision("series", ids, f"{time}, {one_row} and a single {quoted(ids.name)}", clock)
    reason = f"{time}, {one_row} for each of {len(ids.names)} {quoted(ids.name)}"
    return Decision("panel", ids, reason, clock)


def _without_time(ids: Ids | None, alone: Ids, values: list[str], wanted: KindWanted) -> Decision:
    if ids is not None:
        is_long = len(values) == 1 and np.median(np.bincount(ids.codes)) >= LEAST_ROWS
        if wanted != "auto" or is_long:
            kind: Kind = "panel" if len(ids.names) > 1 or wanted == "panel" else "series"
            return Decision(kind, ids, f"the rows of each {quoted(ids.name)} in file order")
        return Decision("table", alone, f"{len(values)} columns of numbers and no time column")
    if wanted == "panel":
        raise InvalidInput("a panel needs a column of ids; name it, or read a series")
    if wanted == "series":
        return Decision("series", alone, "a series was asked for; rows in file order")
    if len(values) == 1:
        return Decision("series", alone, "one column of numbers, in file order")
    return Decision("table", alone, f"{len(values)} columns of numbers and no time column")
