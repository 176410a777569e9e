"""Bodies that list their series, to readings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import Container, Panel, Schema, Series
from ..core.containers import Floats, default_names
from ..errors import InvalidInput
from .body import Body, points_of
from .cells import SOURCE, column_of, wrong
from .pointers import pointer_to
from .reading import free_name, with_labels

if TYPE_CHECKING:
    from ..data import Reading
    from .options import DataOptions


def reading_of_series(body: Body, schema: Schema | None, options: DataOptions | None) -> Reading:
    """The reading of ``{"series": […]}``: a panel, or a series where there is one without an id.

    ``id`` names the series; ``time`` are the times of each, or those that all of them share.
    """
    given = body.series or []
    channels = _channels(body, schema)
    lengths = [points_of(one) for one in given]
    values = np.concatenate([_matrix(one) for one in given])
    ids = _ids(body, len(given))
    asked = _asked(schema, options)
    if body.time is None:
        from ..data import examine

        offsets = np.concatenate([[0], np.cumsum(lengths)])
        one_series = len(given) == 1 and ids is None and asked["kind"] != "panel"
        data: Container = (
            Series(values, channels) if one_series else Panel(values, offsets, channels, ids)
        )
        reading = replace(examine(data, **asked), source=SOURCE)
    else:
        reading = _with_times(values, lengths, channels, ids, _times(body, lengths), asked)
    return with_labels(reading, None if options is None else options.labels)


def _with_times(
    values: Floats,
    lengths: list[int],
    channels: tuple[str, ...],
    ids: list[str] | None,
    times: list[Any],
    asked: dict[str, Any],
) -> Reading:
    import polars as pl

    from ..data import examine
    from ..data.frames import NamedFrame
    from .cells import understood

    names = ids or [str(i) for i in range(len(lengths))]
    time, id = free_name("time", channels), free_name("id", channels)
    columns = [
        understood(column_of(time, times).to_frame()).frame.to_series(),
        pl.Series(id, np.repeat(np.array(names, dtype=object), lengths), dtype=pl.String),
        *(pl.Series(name, values[:, j]).fill_nan(None) for j, name in enumerate(channels)),
    ]
    asked = asked | {"time": time, "id": None if ids is None and len(lengths) == 1 else id}
    if asked["columns"] is None:
        asked["columns"] = list(channels)
    if asked["kind"] == "auto":
        asked["kind"] = "series" if asked["id"] is None else "panel"
    return examine(NamedFrame(pl.DataFrame(columns), SOURCE), **asked)


def _asked(schema: Schema | None, options: DataOptions | None) -> dict[str, Any]:
    if schema is not None:
        return {"columns": list(schema.channels) if schema.named else None, "kind": schema.kind}
    if options is None:
        return {"columns": None, "kind": "auto"}
    if options.categories or isinstance(options.labels, str):
        raise InvalidInput(
            "categories and labels name columns of a table; series have channels of numbers",
            pointer="/categories" if options.categories else "/labels",
        )
    if options.time is not None or options.id is not None:
        raise InvalidInput("time and id of series are lists in the body, not names of columns")
    return {"columns": options.columns, "kind": options.kind}


def _channels(body: Body, schema: Schema | None) -> tuple[str, ...]:
    n = body.n_columns
    if body.names is not None:
        if len(body.names) != n:
            raise InvalidInput(
                f"{len(body.names)} names for series of {n} channels; give each channel its name",
                pointer="/names",
                needed=n,
                got=len(body.names),
            )
        return body.names
    if schema is not None and len(schema.channels) == n:
        return schema.channels
    return default_names(n)


def _matrix(one: list[Any]) -> Floats:
    """(n_points, n_channels) of a series; null is NaN."""
    channels = one if isinstance(one[0], list) else [one]
    try:
        return np.array(channels, dtype=np.float64).T
    except OverflowError:  # an integer beyond float64 is infinity, as in a file
        whole = [[float(f"{cell}") if type(cell) is int else cell for cell in c] for c in channels]
        return np.array(whole, dtype=np.float64).T


def _ids(body: Body, n_series: int) -> list[str] | None:
    if body.id is None:
        return None
    if isinstance(body.id, str):
        raise wrong(body.id, "a list with a name for each series", "/id")
    if len(body.id) != n_series:
        raise InvalidInput(
            f"{len(body.id)} ids for {n_series} series; give each its own",
            pointer="/id",
            needed=n_series,
            got=len(body.id),
        )
    for i, one in enumerate(body.id):
        if not isinstance(one, str | int) or isinstance(one, bool):
            raise wrong(one, "text or a whole number", pointer_to("/id", i))
    names = [str(one) for one in body.id]
    if len(set(names)) < len(names):
        raise InvalidInput("two series have the same id; ids must differ", pointer="/id")
    return names


def _times(body: Body, lengths: list[int]) -> list[Any]:
    """The time of each point, series after series."""
    if isinstance(body.time, str) or not body.time:
        raise wrong(body.time, "a list of times for each series, or one for all", "/time")
    are_lists = [isinstance(one, list) for one in body.time]
    if not any(are_lists):
        each = [body.time] * len(lengths)
    elif all(are_lists) and len(body.time) == len(lengths):
        each = body.time
    else:
        raise InvalidInput(
            f"time has {len(body.time)} entries for {len(lengths)} series; give a list of times "
            "for each, or one that all share",
            pointer="/time",
        )
    for i, (times, n) in enumerate(zip(each, lengths, strict=True)):
        if len(times) != n:
            raise InvalidInput(
                f"series {i} has {n} points and {len(times)} times; give one for each",
                pointer="/time" if each[0] is body.time else pointer_to("/time", i),
                needed=n,
                got=len(times),
            )
    return [time for times in each for time in times]
