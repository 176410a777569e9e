"""Which columns are values, and why the others are not."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import InvalidInput
from .named import column_named
from .quoting import listed, quoted, shortened

# Numbers by accident: what they are called says that arithmetic on them means nothing.
_NO_VALUES = re.compile(
    r"(id|index|uuid|guid|zip|zip[_ ]?code|postcode|postal[_ ]?code|phone|phone[_ ]?(number|no)"
    r"|unnamed: 0)"
)
_LABELS = {"label", "labels", "anomaly", "is_anomaly", "target", "class"}
_TRUE = {"1", "true", "yes", "anomaly", "anomalous", "outlier", "abnormal"}
_FALSE = {"0", "false", "no", "normal", "inlier", "nominal"}


_COLLAPSED = "integers too large to tell apart; subtract the first of them"


def value_columns(
    frame: pl.DataFrame,
    taken: set[str],
    offsets: NDArray[np.int64] | None,
    order: NDArray[np.int64] | None,
) -> tuple[list[str], dict[str, str]]:
    """The columns to look at, and the others with the reason why not.

    Parameters
    ----------
    taken : the time, id and labels columns; they appear in neither answer.
    offsets, order : where each series lies once rows are put in ``order``; a counter may start
        again in each. None for one series or a table.
    """
    left_out: dict[str, str] = {}
    numbers: list[str] = []
    for column in frame.iter_columns():
        if column.name in taken:
            continue
        reason = _reason(column)
        if reason is None:
            numbers.append(column.name)
        else:
            left_out[column.name] = reason
    # A lone column of rising integers is data; beside others it only numbers the rows.
    counters = [n for n in numbers if _counts_rows(frame[n], offsets, order)]
    if len(counters) < len(numbers):
        left_out |= dict.fromkeys(counters, "row counter")
        numbers = [name for name in numbers if name not in left_out]
    return numbers, {name: left_out[name] for name in frame.columns if name in left_out}


def named_columns(
    frame: pl.DataFrame, columns: Sequence[str], source: str
) -> tuple[list[str], dict[str, str]]:
    """The columns the caller named, checked; all others are ``"not chosen"``.

    Raises
    ------
    InvalidInput : an unknown name (the message lists the known ones), a column of text or dates,
        one named twice, or none at all.
    """
    chosen = list(columns)
    if not chosen or len(set(chosen)) < len(chosen):
        raise InvalidInput(
            f"columns must name one or more different columns, got [{listed(chosen)}]"
        )
    for name in chosen:
        column = column_named(frame, name, source)
        if column.dtype.is_integer() and _collapses(column):
            raise InvalidInput(f"{source}: column {quoted(name)} holds {_COLLAPSED}", column=name)
        reason = _type_reason(column)
        if reason is not None:
            raise InvalidInput(
                f"{source}: column {quoted(name)} is {reason}, not numbers; choose numeric columns",
                column=name,
            )
    taken = set(chosen)
    return chosen, {name: "not chosen" for name in frame.columns if name not in taken}


def refuse_none(
    frame: pl.DataFrame, names: list[str], left_out: dict[str, str], source: str
) -> None:
    """Raise InvalidInput when no column is left to look at, saying why."""
    if names:
        return
    constant = [name for name, reason in left_out.items() if reason == "constant"]
    if len(constant) == 1:
        column = frame[constant[0]].drop_nulls()
        column = column.filter(column.is_finite()) if column.dtype.is_float() else column
        raise InvalidInput(
            f"{source}: the only column of numbers, {quoted(constant[0])}, is {column[0]} in all "
            f"{len(column)} rows, so nothing can stand out; name it in columns to look at it all "
            "the same",
            column=constant[0],
            left_out=left_out,
        )
    reasons = ", ".join(
        f"{quoted(name)} ({reason})" for name, reason in list(left_out.items())[:12]
    )
    raise InvalidInput(
        f"{source} has no column of numbers to look at: {reasons or 'there are no other columns'}"
        "; name one in columns if it is meant",
        left_out=left_out,
    )


def is_no_value(name: str) -> bool:
    """True for names that are left out whatever their cells are: id, index, zip, label, …"""
    plain = name.strip().lower()
    return plain in _LABELS or _NO_VALUES.fullmatch(plain) is not None


def read_labels(frame: pl.DataFrame, name: str, source: str) -> NDArray[np.bool_]:
    """(n_rows,) bool in input order: True where column ``name`` says anomaly.

    Accepts 0 and 1, true and false, and words such as ``"anomaly"`` and ``"normal"``.

    Raises
    ------
    InvalidInput : no such column, or any other cell; the message names its row.
    """
    column = column_named(frame, name, source)
    dtype = column.dtype
    if not dtype.is_numeric() and dtype not in (pl.Boolean, pl.String, pl.Categorical, pl.Enum):
        raise InvalidInput(
            f"{source}: labels column {quoted(name)} ({shortened(str(column.dtype))}) holds no "
            "labels; name a column of 0 and 1, true and false, or words",
            column=name,
        )
    if column.dtype.is_float():
        # 1.0 is how a 1 looks in a column that once had missing cells.
        is_true, is_false = column == 1, column == 0
    else:
        words = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        is_true, is_false = words.is_in(list(_TRUE)), words.is_in(list(_FALSE))
    known = (is_true | is_false).fill_null(False)
    if not known.all():
        row = int((~known).arg_max() or 0)
        raise InvalidInput(
            f"{source}, row {row}: {quoted(column[row])} in labels column {quoted(name)} is "
            "neither 0 nor 1, "
            "true nor false, anomaly nor normal; correct it, or name another column",
            row=row,
            column=name,
            cell=shortened(column[row]) if isinstance(column[row], str) else column[row],
        )
    return is_true.to_numpy().astype(np.bool_)


def _reason(column: pl.Series) -> str | None:
    if column.null_count() == column.len():
        return "empty"
    kind = _type_reason(column)
    if kind is not None:
        return kind
    plain = column.name.strip().lower()
    if _NO_VALUES.fullmatch(plain):
        return f"called {quoted(column.name)}"
    low, high = _range(column)
    if plain in _LABELS and _is_binary(column, low, high):
        return f"called {quoted(column.name)}, 0 or 1"
    if low is None:
        return "empty"
    if low != high or column.len() < 2:
        return None
    return _COLLAPSED if _collapses(column) else "constant"


def _type_reason(column: pl.Series) -> str | None:
    dtype = column.dtype
    if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
        return None
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return "text"
    return "dates" if dtype in (pl.Date, pl.Datetime) else str(dtype).lower()


def _range(column: pl.Series) -> tuple[float | None, float | None]:
    if column.dtype.is_float():
        column = column.cast(pl.Float64)
        low, high = column.min(), column.max()
        if not (isinstance(low, float) and isinstance(high, float) and np.isfinite(high - low)):
            column = column.filter(column.is_finite())
    low, high = column.min(), column.max()
    return (None, None) if low is None or high is None else (float(low), float(high))  # type: ignore[arg-type]


def _collapses(column: pl.Series) -> bool:
    """True for large numbers that differ, or may have differed, beyond what float64 tells apart."""
    low, high = column.min(), column.max()
    if not column.dtype.is_integer():
        # Whole numbers beyond 64 bits arrive rounded; a constant that large is hardly measured.
        return isinstance(low, float) and 2.0**63 <= abs(low) < 2.0**127
    return low != high and float(low) == float(high)  # type: ignore[arg-type]


def _is_binary(column: pl.Series, low: float | None, high: float | None) -> bool:
    if low is None or high is None or low < 0 or high > 1:
        return False
    return bool(column.cast(pl.Float64).drop_nulls().drop_nans().is_in([0.0, 1.0]).all())


def _counts_rows(
    column: pl.Series, offsets: NDArray[np.int64] | None, order: NDArray[np.int64] | None
) -> bool:
    """Integers without a hole that rise by one constant step, in the file or in each series."""
    if column.null_count() or not column.dtype.is_numeric() or column.len() < 3:
        return False
    head = column.head(3).to_list()
    tail = column[-1]
    if offsets is None and (head[1] - head[0] <= 0 or tail <= head[1]):
        return False  # settles nearly every column after four cells
    is_wide = str(column.dtype) in ("Int128", "UInt128")  # which NumPy lacks
    values = (column.cast(pl.Float64) if is_wide else column).to_numpy()
    # NaN and infinity count nothing, and NumPy warns of arithmetic on them.
    if column.dtype.is_float() and not (
        np.isfinite(values).all() and np.all(values == np.floor(values))
    ):
        return False
    if _rises_evenly(np.diff(values)):
        return True
    if offsets is None or order is None:
        return False
    steps = np.diff(values[order])
    return _rises_evenly(np.delete(steps, offsets[1:-1] - 1))


def _rises_evenly(steps: NDArray[np.float64] | NDArray[np.int64]) -> bool:
    if steps.size < 2 or steps[0] <= 0 or np.any(steps != steps[0]):
        return False
    # Three numbers may rise by tens by chance, not ten.
    return bool(steps[0] == 1 or steps.size >= 10)
