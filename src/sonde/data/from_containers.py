"""A container taken as it is, or as another kind, described like any other input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ..core import Container, Labelled, Panel, Series, Table, kind_of
from ..errors import InvalidInput
from .columns import named_columns, read_labels, refuse_none
from .problems import cell_problems
from .reading import Reading
from .timing.steps import find_step

if TYPE_CHECKING:
    from .kinds import KindWanted


def examine_container(
    data: Container,
    time: str | None,
    id: str | None,
    columns: Sequence[str] | None,
    labels: str | None,
    kind: KindWanted,
) -> Reading:
    """A Reading of ``data`` whose rows are those of ``data``.

    ``columns`` chooses channels and ``labels`` takes one away; ``time`` and ``id`` are refused,
    since a container knows its own.

    Raises
    ------
    NotFound, InvalidInput : as ``examine``.
    """
    if time is not None or id is not None:
        raise InvalidInput(
            f"a {kind_of(data)} knows its own time and ids; give time and id when reading a file "
            "or a frame"
        )
    source = kind_of(data)
    frame = pl.DataFrame(
        [pl.Series(name, data.values[:, j]) for j, name in enumerate(data.channels)]
    )
    truth = None if labels is None else read_labels(frame, labels, source)
    kept = [name for name in data.channels if name != labels]
    if not kept:
        raise InvalidInput(f"the {source} has no columns of numbers; there is nothing to look at")
    if columns is not None:
        kept = named_columns(frame, columns, source)[0]
    elif len(kept) == 1:
        refuse_none(frame, *_constant(data, kept[0]), source)
    shown = _as_kind(_with_channels(data, kept), kind)
    step, problems = None, cell_problems(shown.values, shown.channels)
    if not isinstance(shown, Table) and shown.time is not None:
        offsets = shown.offsets if isinstance(shown, Panel) else None
        found = find_step(shown.time, offsets, shown.ids if isinstance(shown, Panel) else ())
        step = found.ns
        problems += found.notes
    return Reading(
        shown,
        len(data.values),
        np.arange(len(data.values)),
        source,
        f"a {source} was given" if shown is data or kind_of(shown) == source else "as asked for",
        time_column=None if _time(data) is None else "time",
        id_column="id" if isinstance(data, Panel) else None,
        time_values=_time(data),
        id_values=_ids(data),
        labels=truth,
        step_ns=step,
        problems=problems,
    )


def examine_collection(
    given: Labelled[Panel], frame: pl.DataFrame, name: str, notes: list[str]
) -> Reading:
    """A Reading of the series that a file itself tells apart; ``frame`` has their points in order.

    Labels of whole series are left out: they say nothing of single rows.
    """
    panel = given.X
    times = None if panel.time is None else _time(panel)
    return Reading(
        panel,
        frame.height,
        np.arange(frame.height),
        name,
        "the file says which series there are",
        time_column=None if times is None else "time",
        id_column="series",
        time_values=times,
        id_values=frame["series"],
        left_out={} if given.y is None else {"class": "label of the series"},
        problems=list(notes),
    )


def _constant(data: Container, name: str) -> tuple[list[str], dict[str, str]]:
    values = data.values[:, data.channels.index(name)]
    finite = values[np.isfinite(values)]
    if finite.size and (finite.min() < finite.max() or values.size == 1):
        return [name], {}
    return [], {name: "constant" if finite.size else "empty"}


def _with_channels(data: Container, names: list[str]) -> Container:
    if tuple(names) == data.channels:
        return data
    values = data.values[:, [data.channels.index(name) for name in names]]
    if isinstance(data, Table):
        return Table(values, names)
    if isinstance(data, Series):
        return Series(values, names, data.time, data.first)
    return Panel(values, data.offsets, names, data.ids, data.time)


def _as_kind(data: Container, wanted: KindWanted) -> Container:
    if wanted in ("auto", kind_of(data)) or (isinstance(data, Panel) and wanted == "series"):
        return data
    if wanted == "table":
        return Table(data.values, data.channels)
    if wanted == "series":
        return Series(data.values, data.channels)
    time = data.time if isinstance(data, Series) else None
    return Panel(data.values, [0, len(data.values)], data.channels, None, time)


def _time(data: Container) -> pl.Series | None:
    if isinstance(data, Table) or data.time is None:
        return None
    return pl.Series("time", data.time).cast(pl.Datetime("ns", "UTC"))


def _ids(data: Container) -> pl.Series | None:
    if not isinstance(data, Panel):
        return None
    return pl.Series("id", np.repeat(np.array(data.ids), np.diff(data.offsets)))
