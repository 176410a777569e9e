"""From anything with rows to a container: time, ids, kind and columns found or as told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..core import Container, Labelled, Panel, Series, Table, read_from
from ..core.containers import default_names
from ..errors import InvalidInput
from .arrays import matrix_from
from .categories import Categories
from .columns import is_no_value, named_columns, read_labels, refuse_none, value_columns
from .formats.files import load
from .formats.text_numbers import Mixed
from .frames import NamedFrame, frame_from, is_frame, values_of
from .from_containers import examine_collection, examine_container
from .ids import Ids, find_ids, read_ids
from .kinds import Decision, KindWanted, decide
from .many import (
    Files,
    load_many,
    paths_in,
    rows_of_files,
    series_of_files,
    why_no_series,
)
from .named import column_named
from .problems import cell_problems, order_problems
from .quoting import quoted, shortened
from .reading import Reading
from .timing.clock import Clock, find_time, read_time
from .timing.steps import find_step


def read(
    source: Any,
    *,
    time: str | None = None,
    id: str | None = None,
    columns: Sequence[str] | None = None,
    categories: Sequence[str] | None = None,
    kind: KindWanted = "auto",
) -> Container:
    """A series, a panel or a table from a file, several files, a frame or an array.

    Parameters
    ----------
    source : a path or ``"-"`` (what the file is, its content decides), an open file, a pattern
        (``"logs/*.csv"``) or a list of paths, a frame of pandas, Polars or Arrow, a dict of
        columns, an array or a list. Of several files each is its own series, or all are one table.
    time, id : the columns of time and of the series' names; found when left out.
    columns : the columns to take; all that hold measurements when left out.
    categories : columns of text, whole numbers or booleans to take as categories: each becomes
        the share of the rows that have it.
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
    reading = examine(source, time=time, id=id, columns=columns, categories=categories, kind=kind)
    return read_from(reading.data, reading)


def examine(
    source: Any,
    *,
    time: str | None = None,
    id: str | None = None,
    columns: Sequence[str] | None = None,
    labels: str | None = None,
    categories: Sequence[str] | Categories | None = None,
    category_rows: int | None = None,
    time_format: str | None = None,
    kind: KindWanted = "auto",
) -> Reading:
    """What ``read`` returns, with everything that was found out on the way.

    Parameters
    ----------
    source, time, id, columns, kind : as for ``read``; a container is taken as it is.
    labels : a column of 0 and 1, true and false, or words; it is no value.
    categories : columns of categories, or what was learned of them before.
    category_rows : learn the categories from the first rows only (of each series).
    time_format : the ``time_format`` of a Reading of other rows of the same input.

    Raises
    ------
    As ``read``; also InvalidInput for labels that are neither.
    """
    if kind not in ("auto", "series", "panel", "table"):
        raise InvalidInput(f"kind must be auto, series, panel or table, not {kind!r}", kind=kind)
    columns = [columns] if isinstance(columns, str) else columns
    if isinstance(source, Series | Panel | Table):
        if categories:
            raise InvalidInput(
                "a container holds numbers already; name categories when reading a file or a frame"
            )
        if source.origin is not None and not any((time, id, columns, labels)) and kind == "auto":
            return cast(Reading, source.origin)
        return examine_container(source, time, id, columns, labels, kind)
    if isinstance(source, np.ndarray) and source.ndim == 3:
        panel = Panel.from_array(source)
        return examine_container(panel, time, id, columns, labels, kind)
    named = _names_of(categories)
    _refuse_two_roles(time, id, columns, labels, named)
    text = _open(source)
    with rows_of_files(text.files):
        return _examined(
            text,
            _Asked(time, id, columns, labels, categories, category_rows, time_format, kind),
        )


@dataclass(frozen=True)
class _Asked:
    """The options of ``examine``."""

    time: str | None
    id: str | None
    columns: Sequence[str] | None
    labels: str | None
    categories: Sequence[str] | Categories | None
    category_rows: int | None
    time_format: str | None
    kind: KindWanted


def _examined(text: _Given, asked: _Asked) -> Reading:
    time, id, columns, labels = asked.time, asked.id, asked.columns, asked.labels
    categories, category_rows, kind = asked.categories, asked.category_rows, asked.kind
    named = _names_of(categories)
    is_as_found = kind != "table" and not any((time, id, columns, labels, named))
    if text.labelled is not None and is_as_found:
        return examine_collection(text.labelled, text.frame, text.name, text.notes)
    given = _encoded(text, categories, np.arange(text.frame.height))
    frame, name = given.frame, given.name
    truth = None if labels is None else read_labels(frame, labels, name)
    # Columns named as values are neither time nor id.
    taken = set(columns or ()) | ({labels} if labels else set())
    ids = None if id is None else read_ids(frame, id, name)
    clock = _clock(given, time, ids, taken | ({id} if id else set()), asked.time_format)
    taken |= {role for role in (id, clock and clock.name) if role}
    taken |= set(clock.beside) if clock else set()
    names, left_out = _values(given, columns, taken, None)
    if ids is None and given.files is not None:
        ids = series_of_files(given.files, frame, clock, taken | set(given.categories), kind)
    decision = decide(frame, clock, ids, names, taken | set(given.categories), kind, name)
    if given.files is not None and id is None and kind == "auto" and decision.kind == "table":
        decision = replace(decision, reason=why_no_series(given.files, clock) or decision.reason)
    written, clock = clock, decision.clock
    if decision.ids.name is not None:
        taken |= {decision.ids.name}
    if decision.kind != "table":
        # Again, now that the order of the rows is known: a counter counts in time, in each series.
        names, left_out = _values(given, columns, taken, (decision.ids, clock))
    if named and category_rows is not None:
        given = _encoded(text, categories, _first_rows(decision, category_rows))
    refuse_none(frame, names, left_out, name)
    data, rows, problems = _container(given, names, clock, decision)
    step = None
    if not isinstance(data, Table) and data.time is not None:
        several = (data.offsets, data.ids) if isinstance(data, Panel) else (None, ())
        found = find_step(data.time, *several)
        step = found.ns
        problems += found.notes
    id_column = decision.ids.name or id
    if id_column not in frame.columns:
        id_column = None  # each file is a series
    return Reading(
        data,
        frame.height,
        rows,
        name,
        decision.reason,
        time_column=clock.name if clock else None,
        id_column=id_column,
        time_values=clock.cells(frame) if clock else None,
        id_values=frame[id_column] if id_column else None,
        labels=truth,
        step_ns=step,
        span_ns=None if clock is None else int(clock.ns.max()) - int(clock.ns.min()),
        left_out=left_out,
        categories=given.learned,
        files=given.files,
        time_shift=_shift(written, clock),
        time_format=None if written is None else written.format,
        time_doubt=None if written is None or written.format is None else written.note,
        problems=given.notes + ([clock.note] if clock and clock.note else []) + problems,
    )


def _names_of(categories: Sequence[str] | Categories | None) -> list[str]:
    return list(categories.shares if isinstance(categories, Categories) else categories or ())


def _shift(written: Clock | None, even: Clock | None) -> NDArray[np.int64] | None:
    if written is None or even is None or np.array_equal(written.ns, even.ns):
        return None
    return written.ns - even.ns


def _refuse_two_roles(
    time: str | None,
    id: str | None,
    columns: Sequence[str] | None,
    labels: str | None,
    categories: Sequence[str],
) -> None:
    roles = [("time", time), ("id", id), ("labels", labels)]
    roles += [("categories", name) for name in categories]
    roles += [("columns", name) for name in columns or () if name not in categories]
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
    files: Files | None = None
    learned: Categories | None = None
    labelled: Labelled[Any] | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        return () if self.learned is None else tuple(self.learned.shares)


def _encoded(
    given: _Given, categories: Sequence[str] | Categories | None, rows: NDArray[np.int64]
) -> _Given:
    """``given`` with its categories as numbers, learned from ``rows`` unless known already."""
    if not categories:
        return given
    is_new = not isinstance(categories, Categories)
    if not isinstance(categories, Categories):
        categories = Categories.learn(given.frame, categories, rows, given.name)
    for name in categories.shares:
        column_named(given.frame, name, given.name)
    mixed = {name: wrong for name, wrong in given.mixed.items() if name not in categories.shares}
    frame = categories.encode(given.frame)
    notes = given.notes if is_new else given.notes + categories.strangers(frame)
    return replace(given, frame=frame, mixed=mixed, notes=notes, learned=categories)


def _first_rows(decision: Decision, most: int) -> NDArray[np.int64]:
    """The first ``most`` rows of each series in time order, or of the table."""
    if decision.kind == "table":
        return np.arange(min(most, len(decision.ids.codes)))
    order, offsets = decision.rows()
    starts = np.repeat(offsets[:-1], np.diff(offsets))
    return order[np.arange(len(order)) - starts < most]


def _open(source: Any) -> _Given:
    paths = paths_in(source)
    if paths is not None and len(paths) > 1:
        together = load_many(paths)
        name = f"{len(paths)} files"
        return _Given(together.frame, name, together.notes, files=together.files)
    if paths is not None:
        source = paths[0]
    if isinstance(source, str | Path) or hasattr(source, "read"):
        text, name = load(source)
        return _Given(text.frame, Path(name).name, text.notes, text.mixed, labelled=text.labelled)
    if isinstance(source, NamedFrame):
        return _Given(source.frame, source.name)
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


def _clock(
    given: _Given, time: str | None, ids: Ids | None, taken: set[str], like: str | None
) -> Clock | None:
    frame = given.frame

    def rises_within_ids(ns: NDArray[np.int64]) -> bool:
        if ids is not None:
            # Rows sent twice are no reason to doubt a clock that goes on within each id.
            return ids.twins(ns) is None or not order_problems(ns, ids.codes)
        return find_ids(frame, ns, taken, texts_only=False) is not None

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
        return read_time(frame, time, given.name, taken, rises_within_ids, like)
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
        wanted = [*columns, *(name for name in given.categories if name not in columns)]
        names, left_out = named_columns(given.frame, wanted, given.name)
        return names, {n: why for n, why in left_out.items() if n not in taken}
    known = taken | set(given.categories)
    if series is None:
        names, left_out = value_columns(given.frame, known, None, None)
    else:
        ids, clock = series
        order = ids.order(None if clock is None else clock.ns)
        names, left_out = value_columns(given.frame, known, ids.offsets(), order)
    kept = {*names, *given.categories}
    return [name for name in given.frame.columns if name in kept], left_out


def _container(
    given: _Given, names: list[str], clock: Clock | None, decision: Decision
) -> tuple[Container, NDArray[np.int64], list[str]]:
    values = values_of(given.frame, names)
    problems = cell_problems(values, names)
    if decision.kind == "table":
        return Table(values, names), np.arange(len(values)), problems
    ids, ns = decision.ids, None if clock is None else clock.ns
    rows, offsets = decision.rows()
    if ns is not None:
        problems = list(decision.problems) + order_problems(ns, ids.codes) + problems
    if len(rows) < len(values) or np.any(rows[1:] < rows[:-1]):
        values, ns = values[rows], None if ns is None else ns[rows]
    if decision.kind == "series":
        return Series(values, names, ns), rows, problems
    return Panel(values, offsets, names, ids.names, ns), rows, problems
