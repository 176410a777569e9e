"""Arrays, frames and containers as rows that can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core import Panel, Series, Table
from ..core.containers import default_names
from ..errors import InvalidInput

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
# Options that name a column or hold one value for each row.
_BESIDE = ("time", "id", "labels")
_EXACT = 2**53  # up to here every whole number is a float64 as well


@dataclass(frozen=True, eq=False)
class Rows:
    """Numbers without names, or a frame; and the options, which may have grown or shrunk."""

    values: Floats | None
    frame: pl.DataFrame | None
    options: dict[str, Any]

    @property
    def n_cells(self) -> int:
        if self.values is not None:
            return self.values.size
        assert self.frame is not None
        return self.frame.height * self.frame.width

    def whole_frame(self) -> pl.DataFrame:
        """All as a frame; columns without names get those that arrays have everywhere."""
        import polars as pl

        if self.frame is not None:
            return self.frame
        assert self.values is not None
        names = default_names(self.values.shape[1])
        return pl.DataFrame([pl.Series(n, self.values[:, j]) for j, n in enumerate(names)])


def rows_of(data: Any, options: Mapping[str, Any], *, for_model: bool = False) -> Rows:
    """``data`` as rows, in their order.

    Parameters
    ----------
    data : an array (n,), (n, d) or, of many series, (n_series, n_channels, n_points); a frame of
        pandas, Polars or Arrow, a dict of columns, a list of rows; a Series, Panel or Table,
        whose time and ids become columns.
    options : ``time``, ``id`` and ``labels`` may hold one value for each row and become columns.
    for_model : a stored model knows which columns it wants and of which kind; otherwise the
        options say what a container is.

    Raises
    ------
    InvalidInput : no numbers, no rows, values beside them that are not one for each row.
    """
    from ..data import frame_from
    from ..data.arrays import is_sparse, matrix_from
    from ..data.frames import is_frame

    given = dict(options)
    if isinstance(data, np.ndarray) and data.ndim == 3:
        data = Panel.from_array(data)
    if isinstance(data, Series | Panel | Table):
        return _with_columns(_of_container(data, given, for_model))
    if not is_sparse(data) and is_frame(data):
        frame = frame_from(data)
        if frame.is_empty():
            raise InvalidInput("the data have no rows; there is nothing to send")
        return _with_columns(Rows(None, frame, given))
    values = matrix_from(data)
    return _with_columns(Rows(values[:, np.newaxis] if values.ndim == 1 else values, None, given))


def json_body(rows: Rows) -> dict[str, Any] | None:
    """Rows and options as the fields of a JSON body; None where JSON would change the numbers.

    Infinity, times of other zones than UTC, categories, text that reads as numbers and whole
    numbers that no float64 holds are not written: they would not come back as the same.
    """
    if rows.values is not None and "columns" not in rows.options:
        if np.isinf(rows.values).any():
            return None
        # orjson writes NaN as null, and each number in the fewest digits that give it back.
        return {"rows": np.ascontiguousarray(rows.values), **rows.options}
    frame = rows.whole_frame()
    columns = {name: _cells(frame[name]) for name in frame.columns}
    if any(cells is None for cells in columns.values()):
        return None
    if "columns" not in rows.options:
        return {"columns": columns, **rows.options}
    # The word is taken by the option, so the data go row by row.
    lists = [list(row) for row in zip(*columns.values(), strict=True)]
    return {"rows": lists, "names": list(columns), **rows.options}


def arrow_body(rows: Rows) -> bytes:
    """The rows as an Arrow IPC stream.

    Raises
    ------
    InvalidInput : a column of Python objects.
    """
    import polars as pl

    frame = rows.whole_frame()
    objects = [name for name, kind in frame.schema.items() if kind == pl.Object]
    if objects:
        raise InvalidInput(
            f"column {objects[0]!r} holds Python objects, which can't be sent; make it numbers or "
            "text, or leave it out",
            column=objects[0],
        )
    return frame.write_ipc_stream(None).getvalue()


def _of_container(data: Series | Panel | Table, options: dict[str, Any], for_model: bool) -> Rows:
    from ..data import convert

    if any(options.get(name) is not None for name in ("time", "id")):
        raise InvalidInput("a container knows its own time and ids; leave out time and id")
    taken = set(data.channels)
    id, time = _free("id", taken), _free("time", taken)
    frame = convert(data, "polars", id=id, time=time)
    for role, name in (("id", id), ("time", time)):
        if name in frame.columns:
            options[role] = name
    if not for_model:
        if options.get("columns") is None:
            options["columns"] = [n for n in data.channels if n != options.get("labels")]
        if options.get("kind", "auto") == "auto":
            options["kind"] = "table" if isinstance(data, Table) else "series"
    return Rows(None, frame, options)


def _with_columns(rows: Rows) -> Rows:
    """The same with what is given for each row as columns of its own."""
    beside = {
        role: rows.options[role]
        for role in _BESIDE
        if rows.options.get(role) is not None and not isinstance(rows.options[role], str)
    }
    if not beside:
        return rows
    import polars as pl

    frame, options = rows.whole_frame(), dict(rows.options)
    for role, values in beside.items():
        name = _free(role, set(frame.columns))
        try:
            column = pl.Series(name, values)
        except (TypeError, ValueError, pl.exceptions.PolarsError) as refused:
            raise InvalidInput(
                f"{role} must be the name of a column, or one value for each row: {refused}",
                option=role,
            ) from None
        if len(column) != frame.height:
            raise InvalidInput(
                f"{role} must have one entry per row: {frame.height} rows, {role} {len(column)}",
                option=role,
            )
        frame = frame.with_columns(column)
        options[role] = name
    return Rows(None, frame, options)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _cells(column: pl.Series) -> list[Any] | None:
    import polars as pl

    kind = column.dtype
    if kind.is_float():
        return None if column.is_infinite().any() else column.fill_nan(None).to_list()
    if kind.is_integer():
        ends = (column.min(), column.max())
        is_exact = all(end is None or abs(int(end)) <= _EXACT for end in ends)  # type: ignore[arg-type]
        return column.to_list() if is_exact else None
    if kind == pl.Date:
        return column.dt.strftime("%Y-%m-%d").to_list()
    if isinstance(kind, pl.Datetime) and kind.time_zone in (None, "UTC"):
        zone = "" if kind.time_zone is None else "Z"
        return column.dt.strftime(f"%Y-%m-%dT%H:%M:%S%.9f{zone}").to_list()
    if kind == pl.String:
        return None if _reads_as_numbers(column) else column.to_list()
    return column.to_list() if kind in (pl.Boolean, pl.Null) else None


def _reads_as_numbers(column: pl.Series) -> bool:
    """True for text that the reader of a JSON body takes for numbers, all of it or much of it."""
    from ..data.formats.text_numbers import numbers_from_text

    read, _, mixed = numbers_from_text(column.to_frame(), "data")
    return bool(mixed) or read.dtypes != [column.dtype]
