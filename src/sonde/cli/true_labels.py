"""Which rows of a file of scores are anomalies: a column, another file, or a list of intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInput, NotFound

if TYPE_CHECKING:
    import polars as pl

Flags = NDArray[np.bool_]

KNOWN = ("label", "labels", "is_anomaly", "anomaly", "target", "class")
_OWNERS = ("series", "file", "id")


@dataclass(frozen=True, eq=False)
class Scored:
    """A file of scores.

    Parameters
    ----------
    frame : its columns.
    name : what it is called.
    series : (n,) the name of each row's series, or None where there is one.
    time : (n,) int64 nanoseconds, or None where there is no column of time.
    """

    frame: pl.DataFrame
    name: str
    series: NDArray[np.str_] | None
    time: NDArray[np.int64] | None


@dataclass(frozen=True)
class Interval:
    """From ``start`` to before ``end``, rows; of text, moments, and ``end`` belongs to it."""

    start: Any
    end: Any
    series: str | None = None


def read_scored(source: str, time: str | None, id: str | None) -> Scored:
    """A file of scores; a column ``file`` and the one called ``id`` tell series apart.

    ``time`` is the column of time; left out, the first that is called so.
    """
    import polars as pl

    from ..data import read_frame
    from ..data.named import column_named
    from ..data.timing.clock import has_time_name, read_time

    frame, name = read_frame(source)
    owners = ["file"] if "file" in frame.columns else []
    if id is not None:
        column_named(frame, id, name)
        owners.append(id)
    series = None
    if owners:
        series = frame.select(pl.concat_str(owners, separator="/")).to_series().to_numpy()
        series = series.astype(str)
    if time is None:
        time = next((one for one in frame.columns if has_time_name(one)), None)
    clock = None if time is None else read_time(frame, time, name)
    return Scored(frame, name, series, None if clock is None else clock.ns)


def true_rows(scored: Scored, labels: str, column: str | None) -> Flags:
    """(n,) bool, in the order of the rows of ``scored``.

    Parameters
    ----------
    labels : the name of a column there; or a file with one label for each row (in ``column``, or
        in the one called label, is_anomaly and the like); or a file of intervals: a table with
        columns ``start`` and ``end``, or JSON: a list of pairs, or such lists by series.

    Raises
    ------
    NotFound : neither a column nor a file, or a series that has no scores.
    InvalidInput : other numbers of rows, cells that are no labels, intervals without end.
    """
    from ..data import read_frame
    from ..data.columns import read_labels

    if labels in scored.frame.columns:
        return read_labels(scored.frame, labels, scored.name)
    if labels != "-" and "://" not in labels and not Path(labels.partition("::")[0]).exists():
        raise NotFound(
            f"--labels {labels} is neither a column of {scored.name} "
            f"({', '.join(scored.frame.columns)}) nor a file",
            name=labels,
        )
    intervals = _json_intervals(labels)
    if intervals is None:
        frame, name = read_frame(labels)
        if column is None and {"start", "end"} <= set(frame.columns):
            intervals = _table_intervals(frame)
        else:
            truth = read_labels(frame, column or _label_column(frame, name), name)
            if truth.size != scored.frame.height:
                raise InvalidInput(
                    f"{scored.name} has {scored.frame.height:,} rows and {name} {truth.size:,}; "
                    "the labels need one row for each row of the scores",
                    expected=scored.frame.height,
                    got=truth.size,
                )
            return truth
    return _within(scored, intervals, labels)


def _label_column(frame: pl.DataFrame, name: str) -> str:
    found = [one for one in frame.columns if one.strip().lower() in KNOWN]
    if len(found) == 1:
        return found[0]
    if not found and len(frame.columns) == 1:
        return frame.columns[0]
    which = "several columns of labels" if found else "no column that is called label"
    raise InvalidInput(
        f"{name} has {which} ({', '.join(found or frame.columns)}); name it with --label-column"
    )


def _json_intervals(labels: str) -> list[Interval] | None:
    """What a JSON file lists, or None where it is a table."""
    if not labels.lower().endswith(".json"):
        return None
    try:
        body = json.loads(Path(labels).read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{labels} is no JSON: {error}") from None
    if isinstance(body, list) and all(map(_is_interval, body)):
        return [_interval(one, None) for one in body]
    if isinstance(body, Mapping) and all(
        isinstance(listed, list) and all(map(_is_interval, listed)) for listed in body.values()
    ):
        return [_interval(one, str(name)) for name, listed in body.items() for one in listed]
    return None


def _is_interval(one: Any) -> bool:
    if isinstance(one, Mapping):
        return "start" in one and "end" in one
    return isinstance(one, Sequence) and not isinstance(one, str) and len(one) == 2


def _interval(one: Any, series: str | None) -> Interval:
    if not isinstance(one, Mapping):
        return Interval(one[0], one[1], series)
    owner = next((str(one[key]) for key in _OWNERS if one.get(key) is not None), series)
    return Interval(one["start"], one["end"], owner)


def _table_intervals(frame: pl.DataFrame) -> list[Interval]:
    return [_interval(line, None) for line in frame.iter_rows(named=True)]


def _within(scored: Scored, intervals: Sequence[Interval], source: str) -> Flags:
    n = scored.frame.height
    truth = np.zeros(n, np.bool_)
    rows = scored.frame["row"].to_numpy() if "row" in scored.frame.columns else np.arange(n)
    for one in intervals:
        mine = _rows_of(scored, one.series, source)
        if isinstance(one.start, int | float) and isinstance(one.end, int | float):
            inside = (rows >= one.start) & (rows < one.end)
        else:
            if scored.time is None:
                raise InvalidInput(
                    f"{source} tells anomalies by time ({one.start}), and {scored.name} has no "
                    "column of time; name it with --time"
                )
            first, last = _moments(one, source)
            inside = (scored.time >= first) & (scored.time <= last)
        found = inside & mine
        if not found.any():
            raise InvalidInput(
                f"{source}: no row of {scored.name} lies in the interval {one.start} to {one.end}"
                + ("" if one.series is None else f" of {one.series}")
            )
        truth |= found
    return truth


def _rows_of(scored: Scored, series: str | None, source: str) -> Flags:
    """Which rows belong to a series; its name may be a path that ends in that of the file."""
    n = scored.frame.height
    if series is None or scored.series is None:
        return np.ones(n, np.bool_)
    for wanted in (series, PurePosixPath(series).name, PurePosixPath(series).stem):
        mine = np.asarray(scored.series == wanted)
        if mine.any():
            return mine
    names = list(dict.fromkeys(scored.series.tolist()))
    raise NotFound(
        f"{source} names series {series!r}, which {scored.name} has no scores of; it has "
        f"{', '.join(names[:5])}{' …' if len(names) > 5 else ''}",
        series=series,
    )


def _moments(one: Interval, source: str) -> tuple[int, int]:
    import polars as pl

    from ..data.timing.clock import read_time

    column = pl.DataFrame({"time": [str(one.start), str(one.end)]})
    ns = read_time(column, "time", source).ns
    return int(ns[0]), int(ns[1])
