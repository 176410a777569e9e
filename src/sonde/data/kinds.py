"""Series, panel or table: what the time and id columns make of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ..core import Kind
from ..errors import InvalidInput
from .clock import Clock
from .ids import LEAST_ROWS, Ids, find_ids, find_text_ids, no_ids
from .quoting import quoted

KindWanted = Literal["auto", "series", "panel", "table"]


@dataclass(frozen=True, eq=False)
class Decision:
    """The kind, the ids that go with it (one id for a series or a table) and why."""

    kind: Kind
    ids: Ids
    reason: str


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
    InvalidInput : a series was asked for and two rows share a moment, or a panel without ids.
    """
    alone = no_ids(frame.height)
    if wanted == "table":
        return Decision("table", alone, "a table was asked for")
    if clock is None:
        if ids is None and wanted != "series" and (wanted == "panel" or len(values) == 1):
            ids = find_text_ids(frame, taken)
        return _without_time(ids, alone, values, wanted)
    found = ids or _ids_for(frame, clock, alone, taken, wanted)
    twins = found.twins(clock.ns)
    if twins is None:
        return _series(clock, found, wanted)
    within = "" if found.name is None else f" of one {quoted(found.name)}"
    if wanted != "auto":
        raise InvalidInput(
            f"{source}: rows {twins[0]} and {twins[1]}{within} have the same time in column "
            f"{quoted(clock.name)}, so they are no series; name the id column that tells them "
            "apart, "
            "or read the data as a table",
            rows=list(twins),
            column=clock.name,
        )
    return Decision(
        "table",
        alone,
        f"time column {quoted(clock.name)} has several rows per moment{within} "
        f"(rows {twins[0]} and {twins[1]} first)"
        + (" and no id column tells them apart" if found.name is None else ""),
    )


def _ids_for(
    frame: pl.DataFrame, clock: Clock, alone: Ids, taken: set[str], wanted: KindWanted
) -> Ids:
    # Moments that never repeat are one series, whatever else the rows carry.
    if alone.twins(clock.ns) is None and wanted != "panel":
        return alone
    return find_ids(frame, clock.ns, taken, texts_only=False) or alone


def _series(clock: Clock, ids: Ids, wanted: KindWanted) -> Decision:
    time = f"time column {quoted(clock.name)}"
    if ids.name is None:
        if wanted == "panel":
            raise InvalidInput("a panel needs a column of ids; name it, or read a series")
        return Decision("series", ids, f"{time}, one row per moment")
    if len(ids.names) == 1 and wanted != "panel":
        return Decision(
            "series", ids, f"{time}, one row per moment and a single {quoted(ids.name)}"
        )
    reason = f"{time}, one row per moment for each of {len(ids.names)} {quoted(ids.name)}"
    return Decision("panel", ids, reason)


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
