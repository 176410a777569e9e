"""From anything with rows to a container: time, ids, kind and columns found or as told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Container, Panel, Series, Table, read_from
from ..core.containers import default_names
from ..errors import InvalidInput
from .arrays import matrix_from
from .clock import Clock, find_time, read_time
from .columns import is_no_value, named_columns, read_labels, refuse_none, value_columns
from .files import load
from .frames import frame_from, is_frame, values_of
from .from_containers import examine_container
from .ids import Ids, find_ids, read_ids
from .kinds import Decision, KindWanted, decide
from .problems import cell_problems, order_problems
from .quoting import quoted, shortened
from .reading import Reading
from .steps import differences, regular_step, step_problems
from .text_numbers import Mixed


def read(
    source: Any,
    *,
    time: str | None = None,
    id: str | None = None,
    columns: Sequence[str] | None = None,
    kind: KindWanted = "auto",
) -> Container:
    """A series, a panel or a table from a file, a frame or an array.

    Parameters
    ----------
    source : a path or ``"-"`` (CSV or Parquet, also compressed), an open file, a frame of
        pandas, Polars or Arrow, a dict of columns, an array or a list.
    time, id : the columns of time and of the series' names; found when left out.
    columns : the columns to take; all that hold measurements when left out.
    kind : ``"series"``, ``"panel"`` or ``"table"``; by the data when ``"auto"``.

    Returns
    -------
    A container of numbers, sorted by time within each series; missing is NaN, infinity stays.

    Raises
    ------
    NotFound : no such file.
    InvalidInput : no such column, or data that cannot be read as asked; the message names the
        row and the column.

    Examples
    --------
    >>> data = read({"day": ["2024-01-01", "2024-01-02"], "rate": [1.5, 2.5]})
    >>> type(data).__name__, data.channels
    ('Series', ('rate',))
    """
    reading = examine(source, time=time, id=id, columns=columns, kind=kind)
    return read_from(reading.data, reading)


def examine(
    source: Any,
    *,
    time: str | None = None,
    id: str | None = None,
    columns: Sequence[str] | None = None,
    labels: str | None = None,
    kind: KindWanted = "auto",
) -> Reading:
    """What ``read`` returns, with everything that was found out on the way.

    Parameters
    ----------
    source, time, id, columns, kind : as for ``read``; a container is taken as it is.
    labels : a column of 0 and 1, true and false, or words; it is no value.

    Raises
    ------
    As ``read``; also InvalidInput for labels that are neither.
    """
    if kind not in ("auto", "series", "panel", "table"):
        raise InvalidInput(f"kind must be auto, series, panel or table, not {kind!r}", kind=kind)
    columns = [columns] if isinstance(columns, str) else columns
    if isinstance(source, Series | Panel | Table):
        if source.origin is not None and not any((time, id, columns, labels)) and kind == "auto":
            return cast(Reading, source.origin)
        return examine_container(source, time, id, columns, labels, kind)
    _refuse_two_roles(time, id, columns, labels)
    given = _open(source)
    frame, name = given.frame, given.name
    truth = None if labels is None else read_labels(frame, labels, name)
    # Columns named as values are neither time nor id.
    taken = set(columns or ()) | ({labels} if labels else set())
    ids = None if id is None else read_ids(frame, id, name)
    clock = _clock(given, time, ids, taken | ({id} if id else set()))
    taken |= {named for named in (id, clock and clock.name) if named}
    names, left_out = _values(given, columns, taken, None)
    decision = decide(frame, clock, ids, names, taken, kind, name)
    if decision.ids.name is not None:
        taken |= {decision.ids.name}
    if decision.kind != "table":
        # Again, now that the order of the rows is known: a counter counts in time, in each series.
        names, left_out = _values(given, columns, taken, (decision.ids, clock))
    refuse_none(frame, names, left_out, name)
    data, rows, problems = _container(given, names, clock, decision)
    step = None if clock is None or isinstance(data, Table) else _step(data)
    if not isinstance(data, Table) and data.time is not None:
        offsets = data.offsets if isinstance(data, Panel) else None
        problems += step_problems(data.time, step, offsets)
    id_column = decision.ids.name or id
    return Reading(
        data,
        frame.height,
        rows,
        name,
        decision.reason,
        time_column=clock.name if clock else None,
        id_column=id_column,
        time_values=frame[clock.name] if clock else None,
        id_values=frame[id_column] if id_column else None,
        labels=truth,
        step_ns=step,
        span_ns=None if clock is None else int(clock.ns.max() - clock.ns.min()),
        left_out=left_out,
        problems=given.notes + ([clock.note] if clock and clock.note else []) + problems,
    )


def _refuse_two_roles(
    time: str | None, id: str | None, columns: Sequence[str] | None, labels: str | None
) -> None:
    roles = [("time", time), ("id", id), ("labels", labels)]
    roles += [("columns", name) for name in columns or ()]
    first: dict[str, str] = {}
    for role, name in roles:
        if name is not None and first.setdefault(name, role) != role:
            raise InvalidInput(
                f"column {quoted(name)} is named in both {first[name]} and {role}; name another "
                "column in one of them",
                column=name,
            )


@dataclass(frozen=True, eq=False)
class _Given:
    frame: pl.DataFrame
    name: str
    notes: list[str] = field(default_factory=list)
    mixed: dict[str, Mixed] = field(default_factory=dict)


def _open(source: Any) -> _Given:
    if isinstance(source, str | Path) or hasattr(source, "read"):
        text, name = load(source)
        return _Given(text.frame, Path(name).name, text.notes, text.mixed)
    if is_frame(source):
        frame = frame_from(source)
        name = "data" if isinstance(source, dict | list | tuple) else "data frame"
        if frame.width == 0 or frame.is_empty():
            raise InvalidInput(f"the {name} has no rows; there is nothing to look at")
        return _Given(frame, name)
    values = matrix_from(source)
    matrix = values[:, np.newaxis] if values.ndim == 1 else values
    names = list(default_names(matrix.shape[1]))
    return _Given(pl.DataFrame([pl.Series(n, matrix[:, j]) for j, n in enumerate(names)]), "array")


def _clock(given: _Given, time: str | None, ids: Ids | None, taken: set[str]) -> Clock | None:
    frame = given.frame
    if time is not None:
        if time in given.mixed:
            wrong = given.mixed[time]
            raise InvalidInput(
                f"{given.name}, row {wrong.row}: {quoted(wrong.cell)} in time column "
                f"{quoted(time)} is not a "
                "time like the others; correct it or drop the row",
                row=wrong.row,
                column=time,
                cell=shortened(wrong.cell),
            )
        return read_time(frame, time, given.name)

    def rises_within_ids(ns: NDArray[np.int64]) -> bool:
        if ids is not None:
            return ids.twins(ns) is None
        return find_ids(frame, ns, taken, texts_only=False) is not None

    return find_time(frame, taken | set(given.mixed), given.name, rises_within_ids)


def _values(
    given: _Given,
    columns: Sequence[str] | None,
    taken: set[str],
    series: tuple[Ids, Clock | None] | None,
) -> tuple[list[str], dict[str, str]]:
    for column, wrong in given.mixed.items():
        is_wanted = column in columns if columns is not None else not is_no_value(column)
        if is_wanted and (columns is not None or column not in taken):
            raise wrong.error(given.name, column)
    if columns is not None:
        names, left_out = named_columns(given.frame, columns, given.name)
        return names, {n: why for n, why in left_out.items() if n not in taken}
    if series is None:
        return value_columns(given.frame, taken, None, None)
    ids, clock = series
    order = ids.order(None if clock is None else clock.ns)
    return value_columns(given.frame, taken, ids.offsets(), order)


def _container(
    given: _Given, names: list[str], clock: Clock | None, decision: Decision
) -> tuple[Container, NDArray[np.int64], list[str]]:
    values = values_of(given.frame, names)
    problems = cell_problems(values, names)
    if decision.kind == "table":
        return Table(values, names), np.arange(len(values)), problems
    ids, ns = decision.ids, None if clock is None else clock.ns
    rows = ids.order(ns).astype(np.int64)
    if ns is not None:
        problems = order_problems(ns, ids.codes) + problems
    if np.any(rows[1:] < rows[:-1]):
        values, ns = values[rows], None if ns is None else ns[rows]
    if decision.kind == "series":
        return Series(values, names, ns), rows, problems
    return Panel(values, ids.offsets(), names, ids.names, ns), rows, problems


def _step(data: Series | Panel) -> int | None:
    if data.time is None:
        return None
    return regular_step(differences(data.time, data.offsets if isinstance(data, Panel) else None))
