"""Bodies to readings: the same rows as a file give the same data, kind and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Container, Schema, Series, Table
from ..core.containers import default_names
from ..data.quoting import quoted
from ..errors import InvalidInput
from .body import Body
from .limits import Limits
from .missing_columns import refuse_missing

if TYPE_CHECKING:
    import polars as pl

    from ..data import Reading
    from ..data.formats.text_numbers import Mixed
    from .options import DataOptions

Floats = NDArray[np.float64]

_EXACT = 2.0**53  # beyond, whole numbers fall together in float64
_NO_LIMITS = Limits(*[1 << 62] * 5)


def reading_of(
    body: Body, *, schema: Schema | None = None, options: DataOptions | None = None
) -> Reading:
    """What the body's data are: for a stored model, or by the options of detect and train.

    Parameters
    ----------
    schema : of a stored model: its columns, times and ids are taken, as ``sonde score`` does. Rows
        without names are the model's columns in their order.
    options : as ``sonde detect`` takes them; all that was not said is found out.

    Raises
    ------
    InvalidInput : as ``data.examine``; also where there are no data.
    SchemaMismatch : a column is missing that the model learned from, or rows without names are of
        another width than the model's.
    """
    if not body.has_data:
        raise InvalidInput(
            'the body holds no data; send rows, columns or series, such as {"rows": [[1, 2]]}',
            pointer="",
        )
    if body.series is not None:
        from .series import reading_of_series

        return reading_of_series(body, schema, options)
    return _of_schema(body, schema) if schema is not None else _of_options(body, options)


def container_of(body: Body, schema: Schema) -> Container | None:
    """The rows of nothing but numbers for a model that knows no times, ids or categories.

    The same to the bit as ``reading_of(body, schema=schema).data``; None where only that can tell.
    """
    names, channels = body.names, schema.channels
    if body.time is not None or body.id is not None or schema.kind == "panel":
        return None
    if schema.time_column is not None or schema.id_column is not None or schema.categories:
        return None
    values = body.values if body.frame is None else _numbers_in(body, len(channels))
    if values is None:
        return None
    if names is None:
        if values.shape[1] != len(channels):
            return None
    elif names != channels:
        # Formats that have to name their columns name those of arrays so.
        if body.form == "frame" and names == default_names(values.shape[1]):
            return None if len(names) != len(channels) else _container(values, schema)
        if not schema.named or len(names) != len(channels):
            return None
        places = {name: j for j, name in enumerate(names)}
        if places.keys() != set(channels):
            return None
        values = values[:, [places[name] for name in channels]]
    return _container(values, schema)


def _container(values: Floats, schema: Schema) -> Container | None:
    """``values`` under the model's names; None where whole numbers may have been rounded."""
    if len(values) > 1 and max(values.max(), -values.min()) >= _EXACT:
        return None
    of = Table if schema.kind == "table" else Series
    return of(values, schema.channels)


def _numbers_in(body: Body, n_columns: int) -> Floats | None:
    """A frame of ``n_columns`` columns, all of finite floats, as an array; None for any other."""
    import polars as pl

    frame = body.frame
    if frame is None or frame.width != n_columns or frame.height == 0:
        return None
    if body.form != "frame" or body.notes or body.mixed or set(frame.dtypes) != {pl.Float64}:
        return None
    values = np.ascontiguousarray(frame.to_numpy())  # a missing cell becomes NaN
    return values if np.isfinite(values).all() else None


def usable_share(data: Container) -> float:
    """The share of the cells that hold a number, 0 to 1, before any policy fills the others.

    >>> usable_share(Table([[1.0, float("nan")], [3.0, 4.0]]))
    0.75
    """
    cells = data.values
    return float(np.count_nonzero(np.isfinite(cells)) / cells.size) if cells.size else 1.0


def parse_with_care(data: bytes, limits: Limits) -> Body:
    """The body that JSON text is, with a frame even for nothing but numbers.

    It keeps integers apart from other numbers, which an array does not.
    """
    from .json_bodies import body_of
    from .json_text import loaded

    return body_of(loaded(data, limits), limits)


def _of_schema(body: Body, schema: Schema) -> Reading:
    from ..data import Categories

    frame, beside = _frame_of(body)
    names = list(schema.channels) if schema.named else None
    own = tuple(name for name in frame.columns if name not in beside.names)
    time_column: str | None
    # Arrays have no names, also where the format that carries them has to give some.
    is_unnamed = own == default_names(len(own)) and len(own) == len(schema.channels)
    if (body.form == "rows" and body.names is None) or is_unnamed:
        n = len(own)
        if n != len(schema.channels):
            # In the words of the one check there is.
            schema.check(Table(np.zeros((max(schema.min_rows, 1), n))))
        names = list(schema.channels)
        frame = beside.renamed(frame, names)
        # Nor have they a time: they are the rows of a series in their order.
        time_column = None
    else:
        time_column = schema.time_column
        refuse_missing(schema, own, beside.time is not None, beside.id is not None)
    return _examined(
        frame,
        beside,
        time=beside.time or time_column,
        id=beside.id or schema.id_column,
        columns=names,
        categories=Categories(schema.categories) if schema.categories else None,
        kind=schema.kind,
    )


def _of_options(body: Body, options: DataOptions | None) -> Reading:
    from ..learn import ONLINE_ROWS
    from .options import DataOptions

    asked = DataOptions() if options is None else options
    frame, beside = _frame_of(body)
    labels = asked.labels if isinstance(asked.labels, str) else None
    reading = _examined(
        frame,
        beside,
        time=beside.time or asked.time,
        id=beside.id or asked.id,
        columns=asked.columns,
        categories=asked.categories,
        category_rows=asked.fit_rows or (ONLINE_ROWS if asked.online else None),
        labels=labels,
        kind=asked.kind,
    )
    return with_labels(reading, asked.labels)


def with_labels(reading: Reading, labels: Any) -> Reading:
    """``reading`` with labels that came as a list, one for each row; as it is without."""
    if labels is None or isinstance(labels, str):
        return reading
    if len(labels) != reading.n_rows:
        raise InvalidInput(
            f"labels must have one entry for each row: {reading.n_rows} rows, {len(labels)} labels",
            pointer="/labels",
            needed=reading.n_rows,
            got=len(labels),
        )
    return replace(reading, labels=np.array(labels, dtype=np.bool_))


def free_name(name: str, taken: Any) -> str:
    """``name``, with an underscore behind it for each time that it is taken."""
    while name in taken:
        name += "_"
    return name


class _Beside:
    """What time and id are called in a frame, and what was said while it was made."""

    def __init__(self, body: Body) -> None:
        self.time = body.time if isinstance(body.time, str) else None
        self.id = body.id if isinstance(body.id, str) else None
        self.names: list[str] = []
        self.notes = list(body.notes)
        self.mixed: Mapping[str, Mixed] = body.mixed

    def renamed(self, frame: pl.DataFrame, channels: list[str]) -> pl.DataFrame:
        """``frame`` with its columns called as the model's, and time and id by names still free."""
        old = [name for name in frame.columns if name not in self.names]
        new = dict(zip(old, channels, strict=True))
        self.mixed = {new.get(name, name): wrong for name, wrong in self.mixed.items()}
        for name in self.names:
            new[name] = free_name(name, {*channels, *new.values()})
        self.time, self.id = (name and new.get(name, name) for name in (self.time, self.id))
        return frame.rename(new)


def _frame_of(body: Body) -> tuple[pl.DataFrame, _Beside]:
    """The body's table, with the times and ids that came beside it as columns."""
    if body.values is not None:
        body = _with_frame(body, body.values)
    assert body.frame is not None
    frame, beside = body.frame, _Beside(body)
    for role in ("time", "id"):
        cells = getattr(body, role)
        if not isinstance(cells, list):
            continue
        from .cells import text_of_columns

        name = free_name(role, frame.columns)
        made = text_of_columns({role: cells}, "")
        frame = frame.with_columns(made.frame.to_series().alias(name))
        beside.names.append(name)
        beside.notes += made.notes
        if role in made.mixed:
            beside.mixed = {**beside.mixed, name: made.mixed[role]}
        setattr(beside, role, name)
    return frame, beside


def _with_frame(body: Body, values: Floats) -> Body:
    """The same with a frame, in which a column is of integers where the JSON had none but those."""
    import polars as pl

    if body.document and (values == np.floor(values)).all(axis=0).any():
        return parse_with_care(body.document, _NO_LIMITS)
    names = default_names(values.shape[1]) if body.names is None else body.names
    frame = pl.DataFrame({name: values[:, j] for j, name in enumerate(names)})
    import msgspec

    return msgspec.structs.replace(body, values=None, frame=frame)


def _examined(frame: pl.DataFrame, beside: _Beside, **asked: Any) -> Reading:
    from ..data import examine
    from ..data.frames import NamedFrame
    from .cells import SOURCE

    _refuse_mixed(beside.mixed, asked)
    reading = examine(NamedFrame(frame, SOURCE), **asked)
    if not beside.notes:
        return reading
    return replace(reading, problems=[*beside.notes, *reading.problems])


def _refuse_mixed(mixed: Mapping[str, Mixed], asked: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a wanted column that is mostly numbers, as for a file."""
    from ..data.columns import is_no_value
    from .cells import SOURCE

    categories = asked.get("categories") or ()
    categories = getattr(categories, "shares", categories)
    columns = None if asked["columns"] is None else set(asked["columns"])
    taken = {asked["time"], asked["id"], asked.get("labels")}
    for name, wrong in mixed.items():
        if name in categories:
            continue
        if name == asked["time"]:
            raise InvalidInput(
                f"{SOURCE}, row {wrong.row}: {quoted(wrong.cell)} in time column {quoted(name)} is "
                "not a time like the others; correct it or drop the row",
                row=wrong.row,
                column=name,
            )
        is_wanted = name in columns if columns is not None else not is_no_value(name)
        if is_wanted and (columns is not None or name not in taken):
            raise wrong.error(SOURCE, name)
