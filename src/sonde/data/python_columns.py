"""Dicts of columns and lists of dicts to Polars, without a cell that is silently another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidInput
from .quoting import quoted, said_by

# Polars is imported where a frame is met: fitting an array must not wait for it.
if TYPE_CHECKING:
    import polars as pl

_DIGITS = 38  # of a decimal number in Arrow
_SHOWN = 4


def frame_of_python(obj: Mapping[Any, Any] | Sequence[Mapping[Any, Any]]) -> pl.DataFrame:
    """A dict of columns, or a list of one dict per row, as a frame.

    Parameters
    ----------
    obj : columns may be lists, arrays or columns of a frame; None is missing. A column of several
        types is text; decimals of more than 38 digits are floats.

    Raises
    ------
    InvalidInput : columns of different lengths, or a number that no column takes; names its row.

    Examples
    --------
    >>> frame_of_python([{"rate": 1}, {"rate": 2.5, "on": True}]).schema.names()
    ['rate', 'on']
    """
    import polars as pl

    is_dict = isinstance(obj, Mapping)
    try:
        if isinstance(obj, Mapping):
            frame, plain = _from_columns(obj)
        elif any(type(cell) is Decimal for row in obj for cell in row.values()):
            names = dict.fromkeys(name for row in obj for name in row)
            frame, plain = _from_columns({name: [row.get(name) for row in obj] for name in names})
        else:
            frame = pl.DataFrame(obj, infer_schema_length=None, strict=False)
            wanted = [column.name for column in frame if column.null_count()]
            plain = {name: [row.get(name) for row in obj] for name in wanted}
        for column in frame.iter_columns():
            if column.null_count():
                _refuse_lost(column, plain[column.name])
        return frame
    except (
        pl.exceptions.PolarsError,
        pl.exceptions.PanicException,
        TypeError,
        ValueError,
        OverflowError,
        RuntimeError,
        AttributeError,  # a row that is no dict
    ) as refused:
        if isinstance(refused, InvalidInput):
            raise
        what = "a dict of columns" if is_dict else "a list of dicts"
        raise InvalidInput(
            f"{what} could not be read as a table: {said_by(refused)}; make each column numbers, "
            "dates or text"
        ) from None


def with_plain_cells(obj: Any) -> Any:
    """A frame or column of pandas whose columns of objects hold no scalars of NumPy.

    Arrow ends the process over a column that mixes several kinds of them. Anything else, and
    what has none, as it is.
    """
    if type(obj).__module__.partition(".")[0] != "pandas":
        return obj
    if obj.ndim == 1:
        return _plain_cells(obj) if _has_scalars(obj) else obj
    wrong = [j for j in range(obj.shape[1]) if _has_scalars(obj.iloc[:, j])]
    made = obj.copy(deep=False) if wrong else obj
    for j in wrong:
        made.isetitem(j, _plain_cells(obj.iloc[:, j]))
    return made


def _has_scalars(column: Any) -> bool:
    cells = column.cat.categories if column.dtype == "category" else column
    kinds = set(map(type, cells)) if cells.dtype == object else set()
    return any(issubclass(kind, np.generic) for kind in kinds)


def _plain_cells(column: Any) -> Any:
    cells = [cell.item() if isinstance(cell, np.generic) else cell for cell in column]
    return type(column)(cells, index=column.index, name=column.name, dtype=object)


def _from_columns(obj: Mapping[Any, Any]) -> tuple[pl.DataFrame, dict[str, Any]]:
    """The frame, and its columns as they were."""
    import polars as pl

    lengths = {str(name): len(cells) for name, cells in obj.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{quoted(name)}: {n}" for name, n in list(lengths.items())[:_SHOWN])
        more = ", …" if len(lengths) > _SHOWN else ""
        raise InvalidInput(f"columns have different lengths: {{{shown}{more}}}", lengths=lengths)
    # Lists are read by us: None among numbers is missing, not a change of type.
    plain = {str(name): _plain(cells) for name, cells in obj.items()}
    # A dict, not a list: Polars gives another name to a nameless column.
    return pl.DataFrame({k: pl.Series(k, v, strict=False) for k, v in plain.items()}), plain


def _plain(values: Any) -> Any:
    """What Polars makes a column of without surprises: arrays and columns stay, else a list."""
    if isinstance(values, np.ndarray) or type(values).__module__.startswith("polars"):
        return values
    cells = values.to_list() if hasattr(values, "to_list") else list(values)
    decimals = [cell for cell in cells if type(cell) is Decimal]
    if not decimals or _fit(decimals):
        return cells
    return [float(cell) if isinstance(cell, Decimal) else cell for cell in cells]


def _fit(decimals: list[Decimal]) -> bool:
    """True when Arrow has the digits that all of them take beside each other."""
    if not all(cell.is_finite() for cell in decimals):
        return False
    before = max(cell.adjusted() + 1 for cell in decimals)
    after = max(-int(cell.as_tuple().exponent) for cell in decimals)
    return max(before, 1) + max(after, 0) <= _DIGITS


def _refuse_lost(column: pl.Series, cells: Any) -> None:
    """Raise InvalidInput for a cell that Polars silently made missing."""
    import polars as pl

    is_plain = column.dtype.is_numeric() or column.dtype.is_temporal()
    is_plain = is_plain or column.dtype in (pl.Boolean, pl.Null)
    if not isinstance(cells, list) or not is_plain:
        return
    for row in column.is_null().arg_true():
        cell = cells[row]
        if not isinstance(cell, int | float | Decimal | str | date | time | timedelta):
            continue
        if cell != cell:  # NaN, and pandas' NaT
            continue
        is_huge = isinstance(cell, int) and abs(cell) >= 1 << 127
        why = "is too large for a number of 64 bits" if is_huge else "does not fit the other cells"
        raise InvalidInput(
            f"row {row}, column {quoted(column.name)}: {quoted(cell)} {why}; correct it or leave "
            "it out",
            row=row,
            column=column.name,
        )
