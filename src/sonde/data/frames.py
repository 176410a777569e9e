"""Frames of any library to Polars, and frames or arrays to containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ..core import Container, Panel, Series, Table
from ..core.containers import Floats
from ..errors import InvalidInput
from .arrays import is_sparse, matrix_from, refuse_empty
from .python_columns import frame_of_python, with_plain_cells
from .quoting import listed, quoted, said_by, shortened
from .timing.nanoseconds import nanoseconds

# Polars and narwhals are imported where a frame is met: fitting an array must not wait for them.
if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class NamedFrame:
    """A frame and what messages call it: the answer of a query, say."""

    frame: pl.DataFrame
    name: str


def frame_from(obj: Any) -> pl.DataFrame:
    """``obj`` as a Polars frame.

    Parameters
    ----------
    obj : a frame of pandas, Polars (eager or lazy), Arrow or any library narwhals knows; one of
        their columns; a dict of columns; a list of dicts. A pandas index of several levels
        becomes the first columns (``level_0``, … where it has no names), and so does one of
        dates, or one of text or categories that has a name. An index of numbers, or of text
        without a name, counts or names the rows and is left behind.

    Raises
    ------
    InvalidInput : columns of different lengths, two columns of one name, or no frame at all.

    Examples
    --------
    >>> frame_from({"rate": [1, 2], "on": [True, False]}).columns
    ['rate', 'on']
    """
    import polars as pl

    if isinstance(obj, pl.DataFrame):
        return obj
    if isinstance(obj, pl.LazyFrame):
        return cast("pl.DataFrame", _collected(obj))
    if isinstance(obj, pl.Series):
        return obj.to_frame(obj.name or "value")
    if isinstance(obj, dict) or _is_rows_of_dicts(obj):
        return frame_of_python(obj)
    if type(obj).__name__ == "RecordBatch":
        return _from_batch(obj)
    return _from_other_library(_with_index(obj))


def is_frame(obj: Any) -> bool:
    """True for what ``frame_from`` takes: frames, columns of frames, dicts, lists of dicts."""
    if isinstance(obj, np.ndarray):
        return False
    if isinstance(obj, dict) or _is_rows_of_dicts(obj):
        return True
    kind = type(obj)
    if any(hasattr(kind, name) for name in ("__narwhals_dataframe__", "columns", "column_names")):
        return True
    return kind.__name__ in ("Series", "ChunkedArray") and not isinstance(obj, Series)


def rows_from(X: Any, *, prefer: Literal["table", "series"]) -> Container:
    """``X`` as the container an estimator learns from.

    Parameters
    ----------
    X : a container, which is passed through; an array (n,) or (n, d), which gets default names;
        a frame, whose numeric and boolean columns keep their names. A column of dates becomes
        the time of a series and is left out of a table; of a pandas index only dates count.
    prefer : which container to make of arrays and frames.

    Raises
    ------
    InvalidInput : text columns (named), sparse, complex, empty or too many dimensions, with the
        words that scikit-learn's estimator checks look for.

    Examples
    --------
    >>> rows_from([[1, 2], [3, 4]], prefer="table").channels
    ('c0', 'c1')
    """
    if type(X) is np.ndarray:
        if X.dtype != np.float64 or X.ndim != 2 or X.size == 0:
            X = matrix_from(X)
        return Table(X) if prefer == "table" else Series(X)
    if isinstance(X, Series | Panel | Table):
        if X.values.shape[1] == 0:
            refuse_empty((max(len(X.values), 1), 0))
        return X
    if not is_sparse(X) and is_frame(X):
        return _rows_of_frame(_measured(X), prefer)
    values = matrix_from(X)
    return Table(values) if prefer == "table" else Series(values)


def only_columns(X: Any, names: Sequence[str], also: str | None) -> Any:
    """A frame without the columns that nobody asks for; anything else as it is.

    Where one of ``names`` is missing the frame stays whole, so that whoever checks can say which;
    ``also`` is kept where it is there.
    """
    if isinstance(X, np.ndarray | Series | Panel | Table) or is_sparse(X) or not is_frame(X):
        return X
    frame = _measured(X)
    if not set(names) <= set(frame.columns):
        return frame
    kept = [*names, *([also] if also in frame.columns and also not in names else [])]
    return frame.select(kept)


def with_categories(X: Any, shares: Mapping[str, Mapping[str, float]]) -> Any:
    """A frame with the numbers that stand for its categories; anything else as it is."""
    if isinstance(X, np.ndarray | Series | Panel | Table) or is_sparse(X) or not is_frame(X):
        return X
    from .categories import Categories

    return Categories(shares).encode(_measured(X))


def values_of(frame: pl.DataFrame, columns: list[str]) -> Floats:
    """(n_rows, n_columns) float64, C order; null is NaN."""
    import polars as pl

    values = np.empty((frame.height, len(columns)))
    for j, name in enumerate(columns):
        column = frame[name]
        if column.dtype != pl.Float64:
            column = column.cast(pl.Float64)
        values[:, j] = column.to_numpy()
    return values


def _rows_of_frame(frame: pl.DataFrame, prefer: Literal["table", "series"]) -> Container:
    import polars as pl

    times: list[str] = []
    names: list[str] = []
    for name, dtype in frame.schema.items():
        if dtype.is_temporal():
            times.append(name)
        elif dtype.is_numeric() or dtype == pl.Boolean or frame[name].null_count() == frame.height:
            names.append(name)
        else:
            # Polars panics over missing objects, also within lists.
            has_objects = "Object" in str(dtype)
            first = None if has_objects else frame[name].drop_nulls().first()
            raise InvalidInput(
                f"could not convert column {quoted(name)} ({shortened(str(dtype))}) to numbers, "
                f"for example {quoted(first)}; leave it out",
                column=name,
            )
    refuse_empty((frame.height, len(names)))
    values = values_of(frame, names)
    if prefer == "table":
        return Table(values, names)
    if len(times) > 1:
        raise InvalidInput(f"several columns of dates: {listed(times)}; keep one", columns=times)
    return Series(values, names, _clock(frame[times[0]]) if times else None)


def _clock(column: pl.Series) -> Any:
    import polars as pl

    if column.null_count():
        row = int(column.is_null().arg_max() or 0)
        raise InvalidInput(
            f"row {row} of time column {quoted(column.name)} is missing; drop the row", row=row
        )
    if column.dtype == pl.Time or column.dtype == pl.Duration:
        raise InvalidInput(
            f"column {quoted(column.name)} ({column.dtype}) holds no dates; leave it out",
            column=column.name,
        )
    return nanoseconds(column)


def _is_rows_of_dicts(obj: Any) -> bool:
    return isinstance(obj, list | tuple) and len(obj) > 0 and isinstance(obj[0], dict)


def _measured(X: Any) -> pl.DataFrame:
    """``X`` as a frame, without the levels of its index that only name or count rows."""
    index: Any = getattr(X, "index", None)
    if type(index).__name__ == "MultiIndex":
        names = [i for i, level in enumerate(index.levels) if not _is_of_dates(level)]
        X = X.reset_index(names, drop=True)
    elif _has_named_rows(index):
        X = X.reset_index(drop=True)
    return frame_from(X)


def _with_index(obj: Any) -> Any:
    """A pandas frame or column whose index says more than row numbers, as its first columns."""
    index: Any = getattr(obj, "index", None)
    is_deep = type(index).__name__ == "MultiIndex"
    if not (is_deep or _is_of_dates(index) or _has_named_rows(index)):
        return obj
    frame = obj.to_frame(obj.name if obj.name is not None else "value") if obj.ndim == 1 else obj
    taken = {str(name) for name in frame.columns}
    free: list[str] = []
    for i, name in enumerate(index.names):
        others = [f"level_{i}"] if is_deep else ["time", "timestamp", "index"]
        wanted = [*([] if name is None or name == "" else [str(name)]), *others]
        endless = (f"{wanted[0]}_{n}" for n in count(2))
        free.append(next(one for one in chain(wanted, endless) if one not in taken))
        taken.add(free[-1])
    columns = [index.get_level_values(i) for i in range(index.nlevels)]
    bare = frame.reset_index(drop=True)
    for i, (name, cells) in enumerate(zip(free, columns, strict=True)):
        if type(cells).__name__ == "PeriodIndex":
            cells = cells.to_timestamp()
        bare.insert(i, name, cells)
    return bare


def _is_of_dates(index: Any) -> bool:
    return type(index).__name__ in ("DatetimeIndex", "PeriodIndex")


def _has_named_rows(index: Any) -> bool:
    """A pandas index of one level, of text or days, that has a name."""
    is_named = getattr(index, "name", None) not in (None, "") and hasattr(index, "inferred_type")
    kinds = ("string", "categorical", "date", "datetime")
    return is_named and not _is_of_dates(index) and index.inferred_type in kinds


def _from_batch(batch: Any) -> pl.DataFrame:
    import polars as pl

    try:
        return cast("pl.DataFrame", pl.from_arrow(batch))
    except _unconverted() as refused:
        raise _unread(refused) from None


def _from_other_library(obj: Any) -> pl.DataFrame:
    import narwhals as nw

    try:
        native = nw.from_native(with_plain_cells(obj), allow_series=True)
    except TypeError:
        raise InvalidInput(
            f"cannot read a {type(obj).__name__} as a table; pass a frame of pandas, Polars or "
            "Arrow, a dict of columns, or an array",
            type=type(obj).__name__,
        ) from None
    except nw.exceptions.NarwhalsError as refused:
        raise _unread(refused) from None
    if isinstance(native, nw.LazyFrame):
        native = _collected(native, "polars")
    if isinstance(native, nw.Series):
        native = native.alias(str(native.name or "value")).to_frame()
    try:
        frame: pl.DataFrame = native.to_polars()
    except nw.exceptions.NarwhalsError as refused:
        raise _unread(refused) from None
    except _unconverted() as refused:
        # Arrow says what it met, not where.
        for column in native.iter_columns():
            _refuse_unreadable(column)
        raise _unread(refused) from None
    return frame


def _refuse_unreadable(column: Any) -> None:
    """Raise InvalidInput for a column that does not become one of Polars."""
    try:
        column.to_polars()
    except _unconverted() as refused:
        native = column.to_native()
        dtype = getattr(native, "dtype", type(native).__name__)
        is_complex = getattr(dtype, "kind", "") == "c"
        why = "Complex data not supported" if is_complex else _first_line(refused)
        raise InvalidInput(
            f"column {quoted(column.name)} ({shortened(str(dtype))}) cannot be read: {why}; make "
            "it numbers or text, or leave it out",
            column=column.name,
        ) from None


def _collected(lazy: Any, *how: str) -> Any:
    """The rows of a lazy frame, whose mistakes show only now."""
    import polars as pl

    try:
        return lazy.collect(*how)
    except (pl.exceptions.PolarsError, OSError) as refused:
        raise InvalidInput(
            f"the lazy frame cannot be collected: {_first_line(refused)}; correct its query"
        ) from None


def _unconverted() -> tuple[type[BaseException], ...]:
    """What Arrow's errors derive from, and what its converters and Polars let through."""
    import polars as pl

    ours = (ValueError, TypeError, NotImplementedError, OverflowError)
    return (*ours, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def _unread(refused: BaseException) -> InvalidInput:
    return InvalidInput(f"the frame cannot be read: {said_by(refused)}")


def _first_line(refused: BaseException) -> str:
    lines = str(refused).splitlines() or [type(refused).__name__]
    return said_by(lines[0])
